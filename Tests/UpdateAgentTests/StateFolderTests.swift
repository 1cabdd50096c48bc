import Foundation
import TestSupport
import Testing
import UpdateProtocols
import Updates

@testable import UpdateAgent

@Suite struct StateFolderTests {
    private func permissions(_ path: String) throws -> Int {
        try #require(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    private func code(_ body: () throws -> Void) -> AgentError.Code? {
        do { try body() } catch { return (error as? AgentError)?.code }
        return nil
    }

    @Test func `what is saved is loaded again, for the owner alone`() throws {
        let parent = try TemporaryFolder()
        let path = "\(parent.path)/device"
        var state = try Dialogue.known([.category(10), ToldUpdate(id: 11, deadline: Dialogue.start, members: [[12, 13]])])
        do {
            let folder = try StateFolder(path)
            #expect(try folder.load() == nil)
            try folder.save(state)
            state.updates.removeLast()
            try folder.save(state)
        }
        #expect(try StateFolder(path).load() == state)
        #expect(try permissions(path) == 0o700)
        #expect(try permissions(path + "/state.json") == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).sorted() == ["lock", "state.json"])
    }

    @Test func `a second process is refused as long as the first is there`() throws {
        let parent = try TemporaryFolder()
        let path = "\(parent.path)/device"
        do {
            let folder = try StateFolder(path)
            #expect(code { _ = try StateFolder(path) } == .stateInUse)
            withExtendedLifetime(folder) {}
        }
        #expect(code { _ = try StateFolder(path) } == nil)
    }

    @Test func `a state that breaks off anywhere is refused and left alone`() throws {
        let parent = try TemporaryFolder()
        let folder = try StateFolder(parent.path)
        try folder.save(DeviceState(clientID: try #require(DeviceID(Dialogue.clientID)), server: try ServerAddress(Dialogue.origin)))
        let file = parent.path + "/state.json"
        let whole = try Data(contentsOf: URL(filePath: file))
        for count in 0..<whole.count {
            let part = whole.prefix(count)
            try part.write(to: URL(filePath: file))
            #expect(code { _ = try folder.load() } == .stateUnreadable, "\(count) bytes")
            #expect(try Data(contentsOf: URL(filePath: file)) == part)
        }
    }

    @Test(arguments: [
        ("another format", "\"format\":1", "\"format\":2"), ("no device", "clientID", "client"), ("a bad device", Dialogue.clientID, "x y"),
        ("a bad action", "Evaluate", "Elevate"), ("an id that stands twice", "\"revisionID\":11", "\"revisionID\":10"),
    ])
    func `a state of other content is refused`(name: String, old: String, new: String) throws {
        let parent = try TemporaryFolder()
        let folder = try StateFolder(parent.path)
        try folder.save(try Dialogue.known([.category(10), .category(11)]))
        let file = URL(filePath: parent.path + "/state.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        #expect(text.contains(old))
        try text.replacingOccurrences(of: old, with: new).write(to: file, atomically: false, encoding: .utf8)
        #expect(code { _ = try folder.load() } == .stateUnreadable)
    }

    @Test func `a link or a folder in the state's place is not followed`() throws {
        let parent = try TemporaryFolder()
        let folder = try StateFolder(parent.path + "/device")
        let other = try parent.write(Array("{}".utf8), to: "other.json")
        let file = parent.path + "/device/state.json"
        try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: other)
        #expect(code { _ = try folder.load() } == .stateNotWritable)
        try FileManager.default.removeItem(atPath: file)
        try FileManager.default.createDirectory(atPath: file, withIntermediateDirectories: false)
        #expect(code { _ = try folder.load() } == .stateUnreadable)
    }

    @Test func `a draft of a process that was killed is no obstacle`() throws {
        let parent = try TemporaryFolder()
        let folder = try StateFolder(parent.path)
        try parent.write(Array("half".utf8), to: "state.json.new")
        let state = try Dialogue.known([])
        try folder.save(state)
        #expect(try folder.load() == state)
    }

    @Test func `a folder that cannot be made is said`() throws {
        #expect(code { _ = try StateFolder("/dev/null/device") } == .stateNotWritable)
    }
}
