import GRDB
import Glibc
public import Updates

extension SQLiteStore {
    /// Copies the database of one moment into a new file (0600), while others read and write.
    ///
    /// What the copy says of the document and pack files stays true of them: their committed bytes never change.
    public func writeSnapshot(to copy: String) async throws {
        try await BlockingWork.run { [pool, path] in
            _ = try OpenFile(copy, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW)
            do {
                let queue = try DatabaseQueue(path: copy)
                try pool.backup(to: queue)
                // One file, to be read without a log beside it.
                try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
                try queue.close()
            } catch {
                unlink(copy)
                throw StorageError.wrapping(error, path)
            }
        }
    }

    /// Forgets payloads: what is in the content folder under their names is not served any more.
    public func forgetFiles(_ files: [SHA1Digest]) async throws {
        try await write { db in
            for sha1 in files { try db.run("DELETE FROM payload WHERE sha1 = ?", [sha1]) }
        }
    }
}

/// What a copy of a database says of the home it was made of.
public struct StoreSnapshot: Sendable {
    public let generation: Generation
    /// The document and pack files, by their paths in the home (`documents/000001.gz`), in order, with the bytes of each that count.
    public let appendOnlyFiles: [(path: String, length: Int64)]
    /// By SHA-1.
    public let payloads: [StoredFile]

    /// Reads a file that ``SQLiteStore/writeSnapshot(to:)`` made. Blocking.
    ///
    /// Throws ``StorageError/Code-swift.enum/newerSchema`` where a newer program wrote it.
    public init(path: String) throws {
        do {
            var configuration = Configuration()
            configuration.readonly = true
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            (generation, appendOnlyFiles, payloads) = try queue.read { db in
                guard try !Schema.migrator.hasBeenSuperseded(db) else {
                    throw StorageError(.newerSchema, "the database was written by a newer program; this one cannot read it")
                }
                let files = try SQLiteStore.fileLengths(db) ?? [:]
                let paths = [("documents", "gz"), ("pack", "pack")].flatMap { folder, suffix in
                    (files[folder] ?? [:]).sorted { $0.key < $1.key }.map { (AppendOnlyFiles.path(folder, suffix, $0.key), $0.value) }
                }
                return (try SQLiteStore.generation(db), paths, try SQLiteStore.files(db))
            }
            try queue.close()
        } catch {
            throw StorageError.wrapping(error, path)
        }
    }
}
