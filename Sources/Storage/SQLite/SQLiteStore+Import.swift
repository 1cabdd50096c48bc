import GRDB
import Synchronization
public import Updates

extension SQLiteStore {
    /// Imports in one transaction, and in one sync of the document and pack files before its commit.
    ///
    /// The writer is taken for as long as it lasts, so reports wait: callers import large catalogs in batches.
    public func importRevisions(_ imports: [RevisionImport], at now: Timestamp) async throws -> ImportResult {
        try await writeWithFiles { db, files in
            var importer = try Importer(generation: try Self.generation(db).next, now: now)
            var outcomes: [ImportResult.Outcome] = []
            for offered in imports { outcomes.append(try importer.take(offered, db, &files)) }
            let generation = importer.hasChanged ? try Self.advance(db) : try Self.generation(db)
            return (ImportResult(generation: generation, outcomes: outcomes), importer.fragments)
        }
    }

    /// Appends the fragments of a revision to the pack once more, after some were found damaged.
    ///
    /// - Parameter fragments: derived again from ``StoreReader/document(_:)``. They must be what they were at import: devices hold them
    ///   under this revision's id. Otherwise nothing changes and ``StorageError/Code-swift.enum/conflict`` is thrown.
    public func rebuildFragments(of revision: RevisionID, with fragments: [Fragment]) async throws {
        try await writeWithFiles { db, files in
            var recorded: [FragmentEntry] = []
            try Self.forEachFragment(db, "WHERE revision_id = ?", [revision]) { recorded.append($1) }
            guard !recorded.isEmpty else { throw StorageError(.notFound, "there is no revision \(revision.rawValue)") }
            let rebuilt = try Importer.store(fragments, &files.pack)
            guard rebuilt.count == recorded.count,
                zip(rebuilt, recorded).allSatisfy({ $0.kind == $1.kind && InlineDigest($0.digest) == $1.digest })
            else {
                throw StorageError(.conflict, "the fragments derived for revision \(revision.rawValue) are not those it was imported with")
            }
            try Importer.record(rebuilt, of: revision, db)
            return ((), [revision: rebuilt])
        }
        damaged.withLock { _ = $0.remove(revision) }
    }

    /// One transaction whose bytes are in files: they are on disk before it commits, and gone if it does not.
    private func writeWithFiles<Result: Sendable>(
        _ body: @Sendable (Database, inout HomeFiles) throws -> (Result, [RevisionID: [StoredFragment]])
    ) async throws -> Result {
        do {
            return try await pool.writeWithoutTransaction { db in
                try files.withLock { files in
                    var done: (Result, [RevisionID: [StoredFragment]], [Int: MappedFile])?
                    do {
                        try db.inTransaction(.immediate) {
                            let (result, stored) = try body(db, &files)
                            try Self.saveLengths(files.documents, "documents", db)
                            try Self.saveLengths(files.pack, "pack", db)
                            try files.documents.sync()
                            try files.pack.sync()
                            var mapped: [Int: MappedFile] = [:]
                            for (file, length) in files.pack.changes {
                                mapped[file] = try MappedFile(path: files.pack.path(of: file), length: length)
                            }
                            done = (result, stored, mapped)
                            try options.willCommit()
                            return .commit
                        }
                    } catch {
                        files.documents.rollBack()
                        files.pack.rollBack()
                        throw error
                    }
                    guard let (result, stored, mapped) = done else { throw StorageError(.unavailable, "nothing was written") }
                    files.documents.commit()
                    files.pack.commit()
                    fragments.withLock { index in
                        for (file, mapping) in mapped { index.map(file, mapping) }
                        for (revision, entries) in stored { index[revision] = RevisionFragments(entries.map(\.entry)) }
                    }
                    return result
                }
            }
        } catch {
            throw StorageError.wrapping(error, path)
        }
    }

    private static func saveLengths(_ files: AppendOnlyFiles, _ folder: String, _ db: Database) throws {
        for (number, length) in files.changes {
            try db.run(
                "INSERT INTO file_length VALUES (?, ?, ?) ON CONFLICT (folder, number) DO UPDATE SET length = excluded.length",
                [folder, number, length])
        }
    }
}

