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
        ("no JSON", "hosts: x", "it is no JSON: "), ("nothing", "", "it is no JSON: "), ("cut off", #"{"hosts": ["a"]"#, "it is no JSON: "),
        ("a comma too few", #"{"hosts": ["a"] "eventDays": 3}"#, "it is no JSON: "),
        ("a list", "[]", "it must be one JSON object"), ("no hosts", "{}", "hosts must be a list"),
        ("empty hosts", #"{"hosts": []}"#, "hosts must be a list"),
        ("one host as text", #"{"hosts": "a"}"#, "hosts must be a list"), ("a number as host", #"{"hosts": ["a", 7]}"#, "hosts must be a list"),
        ("no value of hosts", #"{"hosts": null}"#, "hosts must be a list"),
        ("a misspelt setting", #"{"hosts": ["a"], "restrictToAproved": true}"#, "restrictToAproved is no setting"),
        ("a word for a truth", #"{"hosts": ["a"], "restrictToApproved": "yes"}"#, "restrictToApproved must be true or false"),
        ("a side that is none", #"{"hosts": ["a"], "targeting": "both"}"#, #"targeting must be "server" or "client""#),
        ("a number as side", #"{"hosts": ["a"], "targeting": 1}"#, #"targeting must be "server" or "client""#),
        ("a port that is none", #"{"hosts": ["a"], "publicPort": 65536}"#, "publicPort must be a whole number from 1 to 65535"),
        ("port 0", #"{"hosts": ["a"], "publicPort": 0}"#, "publicPort must be a whole number from 1 to 65535"),
        ("a port as text", #"{"hosts": ["a"], "publicPort": "443"}"#, "publicPort must be a whole number from 1 to 65535"),
        ("half a day", #"{"hosts": ["a"], "eventDays": 0.5}"#, "eventDays must be a whole number from 1 to 3650"),
        ("too many days", #"{"hosts": ["a"], "eventDays": 3651}"#, "eventDays must be a whole number from 1 to 3650"),
        (
            "a number beyond all", #"{"hosts": ["a"], "eventsPerDevice": 99999999999999999999}"#,
            "eventsPerDevice must be a whole number from 1 to 100000"
        ),
        ("no connections", #"{"hosts": ["a"], "connections": 0}"#, "connections must be a whole number, at least 1"),
        ("no handshakes", #"{"hosts": ["a"], "handshakesPerSecond": 0}"#, "handshakesPerSecond must be a whole number from 1 to 1000000"),
        ("no lines", #"{"hosts": ["a"], "newLinesPerAddress": 0}"#, "newLinesPerAddress must be a whole number from 1 to 1000000"),
    ])
    func `a configuration that cannot be read says in one line what is wrong and what is expected`(
        name: String, text: String, message: String
    ) async throws {
        let test = try await TestEngine()
        try Data(text.utf8).write(to: URL(filePath: test.home.configurationFile))
        let error = #expect(throws: EngineError.self) { try Configuration.load(from: test.home) }
        let said = try #require(error?.message)
        #expect(said.hasPrefix("\(test.home.configurationFile): \(message)"), "\(said)")
        #expect(!said.contains("\n"))
        #expect(!said.contains("DecodingError") && !said.contains("codingPath"))
    }

    @Test func `a configuration within its ranges is read`() async throws {
        let test = try await TestEngine()
        for text in [
            #"{"hosts": ["a"], "publicPort": 1, "eventDays": 1, "eventsPerDevice": 1, "connections": 1, "newLinesPerAddress": 1}"#,
            #"{"hosts": ["a"], "publicPort": 65535, "eventDays": 3650, "eventsPerDevice": 100000, "newLinesPerAddress": 1000000}"#,
        ] {
            try Data(text.utf8).write(to: URL(filePath: test.home.configurationFile))
            #expect(try Configuration.load(from: test.home).hosts == ["a"])
        }
    }
}
