import Foundation
import TestSupport
import Testing

@testable import UpdateEngine

struct HomeTests {
    @Test func `a home is not made twice`() async throws {
        let test = try await TestEngine()
        await #expect(throws: EngineError.self) {
            try await UpdateEngine.create(test.home, hosts: ["localhost"], at: test.clock.now, log: TestEngine.log)
        }
    }

    @Test func `a home that its control socket would not fit in is refused, and leaves nothing behind`() async throws {
        let folder = try TemporaryFolder()
        let home = Home(path: folder.path + "/" + String(repeating: "x", count: 100))
        await #expect(throws: EngineError.self) {
            try await UpdateEngine.create(home, hosts: ["localhost"], at: .now, log: TestEngine.log)
        }
        #expect(!FileManager.default.fileExists(atPath: home.path))
    }

    @Test func `only one process has a home`() async throws {
        let test = try await TestEngine()
        let lock = try test.home.lock()
        #expect(throws: EngineError.self) { try test.home.lock() }
        withExtendedLifetime(lock) {}
    }

    @Test(arguments: ["", "/tls", "/run", "/content"])
    func `a home that others can write is refused`(part: String) async throws {
        let test = try await TestEngine()
        _ = try test.home.owner()
        try FileManager.default.setAttributes([.posixPermissions: 0o770], ofItemAtPath: test.home.path + part)
        #expect(throws: EngineError.self) { try test.home.owner() }
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: test.home.path + part)
    }

    @Test func `everything in a home is for its owner alone`() async throws {
        let test = try await TestEngine()
        let found = try #require(FileManager.default.enumerator(atPath: test.home.path))
        for case let name as String in found {
            let attributes = try FileManager.default.attributesOfItem(atPath: test.home.path + "/" + name)
            let mode = try #require(attributes[.posixPermissions] as? Int)
            #expect(mode & 0o077 == 0, "\(name)")
        }
    }

    @Test(arguments: [
        ("no JSON", "hosts: x"), ("no hosts", "{}"), ("empty hosts", #"{"hosts": []}"#),
        ("a misspelt setting", #"{"hosts": ["a"], "restrictToAproved": true}"#),
        ("a port that is none", #"{"hosts": ["a"], "publicPort": 70000}"#),
    ])
    func `a configuration that cannot be read says so`(name: String, text: String) async throws {
        let test = try await TestEngine()
        try Data(text.utf8).write(to: URL(filePath: test.home.configurationFile))
        #expect(throws: EngineError.self) { try Configuration.load(from: test.home) }
    }
}
