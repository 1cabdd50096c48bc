import Testing

@testable import UpdateEngine

struct BackupArchiveTests {
    private static let members: [(name: String, bytes: [UInt8])] = [
        ("martlet-backup.json", Array("{}".utf8)), ("home/ca.pem", []), ("home/martlet.db", [UInt8](repeating: 5, count: 513)),
        ("payloads.txt", [UInt8](repeating: 6, count: 512)),
    ]

    private static func archive() throws -> [UInt8] {
        let bytes = Bytes()
        var writer = BackupArchiveWriter(time: 1_800_000_000) { bytes.all.append(contentsOf: $0) }
        for (name, content) in members { try writer.add(name, content) }
        try writer.finish()
        return bytes.all
    }

    private final class Bytes { var all: [UInt8] = [] }

    private static func read(_ archive: [UInt8]) throws -> [(name: String, bytes: [UInt8])] {
        var rest = archive[...]
        var reader = BackupArchiveReader { buffer in
            let piece = rest.prefix(buffer.count)
            buffer.copyBytes(from: piece)
            rest = rest.dropFirst(piece.count)
            return piece.count
        }
        var members: [(String, [UInt8])] = []
        while let header = try reader.next() { members.append((header.name, try reader.bytes(of: header, limit: 1000))) }
        return members
    }

    @Test func `what was written is read`() throws {
        let read = try Self.read(Self.archive())
        #expect(read.map(\.name) == Self.members.map(\.name))
        #expect(read.map(\.bytes) == Self.members.map(\.bytes))
    }

    @Test func `no byte can change, be missing or be added`() throws {
        let archive = try Self.archive()
        for index in archive.indices {
            var changed = archive
            changed[index] ^= 1
            #expect(throws: EngineError.self, "byte \(index)") { try Self.read(changed) }
            #expect(throws: EngineError.self, "cut at \(index)") { try Self.read(Array(archive[..<index])) }
        }
        #expect(throws: EngineError.self) { try Self.read(archive + [0]) }
    }

    @Test func `a member longer than its limit is not read`() throws {
        let archive = try Self.archive()
        var rest = archive[...]
        var reader = BackupArchiveReader { buffer in
            let piece = rest.prefix(buffer.count)
            buffer.copyBytes(from: piece)
            rest = rest.dropFirst(piece.count)
            return piece.count
        }
        let header = try #require(try reader.next())
        #expect(throws: EngineError.self) { try reader.bytes(of: header, limit: 1) }
    }

    @Test func `a member that changes while it is written is noticed`() throws {
        for (name, pieces) in [("shrunk", 1), ("grown", 3)] {
            var writer = BackupArchiveWriter(time: 0) { _ in }
            #expect(throws: EngineError.self, "\(name)") {
                try writer.add("x", length: 20) { take in
                    for _ in 0..<pieces { try [UInt8](repeating: 0, count: 10).withUnsafeBytes { try take($0) } }
                }
            }
        }
    }

    @Test(arguments: [0, 1, (1 << 33) - 1, 1 << 33, 1 << 40] as [Int64])
    func `a length of any size is kept`(length: Int64) throws {
        let header = TarHeader(name: "home/martlet.db", length: length, time: 1_800_000_000)
        #expect(TarHeader(header.bytes) == header)
    }

    @Test func `a header is read only as it would have been written`() {
        for length in [513, 1 << 33] as [Int64] {
            let block = TarHeader(name: "home/martlet.db", length: length, time: 1_800_000_000).bytes
            for index in block.indices {
                var changed = block
                changed[index] ^= 1
                #expect(TarHeader(changed) == nil || index < TarHeader.nameLimit && changed == TarHeader(changed)?.bytes, "byte \(index)")
            }
            #expect(TarHeader(Array(block.dropLast())) == nil)
        }
        #expect(TarHeader([UInt8](repeating: 0, count: 512)) == nil)
    }

    @Test func `only names that a home has lead into it`() {
        let digest = String(repeating: "ab", count: 32)
        let good = [
            "home/martlet.json", "home/tls/ca.key", "home/documents/000001.gz", "home/pack/1000000.pack", "home/content/sha256/ab/\(digest)",
        ]
        for name in good { #expect(BackupFormat.homePath(of: name) == String(name.dropFirst(5))) }
        let bad = [
            "", "home/", "martlet.json", "home/run/lock", "home/tls/other.key", "home/../etc/passwd", "home//martlet.json",
            "home/documents/../../x.gz", "home/documents/00001.gz", "home/documents/0000001x.gz", "home/documents/000001.pack",
            "home/documents/sub/000001.gz", "home/content/sha256/cd/\(digest)", "home/content/sha256/AB/\(digest.uppercased())",
            "home/content/sha256/ab/\(digest)0", "home/martlet.json/", "/home/martlet.json",
        ]
        for name in bad { #expect(BackupFormat.homePath(of: name) == nil, "\(name)") }
    }
}
