import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing
import Updates

@testable import Storage

struct CrashTests {
    /// Copies of a home, as a crash would leave it at that moment: what is in the files, and nothing of what the process knows.
    private final class Snapshots: Sendable {
        let folder: TemporaryFolder
        private let count = Mutex(0)

        init() throws { folder = try TemporaryFolder() }

        func take(of home: String) throws {
            let number = count.withLock { count in
                count += 1
                return count
            }
            try FileManager.default.copyItem(atPath: home, toPath: "\(folder.path)/\(number)")
            // Shared memory does not outlive a power cut.
            try? FileManager.default.removeItem(atPath: "\(folder.path)/\(number)/martlet.db-shm")
        }

        var paths: [String] { (1...max(1, count.withLock { $0 })).map { "\(folder.path)/\($0)" } }
    }

    /// All of a change or nothing of it: `before` revisions, or those and `batch` more; and every byte is what it was.
    private func check(_ home: String, before: Int, batch: Int) async throws -> Int {
        let store = try await SQLiteStore.open(home: home, log: .silent, options: .quick)
        let revisions = try await store.revisions()
        #expect(revisions.count == before || revisions.count == before + batch)
        #expect(try await store.generation().rawValue == (revisions.count == before ? 2 : 3))
        try await Self.checkBytes(revisions, store)
        // It goes on from there, over whatever was left behind.
        _ = try await store.importRevisions([StoreFixture.revision(1000)], at: StoreFixture.noon)
        let grown = try await store.revisions()
        #expect(grown.count == revisions.count + 1)
        try await Self.checkBytes(grown, store)
        try await store.close()
        return revisions.count
    }

    private static func checkBytes(_ revisions: [StoredRevision], _ store: SQLiteStore) async throws {
        for revision in revisions.map(\.revision) {
            let number = revision.updateID.low & 0xffff_ffff
            for fragment in StoreFixture.fragments(number) {
                #expect(try store.fragmentBytes(revision.id.rawValue, fragment.kind) == fragment.bytes.bytes)
            }
            #expect(try await store.document(revision.id)?.bytes == StoreFixture.documentBytes(number))
        }
    }

    @Test func `a crash at any write of an import, or between its sync and its commit, leaves nothing of it`() async throws {
        let home = try TemporaryHome()
        let snapshots = try Snapshots()
        let isArmed = Mutex(false)
        var options = StoreOptions.quick
        options.rollover = 400
        options.willWrite = { [path = home.path] _ in if isArmed.withLock({ $0 }) { try snapshots.take(of: path) } }
        options.willCommit = { [path = home.path] in if isArmed.withLock({ $0 }) { try snapshots.take(of: path) } }
        let store = try await home.create(options)
        _ = try await store.importRevisions((1...3).map { StoreFixture.revision($0) }, at: StoreFixture.noon)
        isArmed.withLock { $0 = true }
        _ = try await store.importRevisions((4...9).map { StoreFixture.revision($0) }, at: StoreFixture.noon)
        let paths = snapshots.paths
        #expect(paths.count > 20)
        for path in paths { #expect(try await check(path, before: 3, batch: 6) == 3) }
        try await store.close()
    }

    @Test func `a crash that tears the end of the log leaves all of an import or nothing`() async throws {
        let home = try TemporaryHome()
        let store = try await home.create()
        _ = try await store.importRevisions((1...3).map { StoreFixture.revision($0) }, at: StoreFixture.noon)
        let before = try home.bytes("martlet.db-wal").count
        _ = try await store.importRevisions((4...9).map { StoreFixture.revision($0) }, at: StoreFixture.noon)
        let log = try home.bytes("martlet.db-wal")
        #expect(log.count > before)
        var outcomes: [Int: Int] = [:]
        for length in stride(from: before, through: log.count, by: 2063) + [log.count - 1, log.count] {
            let snapshots = try Snapshots()
            try snapshots.take(of: home.path)
            let copy = try #require(snapshots.paths.first)
            try Data(log.prefix(length)).write(to: URL(filePath: copy + "/martlet.db-wal"))
            outcomes[try await check(copy, before: 3, batch: 6), default: 0] += 1
        }
        #expect(outcomes[3, default: 0] > 10)
        #expect(outcomes[9, default: 0] >= 1)
        try await store.close()
    }

    /// A folder that a child process finds by itself: by the id of its parent.
    private static func folderOfChild(of parent: pid_t) -> String {
        FileManager.default.temporaryDirectory.path(percentEncoded: false) + "/martlet-killed-\(parent)"
    }

    @Test func `a store that is killed at any moment has every change it acknowledged, and nothing by halves`() async throws {
        let folder = Self.folderOfChild(of: getpid())
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await SQLiteStore.create(home: folder + "/home", at: StoreFixture.noon, log: .silent).close()
        var held = 0
        for _ in 1...10 {
            await #expect(processExitsWith: .signal(SIGKILL)) {
                let folder = Self.folderOfChild(of: getppid())
                let store = try await SQLiteStore.open(home: folder + "/home", log: .silent)
                let acknowledged = try OpenFile(folder + "/acknowledged", O_WRONLY | O_CREAT)
                var last = try await store.revisions().count
                Thread.detachNewThread {
                    usleep(.random(in: 0...60_000))
                    kill(getpid(), SIGKILL)
                }
                while true {
                    let batch = (last + 1...last + 3).map { StoreFixture.revision(UInt64($0)) }
                    _ = try await store.importRevisions(batch, at: StoreFixture.noon)
                    last += 3
                    try withUnsafeBytes(of: last) { try acknowledged.write($0, at: 0) }
                }
            }
            let store = try await SQLiteStore.open(home: folder + "/home", log: .silent)
            let revisions = try await store.revisions()
            let mark = try? Data(contentsOf: URL(filePath: folder + "/acknowledged"))
            let acknowledged = mark.flatMap { $0.count == 8 ? $0.withUnsafeBytes { $0.loadUnaligned(as: Int.self) } : nil } ?? 0
            #expect(revisions.count >= max(acknowledged, held))
            #expect(revisions.count <= max(acknowledged, held) + 3)
            #expect(revisions.count % 3 == 0)
            #expect(revisions.map(\.revision.id.rawValue) == (0..<Int32(revisions.count)).map { $0 + 1 })
            #expect(try await store.generation().rawValue == Int64(1 + revisions.count / 3))
            try await Self.checkBytes(revisions, store)
            held = revisions.count
            try await store.close()
        }
        #expect(held > 0)
    }
}
