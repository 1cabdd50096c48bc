import GRDB
import Logging
import Synchronization
public import Updates

extension SQLiteStore {
    /// The first use of an entry after a start hashes it on the calling thread: about a tenth of a second for the largest.
    public func withFragment<Result>(
        _ revision: RevisionID, _ kind: FragmentKind, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> Result? {
        guard let (index, entry) = try soundFragment(revision, kind) else { return nil }
        return try index.withBytes(of: entry, body)
    }

    /// A fragment that has its digest, and the index to read it with; nothing where there is none.
    func soundFragment(_ revision: RevisionID, _ kind: FragmentKind) throws -> (FragmentIndex, FragmentEntry)? {
        let index = fragments.withLock { $0 }
        guard let held = index[revision], let position = held.entries.firstIndex(where: { $0.kind == kind }) else { return nil }
        let entry = held.entries[position]
        switch held.check(of: position) {
        case .sound: break
        case .damaged: throw Self.damage(revision, kind)
        case .unchecked:
            let digest = index.withBytes(of: entry) { bytes in
                var hasher = ContentHasher()
                hasher.update(bytes)
                return InlineDigest(hasher.finish())
            }
            guard digest == entry.digest else {
                if held.record(.damaged, of: position) {
                    damaged.withLock { _ = $0.insert(revision) }
                    log.error(
                        "a fragment does not have its digest and is not served",
                        metadata: ["revision": "\(revision.rawValue)", "kind": "\(kind)"])
                }
                throw Self.damage(revision, kind)
            }
            _ = held.record(.sound, of: position)
        }
        return (index, entry)
    }

    public func kinds(of revision: RevisionID) -> [FragmentKind] {
        fragments.withLock { $0[revision] }?.entries.map(\.kind) ?? []
    }

    /// Revisions with a fragment that was found damaged since the start: to be rebuilt with ``rebuildFragments(of:with:)``.
    public func damagedRevisions() -> [RevisionID] {
        damaged.withLock { $0.sorted() }
    }

    private static func damage(_ revision: RevisionID, _ kind: FragmentKind) -> StorageError {
        StorageError(.corrupt, "the \(kind) fragment of revision \(revision.rawValue) does not have its digest")
    }

    // MARK: - Rows

    /// The entries of the pack, by revision id and in each document's order.
    static func forEachFragment(
        _ db: Database, _ condition: String, _ arguments: [(any ColumnValue)?] = [], _ body: (RevisionID, FragmentEntry) throws -> Void
    ) throws {
        let columns = "revision_id, kind, language, geo_id, file, offset, length, sha256"
        try db.forEachRow("SELECT \(columns) FROM fragment \(condition) ORDER BY revision_id, position", arguments) { row in
            let kind = FragmentKind(try row.value(1), language: try row.value(2), geoID: try row.value(3))
            guard let digest = try row.read(7, InlineDigest.init) else { throw ByteReader.corrupt }
            let position = FilePosition(file: try row.value(4), offset: try row.value(5))
            try body(try row.value(0), FragmentEntry(kind: kind, position: position, length: try row.value(6), digest: digest))
        }
    }

    /// The index of everything committed, at the start.
    static func loadFragments(_ db: Database, _ pack: AppendOnlyFiles, _ log: Logger) throws -> FragmentIndex {
        var index = FragmentIndex()
        for (file, length) in pack.committed {
            do {
                index.map(file, try MappedFile(path: pack.path(of: file), length: length))
            } catch {
                log.error("a pack file cannot be read; its fragments are not served", metadata: ["reason": "\(error)"])
            }
        }
        var current: RevisionID?
        var entries: [FragmentEntry] = []
        try forEachFragment(db, "") { revision, entry in
            if let held = current, held != revision {
                index[held] = RevisionFragments(entries)
                entries.removeAll(keepingCapacity: true)
            }
            current = revision
            entries.append(entry)
        }
        if let current { index[current] = RevisionFragments(entries) }
        return index
    }
}

extension FragmentKind {
    /// The columns of the table `fragment`.
    var columns: (kind: Int, language: String, geoID: String) {
        switch self {
        case .core: (0, "", "")
        case .extended: (1, "", "")
        case .localizedProperties(let language): (2, language, "")
        case .eula(let language, let geoID): (3, language, geoID)
        }
    }

    /// `kind` is 0 to 3, as the table's check says.
    init(_ kind: Int, language: String, geoID: String) {
        switch kind {
        case 0: self = .core
        case 1: self = .extended
        case 2: self = .localizedProperties(language: language)
        default: self = .eula(language: language, geoID: geoID)
        }
    }
}
