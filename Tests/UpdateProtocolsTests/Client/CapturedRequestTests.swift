import TestSupport
import Testing
import UpdateProtocols
import Updates

/// Every request a native agent was captured sending, and the specification's examples, are read as what they say.
@Suite(.enabled(if: Evidence.isPresent, Comment(rawValue: Evidence.absence)))
struct CapturedRequestTests {
    private static let cookie = "cookie 224 bytes until 2026-10-04T16:03:35.996Z"

    @Test(arguments: [
        ("scan/000001", ["GetConfig", "protocolVersion 2.90"]),
        (
            "scan/000002",
            ["GetAuthorizationCookie", "clientID e1da06a3-5601-43c9-bac3-52d5db701494", "targetGroupName none", "dnsName REDACTED3"]
        ),
        (
            "scan/000003",
            [
                "GetCookie", "authorizationCookie SimpleTargeting 496 bytes", "oldCookie no data until 2026-10-04T15:03:36.000Z",
                "lastChange 2026-10-04T13:17:07.590Z", "currentTime 2026-10-04T15:03:36.000Z", "protocolVersion 2.90",
            ]
        ),
        (
            "scan/000004",
            [
                "RegisterComputer", cookie, "dnsName REDACTED3", "os 10.0.26200 0.0", "description Windows 10 Pro", "locale en-US",
                "computer QEMU, Standard PC (Q35 + ICH9, 2009)", "bios unknown", "architecture AMD64", "client 1507.2601.30012.0",
            ]
        ),
        ("scan/000005", ["StartCategoryScan", "category 0 dd78b8a1-0b20-45c1-add6-4da72e9364cf"]),
        ("scan/000006", scan(installed: "")),
        ("scan/000007", scan(installed: "108226")),
        ("scan/000008", scan(installed: "108226 108231")),
        (
            "scan/000010",
            [
                "GetExtendedUpdateInfo", cookie, "revisionIDs 72571 108226 108231", "infoTypes Extended LocalizedProperties", "locales en-US en",
                "geoID USA",
            ]
        ),
    ])
    func `a native request is read`(path: String, lines: [String]) throws {
        #expect(try RequestOutline.read(Evidence.bytes("soap-wua-native/\(path)/request.body"), opensAny: true) == lines)
    }

    private static func scan(installed: String) -> [String] {
        [
            "SyncUpdates", cookie, "installedNonLeaf \(installed)", "otherCached ", "cachedDrivers ", "skipSoftwareSync false",
            "filterCategories dd78b8a1-0b20-45c1-add6-4da72e9364cf", "needsTwoGroupsOutOfScope true", "system none",
        ]
    }

    private func report(_ path: String) throws -> ReportEventBatch.Request {
        var reader = SOAPRequestReader(try Evidence.bytes(path))
        #expect(try reader.operation() == .reportEventBatch)
        return try ReportEventBatch.decode(&reader) { (cookie) throws(SOAPFault) in cookie }.1
    }

    @Test func `a native report is read`() throws {
        let request = try report("soap-wua-native/flow/000016/request.body")
        #expect(request.clientTime == Timestamp("2026-10-04T15:20:47.397Z"))
        #expect(request.droppedEvents == 0)
        #expect(request.events.map(\.eventID.rawValue) == [147, 148, 148, 148])
        #expect(request.events.map(\.win32HResult) == [0, -2_145_123_272, -2_145_123_272, -2_145_123_272])
        #expect(request.events.map(\.appName) == ["OOBE ZDP", "Appraiser Driver Scan", "Appraiser Driver Scan", ""])
        #expect(request.events.map(\.replacementStrings) == [["0"], ["0x80240438"], ["0x80240438"], ["0x80240438"]])
        #expect(request.events.map(\.miscData.count) == [29, 27, 27, 29])
        #expect(request.events[3].miscData.contains("AppName=<<PROCESS>>: powershell.exe"))
        #expect(request.events.allSatisfy { $0.update == nil && $0.sourceID == 101 && $0.namespaceID == 1 })
        #expect(request.events[0].instanceID == UpdateID("fab199c1-6123-44f2-b01c-a5a92201b011"))
        #expect(request.events[0].deviceID.text == "e1da06a3-5601-43c9-bac3-52d5db701494")
    }