/// A fragment whose bytes have been written.
struct StoredFragment: Sendable {
    let kind: FragmentKind
    let position: FilePosition
    let length: Int
    let digest: SHA256Digest

    var entry: FragmentEntry { FragmentEntry(kind: kind, position: position, length: length, digest: InlineDigest(digest)) }
}

/// The work of one import call, inside its transaction.
private struct Importer {
    /// What the change will be, if there is one.
    let generation: Generation
    let now: Timestamp
    private(set) var hasChanged = false
    private(set) var fragments: [RevisionID: [StoredFragment]] = [:]
    /// One for all documents: making it costs more than a small document's compression.
    private let compressor: GzipCompressor

    init(generation: Generation, now: Timestamp) throws(StorageError) {
        self.generation = generation
        self.now = now
        compressor = try GzipCompressor()
    }

    mutating func take(_ offered: RevisionImport, _ db: Database, _ files: inout SQLiteStore.HomeFiles) throws -> ImportResult.Outcome {
        let identity = offered.metadata.identity
        guard offered.fragments.contains(where: { $0.kind == .core }) else {
            throw StorageError(.conflict, "\(identity) has no Core fragment")
        }
        let content = HeldContent(
            documentDigest: Self.digest(of: offered.document), fragmentsDigest: HeldContent.fragmentsDigest(of: offered.fragments),
            trust: offered.provenance.trust)
        let held = try SQLiteStore.held(db, identity)
        let verdict = ImportVerdict.decide(held: held?.content, offered: content)
        let id: RevisionID
        var new: Revision?
        switch (verdict, held) {
        case (.alreadyHeld, _), (.refused, _): return ImportResult.Outcome(verdict: verdict, revision: try Self.stored(identity, db))
        case (.completes, let held?):
            // Both vouch for what devices act on, so the word of the more trusted one stands. A better source may make the revision the one that
            // counts, and what it names non-leaf: devices are told by its generation (ADR 0015).
            let provenance = offered.provenance.trust > held.provenance.trust ? offered.provenance : held.provenance
            try db.run(
                "UPDATE revision SET metadata = ?, has_commands = 1, source = ?, is_verified = ?, origin = ?, import_generation = ? WHERE id = ?",
                [offered.metadata.encoded, provenance.source, provenance.isVerified, Revision.Origin.document, generation, held.id])
            id = held.id
        case (.raises, let held?):
            // The same bytes; what is said of them beside the fragments is the better source's.
            try db.run(
                "UPDATE revision SET metadata = ?, has_commands = 1, source = ?, is_verified = ?, import_generation = ? WHERE id = ?",
                [offered.metadata.encoded, offered.provenance.source, offered.provenance.isVerified, generation, held.id])
            hasChanged = true
            return ImportResult.Outcome(verdict: verdict, revision: try Self.stored(identity, db))
        case (.replacesFragments, let held?):
            // A device that has the old Core would never ask for another one under its id. What the old id has in the index stays there until the
            // store is closed: the catalog that names it is replaced later than this commit, and answers begun with it are written later still.
            id = try SQLiteStore.takeRevisionID(db)
            try db.run("DELETE FROM fragment WHERE revision_id = ?", [held.id])
            try db.run(
                """
                UPDATE revision SET id = ?, metadata = ?, has_commands = 1, source = ?, is_verified = ?, origin = ?, default_deployment_id = ?, imported_at = ?,
                    import_generation = ?, core_size = ?, fragments_digest = ? WHERE id = ?
                """,
                [
                    id, offered.metadata.encoded, offered.provenance.source, offered.provenance.isVerified, offered.origin,
                    try SQLiteStore.takeDeploymentID(db), now, generation, offered.coreSize, content.fragmentsDigest, held.id,
                ])
        default:
            id = try SQLiteStore.takeRevisionID(db)
            let deployment = try SQLiteStore.takeDeploymentID(db)
            try db.run(
                "INSERT INTO revision VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
                [
                    id, identity.updateID, identity.revisionNumber, offered.metadata.encoded, offered.provenance.source,
                    offered.provenance.isVerified, offered.origin, deployment, now, generation, offered.coreSize, content.fragmentsDigest,
                ])
            new = Revision(
                id: id, metadata: offered.metadata, provenance: offered.provenance, origin: offered.origin, defaultDeploymentID: deployment,
                importedAt: now, importGeneration: generation)
        }
        if let document = offered.document { try store(document, of: id, db, &files.documents) }
        let stored = try Self.store(offered.fragments, &files.pack)
        try Self.record(stored, of: id, db)
        fragments[id] = stored
        hasChanged = true
        let revision = try new.map { StoredRevision(revision: $0, coreSize: offered.coreSize) } ?? Self.stored(identity, db)
        return ImportResult.Outcome(verdict: verdict, revision: revision)
    }

