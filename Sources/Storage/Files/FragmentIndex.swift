import Synchronization
import Updates

/// A SHA-256 without an allocation of its own: there is one for each fragment held.
struct InlineDigest: Hashable, Sendable {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    init(_ digest: SHA256Digest) {
        func word(_ index: Int) -> UInt64 { digest.bytes[index * 8..<index * 8 + 8].reduce(0) { $0 << 8 | UInt64($1) } }
        words = (word(0), word(1), word(2), word(3))
    }

    /// Nothing where there are not 32 bytes.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 32 else { return nil }
        func word(_ index: Int) -> UInt64 { UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)) }
        words = (word(0), word(1), word(2), word(3))
    }

    var bytes: [UInt8] {
        [words.0, words.1, words.2, words.3].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * UInt64($0))) } }
    }

    static func == (left: Self, right: Self) -> Bool { left.words == right.words }

    func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}

/// One fragment of the pack.
struct FragmentEntry: Sendable {
    let kind: FragmentKind
    let position: FilePosition
    let length: Int
    let digest: InlineDigest
}

/// The fragments of one revision, and which of them were found sound since the start.
final class RevisionFragments: Sendable {
    /// In the document's order.
    let entries: [FragmentEntry]
    private let checks: Mutex<[Check]>

    enum Check: UInt8, Sendable {
        case unchecked
        case sound
        case damaged
    }

    init(_ entries: [FragmentEntry]) {
        // Not the caller's array, which may have room for more.
        self.entries = entries.map { $0 }
        checks = Mutex(Array(repeating: .unchecked, count: entries.count))
    }

    func check(of index: Int) -> Check { checks.withLock { $0[index] } }

    /// Returns whether it was another before.
    func record(_ check: Check, of index: Int) -> Bool {
        checks.withLock { checks in
            defer { checks[index] = check }
            return checks[index] != check
        }
    }
}

/// Where every fragment stands, by revision id: a value whose copies share all that did not change.
struct FragmentIndex: Sendable {
    private static let pageSize = 256

    private var pages: [[RevisionFragments?]] = []
    private var files: [Int: MappedFile] = [:]
    /// How often a revision's fragments were replaced by others.
    private(set) var replacements = 0

    /// Every revision with fragments.
    var all: some Sequence<(revision: RevisionID, fragments: RevisionFragments)> {
        pages.enumerated().lazy.flatMap { page, slots in
            slots.enumerated().lazy.compactMap { slot, held in
                held.map { (RevisionID(rawValue: Int32(page * Self.pageSize + slot)), $0) }
            }
        }
    }

    subscript(_ id: RevisionID) -> RevisionFragments? {
        get {
            guard id.rawValue > 0 else { return nil }
            let (page, slot) = Int(id.rawValue).quotientAndRemainder(dividingBy: Self.pageSize)
            return page < pages.count && slot < pages[page].count ? pages[page][slot] : nil
        }
        set {
            guard id.rawValue > 0 else { return }
            if let held = self[id], held.entries.map(\.digest) != newValue?.entries.map(\.digest) { replacements += 1 }
            let (page, slot) = Int(id.rawValue).quotientAndRemainder(dividingBy: Self.pageSize)
            while pages.count <= page { pages.append([]) }
            while pages[page].count <= slot { pages[page].append(nil) }
            pages[page][slot] = newValue
        }
    }

    /// Replaces the mapping of a file that has grown. Readers of the old one keep it for as long as they read.
    mutating func map(_ file: Int, _ mapped: MappedFile) {
        files[file] = mapped
    }

    /// Calls `body` with the bytes of an entry, unchecked; nothing where they are not in the pack.
    func withBytes<Result>(of entry: FragmentEntry, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result? {
        guard let file = files[entry.position.file] else { return nil }
        return try file.withBytes(at: entry.position.offset, count: entry.length, body)
    }

    /// The bytes of an entry, to be read later.
    func bytes(of entry: FragmentEntry) -> MappedBytes? {
        files[entry.position.file].flatMap { MappedBytes($0, offset: entry.position.offset, count: entry.length) }
    }
}
