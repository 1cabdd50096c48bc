import Foundation
import Synchronization
import TestSupport
import Testing
import Updates

@testable import Storage

struct FragmentPackTests {
    private static let first = RevisionID(rawValue: 1)

    private static func revision(_ number: UInt64, _ fragments: [Fragment]) -> RevisionImport {
        RevisionImport(
            metadata: StoreFixture.metadata(number), fragments: fragments, provenance: Provenance(source: .localImport, isVerified: true),
            document: .bytes(StoreFixture.documentBytes(number)))
    }

    @Test func `every kind of fragment comes back to the byte, in the document's order`() async throws {
        let fragments = [
            Fragment(kind: .core, bytes: ChunkedBytes("core".utf8)), Fragment(kind: .extended, bytes: ChunkedBytes("extended".utf8)),
            Fragment(kind: .localizedProperties(language: "pt-br"), bytes: ChunkedBytes("pt".utf8)),
            Fragment(kind: .localizedProperties(language: "en"), bytes: ChunkedBytes("en".utf8)),
            Fragment(kind: .eula(language: "en", geoID: ""), bytes: ChunkedBytes("eula".utf8)),
            Fragment(kind: .eula(language: "en", geoID: "244"), bytes: ChunkedBytes()),
        ]
        let home = try TemporaryHome()
        let store = try await home.create()
        _ = try await store.importRevisions([Self.revision(1, fragments)], at: StoreFixture.noon)
        try await store.close()
        for store in [store, try await home.open()] {
            #expect(store.kinds(of: Self.first) == fragments.map(\.kind))
            for fragment in fragments { #expect(try store.fragmentBytes(1, fragment.kind) == fragment.bytes.bytes) }
            #expect(try store.fragmentBytes(1, .localizedProperties(language: "EN")) == nil)
            #expect(try store.fragmentBytes(2, .core) == nil)
            #expect(try store.fragmentBytes(0, .core) == nil)
            #expect(try store.fragmentBytes(-1, .core) == nil)
            #expect(try store.fragmentBytes(.max, .core) == nil)
            #expect(store.kinds(of: RevisionID(rawValue: 2)).isEmpty)
        }
    }

    @Test func `a reader keeps what it reads while the pack grows beneath it`() async throws {
        let home = try TemporaryHome()
        let store = try await home.create()
        _ = try await store.importRevisions([StoreFixture.revision(1)], at: StoreFixture.noon)
        let index = store.fragments.withLock { $0 }
        let entry = try #require(index[Self.first]?.entries.first)
        for number in 2...40 as ClosedRange<UInt64> {
            _ = try await store.importRevisions([StoreFixture.revision(number)], at: StoreFixture.noon)
        }
        #expect(index.withBytes(of: entry) { Array($0) } == StoreFixture.fragments(1)[0].bytes.bytes)
        for number in 1...40 { #expect(try store.fragmentBytes(Int32(number), .core) == StoreFixture.fragments(UInt64(number))[0].bytes.bytes) }
    }

    @Test func `fragments and documents go to further files when one is full`() async throws {
        let home = try TemporaryHome()
        var options = StoreOptions.quick
        options.rollover = 200
        let store = try await home.create(options)
        for number in 1...20 as ClosedRange<UInt64> {
            _ = try await store.importRevisions([StoreFixture.revision(number)], at: StoreFixture.noon)
        }
        #expect(home.exists("pack/000003.pack"))
        #expect(home.exists("documents/000003.gz"))
        try await store.close()
        let again = try await home.open(options)
        for number in 1...20 {
            #expect(try again.fragmentBytes(Int32(number), .core) == StoreFixture.fragments(UInt64(number))[0].bytes.bytes)
            #expect(try await again.document(RevisionID(rawValue: Int32(number)))?.bytes == StoreFixture.documentBytes(UInt64(number)))
        }
    }

    @Test func `a damaged fragment is not served, said once, and served again once rebuilt`() async throws {
        let home = try TemporaryHome()
        let store = try await home.create()
        _ = try await store.importRevisions([StoreFixture.revision(1), StoreFixture.revision(2)], at: StoreFixture.noon)
        try await store.close()
        var pack = try home.bytes("pack/000001.pack")
        pack[3] ^= 1
        try home.write(pack, to: "pack/000001.pack")
        let record = LogRecord()
        let again = try await home.open(log: .recording(record))
        for _ in 1...3 {
            let error = #expect(throws: StorageError.self) { try again.fragmentBytes(1, .core) }
            #expect(error?.code == .corrupt)
        }
        #expect(record.all.count == 1)
        #expect(again.damagedRevisions() == [Self.first])
        #expect(try again.fragmentBytes(1, .extended) != nil)
        #expect(try again.fragmentBytes(2, .core) != nil)
        try await again.rebuildFragments(of: Self.first, with: StoreFixture.fragments(1))
        #expect(try again.fragmentBytes(1, .core) == StoreFixture.fragments(1)[0].bytes.bytes)
        #expect(again.damagedRevisions().isEmpty)
        try await again.close()
        #expect(try await home.open().fragmentBytes(1, .core) == StoreFixture.fragments(1)[0].bytes.bytes)
    }

    @Test func `fragments are rebuilt only into what they were`() async throws {
        let home = try TemporaryHome()
        let store = try await home.create()
        _ = try await store.importRevisions([StoreFixture.revision(1)], at: StoreFixture.noon)
        let before = try home.bytes("pack/000001.pack")
        for other in [
            StoreFixture.fragments(1, core: "other"), StoreFixture.fragments(1, title: "Other"), Array(StoreFixture.fragments(1).dropLast()),
        ] {
            let error = await #expect(throws: StorageError.self) { try await store.rebuildFragments(of: Self.first, with: other) }
            #expect(error?.code == .conflict)
        }
        let missing = await #expect(throws: StorageError.self) {
            try await store.rebuildFragments(of: RevisionID(rawValue: 9), with: StoreFixture.fragments(9))
        }
        #expect(missing?.code == .notFound)
        #expect(try home.bytes("pack/000001.pack") == before)
        #expect(try store.fragmentBytes(1, .core) == StoreFixture.fragments(1)[0].bytes.bytes)
    }

    @Test(arguments: ["cut short", "gone"])
    func `fragments of a pack file that was lost are damaged, those imported after it are served`(how: String) async throws {
        let home = try TemporaryHome()
        let store = try await home.create()
        _ = try await store.importRevisions([StoreFixture.revision(1)], at: StoreFixture.noon)
        try await store.close()
        if how == "gone" {
            try FileManager.default.removeItem(atPath: home.path + "/pack/000001.pack")
        } else {
            try home.write([1, 2, 3], to: "pack/000001.pack")
        }
        let again = try await home.open()
        let error = #expect(throws: StorageError.self) { try again.fragmentBytes(1, .core) }
        #expect(error?.code == .corrupt)
        _ = try await again.importRevisions([StoreFixture.revision(2)], at: StoreFixture.noon)
        try await again.rebuildFragments(of: Self.first, with: StoreFixture.fragments(1))
        for number in [1, 2] { #expect(try again.fragmentBytes(Int32(number), .core) == StoreFixture.fragments(UInt64(number))[0].bytes.bytes) }
    }

    @Test func `a fragment and a document of many megabytes come back to the byte`() async throws {
        var bytes = ChunkedBytes()
        let line = Array("<Rule Name='something that compresses well' />".utf8)
        while bytes.count < 5 << 20 { bytes.append(contentsOf: line) }
        let folder = try TemporaryFolder()
        let path = try folder.write(bytes.bytes, to: "huge.xml")
        var hasher = ContentHasher()
        hasher.update(bytes)
        let offered = RevisionImport(
            metadata: StoreFixture.metadata(1), fragments: [Fragment(kind: .core, bytes: bytes)],
            provenance: Provenance(source: .localImport, isVerified: true), document: .file(path: path, sha256: hasher.finish()))
        let home = try TemporaryHome()
        let store = try await home.create()
        let result = try await store.importRevisions([offered], at: StoreFixture.noon)
        #expect(result.outcomes.first?.revision?.coreSize == bytes.count)
        #expect(try store.withFragment(Self.first, .core) { $0.elementsEqual(bytes.bytes) } == true)
        #expect(try await store.document(Self.first) == bytes)
        #expect(try home.bytes("documents/000001.gz").count < bytes.count / 10)
    }
}