    private static func stored(_ identity: UpdateIdentity, _ db: Database) throws -> StoredRevision? {
        try SQLiteStore.revisions(db, "WHERE update_id = ? AND revision_number = ?", [identity.updateID, identity.revisionNumber]).first
    }

    private static func digest(of document: DocumentSource?) -> SHA256Digest? {
        switch document {
        case nil: return nil
        case .file(_, let digest): return digest
        case .bytes(let bytes):
            var hasher = ContentHasher()
            bytes.withUnsafeBytes { hasher.update($0) }
            return hasher.finish()
        }
    }

    /// Appends a document, compressed, and records where it stands.
    private func store(_ document: DocumentSource, of revision: RevisionID, _ db: Database, _ files: inout AppendOnlyFiles) throws {
        let position = try files.startEntry()
        var hasher = ContentHasher()
        var originalLength = 0
        func take(_ bytes: UnsafeRawBufferPointer) throws {
            hasher.update(bytes)
            originalLength += bytes.count
            try compressor.write(bytes) { try files.write($0) }
        }
        switch document {
        case .bytes(let bytes): try bytes.withUnsafeBytes { try take($0) }
        case .file(let path, _): try OpenFile.forEachPiece(of: path, take)
        }
        try compressor.finish { try files.write($0) }
        let digest = hasher.finish()
        if case .file(let path, let promised) = document, digest != promised {
            throw StorageError(.corrupt, "\(path) has changed since it was read")
        }
        let length = files.lengths[position.file, default: 0] - position.offset
        try db.run(
            "INSERT INTO document VALUES (?, ?, ?, ?, ?, ?)", [revision, position.file, position.offset, length, originalLength, digest])
    }

    /// Appends fragments to the pack, a piece at a time.
    static func store(_ fragments: [Fragment], _ pack: inout AppendOnlyFiles) throws -> [StoredFragment] {
        var stored: [StoredFragment] = []
        for fragment in fragments {
            let position = try pack.startEntry()
            var hasher = ContentHasher()
            hasher.update(fragment.bytes)
            for chunk in fragment.bytes.chunks { try chunk.withUnsafeBytes { try pack.write($0) } }
            stored.append(StoredFragment(kind: fragment.kind, position: position, length: fragment.bytes.count, digest: hasher.finish()))
        }
        return stored
    }

    /// Makes `fragments` the fragments of a revision.
    static func record(_ fragments: [StoredFragment], of revision: RevisionID, _ db: Database) throws {
        try db.run("DELETE FROM fragment WHERE revision_id = ?", [revision])
        for (position, fragment) in fragments.enumerated() {
            let (kind, language, geoID) = fragment.kind.columns
            try db.run(
                "INSERT INTO fragment VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    revision, position, kind, language, geoID, fragment.position.file, fragment.position.offset, fragment.length, fragment.digest,
                ])
        }
    }
}

extension RevisionImport {
    fileprivate var origin: Revision.Origin { document == nil ? .fragments : .document }
    fileprivate var coreSize: Int { fragments.first { $0.kind == .core }?.bytes.count ?? 0 }
}
