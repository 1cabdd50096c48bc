import Foundation
import TestSupport
import Testing
import UpdateProtocols
import Updates

@testable import UpdateAgent

/// Our side of the dialogue against what a native agent and a real server were recorded to say.
@Suite(.enabled(if: Evidence.isPresent, Comment(rawValue: Evidence.absence)))
struct NativeDialogueTests {
    private func captured(_ path: String) throws -> String {
        String(decoding: try Evidence.bytes("soap-wua-native/\(path)"), as: UTF8.self)
    }

    /// The paths of all elements, in order, without what stands for data.
    private func shape(_ xml: String) -> [String] {
        var path: [String] = []
        var shape: [String] = []
        for tag in xml.split(separator: "<").map({ $0.prefix { $0 != ">" } }) {
            if tag.hasPrefix("?") { continue }
            if tag.hasPrefix("/") {
                path.removeLast()
                continue
            }
            path.append(String(tag.prefix { $0 != " " && $0 != "/" }))
            shape.append(path.joined(separator: "/"))
            if tag.hasSuffix("/") { path.removeLast() }
        }
        return shape
    }

    private func element(_ name: String, in xml: String) throws -> String {
        let start = try #require(xml.range(of: "<\(name)>"))
        let end = try #require(xml.range(of: "</\(name)>"))
        return String(xml[start.lowerBound..<end.upperBound])
    }

    @Test func `a real server's answers carry a scan from its first call to its last`() throws {
        var dialogue = try Dialogue(at: try #require(Timestamp("2026-10-04T15:03:36Z")))
        for (number, operation) in [
            (1, DeviceOperation.getConfig), (2, .getAuthorizationCookie), (3, .getCookie), (4, .registerComputer), (6, .syncUpdates),
            (7, .syncUpdates), (8, .syncUpdates),
        ] {
            #expect(dialogue.operation == operation)
            dialogue.answer(try Evidence.bytes("soap-wua-native/scan/00000\(number)/response.body"))
        }
        #expect(dialogue.action == .done)
        #expect(dialogue.machine.state.updates.map(\.revisionID.rawValue).sorted() == [72571, 108_226, 108_231])
        #expect(dialogue.machine.state.updates.allSatisfy { $0.type == .category && $0.action == .evaluate && $0.isInstalled })
    }

    @Test func `the ids sent after each page are the native agent's`() throws {
        var dialogue = try Dialogue(at: try #require(Timestamp("2026-10-04T15:03:36Z")))
        try dialogue.shakeHands()
        for number in [6, 7] {
            dialogue.answer(try Evidence.bytes("soap-wua-native/scan/00000\(number)/response.body"))
            let native = try captured("scan/00000\(number + 1)/request.body")
            #expect(dialogue.body.contains(try element("InstalledNonLeafUpdateIDs", in: native)))
            #expect(!dialogue.body.contains("OtherCachedUpdateIDs") && !native.contains("OtherCachedUpdateIDs"))
        }
    }

    @Test(arguments: [(1, 0), (2, 1), (3, 2), (4, 3)])
    func `the handshake has the native agent's elements in its order`(number: Int, answers: Int) throws {
        var dialogue = try Dialogue()
        for _ in 0..<answers {
            switch dialogue.operation {
            case .getConfig: dialogue.answer(Told.config())
            case .getAuthorizationCookie: dialogue.answer(Told.authorization)
            default: dialogue.answer(Told.cookie(1))
            }
        }
        #expect(shape(dialogue.body) == shape(try captured("scan/00000\(number)/request.body")))
    }

    @Test func `a report has the native agent's elements in its order`() throws {
        var dialogue = try Dialogue(ScanOptions(isReporting: true))
        try dialogue.shakeHands()
        dialogue.answer(Told.page([ToldUpdate(id: 11, action: .preDeploymentCheck)]))
        let native = try captured("flow/000016/request.body")
        // How many strings an event has is data.
        func envelope(_ xml: String) -> [String] {
            var seen: Set<String> = []
            return shape(xml).filter { !$0.hasSuffix("/string") && seen.insert($0).inserted }
        }
        #expect(envelope(dialogue.body) == envelope(native))
        #expect(dialogue.body.contains("<NamespaceID>1</NamespaceID><EventID>147</EventID><SourceID>101</SourceID>"))
        #expect(native.contains("<NamespaceID>1</NamespaceID><EventID>147</EventID><SourceID>101</SourceID>"))
    }

    @Test func `a request for details has the native agent's elements, less the attributes it sends of its Windows`() throws {
        var dialogue = try Dialogue()
        try dialogue.shakeHands()
        dialogue.answer(Told.page([ToldUpdate(id: 1), ToldUpdate(id: 2), ToldUpdate(id: 3)]))
        let native = shape(try captured("scan/000010/request.body"))
            .filter { !$0.hasSuffix("/deviceAttributes") && !$0.hasSuffix("/callerAttributes") }
        #expect(shape(dialogue.body) == native)
    }

    @Test func `a real server's answer with details is understood`() throws {
        let response = try GetExtendedUpdateInfo.decodeResponse(try Evidence.bytes("soap-wua-native/scan/000010/response.body"))
        var titles: [String] = []
        for update in response.updates {
            if let title = try FragmentFacts.additional(update.xml).title { titles.append(title) }
        }
        #expect(titles == ["OOBE ZDP", "Microsoft", "Windows"])
    }

    @Test func `a real server's fault is a refusal`() throws {
        var dialogue = try Dialogue()
        dialogue.answer(try Evidence.bytes("soap-wua-native/faults/m0-000141-InvalidParameters.response.body"), status: 500)
        #expect(dialogue.failure?.code == .refused)
        #expect(dialogue.failure?.message.contains("parameters.InstalledNonLeafUpdateIDs") == true)
    }
}
