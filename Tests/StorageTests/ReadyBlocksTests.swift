import Foundation
import Synchronization
import TestSupport
import Testing
import Updates

@testable import Storage

/// Long fragments that are kept as they go on the wire. The coding is the caller's: here each byte is turned over.
struct ReadyBlocksTests {
    private static let first = RevisionID(rawValue: 1)

    private static func revision(_ number: UInt64, coreBytes: Int) -> RevisionImport {
        let core = (0..<coreBytes).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8 ^ Int(number)) }
        return RevisionImport(
            metadata: StoreFixture.metadata(number),
            fragments: [Fragment(kind: .core, bytes: ChunkedBytes(core)), Fragment(kind: .extended, bytes: ChunkedBytes("short".utf8))],
            provenance: Provenance(source: .localImport, isVerified: true), document: .bytes(StoreFixture.documentBytes(number)))
    }

    /// Turned over, in pieces, and said to stand for one byte more.
    private static func code(_ bytes: UnsafeRawBufferPointer, _ give: (UnsafeRawBufferPointer) throws -> Void) throws -> Int {
        for start in stride(from: 0, to: bytes.count, by: 1000) {
            try bytes[start..<min(bytes.count, start + 1000)].map { ~$0 }.withUnsafeBytes { try give($0) }
        }
        return bytes.count + 1
    }

    private static func mustNotCode(_ bytes: UnsafeRawBufferPointer, _ give: (UnsafeRawBufferPointer) throws -> Void) throws -> Int {
        Issue.record("it was ready")
        return try code(bytes, give)
    }

    private static func isSound(_ store: SQLiteStore, _ number: UInt64 = 1, coded: Bool = false) throws -> Bool {
        let id = RevisionID(rawValue: Int32(number))
        let code = coded ? Self.code : Self.mustNotCode
        guard let ready = try store.readyBlocks(id, .core, code), let core = try store.fragmentBytes(id.rawValue, .core) else { return false }
        return ready.textCount == core.count + 1 && ready.bytes.withBytes(0..<ready.bytes.count) { $0.elementsEqual(core.map { ~$0 }) }
    }

    private static func filled(
        _ home: TemporaryHome, _ options: StoreOptions = .quick, count: UInt64 = 3, bytes: Int = 20_000
    ) async throws -> SQLiteStore {
        let store = try await home.create(options)
        _ = try await store.importRevisions((1...count).map { revision($0, coreBytes: bytes) }, at: StoreFixture.noon)
        return store
    }

    @Test func `what is made once is found from then on, after a start too`() async throws {
        let home = try TemporaryHome()
        let store = try await Self.filled(home)
        #expect(store.fragmentsNotReady().map(\.revision.rawValue) == [1, 2, 3])
        for number in 1...3 as ClosedRange<UInt64> {
            #expect(try Self.isSound(store, number, coded: true))
            #expect(try Self.isSound(store, number))
        }
        #expect(store.fragmentsNotReady().isEmpty)
        try await store.close()
        let again = try await home.open()
        #expect(again.fragmentsNotReady().isEmpty)
        for number in 1...3 as ClosedRange<UInt64> { #expect(try Self.isSound(again, number)) }
        #expect(try again.readyBlocks(RevisionID(rawValue: 9), .core, Self.code) == nil)
        #expect(try again.readyBlocks(Self.first, .eula(language: "en", geoID: ""), Self.code) == nil)
    }

    @Test func `short fragments are not kept ready`() async throws {
        let home = try TemporaryHome()
        let store = try await home.create()
        let sizes = [SQLiteStore.readySize - 1, SQLiteStore.readySize, SQLiteStore.readySize + 1]
        _ = try await store.importRevisions(
            sizes.enumerated().map { Self.revision(UInt64($0.offset + 1), coreBytes: $0.element) }, at: StoreFixture.noon)
        #expect(store.fragmentsNotReady().map(\.revision.rawValue) == [2, 3])
    }

    @Test func `a crash in the middle of writing leaves what was whole, and goes on after it`() async throws {
        let home = try TemporaryHome()
        let store = try await Self.filled(home, bytes: 1000)
        for number in 1...2 as ClosedRange<UInt64> { #expect(try Self.isSound(store, number, coded: true)) }
        try await store.close()
        let whole = try home.bytes("ready/000001.blocks")
        #expect(whole.count == 2 * 1096)
        for length in [0, 1, 95, 96, 97, 1095, 1096, 1097, 1191, 1192, 2191] {
            try home.write(Array(whole.prefix(length)), to: "ready/000001.blocks")
            let store = try await home.open()
            #expect(try Self.isSound(store, 1, coded: length < 1096), "\(length) bytes")
            #expect(try Self.isSound(store, 2, coded: true))
            try await store.close()
            let again = try await home.open()
            for number in 1...2 as ClosedRange<UInt64> { #expect(try Self.isSound(again, number), "\(length) bytes, after another start") }
            try await again.close()
        }
    }

    @Test func `an entry without a header was not finished, as when the power goes`() async throws {
        let home = try TemporaryHome()
        let store = try await Self.filled(home, bytes: 1000)
        #expect(try Self.isSound(store, 1, coded: true))
        try await store.close()
        for position in [0, 8, 40, 47, 48, 56, 88, 95] {
            var bytes = try home.bytes("ready/000001.blocks")
            bytes[position] ^= 1
            try home.write(bytes, to: "ready/000001.blocks")
            let store = try await home.open()
            #expect(try Self.isSound(store, 1, coded: true), "byte \(position)")
            #expect(try home.bytes("ready/000001.blocks").count == 1096)
            try await store.close()
        }
    }

    @Test func `bytes that changed are not used, and made again`() async throws {
        let home = try TemporaryHome()
        let store = try await Self.filled(home, bytes: 1000)
        for number in 1...2 as ClosedRange<UInt64> { #expect(try Self.isSound(store, number, coded: true)) }
        try await store.close()
        var bytes = try home.bytes("ready/000001.blocks")
        bytes[500] ^= 1
        try home.write(bytes, to: "ready/000001.blocks")
        let log = LogRecord()
        let again = try await home.open(log: .recording(log))
        #expect(try Self.isSound(again, 2))
        #expect(try Self.isSound(again, 1, coded: true))
        #expect(try Self.isSound(again, 1))
        #expect(log.all.filter { $0.contains("made again") }.count == 1)
    }

    @Test func `a lost folder is made anew`() async throws {
        let home = try TemporaryHome()
        let store = try await Self.filled(home)
        #expect(try Self.isSound(store, 1, coded: true))
        try await store.close()
        try FileManager.default.removeItem(atPath: home.path + "/ready")
        let again = try await home.open()
        #expect(again.fragmentsNotReady().count == 3)
        #expect(try Self.isSound(again, 1, coded: true))
    }

    @Test func `they go to further files when one is full`() async throws {
        let home = try TemporaryHome()
        var options = StoreOptions.quick
        options.rollover = 30_000
        let store = try await Self.filled(home, options, count: 6)
        for number in 1...6 as ClosedRange<UInt64> { #expect(try Self.isSound(store, number, coded: true)) }
        #expect(home.exists("ready/000003.blocks") && !home.exists("ready/000004.blocks"))
        try await store.close()
        let again = try await home.open(options)
        for number in 1...6 as ClosedRange<UInt64> { #expect(try Self.isSound(again, number)) }
    }

    @Test func `a full disk is said, and leaves nothing by halves`() async throws {
        let home = try TemporaryHome()
        let isFull = Mutex(false)
        var options = StoreOptions.quick
        options.willWrite = { _ in if isFull.withLock({ $0 }) { throw StorageError(.diskFull, "full") } }
        let store = try await Self.filled(home, options)
        #expect(try Self.isSound(store, 1, coded: true))
        isFull.withLock { $0 = true }
        #expect { _ = try store.readyBlocks(RevisionID(rawValue: 2), .core, Self.code) } throws: { ($0 as? StorageError)?.code == .diskFull }
        isFull.withLock { $0 = false }
        #expect(try home.bytes("ready/000001.blocks").count == 20_096)
        #expect(try Self.isSound(store, 2, coded: true))
        #expect(try Self.isSound(store, 1))
    }

    private final class Count: Sendable {
        let value = Mutex(0)
    }

    @Test func `of several threads that need one, one makes it`() async throws {
        let home = try TemporaryHome()
        let store = try await Self.filled(home)
        let made = Count()
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<16 {
                group.addTask {
                    let ready = try store.readyBlocks(Self.first, .core) { bytes, give in
                        made.value.withLock { $0 += 1 }
                        return try Self.code(bytes, give)
                    }
                    return ready?.bytes.count ?? 0
                }
            }
            for try await count in group { #expect(count == 20_000) }
        }
        #expect(made.value.withLock { $0 } == 1)
    }

    @Test func `a damaged fragment is not made ready`() async throws {
        let home = try TemporaryHome()
        let store = try await Self.filled(home)
        try await store.close()
        var pack = try home.bytes("pack/000001.pack")
        pack[100] ^= 1
        try home.write(pack, to: "pack/000001.pack")
        let again = try await home.open()
        #expect { _ = try again.readyBlocks(Self.first, .core, Self.mustNotCode) } throws: { ($0 as? StorageError)?.code == .corrupt }
    }

    private static func offered(
        _ core: String, title: String = "", _ source: Provenance.Source, _ document: DocumentSource?
    ) -> RevisionImport {
        RevisionImport(
            metadata: StoreFixture.metadata(1),
            fragments: [
                Fragment(kind: .core, bytes: ChunkedBytes(core.utf8)),
                Fragment(kind: .localizedProperties(language: "en"), bytes: ChunkedBytes(title.utf8)),
            ],
            provenance: Provenance(source: source, isVerified: true), document: document)
    }

    @Test func `what becomes of a revision's fragments under one id is counted, what repeats them is not`() async throws {
        let home = try TemporaryHome()
        let store = try await home.create()
        _ = try await store.importRevisions([Self.offered("one", .sample, nil)], at: StoreFixture.noon)
        #expect(store.fragmentReplacements == 0)
        let completed = try await store.importRevisions(
            [Self.offered("one", title: "Title", .localImport, .bytes([1]))], at: StoreFixture.noon)
        #expect(completed.outcomes.map(\.verdict) == [.completes])
        #expect(store.fragmentReplacements == 1)
        let id = try #require(completed.outcomes.first?.revision?.revision.id)
        try await store.rebuildFragments(of: id, with: Self.offered("one", title: "Title", .localImport, nil).fragments)
        #expect(store.fragmentReplacements == 1)
    }

    @Test func `fragments replaced under an id of their own are read under the old id until the store is closed`() async throws {
        let home = try TemporaryHome()
        let store = try await home.create()
        _ = try await store.importRevisions([Self.offered("one", .sample, nil)], at: StoreFixture.noon)
        let result = try await store.importRevisions([Self.offered("two", .localImport, .bytes([1]))], at: StoreFixture.noon)
        #expect(result.outcomes.map(\.verdict) == [.replacesFragments])
        #expect(result.outcomes.first?.revision?.revision.id == RevisionID(rawValue: 2))
        #expect(try store.fragmentBytes(1, .core) == Array("one".utf8))
        #expect(store.fragmentSize(Self.first, .core) == 3)
        #expect(store.kinds(of: Self.first).count == 2)
        #expect(try store.fragmentBytes(2, .core) == Array("two".utf8))
        // Nothing under an old id became another.
        #expect(store.fragmentReplacements == 0)
        try await store.close()
        let again = try await home.open()
        #expect(try again.fragmentBytes(1, .core) == nil)
        #expect(try again.fragmentBytes(2, .core) == Array("two".utf8))
    }
}
