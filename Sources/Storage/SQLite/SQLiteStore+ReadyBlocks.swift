import Synchronization
public import Updates

/// What of the pack stands ready for the wire, beside it in `ready/` (docs/adr/0011).
extension SQLiteStore {
    /// Fragments of so many bytes are kept ready; smaller ones compress better together.
    public static let readySize = 16 << 10

    /// Bytes of a fragment; nothing where there is none.
    public func fragmentSize(_ revision: RevisionID, _ kind: FragmentKind) -> Int? {
        fragments.withLock { $0[revision] }?.entries.first { $0.kind == kind }?.length
    }

    /// A fragment's bytes, to be read later. As ``withFragment(_:_:_:)`` in all else.
    public func fragment(_ revision: RevisionID, _ kind: FragmentKind) throws -> MappedBytes? {
        guard let (index, entry) = try soundFragment(revision, kind) else { return nil }
        return index.bytes(of: entry)
    }

    /// A fragment as it goes on the wire, made now where it is not ready. Nothing where there is no such fragment.
    ///
    /// Blocks: for the first use of an entry after a start, which hashes it, and longer where it must be made.
    ///
    /// - Parameter code: codes a fragment: calls the second parameter with what comes out, and returns the bytes of its escaped text.
    public func readyBlocks(
        _ revision: RevisionID, _ kind: FragmentKind,
        _ code: (UnsafeRawBufferPointer, (UnsafeRawBufferPointer) throws -> Void) throws -> Int
    ) throws -> ReadyBlocks? {
        let index = fragments.withLock { $0 }
        guard let entry = index[revision]?.entries.first(where: { $0.kind == kind }) else { return nil }
        if let found = ready.find(entry.digest) { return found }
        return try withFragment(revision, kind) { try ready.make(entry.digest, of: $0, code) }
    }

    /// Fragments that should be ready and are not, by revision.
    public func fragmentsNotReady() -> [(revision: RevisionID, kind: FragmentKind)] {
        let index = fragments.withLock { $0 }
        return index.all.flatMap { revision, held in
            held.entries.filter { $0.length >= Self.readySize && !ready.has($0.digest) }.map { (revision, $0.kind) }
        }
    }

    /// Counts how often the fragments of a revision that was held became others: what was made of them before is not to be used.
    public var fragmentReplacements: Int { fragments.withLock { $0.replacements } }
}
