import Foundation
import TestSupport
import Testing
import Updates

@testable import Storage

struct DirectoryFileStoreTests {
    private let home: TemporaryHome
    private let store: SQLiteStore
    private let files: DirectoryFileStore

    init() async throws {
        home = try TemporaryHome()
        store = try await home.create()
        files = try await DirectoryFileStore.open(folder: home.path + "/content", store: store, log: .silent)
    }

    private static let content = Array("what is installed".utf8)

    /// A file as a verifier would hand it over. The SHA-1 is made up: nothing here computes it.
    private func verified(_ content: [UInt8] = content, sha1: UInt8 = 1, name: String = "payload.cab") throws -> VerifiedFile {
        let path = try home.folder.write(content, to: name)
        var hasher = ContentHasher()
        content.withUnsafeBytes { hasher.update($0) }
        let digest = try #require(SHA1Digest(bytes: Array(repeating: sha1, count: 20)))
        return VerifiedFile.assumed(path: path, size: Int64(content.count), sha1: digest, sha256: hasher.finish())
    }

    private func content(of held: HeldFile?) throws -> [UInt8]? {
        try held.map { Array(try Data(contentsOf: URL(filePath: $0.path))) }
    }

    @Test func `a file is held by its SHA-256 and found by its SHA-1, and the original stays`() async throws {
        let file = try verified()
        #expect(files.lookup(file.sha1) == nil)
        try await files.add(file, consume: false)
        let held = try #require(files.lookup(file.sha1))
        #expect(held.sha256 == file.sha256)
        #expect(held.size == file.size)
        #expect(held.path == "\(home.path)/content/sha256/\(file.sha256.description.prefix(2))/\(file.sha256)")
        #expect(try content(of: held) == Self.content)
        #expect(files.all() == [held])
        #expect(FileManager.default.fileExists(atPath: file.path))
        #expect(try FileManager.default.attributesOfItem(atPath: held.path)[.posixPermissions] as? Int == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: home.path + "/content/incoming").isEmpty)
        #expect(try await store.files() == [StoredFile(sha1: file.sha1, sha256: file.sha256, size: file.size, state: .held)])
    }

    @Test func `a file that is handed over is moved, and gone from where it was, also where it is held already`() async throws {
        for _ in 1...2 {
            let file = try verified()
            try await files.add(file, consume: true)
            #expect(try content(of: files.lookup(file.sha1)) == Self.content)
            #expect(!FileManager.default.fileExists(atPath: file.path))
        }
        let held = try #require(files.all().first)
        #expect(try FileManager.default.attributesOfItem(atPath: held.path)[.posixPermissions] as? Int == 0o600)
    }

    @Test func `what is held is known after a restart, what was on its way is not there`() async throws {
        let file = try verified()
        try await files.add(file, consume: false)
        try home.write([1], to: "content/incoming/1.1")
        let again = try await DirectoryFileStore.open(folder: home.path + "/content", store: store, log: .silent)
        #expect(again.all() == files.all())
        #expect(!home.exists("content/incoming/1.1"))
    }

    @Test func `the same SHA-1 with another SHA-256 is refused loudly, and nothing changes`() async throws {
        let record = LogRecord()
        let loud = try await DirectoryFileStore.open(folder: home.path + "/content", store: store, log: .recording(record))
        try await loud.add(try verified(), consume: false)
        let held = loud.all()
        let forged = try verified(Array("another content".utf8), name: "forged.cab")
        let error = await #expect(throws: StorageError.self) { try await loud.add(forged, consume: true) }
        #expect(error?.code == .conflict)
        #expect(record.all.count == 1)
        #expect(record.all.first?.hasPrefix("critical: ") == true)
        #expect(loud.all() == held)
        #expect(try content(of: loud.lookup(forged.sha1)) == Self.content)
        #expect(FileManager.default.fileExists(atPath: forged.path))
        // A file store that has not heard of it yet is stopped by the database.
        let error2 = await #expect(throws: StorageError.self) { try await files.add(forged, consume: false) }
        #expect(error2?.code == .conflict)
        #expect(files.lookup(forged.sha1) == nil)
    }

    @Test func `a quarantined file is put aside and served no more, also after a restart`() async throws {
        let file = try verified()
        try await files.add(file, consume: false)
        let path = try #require(files.lookup(file.sha1)).path
        try await files.quarantine(file.sha1)
        #expect(files.lookup(file.sha1) == nil)
        #expect(files.all().isEmpty)
        #expect(!FileManager.default.fileExists(atPath: path))
        #expect(try home.bytes("content/quarantine/\(file.sha256)") == Self.content)
        #expect(try await DirectoryFileStore.open(folder: home.path + "/content", store: store, log: .silent).all().isEmpty)
        try await files.quarantine(file.sha1)
        #expect(try await store.files().map(\.state) == [.quarantined])
    }

    @Test func `a quarantined file is healed by adding it again`() async throws {
        let file = try verified()
        try await files.add(file, consume: false)
        try await files.quarantine(file.sha1)
        try await files.add(file, consume: false)
        #expect(try content(of: files.lookup(file.sha1)) == Self.content)
        #expect(try await store.files().map(\.state) == [.held])
    }

    @Test func `a held file that is gone or cut short is put back by adding it again`() async throws {
        let file = try verified()
        try await files.add(file, consume: false)
        let path = try #require(files.lookup(file.sha1)).path
        for broken in [[1, 2, 3], nil] as [[UInt8]?] {
            if let broken { try Data(broken).write(to: URL(filePath: path)) } else { try FileManager.default.removeItem(atPath: path) }
            try await files.add(file, consume: false)
            #expect(try content(of: files.lookup(file.sha1)) == Self.content)
        }
    }

    @Test func `a file that has changed since it was verified is not taken in`() async throws {
        let file = try verified()
        for changed in [Array("what is Installed".utf8), Array("what is".utf8)] {
            try home.folder.write(changed, to: "payload.cab")
            let error = await #expect(throws: StorageError.self) { try await files.add(file, consume: false) }
            #expect(error?.code == .corrupt)
        }
        #expect(files.all().isEmpty)
        #expect(try await store.files().isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: home.path + "/content/incoming").isEmpty)
        #expect(!home.exists("content/sha256/\(file.sha256.description.prefix(2))/\(file.sha256)"))
    }

    @Test func `the same file added many times at once is held once`() async throws {
        let file = try verified()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 1...20 { group.addTask { try await files.add(file, consume: false) } }
            try await group.waitForAll()
        }
        #expect(files.all().count == 1)
        #expect(try content(of: files.lookup(file.sha1)) == Self.content)
    }
}
