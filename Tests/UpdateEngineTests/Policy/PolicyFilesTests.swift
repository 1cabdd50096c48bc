import Foundation
import Glibc
import ScanPolicy
import TestSupport
import Testing
import UpdateEngine

@Suite struct PolicyFilesTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func path(_ name: String) -> String { "\(folder.path)/\(name)" }

    private func export(_ url: String) -> [UInt8] {
        Array("REGEDIT4\n[HKEY_LOCAL_MACHINE\\\(PolicyKey.windowsUpdate.rawValue)]\n\"WUServer\"=\"\(url)\"\n".utf8)
    }

    private func devices(_ paths: String..., limits: PolicyFileLimits = .standard) throws -> [PolicyDevice] {
        var all: [PolicyDevice] = []
        try PolicyFiles.forEachDevice(at: paths, limits: limits) { all.append($0) }
        return all
    }

    private func server(_ device: PolicyDevice) -> String? {
        if case .read(let record) = device { record.facts.policy[.wuServer] } else { nil }
    }

    private func error(_ device: PolicyDevice?) -> PolicyFileError? {
        if case .refused(_, let error) = device { error } else { nil }
    }

    @Test func `a file is a device, named after it`() throws {
        try folder.write(export("https://a"), to: "pc.example.test.reg")
        try folder.write(export("https://b"), to: "plain")
        let found = try devices(path("pc.example.test.reg"), path("plain"))
        #expect(found.map(\.name) == ["pc.example.test", "plain"])
        #expect(found.map(server) == ["https://a", "https://b"])
    }

    @Test func `a folder of files is one device of all of them`() throws {
        try folder.write(export("https://a"), to: "PC1/policy.reg")
        try folder.write(Array("Current WinHTTP proxy settings:\n\n    Direct access (no proxy server).\n".utf8), to: "PC1/proxy.txt")
        try folder.write([1, 2, 3], to: "PC1/.hidden")
        let found = try devices(path("PC1"))
        #expect(found.map(\.name) == ["PC1"])
        guard case .read(let record) = try #require(found.first) else { return #expect(Bool(false), "\(found)") }
        #expect(record.facts.policy[.wuServer] == "https://a")
        #expect(record.facts.systemProxy == ProxySettings.none)
        #expect(record.facts.source(of: .systemProxy) == path("PC1/proxy.txt"))
    }

    @Test func `a folder of folders is one device each, by name, and one that is broken hides no other`() throws {
        try folder.write(export("https://b"), to: "fleet/PC2/a.reg")
        try folder.write(export("https://a"), to: "fleet/PC1/a.reg")
        try folder.write(Array("nonsense".utf8), to: "fleet/PC3/a.reg")
        try FileManager.default.createDirectory(atPath: path("fleet/PC4"), withIntermediateDirectories: true)
        let found = try devices(path("fleet"))
        #expect(found.map(\.name) == ["PC1", "PC2", "PC3", "PC4"])
        #expect(found.map(server) == ["https://a", "https://b", nil, nil])
        #expect(error(found[2])?.code == .unknownFormat)
        #expect(error(found[2])?.file == path("fleet/PC3/a.reg"))
        #expect(error(found[3])?.code == .unreadable)
    }

    @Test func `a file of lines is one device each, and a line that is broken hides no other`() throws {
        let text = "{\"name\": \"a\"}\r\n\n{\"name\": \"b\", \"policy\": {\"WUServer\": \"https://b\"}}\n{\"nam\": \"c\"}\n{\"name\": \"d\"}"
        try folder.write(Array(text.utf8), to: "fleet.ndjson")
        let found = try devices(path("fleet.ndjson"))
        #expect(found.map(\.name) == ["a", "b", "\(path("fleet.ndjson")):4", "d"])
        #expect(server(found[1]) == "https://b")
        #expect(error(found[2])?.byteOffset == Array(text.utf8).count - "{\"nam\": \"c\"}\n{\"name\": \"d\"}".utf8.count + 8)
    }

    @Test func `links, FIFOs and sockets are refused and never opened`() throws {
        try folder.write(export("https://a"), to: "real/a.reg")
        #expect(symlink(path("real/a.reg"), path("link.reg")) == 0)
        #expect(symlink(path("real"), path("link")) == 0)
        #expect(mkfifo(path("fifo"), 0o600) == 0)
        for name in ["link.reg", "link", "fifo"] {
            let error = #expect(throws: PolicyFileError.self) { try devices(path(name)) }
            #expect(error?.expected.hasPrefix("a file or a folder, not a ") == true)
        }
        #expect(throws: PolicyFileError.self) { try devices("/dev/zero") }
        // Opening the FIFO would wait for a writer, which never comes.
        try folder.write(export("https://a"), to: "fleet/PC1/a.reg")
        try FileManager.default.createDirectory(atPath: path("fleet/PC2"), withIntermediateDirectories: true)
        #expect(mkfifo(path("fleet/PC2/a.reg"), 0o600) == 0)
        try FileManager.default.createDirectory(atPath: path("fleet/PC3"), withIntermediateDirectories: true)
        #expect(symlink(path("real/a.reg"), path("fleet/PC3/a.reg")) == 0)
        let found = try devices(path("fleet"))
        #expect(found.map(server) == ["https://a", nil, nil])
        #expect(found.compactMap(error).map(\.file) == [path("fleet/PC2/a.reg"), path("fleet/PC3/a.reg")])
    }

    @Test func `files beside folders, folders too deep, empty ones and missing ones are refused`() throws {
        try folder.write(export("https://a"), to: "mixed/a.reg")
        try folder.write(export("https://a"), to: "mixed/PC1/a.reg")
        #expect(throws: PolicyFileError.self) { try devices(path("mixed")) }
        try folder.write(export("https://a"), to: "deep/one/two/a.reg")
        #expect(try devices(path("deep")).compactMap(error).map(\.code) == [.unreadable])
        try FileManager.default.createDirectory(atPath: path("empty"), withIntermediateDirectories: true)
        #expect(throws: PolicyFileError.self) { try devices(path("empty")) }
        #expect(throws: PolicyFileError.self) { try devices(path("nothing")) }
        try folder.write([0x0a], to: "empty.ndjson")
        #expect(throws: PolicyFileError.self) { try devices(path("empty.ndjson")) }
    }

    @Test func `a name that was there is refused with the place of the other`() throws {
        try folder.write(export("https://a"), to: "one/PC1.reg")
        try folder.write(export("https://b"), to: "two/PC1.reg")
        let found = try devices(path("one/PC1.reg"), path("two/PC1.reg"))
        #expect(found.map(server) == ["https://a", nil])
        #expect(error(found[1])?.code == .contradiction)
        #expect(error(found[1])?.expected.contains(path("one/PC1.reg")) == true)
    }

    @Test func `limits hold to the byte, the file and the device`() throws {
        let bytes = export("https://a")
        try folder.write(bytes, to: "PC1/a.reg")
        try folder.write(bytes, to: "PC1/b.reg")
        let lines = "{\"name\": \"a\"}\n{\"name\": \"b\"}\n"
        try folder.write(Array(lines.utf8), to: "fleet.ndjson")
        func limits(_ path: WritableKeyPath<PolicyFileLimits, Int>, _ value: Int) -> PolicyFileLimits {
            var limits = PolicyFileLimits.standard
            limits[keyPath: path] = value
            return limits
        }
        #expect(try devices(path("PC1"), limits: limits(\.file, bytes.count)).compactMap(error).isEmpty)
        #expect(try devices(path("PC1"), limits: limits(\.file, bytes.count - 1)).compactMap(error).map(\.code) == [.tooLarge])
        #expect(try devices(path("PC1"), limits: limits(\.filesOfDevice, 2)).compactMap(error).isEmpty)
        #expect(try devices(path("PC1"), limits: limits(\.filesOfDevice, 1)).compactMap(error).map(\.code) == [.tooLarge])
        #expect(try devices(path("PC1"), limits: limits(\.folder, 2)).compactMap(error).isEmpty)
        #expect(throws: PolicyFileError.self) { try devices(path("PC1"), limits: limits(\.folder, 1)) }
        #expect(try devices(path("fleet.ndjson"), limits: limits(\.line, 13)).compactMap(error).isEmpty)
        #expect(try devices(path("fleet.ndjson"), limits: limits(\.line, 12)).compactMap(error).map(\.code) == [.tooLarge, .tooLarge])
        #expect(try devices(path("fleet.ndjson"), limits: limits(\.devices, 2)).count == 2)
        #expect(throws: PolicyFileError.self) { try devices(path("fleet.ndjson"), limits: limits(\.devices, 1)) }
    }

    @Test func `a file of 100 MB is refused after its limit, not read`() throws {
        let big = path("big.reg")
        try folder.write(Array("REGEDIT4\n".utf8), to: "big.reg")
        #expect(truncate(big, 100 << 20) == 0)
        let found = try devices(big)
        #expect(error(found.first)?.code == .tooLarge)
        #expect(error(found.first)?.byteOffset == PolicyFileLimits.standard.file)
        // One line of 100 MB costs no more than its limit either.
        try folder.write(Array("{\"name\": \"".utf8), to: "big.ndjson")
        #expect(truncate(path("big.ndjson"), 100 << 20) == 0)
        #expect(try devices(path("big.ndjson")).compactMap(error).map(\.code) == [.tooLarge])
    }

    @Test func `lines longer than a piece of the file are put together`() throws {
        var limits = PolicyFileLimits.standard
        limits.line = 1 << 20
        let long = "{\"name\": \"a\", \"policy\": {\"WUServer\": \"\(String(repeating: "x", count: 600_000))\"}}\n"
        try folder.write(Array((long + "{\"name\": \"b\"}\n").utf8), to: "fleet.ndjson")
        let found = try devices(path("fleet.ndjson"), limits: limits)
        #expect(found.map(\.name) == ["a", "b"])
        #expect(server(found[0])?.utf8.count == 600_000)
    }
}
