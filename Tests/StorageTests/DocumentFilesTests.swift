import Foundation
import TestSupport
import Testing
import Updates

@testable import Storage

struct DocumentFilesTests {
    @Test func `a document file is gzip members one after another, as zcat reads it`() async throws {
        let home = try TemporaryHome()
        let store = try await home.create()
        _ = try await store.importRevisions([StoreFixture.revision(1), StoreFixture.revision(2)], at: StoreFixture.noon)
        let zcat = Process()
        zcat.executableURL = URL(filePath: "/usr/bin/env")
        zcat.arguments = ["gzip", "-dc", home.path + "/documents/000001.gz"]
        let output = Pipe()
        zcat.standardOutput = output
        try zcat.run()
        let text = try output.fileHandleForReading.readToEnd()
        zcat.waitUntilExit()
        #expect(text.map { Array($0) } == StoreFixture.documentBytes(1) + StoreFixture.documentBytes(2))
    }

    @Test func `a document with any one of its kept bytes changed is corrupt, or is what it was`() async throws {
        let home = try TemporaryHome()
        let store = try await home.create()
        _ = try await store.importRevisions([StoreFixture.revision(1)], at: StoreFixture.noon)
        let sound = try home.bytes("documents/000001.gz")
        var refused = 0
        for index in sound.indices {
            var changed = sound
            changed[index] ^= 0x20
            try home.write(changed, to: "documents/000001.gz")
            do {
                #expect(try await store.document(RevisionID(rawValue: 1))?.bytes == StoreFixture.documentBytes(1))
            } catch let error as StorageError {
                #expect(error.code == .corrupt)
                refused += 1
            }
        }
        // Some bytes of a gzip header say nothing.
        #expect(refused > sound.count - 10)
    }

    @Test func `a document that is cut at any byte is corrupt`() async throws {
        let home = try TemporaryHome()
        let store = try await home.create()
        _ = try await store.importRevisions([StoreFixture.revision(1)], at: StoreFixture.noon)
        let sound = try home.bytes("documents/000001.gz")
        for length in 0..<sound.count {
            try home.write(Array(sound.prefix(length)), to: "documents/000001.gz")
            let error = await #expect(throws: StorageError.self) { _ = try await store.document(RevisionID(rawValue: 1)) }
            #expect(error?.code == .corrupt)
        }
    }

    @Test(arguments: [0, 1, 65_536, 300_000])
    func `bytes of any number come back, compressed in pieces of any size`(count: Int) throws {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
        for piece in [1 + count / 7, 1000, 1 << 20] {
            var compressed: [UInt8] = []
            let compressor = try GzipCompressor()
            for start in stride(from: 0, to: count, by: piece) {
                try bytes[start..<min(count, start + piece)].withUnsafeBytes { try compressor.write($0) { compressed.append(contentsOf: $0) } }
            }
            try compressor.finish { compressed.append(contentsOf: $0) }
            var found: [UInt8] = []
            let decompressor = try GzipDecompressor()
            for start in stride(from: 0, to: compressed.count, by: piece) {
                try compressed[start..<min(compressed.count, start + piece)].withUnsafeBytes {
                    try decompressor.write($0) { found.append(contentsOf: $0) }
                }
            }
            #expect(decompressor.isAtEnd)
            #expect(found == bytes)
        }
    }
}