    @Test(arguments: [
        ("01-GetConfig", ["GetConfig", "protocolVersion 1.0"]),
        (
            "03-GetAuthorizationCookie",
            [
                "GetAuthorizationCookie", "clientID 5c7f4f80-3896-4d10-8a38-469286a0febc", "targetGroupName ",
                "dnsName microsof-cd0710.redmond.corp.microsoft.com",
            ]
        ),
        (
            "05-GetCookie",
            [
                "GetCookie", "authorizationCookie SimpleTargeting 528 bytes", "oldCookie no data until 2006-05-16T18:54:28.850Z",
                "lastChange 2006-05-16T18:54:28.850Z", "currentTime 2006-05-17T16:16:38.000Z", "protocolVersion 1.8",
            ]
        ),
        (
            "09-RegisterComputer.notwellformed",
            [
                "RegisterComputer", "cookie 208 bytes until 2007-02-06T03:08:47.984Z", "dnsName microsof-cd0710.redmond.corp.microsoft.com",
                "os 10.0.3790 1.0", "description Windows 10 Enterprise Technical Preview", "locale en-US",
                "computer Microsoft\n\nCorporation, Virtual Machine", "bios 080002", "architecture x86", "client 7.0.6000.317",
            ]
        ),
        (
            "11-GetFileLocations",
            ["GetFileLocations", "cookie 208 bytes until 2006-05-23T03:18:56.000Z", "digest 0000000000000000000000000000000000000000"]
        ),
        ("12-SyncUpdates", oldScan(208, "", "")),
        (
            "13-SyncUpdates",
            oldScan(
                208, "109",
                "101 102 103 104 105 106 107 108 110 111 112 113 114 115 378 379 380 381 382 383 384 385 386 387 388 389 390 391 392")
        ),
    ])
    func `a request of the specification is read`(file: String, lines: [String]) throws {
        #expect(try RequestOutline.read(Evidence.bytes("spec-examples/MS-WUSP-\(file).xml"), opensAny: true) == lines)
    }

    private static func oldScan(_ cookie: Int, _ installed: String, _ other: String) -> [String] {
        [
            "SyncUpdates", "cookie \(cookie) bytes until 2006-05-23T04:06:32.984Z", "installedNonLeaf \(installed)", "otherCached \(other)",
            "cachedDrivers ", "skipSoftwareSync false", "filterCategories none", "needsTwoGroupsOutOfScope false", "system none",
        ]
    }

    @Test(arguments: ["14", "15"])
    func `the specification's longer scans are read`(number: String) throws {
        let lines = try RequestOutline.read(Evidence.bytes("spec-examples/MS-WUSP-\(number)-SyncUpdates.xml"), opensAny: true)
        #expect(lines[2] == "installedNonLeaf 109 191")
        #expect(lines[3].split(separator: " ").count == 59)
    }

    @Test func `the specification's reports are read`() throws {
        let first = try report("spec-examples/MS-WUSP-16-ReportEventBatch.xml")
        #expect(first.events.map(\.eventID.rawValue) == [148, 148])
        #expect(first.events[0].update?.updateID == UpdateID("d67661eb-2423-451d-bf5d-13199e37df28"))
        #expect(first.clientTime == Timestamp("2006-05-17T16:16:38.015Z"))
        let second = try report("spec-examples/MS-WUSP-17-ReportEventBatch.xml")
        #expect(second.events.map(\.eventID.rawValue) == [147, 156])
        #expect(second.events[1].updateIDs("V").count == 47)
        #expect(second.events[1].replacementStrings.isEmpty)
        let third = try report("spec-examples/MS-WUSP-18-ReportEventBatch.xml")
        #expect(third.events.map(\.eventID.rawValue) == [183, 202, 147, 156])
        #expect(third.events.map(\.sourceID) == [101, 102, 101, 101])
    }

    @Test func `the specification's RefreshCache is read`() throws {
        let lines = try RequestOutline.read(Evidence.bytes("spec-examples/MS-WUSP-10-RefreshCache.xml"), opensAny: true)
        #expect(lines[0] == "RefreshCache")
        #expect(lines.dropFirst(2).allSatisfy { $0.hasPrefix("globalID ") })
        #expect(lines.count > 2)
    }

    @Test func `requests with headers that must be understood get a fault that says so`() throws {
        let paths = try Evidence.files(in: "fe3-store-requests")
        #expect(paths.count == 3)
        for path in paths {
            var reader = SOAPRequestReader(try Evidence.bytes(path))
            #expect(throws: SOAPFault(.invalidParameters, "Header"), "\(path)") { try reader.operation() }
            #expect(reader.version == .v12)
        }
    }

    @Test func `a native request that breaks off is a fault`() throws {
        for path in try Evidence.files(in: "soap-wua-native") where path.hasSuffix("request.body") {
            let body = try Evidence.bytes(path)
            for length in stride(from: body.count - 1, through: 0, by: body.count > 2000 ? -29 : -3) {
                #expect(throws: SOAPFault.self, "\(path), \(length) bytes") { try RequestOutline.read(Array(body[..<length]), opensAny: true) }
            }
        }
    }
}
