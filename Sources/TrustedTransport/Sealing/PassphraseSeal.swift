import Crypto
import CryptoExtras
import Foundation

/// Bytes of any length sealed with a passphrase: AES-256-GCM in chunks, the key by scrypt (ADR 0014).
///
/// The layout: a line `martlet sealed 1`, 16 random bytes, then chunks. A chunk is a length in four bytes (big-endian; its highest bit
/// says that it is the last), so many encrypted bytes, and 16 bytes of tag. Each chunk's nonce has its number and whether it is the
/// last, so none can be changed, moved, left out or added, and an early end is seen.
public enum PassphraseSeal {
    /// How a sealed file of any version begins.
    public static let title = Array("martlet sealed ".utf8)
    /// Bytes of text in a chunk, but for the last.
    public static let chunkSize = 64 << 10
    /// Bytes a passphrase has at least, and at most.
    public static let passphraseLengths = 8...1024

    static let firstLine = title + Array("1\n".utf8)
    static let saltSize = 16
    static let headerSize = firstLine.count + saltSize
    static let tagSize = 16
    static let lastFlag: UInt32 = 1 << 31

    /// scrypt's N, with r = 8 and p = 3: 32 MiB, a few tenths of a second.
    static let rounds = 1 << 15

    static func key(_ passphrase: [UInt8], salt: [UInt8], rounds: Int) throws(TrustError) -> SymmetricKey {
        guard passphraseLengths.contains(passphrase.count) else {
            throw TrustError(
                .malformed, "a passphrase has \(passphraseLengths.lowerBound) to \(passphraseLengths.upperBound) bytes")
        }
        do {
            return try KDF.Scrypt.deriveKey(from: passphrase, salt: salt, outputByteCount: 32, rounds: rounds, blockSize: 8, parallelism: 3)
        } catch {
            throw TrustError(.malformed, "no key could be made from the passphrase")
        }
    }

    static func nonce(_ number: UInt64, isLast: Bool) throws -> AES.GCM.Nonce {
        let counter = withUnsafeBytes(of: number.bigEndian) { Array($0) }
        return try AES.GCM.Nonce(data: [isLast ? 1 : 0, 0, 0, 0] + counter)
    }
}

/// Seals a stream, a piece at a time. It must be ended with ``finish(to:)``: what lacks its last chunk does not open.
public struct PassphraseSealer: Sendable {
    private let key: SymmetricKey
    private let header: [UInt8]
    private var number: UInt64 = 0
    private var pending: [UInt8] = []
    private var isHeaderWritten = false

    /// Makes the key, which takes a moment.
    public init(passphrase: [UInt8]) throws(TrustError) {
        try self.init(passphrase: passphrase, rounds: PassphraseSeal.rounds)
    }

    /// - Parameter rounds: fewer for tests, which make many keys.
    init(passphrase: [UInt8], rounds: Int) throws(TrustError) {
        var generator = SystemRandomNumberGenerator()
        let salt = (0..<PassphraseSeal.saltSize).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        key = try PassphraseSeal.key(passphrase, salt: salt, rounds: rounds)
        header = PassphraseSeal.firstLine + salt
        pending.reserveCapacity(PassphraseSeal.chunkSize)
    }

    public mutating func write(_ bytes: UnsafeRawBufferPointer, to sink: (UnsafeRawBufferPointer) throws -> Void) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            // A full chunk waits for what follows it: only then it is not the last.
            if pending.count == PassphraseSeal.chunkSize { try writeChunk(isLast: false, to: sink) }
            let taken = rest.prefix(PassphraseSeal.chunkSize - pending.count)
            pending.append(contentsOf: taken)
            rest = rest.dropFirst(taken.count)
        }
    }

    public mutating func finish(to sink: (UnsafeRawBufferPointer) throws -> Void) throws {
        try writeChunk(isLast: true, to: sink)
    }

    private mutating func writeChunk(isLast: Bool, to sink: (UnsafeRawBufferPointer) throws -> Void) throws {
        if !isHeaderWritten { try header.withUnsafeBytes(sink) }
        isHeaderWritten = true
        let length = UInt32(pending.count) | (isLast ? PassphraseSeal.lastFlag : 0)
        let prefix = withUnsafeBytes(of: length.bigEndian) { Array($0) }
        let box = try AES.GCM.seal(
            pending, using: key, nonce: PassphraseSeal.nonce(number, isLast: isLast), authenticating: header + prefix)
        try (prefix + box.ciphertext + box.tag).withUnsafeBytes(sink)
        number += 1
        pending.removeAll(keepingCapacity: true)
    }
}

