import Foundation
import TestSupport
import Testing
import TrustedTransport
import UpdateEngine
import UpdateProtocols
import Updates

/// A native agent's dialogue with a real server, replayed against this one: its answers have the shape and the meaning of the captured ones.
@Suite(.enabled(if: Evidence.isPresent, Comment(rawValue: Evidence.absence)))
struct ReplayTests {
    /// The whole documents there are, and the one that is missing, made of what the real server sent of it.
    private static func catalogue() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for path in try Evidence.files(in: "update-xml-full") where path.firstMatch(of: /-r\d+\.xml$/) != nil {
            try folder.write(try Evidence.bytes(path), to: URL(filePath: path).lastPathComponent)
        }
        let core = try #require(try unescaped("Xml", ofFirst: "UpdateInfo", in: "scan/000006"))
        let extended = try CapturedDialogue.text("scan/000010/response.body").matches(of: /<Update><ID>108226<\/ID><Xml>(.*?)<\/Xml>/).map {
            unescaped(String($0.1))
        }
        try #require(extended.count == 2)
        let properties = try #require(extended[0].firstMatch(of: /<ExtendedProperties (.*?) \/>(.*)/))
        let document =
            "<Update xmlns=\"http://schemas.microsoft.com/msus/2002/12/Update\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">"
            + core.replacing("UpdateType=\"Category\"", with: "UpdateType=\"Category\" \(properties.1)")
            + "<LocalizedPropertiesCollection>\(extended[1])</LocalizedPropertiesCollection>"
            + String(properties.2).replacing(" type=", with: " xsi:type=") + "</Update>"
        try folder.write(Array(document.utf8), to: "microsoft.xml")
        return folder
    }

    private static func unescaped(_ element: String, ofFirst parent: String, in path: String) throws -> String? {
        let text = try CapturedDialogue.text("\(path)/response.body")
        guard let start = text.range(of: "<\(parent)>") else { return nil }
        return CapturedDialogue.value(element, in: String(text[start.lowerBound...])).map(unescaped)
    }

    private static func unescaped(_ text: String) -> String {
        text.replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&amp;", with: "&")
    }

    /// The replayed exchanges, in order: how each was named when it was captured, and its service.
    private static let exchanges: [(path: String, name: String, service: DeviceService)] = [
        ("scan/000001", "GetConfig", .client), ("scan/000002", "GetAuthorizationCookie", .simpleAuth), ("scan/000003", "GetCookie", .client),
        ("scan/000004", "RegisterComputer", .client), ("scan/000005", "StartCategoryScan", .client),
        ("scan/000006", "SyncUpdates, nothing installed", .client), ("scan/000007", "SyncUpdates, one installed", .client),
        ("scan/000008", "SyncUpdates, two installed", .client), ("scan/000010", "GetExtendedUpdateInfo", .client),
        ("flow/000016", "ReportEventBatch", .reporting),
    ]

    private static func compare(
        _ name: String, _ captured: String, _ response: HTTPSResponse, _ dialogue: CapturedDialogue, isFault: Bool = false
    ) {
        let live = String(decoding: response.body, as: UTF8.self)
        #expect(response.status == (isFault ? 500 : 200), "\(name)")
        #expect(response.header("Content-Type") == "text/xml; charset=utf-8", "\(name)")
        let comparison = AnswerComparison(captured: captured, live: live, dialogue: dialogue)
        #expect(comparison.problems == [], "\(name)")
        let verdict = comparison.differences.isEmpty ? "same" : "differs in " + comparison.differences.joined(separator: ", ")
        print("replay: \(name): " + (comparison.problems.isEmpty ? verdict : "NOT AS CAPTURED"))
    }

    @Test func `a native dialogue replayed is answered as it was by a real server`() async throws {
        let site = try await WireSite()
        let documents = try Self.catalogue()
        let imported = try await site.engine.importUpdates(paths: [documents.path], source: "local") { _ in }
        #expect(imported.refused.map(\.message) == [])
        var dialogue = CapturedDialogue()
        var cookies: [[UInt8]] = []
        for (path, name, service) in Self.exchanges {
            let response = try await site.post(service, try dialogue.request(path))
            let captured = try CapturedDialogue.text("\(path)/response.body")
            try dialogue.learn(captured: captured, live: String(decoding: response.body, as: UTF8.self))
            Self.compare(name, captured, response, dialogue)
            if !dialogue.cookie.isEmpty, cookies.last != dialogue.cookie { cookies.append(dialogue.cookie) }
        }
        // One of GetCookie and one of each scan, and no two alike.
        #expect(cookies.count == 4)
        #expect(Set(cookies).count == 4)

        // The captured answer to a driver pass has lost its request.
        let driverPass = SyncUpdates.encodeRequest(
            .init(installedNonLeaf: [], system: SystemSpec(devices: [HardwareDevice(hardwareIDs: ["PCI\\VEN_8086"])]), skipSoftwareSync: true),
            cookie: CookieElement(encryptedData: dialogue.cookie))
        Self.compare(
            "SyncUpdates, driver pass", try CapturedDialogue.text("flow/000014/response.body"), try await site.post(.client, driverPass), dialogue)

        // So has the fault: one entry more than a real server takes.
        let many = try CapturedDialogue.text("scan/000008/request.body").replacing(
            /<InstalledNonLeafUpdateIDs>.*<\/InstalledNonLeafUpdateIDs>/,
            with: "<InstalledNonLeafUpdateIDs>" + String(repeating: "<int>108226</int>", count: 401) + "</InstalledNonLeafUpdateIDs>")
        Self.compare(
            "SyncUpdates, 401 installed", try CapturedDialogue.text("faults/m0-000141-InvalidParameters.response.body"),
            try await site.post(.client, Array(try dialogue.rewritten(many).utf8)), dialogue, isFault: true)

        // What the report said was stored, and nothing was made of it: no state comes of a scan that failed.
        let device = try await site.engine.deviceDetails("e1da06a3-5601-43c9-bac3-52d5db701494")
        #expect(Set(device.events.map(\.eventID)) == [147, 148])
        #expect(device.updates.isEmpty)
        #expect(device.summary.status.needed == 0 && device.summary.status.installed == 0)
        try await site.end()
    }

    @Test func `the order of a scan matters: each round brings what the one before made eligible, and nothing else`() async throws {
        let site = try await WireSite()
        let documents = try Self.catalogue()
        _ = try await site.engine.importUpdates(paths: [documents.path], source: "local") { _ in }
        var dialogue = CapturedDialogue()
        for (path, _, service) in Self.exchanges.prefix(6) {
            let response = try await site.post(service, try dialogue.request(path))
            try dialogue.learn(
                captured: try CapturedDialogue.text("\(path)/response.body"), live: String(decoding: response.body, as: UTF8.self))
        }
        // The same again: what was sent and is not said to be held is sent once more, not what waits for it.
        let again = try await site.post(.client, try dialogue.request("scan/000006"))
        let page = try SyncUpdates.decodeResponse(again.body)
        #expect(page.newUpdates.count == 1)
        #expect(page.newUpdates.first.map { String(decoding: $0.core, as: UTF8.self).contains("56309036-4C77-4DD9-951A-99EE9C246A94") } == true)
        #expect(page.isDriverSyncNotNeeded == true)
        try await site.end()
    }

    @Test func `a category that no one has is in error, and a scan for it brings nothing`() async throws {
        let site = try await WireSite()
        let documents = try Self.catalogue()
        _ = try await site.engine.importUpdates(paths: [documents.path], source: "local") { _ in }
        var dialogue = CapturedDialogue()
        for (path, _, service) in Self.exchanges.prefix(4) {
            let response = try await site.post(service, try dialogue.request(path))
            try dialogue.learn(
                captured: try CapturedDialogue.text("\(path)/response.body"), live: String(decoding: response.body, as: UTF8.self))
        }
        let known = "dd78b8a1-0b20-45c1-add6-4da72e9364cf"
        let unknown = "dd78b8a1-0b20-45c1-add6-000000000000"
        let asked = try CapturedDialogue.text("scan/000005/request.body").replacing(known, with: unknown)
        let started = try StartCategoryScan.decodeResponse(try await site.post(.client, Array(asked.utf8)).body)
        #expect(started.preferred.isEmpty)
        #expect(started.inError.map(\.description) == [unknown])
        let scan = try dialogue.rewritten(try CapturedDialogue.text("scan/000006/request.body")).replacing(known, with: unknown)
        let page = String(decoding: try await site.post(.client, Array(scan.utf8)).body, as: UTF8.self)
        #expect(page.contains("<SyncUpdatesResult><Truncated>false</Truncated><NewCookie>"))
        #expect(page.contains("<DriverSyncNotNeeded>true</DriverSyncNotNeeded></SyncUpdatesResult>"))
        try await site.end()
    }
}
