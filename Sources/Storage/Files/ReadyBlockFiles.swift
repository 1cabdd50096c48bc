import Crypto
import Glibc
import Logging
import Synchronization
import Updates

/// Long fragments coded for the wire, one after another in files that only grow, found by the digest of the fragment (docs/adr/0011).
///
/// What is here can be made again from the pack, so the database does not know of it and nothing waits for a sync. Each entry has a header
/// with its lengths and digests, written last: what a crash left half written has none, and is cut off when the home is opened. An entry's
/// digest is compared at its first use after a start; one that does not match is forgotten, and made again by whoever needs it.
final class ReadyBlockFiles: Sendable {
    private static let suffix = "blocks"

    private let folder: String
    private let rollover: Int64
    private let willWrite: @Sendable (Int) throws -> Void
    private let log: Logger
    private let contents = Mutex(Contents())
    /// Where the next entry goes. Held while one is made, so that one thread makes what several need; readers do not take it.
    private let end: Mutex<End>

    private struct Contents {
        var entries: [InlineDigest: Entry] = [:]
        var files: [Int: MappedFile] = [:]
    }

    private struct End {
        var file = 1
        var length: Int64 = 0
    }

    private final class Entry: Sendable {
        let file: Int
        /// Of the coded bytes, behind the header.
        let offset: Int64
        let header: ReadyBlockHeader
        let isSound = Atomic(false)

        init(file: Int, offset: Int64, header: ReadyBlockHeader) {
            self.file = file
            self.offset = offset
            self.header = header
        }
    }

    init(
        folder: String, rollover: Int64 = AppendOnlyFiles.defaultRollover, willWrite: @escaping @Sendable (Int) throws -> Void = { _ in }, log: Logger
    ) throws(StorageError) {
        self.folder = folder
        self.rollover = rollover
        self.willWrite = willWrite
        self.log = log
        try Folder.make(folder)
        var found = Contents()
        var end = End()
        var number = 1
        while let file = try? OpenFile(AppendOnlyFiles.path(folder, Self.suffix, number), O_RDWR | O_NOFOLLOW) {
            let size = try file.size()
            var position: Int64 = 0
            while let header = try ReadyBlockHeader.read(file, at: position), Int64(header.count) <= size - position - ReadyBlockHeader.size {
                found.entries[header.fragment] = Entry(file: number, offset: position + ReadyBlockHeader.size, header: header)
                position += ReadyBlockHeader.size + Int64(header.count)
            }
            if position < size { try file.truncate(to: position) }
            found.files[number] = try MappedFile(path: file.path, length: position)
            end = End(file: number, length: position)
            number += 1
        }
        self.end = Mutex(end)
        contents.withLock { $0 = found }
    }

    func has(_ fragment: InlineDigest) -> Bool { contents.withLock { $0.entries[fragment] != nil } }

    /// What is ready for a fragment; nothing where nothing is, or what was is damaged. Its first use after a start hashes it.
    func find(_ fragment: InlineDigest) -> ReadyBlocks? {
        let found = contents.withLock { contents in
            contents.entries[fragment].map { ($0, contents.files[$0.file]) }
        }
        guard let (entry, file) = found else { return nil }
        let bytes = file.flatMap { MappedBytes($0, offset: entry.offset, count: entry.header.count) }
        guard let bytes, entry.isSound.load(ordering: .relaxed) || Self.digest(of: bytes) == entry.header.digest else {
            log.error("ready blocks do not have their digest and are made again", metadata: ["file": "\(entry.file)", "offset": "\(entry.offset)"])
            contents.withLock { contents in
                if contents.entries[fragment] === entry { contents.entries[fragment] = nil }
            }
            return nil
        }
        entry.isSound.store(true, ordering: .relaxed)
        return ReadyBlocks(textCount: entry.header.textCount, bytes: bytes)
    }

    private static func digest(of bytes: MappedBytes) -> InlineDigest {
        var hasher = ContentHasher()
        bytes.withBytes(0..<bytes.count) { hasher.update($0) }
        return InlineDigest(hasher.finish())
    }

