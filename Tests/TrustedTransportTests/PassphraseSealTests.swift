import Testing

@testable import TrustedTransport

struct PassphraseSealTests {
    private static let passphrase = Array("correct horse".utf8)
    private static let rounds = 16

    private static func seal(_ text: [UInt8], pieces: Int = .max) throws -> [UInt8] {
        var sealer = try PassphraseSealer(passphrase: passphrase, rounds: rounds)
        var sealed: [UInt8] = []
        var rest = text[...]
        while !rest.isEmpty {
            let piece = rest.prefix(pieces)
            rest = rest.dropFirst(piece.count)
            try Array(piece).withUnsafeBytes { try sealer.write($0) { sealed.append(contentsOf: $0) } }
        }
        try sealer.finish { sealed.append(contentsOf: $0) }
        return sealed
    }

    /// Gives bytes a few at a time, as a file may.
    private final class Source {
        private var rest: ArraySlice<UInt8>

        init(_ bytes: [UInt8]) { rest = bytes[...] }

        func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
            let piece = rest.prefix(min(buffer.count, 10_000))
            buffer.copyBytes(from: piece)
            rest = rest.dropFirst(piece.count)
            return piece.count
        }
    }

    private static func opener(_ sealed: [UInt8], passphrase: [UInt8] = passphrase) throws -> PassphraseOpener {
        let source = Source(sealed)
        return try PassphraseOpener(passphrase: passphrase, rounds: rounds) { source.read(into: $0) }
    }

    /// Everything after the header, with a key that was made once: making it takes its time.
    private static func text(_ opener: PassphraseOpener, _ chunks: some Sequence<UInt8>) throws -> [UInt8] {
        var opener = opener
        let source = Source(Array(chunks))
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 7000)
        while true {
            let count = try buffer.withUnsafeMutableBytes { try opener.read(into: $0) { source.read(into: $0) } }
            if count == 0 { return text }
            text.append(contentsOf: buffer[..<count])
        }
    }

    @Test(arguments: [0, 1, PassphraseSeal.chunkSize - 1, PassphraseSeal.chunkSize, PassphraseSeal.chunkSize + 1, 3 * PassphraseSeal.chunkSize])
    func `what was sealed opens`(count: Int) throws {
        let text = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let sealed = try Self.seal(text, pieces: 5000)
        #expect(try Self.text(Self.opener(sealed), sealed.dropFirst(PassphraseSeal.headerSize)) == text)
    }

    @Test func `no byte can change, be missing or be added`() throws {
        let sealed = try Self.seal(Array("a text of one chunk".utf8))
        let opener = try Self.opener(sealed)
        let chunks = sealed.dropFirst(PassphraseSeal.headerSize)
        for index in chunks.indices {
            for bit in [UInt8(1), 0x80] {
                var changed = chunks
                changed[index] ^= bit
                #expect(throws: TrustError.self, "byte \(index)") { try Self.text(opener, changed) }
            }
            #expect(throws: TrustError.self, "cut at \(index)") { try Self.text(opener, chunks[..<index]) }
        }
        #expect(throws: TrustError.self) { try Self.text(opener, chunks + [0]) }
        for index in 0..<PassphraseSeal.firstLine.count {
            var changed = sealed
            changed[index] ^= 1
            #expect(throws: TrustError.self, "byte \(index)") { try Self.opener(changed) }
        }
        for length in 0..<PassphraseSeal.headerSize { #expect(throws: TrustError.self) { try Self.opener(Array(sealed[..<length])) } }
        for index in [PassphraseSeal.firstLine.count, PassphraseSeal.headerSize - 1] {
            var changed = sealed
            changed[index] ^= 1
            #expect(throws: TrustError.self) { try Self.text(Self.opener(changed), chunks) }
        }
    }

    @Test func `chunks stay in their order and all of them are there`() throws {
        let sealed = try Self.seal([UInt8](repeating: 7, count: 3 * PassphraseSeal.chunkSize))
        let opener = try Self.opener(sealed)
        let body = Array(sealed.dropFirst(PassphraseSeal.headerSize))
        let size = body.count / 3
        let chunks = (0..<3).map { Array(body[$0 * size..<($0 + 1) * size]) }
        #expect(try Self.text(opener, chunks.joined()).count == 3 * PassphraseSeal.chunkSize)
        let orders: [(name: String, order: [Int])] = [
            ("swapped", [1, 0, 2]), ("without the first", [1, 2]), ("without the middle", [0, 2]), ("without the last", [0, 1]),
            ("the last twice", [0, 1, 2, 2]), ("the last alone", [2]),
        ]
        for (name, order) in orders {
            #expect(throws: TrustError.self, "\(name)") { try Self.text(opener, order.flatMap { chunks[$0] }) }
        }
    }

    @Test func `another passphrase opens nothing, and says so`() throws {
        let sealed = try Self.seal([1, 2, 3])
        let error = try #require(throws: TrustError.self) {
            try Self.text(Self.opener(sealed, passphrase: Array("wrong horse".utf8)), sealed.dropFirst(PassphraseSeal.headerSize))
        }
        #expect(error.message == "the passphrase is wrong, or the file is damaged")
    }

    @Test func `a newer version is told apart`() throws {
        let error = try #require(throws: TrustError.self) { try Self.opener(Array("martlet sealed 2\n0123456789abcdefXXXX".utf8)) }
        #expect(error.message.contains("newer"))
        let other = try #require(throws: TrustError.self) { try Self.opener([UInt8](repeating: 0x41, count: 100)) }
        #expect(!other.message.contains("newer"))
    }

    @Test func `a passphrase has 8 to 1024 bytes`() throws {
        for (count, isGood) in [(0, false), (7, false), (8, true), (1024, true), (1025, false)] {
            let passphrase = [UInt8](repeating: 0x61, count: count)
            if isGood {
                _ = try PassphraseSealer(passphrase: passphrase, rounds: Self.rounds)
            } else {
                #expect(throws: TrustError.self, "\(count)") { try PassphraseSealer(passphrase: passphrase, rounds: Self.rounds) }
            }
        }
    }

    @Test func `neither half shows its key`() throws {
        let sealer = try PassphraseSealer(passphrase: Self.passphrase, rounds: Self.rounds)
        #expect("\(sealer)" == "PassphraseSealer")
        #expect(String(reflecting: sealer) == "PassphraseSealer")
        #expect(Mirror(reflecting: sealer).children.isEmpty)
    }
}
