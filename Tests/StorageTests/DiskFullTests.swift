import Foundation
import GRDB
import Glibc
import Synchronization
import TestSupport
import Testing
import Updates

@testable import Storage

struct DiskFullTests {
    /// A file system of a megabyte and a half, where the tests run as root and may mount one.
    private final class SmallDisk {
        let folder: TemporaryFolder
        var path: String { folder.path }

        init?() throws {
            folder = try TemporaryFolder()
            guard geteuid() == 0, mount("martlet-test", folder.path, "tmpfs", 0, "size=1536k") == 0 else { return nil }
        }

        deinit {
            umount2(folder.path, Int32(MNT_DETACH))
        }

        static let isAvailable = (try? SmallDisk()).flatMap { $0 } != nil
    }

    private static func incompressible(_ number: UInt64, count: Int) -> RevisionImport {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
        return RevisionImport(
            metadata: StoreFixture.metadata(number), fragments: [Fragment(kind: .core, bytes: ChunkedBytes(bytes))],
            provenance: Provenance(source: .localImport, isVerified: true), document: .bytes(bytes))
    }

    @Test(.enabled(if: SmallDisk.isAvailable, "needs to mount a small file system, so to be root"))
    func `a disk that is really full refuses an import whole, and takes the next that fits`() async throws {
        let disk = try #require(try SmallDisk())
        let home = disk.path + "/home"
        let ballast = try disk.folder.write(Array(repeating: 1, count: 150_000), to: "ballast")
        let store = try await SQLiteStore.create(home: home, at: StoreFixture.noon, log: .silent)
        var imported = 0
        var refusal: StorageError?
        while refusal == nil {
            let number = UInt64(imported + 1)
            do {
                _ = try await store.importRevisions([Self.incompressible(number, count: 60_000)], at: StoreFixture.noon)
                imported += 1
            } catch let error as StorageError {
                refusal = error
            }
        }
        #expect(refusal?.code == .diskFull)
        #expect(imported > 2)
        #expect(try await store.revisions().count == imported)
        let generation = try await store.generation()
        #expect(generation.rawValue == Int64(1 + imported))
        for number in 1...imported { #expect(try store.fragmentBytes(Int32(number), .core) != nil) }
        // What was written of the refused one is gone again.
        let pack = try FileManager.default.attributesOfItem(atPath: home + "/pack/000001.pack")[.size] as? Int
        #expect(pack == imported * 60_000)
        #expect(try store.fragmentBytes(Int32(imported + 1), .core) == nil)
        try FileManager.default.removeItem(atPath: ballast)
        #expect(
            try await store.importRevisions([Self.incompressible(9000, count: 500)], at: StoreFixture.noon).outcomes.map(\.verdict) == [.new])
        try await store.close()
        let again = try await SQLiteStore.open(home: home, log: .silent)
        #expect(try await again.revisions().count == imported + 1)
        for number in 1...imported + 1 { #expect(try again.fragmentBytes(Int32(number), .core) != nil) }
        try await again.close()
    }

    @Test(.enabled(if: SmallDisk.isAvailable, "needs to mount a small file system, so to be root"))
    func `a disk that is really full refuses a payload whole`() async throws {
        let disk = try #require(try SmallDisk())
        let store = try await SQLiteStore.create(home: disk.path + "/home", at: StoreFixture.noon, log: .silent)
        let files = try await DirectoryFileStore.open(folder: disk.path + "/home/content", store: store, log: .silent)
        let source = try TemporaryFolder()
        let bytes = [UInt8](repeating: 7, count: 2 << 20)
        var hasher = ContentHasher()
        bytes.withUnsafeBytes { hasher.update($0) }
        let sha1 = try #require(SHA1Digest(bytes: Array(repeating: 1, count: 20)))
        let file = VerifiedFile.assumed(path: try source.write(bytes, to: "p"), size: Int64(bytes.count), sha1: sha1, sha256: hasher.finish())
        let error = await #expect(throws: StorageError.self) { try await files.add(file, consume: false) }
        #expect(error?.code == .diskFull)
        #expect(files.all().isEmpty)
        #expect(try await store.files().isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path + "/home/content/incoming").isEmpty)
        try await store.close()
    }

    @Test func `a write that fails at any byte of an import changes nothing`() async throws {
        let home = try TemporaryHome()
        let room = Mutex(Int.max)
        var options = StoreOptions.quick
        options.rollover = 300
        options.willWrite = { count in
            try room.withLock { room in
                guard room >= count else { throw StorageError(.diskFull, "no room") }
                room -= count
            }
        }
        let store = try await home.create(options)
        _ = try await store.importRevisions([StoreFixture.revision(1)], at: StoreFixture.noon)
        let generation = try await store.generation()
        let batch = (2...6).map { StoreFixture.revision($0) }
        var failures = 0
        var allowed = 0
        while true {
            room.withLock { $0 = allowed }
            do {
                _ = try await store.importRevisions(batch, at: StoreFixture.noon)
                break
            } catch let error as StorageError {
                #expect(error.code == .diskFull)
                failures += 1
            }
            #expect(try await store.revisions().map(\.revision.id.rawValue) == [1])
            #expect(try await store.generation() == generation)
            #expect(store.kinds(of: RevisionID(rawValue: 2)).isEmpty)
            allowed += 7
        }
        #expect(failures > 50)
        #expect(try await store.revisions().map(\.revision.id.rawValue) == [1, 2, 3, 4, 5, 6])
        for number in 1...6 {
            #expect(try store.fragmentBytes(Int32(number), .core) == StoreFixture.fragments(UInt64(number))[0].bytes.bytes)
            #expect(try await store.document(RevisionID(rawValue: Int32(number)))?.bytes == StoreFixture.documentBytes(UInt64(number)))
        }
    }

    @Test func `a database that cannot grow refuses a change whole`() async throws {
        let home = try TemporaryHome()
        let store = try await home.create()
        _ = try await store.register(StoreFixture.device(1), facts: DeviceFacts(dnsName: "pc"), at: StoreFixture.noon)
        try await store.pool.writeWithoutTransaction { db in
            let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
            try db.execute(sql: "PRAGMA max_page_count = \(pages + 2)")
        }
        let events = (1...500).map { number in
            StoreFixture.event(.downloadStarted, of: StoreFixture.device(1), at: StoreFixture.noon, update: StoreFixture.update(1), instance: number)
        }
        let error = await #expect(throws: StorageError.self) {
            _ = try await store.takeReports([EventBatch(deviceID: StoreFixture.device(1), events: events)], at: StoreFixture.noon)
        }
        #expect(error?.code == .diskFull)
        #expect(try await store.events(of: StoreFixture.device(1), limit: 10).isEmpty)
        let batch = (1...200).map { StoreFixture.revision($0) }
        let refused = await #expect(throws: StorageError.self) { _ = try await store.importRevisions(batch, at: StoreFixture.noon) }
        #expect(refused?.code == .diskFull)
        #expect(try await store.revisions().isEmpty)
        #expect(!home.exists("pack/000001.pack"))
        try await store.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }
        #expect(try await store.importRevisions(batch, at: StoreFixture.noon).outcomes.count == 200)
        // What was refused was not acknowledged: sent again it is taken, and no event counts as a repeat.
        let taken = try await store.takeReports([EventBatch(deviceID: StoreFixture.device(1), events: events)], at: StoreFixture.noon)
        #expect(taken.storedEvents == 500)
        #expect(taken.repeatedEvents == 0)
    }
}
