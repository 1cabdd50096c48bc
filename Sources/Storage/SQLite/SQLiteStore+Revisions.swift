import GRDB
import Glibc
public import Updates

extension SQLiteStore {
    public func revisions() async throws -> [StoredRevision] {
        try await read { try Self.revisions($0, "ORDER BY id") }
    }

    public func revision(_ id: RevisionID) async throws -> StoredRevision? {
        try await read { try Self.revisions($0, "WHERE id = ?", [id]).first }
    }

    /// Takes every revision held, by ascending id, one at a time and without its texts: what a start needs, without holding all of it.
    public func reduceRevisions<Result: Sendable>(
        into initial: Result, _ take: @Sendable (inout Result, StoredRevision) -> Void
    ) async throws -> Result {
        try await read { db in
            var result = initial
            try db.forEachRow("SELECT \(Self.revisionColumns) FROM revision ORDER BY id") { row in
                take(&result, try Self.stored(row, hasTexts: false))
            }
            return result
        }
    }

    /// Those of `ids` that are held, in their order, all of one moment.
    public func revisions(_ ids: [RevisionID]) async throws -> [StoredRevision] {
        try await read { db in try ids.flatMap { try Self.revisions(db, "WHERE id = ?", [$0]) } }
    }

    public func revisions(of id: UpdateID) async throws -> [StoredRevision] {
        try await read { try Self.revisions($0, "WHERE update_id = ? ORDER BY revision_number DESC", [id]) }
    }

    public func heldContent(_ identity: UpdateIdentity) async throws -> HeldContent? {
        try await read { try Self.held($0, identity)?.content }
    }

    /// Reads the document's file on a reader's queue and checks its digest; throws ``StorageError/Code-swift.enum/corrupt`` where it is another.
    public func document(_ id: RevisionID) async throws -> ChunkedBytes? {
        try await read { db in
            guard let row = try db.row("SELECT file, offset, length, original_length, sha256 FROM document WHERE revision_id = ?", [id]) else {
                return nil
            }
            let digest: SHA256Digest = try row.value(4)
            return try Self.readDocument(
                AppendOnlyFiles.path(home + "/documents", "gz", try row.value(0)), offset: try row.value(1), length: try row.value(2),
                originalLength: try row.value(3), digest: digest, "the document of revision \(id.rawValue)")
        }
    }

    private static func readDocument(
        _ path: String, offset: Int64, length: Int64, originalLength: Int, digest: SHA256Digest, _ name: String
    ) throws -> ChunkedBytes {
        let file = try OpenFile(path, O_RDONLY)
        let decompressor = try GzipDecompressor()
        var hasher = ContentHasher()
        var document = ChunkedBytes()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
        defer { buffer.deallocate() }
        var position = offset
        while position < offset + length {
            let wanted = min(buffer.count, Int(offset + length - position))
            let count = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]), at: position)
            guard count > 0 else { break }
            try decompressor.write(UnsafeRawBufferPointer(rebasing: buffer[..<count])) { bytes in
                guard document.count + bytes.count <= originalLength else { throw StorageError(.corrupt, "\(name) is longer than it was") }
                hasher.update(bytes)
                document.append(contentsOf: bytes)
            }
            position += Int64(count)
        }
        guard decompressor.isAtEnd, document.count == originalLength, hasher.finish() == digest else {
            throw StorageError(.corrupt, "\(name) does not have its digest")
        }
        return document
    }

    private static let revisionColumns = """
        id, metadata, source, is_verified, origin, default_deployment_id, imported_at, import_generation, core_size
        """

    static func revisions(_ db: Database, _ condition: String, _ arguments: [(any ColumnValue)?] = []) throws -> [StoredRevision] {
        try db.rows("SELECT \(revisionColumns) FROM revision \(condition)", arguments) { try stored($0, hasTexts: true) }
    }

    private static func stored(_ row: Row, hasTexts: Bool) throws -> StoredRevision {
        let revision = Revision(
            id: try row.value(0), metadata: try row.read(1) { try RevisionMetadata(encoded: $0, hasTexts: hasTexts) },
            provenance: Provenance(source: try row.value(2), isVerified: try row.value(3)),
            origin: try row.value(4), defaultDeploymentID: try row.value(5), importedAt: try row.value(6),
            importGeneration: try row.value(7))
        return StoredRevision(revision: revision, coreSize: try row.value(8))
    }

    /// What is held under an identity, and its id.
    static func held(_ db: Database, _ identity: UpdateIdentity) throws -> (id: RevisionID, provenance: Provenance, content: HeldContent)? {
        let row = try db.row(
            """
            SELECT id, source, is_verified, fragments_digest, document.sha256
            FROM revision LEFT JOIN document ON document.revision_id = revision.id
            WHERE update_id = ? AND revision_number = ?
            """, [identity.updateID, identity.revisionNumber])
        guard let row else { return nil }
        let provenance = Provenance(source: try row.value(1), isVerified: try row.value(2))
        let content = HeldContent(
            documentDigest: try row.optional(4), fragmentsDigest: try row.value(3), trust: provenance.trust)
        return (try row.value(0), provenance, content)
    }
}
