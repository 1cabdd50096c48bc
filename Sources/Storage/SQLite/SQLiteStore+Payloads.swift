import GRDB
import Updates

extension SQLiteStore {
    public func files() async throws -> [StoredFile] {
        try await read { try Self.files($0) }
    }

    static func files(_ db: Database) throws -> [StoredFile] {
        try db.rows("SELECT sha1, sha256, size, state FROM payload ORDER BY sha1") { row in
            StoredFile(sha1: try row.value(0), sha256: try row.value(1), size: try row.value(2), state: try row.value(3))
        }
    }

    /// Throws ``StorageError/Code-swift.enum/conflict`` where a SHA-1 is recorded with another SHA-256, held or quarantined, and then
    /// nothing is changed: two contents under one name are an attack.
    public func setFiles(_ files: [StoredFile]) async throws {
        try await write { db in
            for file in files {
                try db.run(
                    """
                    INSERT INTO payload VALUES (?, ?, ?, ?) ON CONFLICT (sha1) DO UPDATE SET size = excluded.size, state = excluded.state
                    WHERE sha256 = excluded.sha256
                    """, [file.sha1, file.sha256, file.size, file.state])
                guard db.changesCount > 0 else {
                    throw StorageError(.conflict, "SHA-1 \(file.sha1) is held with another SHA-256 than \(file.sha256)")
                }
            }
        }
    }
}
