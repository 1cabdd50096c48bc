import Storage
import Updates

/// Writes the members of a backup one after another: a tar archive, with digests and an end of its own.
struct BackupArchiveWriter {
    private let time: Int64
    private let sink: (UnsafeRawBufferPointer) throws -> Void
    private var whole = ContentHasher()
    private var sums = ""

    /// - Parameter time: of every member, in seconds since 1970.
    init(time: Int64, sink: @escaping (UnsafeRawBufferPointer) throws -> Void) {
        self.time = time
        self.sink = sink
    }

    mutating func add(_ name: String, _ bytes: [UInt8]) throws {
        try add(name, length: Int64(bytes.count)) { take in try bytes.withUnsafeBytes { try take($0) } }
    }

    /// - Parameter body: gives the member's bytes in pieces, `length` in all.
    /// - Returns: their digest.
    @discardableResult
    mutating func add(
        _ name: String, length: Int64, _ body: ((UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws -> SHA256Digest {
        let header = TarHeader(name: name, length: length, time: time)
        try write(header.bytes)
        var hasher = ContentHasher()
        var written: Int64 = 0
        try body { bytes in
            hasher.update(bytes)
            written += Int64(bytes.count)
            guard written <= length else { throw EngineError(.failed, "\(name) has grown while it was read") }
            try write(bytes)
        }
        guard written == length else { throw EngineError(.failed, "\(name) has shrunk while it was read") }
        try write([UInt8](repeating: 0, count: header.padding))
        let digest = hasher.finish()
        sums += "\(digest)  \(name)\n"
        return digest
    }

    /// Writes the digests and the end.
    mutating func finish() throws {
        let sums = Array(sums.utf8)
        try add(BackupFormat.digests, sums)
        try add(BackupFormat.end, Array("\(whole.finish())\n".utf8))
        try write([UInt8](repeating: 0, count: 2 * TarHeader.size))
    }

    private mutating func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }

    private mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
        whole.update(bytes)
        try sink(bytes)
    }
}

/// Reads what ``BackupArchiveWriter`` wrote, a member at a time, and nothing else: any other byte is an error.
struct BackupArchiveReader {
    private let source: (UnsafeMutableRawBufferPointer) throws -> Int
    private let buffer = ReadBuffer()
    private var whole = ContentHasher()
    private var sums = ""
    private var names: Set<String> = []

    /// - Parameter source: fills its buffer as far as there are bytes and says how far; zero at the end.
    init(source: @escaping (UnsafeMutableRawBufferPointer) throws -> Int) {
        self.source = source
    }

    /// The next member before the digests; nothing at those. Its bytes are taken with ``read(_:_:)`` or ``bytes(of:limit:)``.
    mutating func next() throws -> TarHeader? {
        let header = try readHeader()
        if header.name == BackupFormat.digests {
            try finish(header)
            return nil
        }
        guard header.name != BackupFormat.end else { throw Self.damage(before: header.name) }
        guard names.insert(header.name).inserted else { throw EngineError(.refused, "the backup has \(header.name) twice") }
        return header
    }

    /// Gives a member's bytes to `body` in pieces, and their digest back.
    @discardableResult
    mutating func read(_ header: TarHeader, _ body: (UnsafeRawBufferPointer) throws -> Void) throws -> SHA256Digest {
        var hasher = ContentHasher()
        try take(header.length) { bytes in
            hasher.update(bytes)
            try body(bytes)
        }
        try take(Int64(header.padding)) { padding in
            guard padding.allSatisfy({ $0 == 0 }) else { throw Self.damage(before: "the end of \(header.name)") }
        }
        let digest = hasher.finish()
        sums += "\(digest)  \(header.name)\n"
        return digest
    }

    mutating func bytes(of header: TarHeader, limit: Int64) throws -> [UInt8] {
        guard header.length <= limit else { throw EngineError(.refused, "\(header.name) of the backup is too long") }
        var bytes: [UInt8] = []
        try read(header) { bytes.append(contentsOf: $0) }
        return bytes
    }

    /// Compares the digests with those of what was read, and the end with every byte before it.
    private mutating func finish(_ header: TarHeader) throws {
        let expected = Array(sums.utf8)
        guard try bytes(of: header, limit: BackupFormat.listLimit) == expected else {
            throw EngineError(.refused, "the backup is damaged: a member does not have its digest")
        }
        let digest = Array("\(whole.finish())\n".utf8)
        let end = try readHeader()
        guard end.name == BackupFormat.end, try bytes(of: end, limit: BackupFormat.smallLimit) == digest else {
            throw EngineError(.refused, "the backup is damaged: it does not have its digest")
        }
        try take(Int64(2 * TarHeader.size)) { blocks in
            guard blocks.allSatisfy({ $0 == 0 }) else { throw Self.damage(before: "its end") }
        }
        guard try buffer.fill(1, source) == 0 else { throw EngineError(.refused, "there are bytes after the backup's end") }
    }

    private mutating func readHeader() throws -> TarHeader {
        var block: [UInt8] = []
        try take(Int64(TarHeader.size)) { block.append(contentsOf: $0) }
        guard let header = TarHeader(block) else { throw EngineError(.refused, "the backup is damaged, or it is none") }
        return header
    }

    private mutating func take(_ count: Int64, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        var rest = count
        while rest > 0 {
            let filled = try buffer.fill(Int(min(rest, Int64(ReadBuffer.size))), source)
            guard filled > 0 else { throw EngineError(.refused, "the backup ends too early") }
            let bytes = buffer.bytes(filled)
            whole.update(bytes)
            try body(bytes)
            rest -= Int64(filled)
        }
    }

    private static func damage(before what: String) -> EngineError { EngineError(.refused, "the backup is damaged at \(what)") }
}

/// Memory that is used again for every piece read.
private final class ReadBuffer {
    static let size = 256 << 10
    private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)

    deinit { memory.deallocate() }

    func fill(_ count: Int, _ source: (UnsafeMutableRawBufferPointer) throws -> Int) throws -> Int {
        try source(UnsafeMutableRawBufferPointer(rebasing: memory[..<count]))
    }

    func bytes(_ count: Int) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<count]) }
}
