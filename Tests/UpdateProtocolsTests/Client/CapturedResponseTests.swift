import TestSupport
import Testing
import UpdateProtocols
import Updates

/// What a real server was captured answering is read, and written again byte for byte but for the fractions of its times: ours have milliseconds.
@Suite(.enabled(if: Evidence.isPresent, Comment(rawValue: Evidence.absence)))
struct CapturedResponseTests {
    private func captured(_ path: String) throws -> [UInt8] { try Evidence.bytes("soap-wua-native/\(path)") }

    private func expect(_ written: [UInt8], equals path: String) throws {
        let text = String(decoding: try captured(path), as: UTF8.self)
        #expect(String(decoding: written, as: UTF8.self) == Captures.inMilliseconds(text))
    }

    @Test func `a captured answer to GetConfig is read and written again`() throws {
        let response = try GetConfig.decodeResponse(captured("scan/000001/response.body"))
        #expect(response.lastChange == Timestamp("2026-10-04T13:17:07.59Z"))
        #expect(response.isRegistrationRequired)
        #expect(response.plugInID == "SimpleTargeting")
        #expect(response.serviceURL == "SimpleAuthWebService/SimpleAuth.asmx")
        #expect(
            response.properties.map { "\($0.name)=\($0.value)" } == [
                "MaxExtendedUpdatesPerRequest=50", "PackageServerShare=\\\\REDACTED2\\UpdateServicesPackages", "ProtocolVersion=3.2",
                "IsInventoryRequired=0", "ClientReportingLevel=2",
            ])
        try expect(GetConfig.encodeResponse(response), equals: "scan/000001/response.body")
    }

    @Test func `a captured answer to GetAuthorizationCookie is read and written again`() throws {
        let response = try GetAuthorizationCookie.decodeResponse(captured("scan/000002/response.body"))
        #expect(response == AuthorizationCookie(plugInID: "SimpleTargeting", cookieData: [UInt8](repeating: 0, count: 496)))
        try expect(GetAuthorizationCookie.encodeResponse(response), equals: "scan/000002/response.body")
    }

    @Test func `a captured answer to GetCookie is read and written again`() throws {
        let response = try GetCookie.decodeResponse(captured("scan/000003/response.body"))
        #expect(response.expiration == Timestamp("2026-10-04T16:03:35.996Z"))
        #expect(response.encryptedData?.count == 224)
        try expect(GetCookie.encodeResponse(response), equals: "scan/000003/response.body")
    }

    @Test func `a captured answer to RegisterComputer is read and written again`() throws {
        try RegisterComputer.decodeResponse(captured("scan/000004/response.body"))
        try expect(RegisterComputer.encodeResponse(), equals: "scan/000004/response.body")
    }

    @Test func `a captured answer to StartCategoryScan is read and written again`() throws {
        let response = try StartCategoryScan.decodeResponse(captured("scan/000005/response.body"))
        #expect(response.preferred.map(\.description) == ["dd78b8a1-0b20-45c1-add6-4da72e9364cf"])
        #expect(response.inError.isEmpty)
        try expect(StartCategoryScan.encodeResponse(response), equals: "scan/000005/response.body")
    }

    @Test(
        arguments: [
            ("scan/000006", [108_226: 8059], false), ("scan/000007", [108_231: 8069], false), ("scan/000008", [72_571: 4650], true),
            ("flow/000014", [:], true),
        ] as [(String, [Int32: Int32], Bool)])
    func `a captured answer to SyncUpdates is read and written again`(path: String, deployments: [Int32: Int32], isLeaf: Bool) throws {
        let response = try SyncUpdates.decodeResponse(captured("\(path)/response.body"))
        #expect(Dictionary(uniqueKeysWithValues: response.newUpdates.map { ($0.id.rawValue, $0.deployment.id.rawValue) }) == deployments)
        #expect(response.newUpdates.allSatisfy { $0.isLeaf == isLeaf && $0.deployment.action == .evaluate && $0.deployment.deadline == nil })
        #expect(!response.isTruncated && response.isDriverSyncNotNeeded == true)
        let answer = ScanAnswer(
            newUpdates: response.newUpdates.map { ScannedUpdate(id: $0.id, deployment: $0.deployment, isLeaf: $0.isLeaf) },
            isTruncated: response.isTruncated, isDriverSyncNotNeeded: true, generation: .zero)
        let cookie = try #require(response.newCookie)
        let written = SyncUpdates.encodeResponse(answer, cookie: cookie) { id, xml in
            for update in response.newUpdates where update.id == id { xml.appendEscaped(update.core) }
        }
        try expect(written, equals: "\(path)/response.body")
    }

    @Test func `a captured Core fragment is that of its document`() throws {
        let response = try SyncUpdates.decodeResponse(captured("scan/000007/response.body"))
        #expect(response.newUpdates.first?.core == (try Evidence.bytes("update-xml-full/6964aab4-c5b5-43bd-a17d-ffb4346a8e1d-r100.core.xml")))
    }

    @Test func `a captured answer to GetExtendedUpdateInfo is read and written again`() throws {
        let response = try GetExtendedUpdateInfo.decodeResponse(captured("scan/000010/response.body"))
        #expect(response.updates.map(\.id.rawValue) == [72_571, 108_226, 108_231, 72_571, 108_226, 108_231])
        #expect(response.fileLocations.isEmpty && response.outOfScope.isEmpty)
        let pieces = response.updates.enumerated().map { index, update in
            GetExtendedUpdateInfo.Piece(id: update.id, kind: index < 3 ? .extended : .localizedProperties(language: "en"))
        }
        var next = 0
        let written = GetExtendedUpdateInfo.encodeResponse(pieces, fileLocations: [], outOfScope: []) {
            $1.appendEscaped(response.updates[next].xml)
            next += 1
        }
        try expect(written, equals: "scan/000010/response.body")
    }

    @Test func `a captured answer to ReportEventBatch is read and written again`() throws {
        #expect(try ReportEventBatch.decodeResponse(captured("flow/000016/response.body")))
        try expect(ReportEventBatch.encodeResponse(true), equals: "flow/000016/response.body")
    }

    @Test func `the specification's responses are read`() throws {
        let config = try GetConfig.decodeResponse(Evidence.bytes("spec-examples/MS-WUSP-02-GetConfigResponse.xml"))
        #expect(config.properties.count == 5)
        #expect(
            try GetAuthorizationCookie.decodeResponse(Evidence.bytes("spec-examples/MS-WUSP-04-GetAuthorizationCookieResponse.xml")).cookieData.count
                == 528)
        #expect(try GetCookie.decodeResponse(Evidence.bytes("spec-examples/MS-WUSP-06-GetCookieResponse.xml")).encryptedData?.count == 208)
        #expect(try ReportEventBatch.decodeResponse(Evidence.bytes("spec-examples/MS-WUSP-19-ReportEventBatchResponse.xml")))
    }
}

/// Captures made comparable with what we write.
enum Captures {
    /// Times in UTC with three digits of a second's fraction, as ours have; `fractionsOnly` leaves those that have none.
    static func inMilliseconds(_ text: String, fractionsOnly: Bool = false) -> String {
        text.replacing(/(T\d\d:\d\d:\d\d)(\.\d+)?Z/) { match in
            guard let fraction = match.output.2 else { return fractionsOnly ? "\(match.output.0)" : "\(match.output.1).000Z" }
            return "\(match.output.1)." + (fraction.dropFirst() + "000").prefix(3) + "Z"
        }
    }

    /// Without an element and what is in it.
    static func without(_ name: String, in text: String) -> String {
        guard let start = text.firstRange(of: "<\(name)>"), let end = text.firstRange(of: "</\(name)>") else {
            return text.replacing("<\(name)/>", with: "")
        }
        return String(text[..<start.lowerBound] + text[end.upperBound...])
    }
}