/// Opens what ``PassphraseSealer`` made. It gives no byte that was not checked.
public struct PassphraseOpener: Sendable {
    private let key: SymmetricKey
    private let header: [UInt8]
    private var number: UInt64 = 0
    private var open: ArraySlice<UInt8> = []
    private var isAtEnd = false

    /// Reads the header and makes the key, which takes a moment.
    ///
    /// - Parameter source: fills its buffer as far as there are bytes and says how far; zero at the end.
    /// - Throws: ``TrustError/Code/malformed`` where it is nothing of ours or of a newer version.
    public init(passphrase: [UInt8], from source: (UnsafeMutableRawBufferPointer) throws -> Int) throws {
        try self.init(passphrase: passphrase, rounds: PassphraseSeal.rounds, from: source)
    }

    init(passphrase: [UInt8], rounds: Int, from source: (UnsafeMutableRawBufferPointer) throws -> Int) throws {
        header = try Self.bytes(PassphraseSeal.headerSize, from: source)
        guard header.starts(with: PassphraseSeal.firstLine) else {
            throw TrustError(
                .malformed,
                header.starts(with: PassphraseSeal.title)
                    ? "it was sealed by a newer program; this one cannot open it" : "it is not sealed with a passphrase")
        }
        key = try PassphraseSeal.key(passphrase, salt: Array(header.suffix(PassphraseSeal.saltSize)), rounds: rounds)
    }

    /// Reads as many bytes as there are in the chunk at hand, at most the buffer's; zero at the end.
    ///
    /// - Throws: ``TrustError/Code/malformed`` for a wrong passphrase, damage, and an early end.
    public mutating func read(
        into buffer: UnsafeMutableRawBufferPointer, from source: (UnsafeMutableRawBufferPointer) throws -> Int
    ) throws -> Int {
        while open.isEmpty {
            if isAtEnd { return 0 }
            try openChunk(from: source)
        }
        let taken = open.prefix(buffer.count)
        buffer.copyBytes(from: taken)
        open = open.dropFirst(taken.count)
        return taken.count
    }

    private mutating func openChunk(from source: (UnsafeMutableRawBufferPointer) throws -> Int) throws {
        let prefix = try Self.bytes(4, from: source)
        let word = prefix.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let isLast = word & PassphraseSeal.lastFlag != 0
        let length = Int(word & ~PassphraseSeal.lastFlag)
        guard length <= PassphraseSeal.chunkSize else { throw damage }
        let sealed = try Self.bytes(length + PassphraseSeal.tagSize, from: source)
        guard let nonce = try? PassphraseSeal.nonce(number, isLast: isLast),
            let box = try? AES.GCM.SealedBox(
                nonce: nonce, ciphertext: sealed.dropLast(PassphraseSeal.tagSize), tag: sealed.suffix(PassphraseSeal.tagSize)),
            let text = try? AES.GCM.open(box, using: key, authenticating: header + prefix)
        else { throw damage }
        number += 1
        open = Array(text)[...]
        isAtEnd = isLast
        if isLast {
            var one: UInt8 = 0
            guard try withUnsafeMutableBytes(of: &one, source) == 0 else { throw TrustError(.malformed, "there are bytes after its end") }
        }
    }

    private var damage: TrustError {
        number == 0
            ? TrustError(.malformed, "the passphrase is wrong, or the file is damaged")
            : TrustError(.malformed, "it is damaged in its chunk \(number + 1)")
    }

    private static func bytes(_ count: Int, from source: (UnsafeMutableRawBufferPointer) throws -> Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let more = try bytes.withUnsafeMutableBytes { try source(UnsafeMutableRawBufferPointer(rebasing: $0[filled...])) }
            guard more > 0 else { throw TrustError(.malformed, "it ends too early") }
            filled += more
        }
        return bytes
    }
}

extension PassphraseSealer: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "PassphraseSealer" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension PassphraseOpener: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "PassphraseOpener" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