    /// Makes what is ready for a fragment, unless another thread just has.
    ///
    /// - Parameter code: codes the fragment: writes what comes out piece by piece, and returns how many bytes of text it stands for.
    func make(
        _ fragment: InlineDigest, of bytes: UnsafeRawBufferPointer,
        _ code: (UnsafeRawBufferPointer, (UnsafeRawBufferPointer) throws -> Void) throws -> Int
    ) throws -> ReadyBlocks {
        let entry = try end.withLock { end -> Entry? in
            if has(fragment) { return nil }
            if end.length >= rollover { end = End(file: end.file + 1) }
            let path = AppendOnlyFiles.path(folder, Self.suffix, end.file)
            let file = try OpenFile(path, O_RDWR | O_CREAT | O_NOFOLLOW)
            var hasher = ContentHasher()
            let start = end.length + ReadyBlockHeader.size
            var position = start
            do {
                let textCount = try code(bytes) { bytes in
                    try willWrite(bytes.count)
                    try file.write(bytes, at: position)
                    hasher.update(bytes)
                    position += Int64(bytes.count)
                }
                let header = ReadyBlockHeader(
                    fragment: fragment, textCount: textCount, count: Int(position - start), digest: InlineDigest(hasher.finish()))
                try header.bytes.withUnsafeBytes { bytes in
                    try willWrite(bytes.count)
                    try file.write(bytes, at: end.length)
                }
                let entry = Entry(file: end.file, offset: start, header: header)
                entry.isSound.store(true, ordering: .relaxed)
                let mapped = try MappedFile(path: path, length: position)
                contents.withLock { contents in
                    contents.files[end.file] = mapped
                    contents.entries[fragment] = entry
                }
                end.length = position
                return entry
            } catch {
                try? file.truncate(to: end.length)
                throw error
            }
        }
        if let ready = find(fragment) { return ready }
        throw StorageError(.corrupt, "ready blocks cannot be read: \(folder), file \(entry?.file ?? 0)")
    }
}

/// What stands before an entry: for which fragment it is, its lengths, its digest, and a check of the header itself.
struct ReadyBlockHeader {
    /// The number in it is that of the coding: another way to escape or compress takes another.
    private static let magic = Array("MRTBLK01".utf8)
    static let size: Int64 = 96

    let fragment: InlineDigest
    /// Bytes that the coded ones stand for.
    let textCount: Int
    let count: Int
    /// Of the coded bytes.
    let digest: InlineDigest

    private var fields: [UInt8] {
        var bytes = Self.magic + fragment.bytes
        for number in [textCount, count] { withUnsafeBytes(of: UInt64(number).bigEndian) { bytes += $0 } }
        return bytes + digest.bytes
    }

    var bytes: [UInt8] { fields + SHA256.hash(data: fields).prefix(8) }

    /// Nothing where no whole header stands.
    static func read(_ file: OpenFile, at position: Int64) throws(StorageError) -> ReadyBlockHeader? {
        var bytes = [UInt8](repeating: 0, count: Int(size))
        let count: Int
        do {
            count = try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: position) }
        } catch {
            throw StorageError(.unavailable, "cannot read \(file.path): \(error)")
        }
        guard count == bytes.count, bytes.starts(with: magic), SHA256.hash(data: bytes[..<88]).prefix(8).elementsEqual(bytes[88...]) else {
            return nil
        }
        func number(at index: Int) -> UInt64 { bytes[index..<index + 8].reduce(0) { $0 << 8 | UInt64($1) } }
        let digests = bytes.withUnsafeBytes { bytes in
            (InlineDigest(UnsafeRawBufferPointer(rebasing: bytes[8..<40])), InlineDigest(UnsafeRawBufferPointer(rebasing: bytes[56..<88])))
        }
        guard let fragment = digests.0, let digest = digests.1, let text = Int(exactly: number(at: 40)), let length = Int(exactly: number(at: 48))
        else { return nil }
        return ReadyBlockHeader(fragment: fragment, textCount: text, count: length, digest: digest)
    }
}
