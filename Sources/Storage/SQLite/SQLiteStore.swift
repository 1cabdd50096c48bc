import GRDB
import Glibc
public import Logging
import Synchronization
public import Updates

/// The records of one home, in SQLite; documents and fragments beside it in append-only files (ADR 0001).
///
/// One process has a home at a time (its lock is the caller's). There is one writer; readers never wait for it. Every commit is synced.
/// The layout: `martlet.db`, `documents/`, `pack/`, `ready/`.
public final class SQLiteStore: Store, FragmentReader {
    let home: String
    let path: String
    let log: Logger
    let options: StoreOptions
    let pool: DatabasePool
    /// Used on the writer's queue only.
    let files: Mutex<HomeFiles>
    let fragments: Mutex<FragmentIndex>
    let damaged = Mutex<Set<RevisionID>>([])
    /// Made from the pack, and made again where it is lost.
    let ready: ReadyBlockFiles

    struct HomeFiles: Sendable {
        var documents: AppendOnlyFiles
        var pack: AppendOnlyFiles
    }

    /// Makes the database of a new home, with a random server id and the built-in groups. The folder is made where it is absent.
    ///
    /// Throws ``StorageError/Code-swift.enum/alreadyExists`` where there is a database.
    public static func create(home: String, at now: Timestamp, log: Logger) async throws -> SQLiteStore {
        try await create(home: home, at: now, log: log, options: StoreOptions())
    }

    /// Opens the database of a home, after a crash too: what was not committed is cut off the document and pack files.
    ///
    /// Throws ``StorageError/Code-swift.enum/newerSchema`` where a newer program has written it, and
    /// ``StorageError/Code-swift.enum/unavailable`` where there is none.
    public static func open(home: String, log: Logger) async throws -> SQLiteStore {
        try await open(home: home, log: log, options: StoreOptions())
    }

    package static func create(home: String, at now: Timestamp, log: Logger, options: StoreOptions) async throws -> SQLiteStore {
        var generator = SystemRandomNumberGenerator()
        let serverID = UpdateID(high: generator.next(), low: generator.next())
        return try await BlockingWork.run {
            try Folder.make(home)
            let path = home + "/martlet.db"
            guard access(path, F_OK) != 0 else { throw StorageError(.alreadyExists, "\(path) is there already") }
            // SQLite gives its other files the mode of this one.
            _ = try OpenFile(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW)
            let store = try SQLiteStore(home: home, log: log, options: options) { db in
                try db.run("INSERT INTO home VALUES (1, ?, 1, ?, 1, 1)", [serverID, now])
                for group in TargetGroup.builtIn { try SQLiteStore.insert(group, db) }
            }
            if options.isDurable { try Folder.sync(home) }
            return store
        }
    }

    package static func open(home: String, log: Logger, options: StoreOptions) async throws -> SQLiteStore {
        try await BlockingWork.run {
            let path = home + "/martlet.db"
            guard access(path, F_OK) == 0 else { throw StorageError(.unavailable, "there is no database at \(path)") }
            return try SQLiteStore(home: home, log: log, options: options)
        }
    }

    private init(home: String, log: Logger, options: StoreOptions, fill: (Database) throws -> Void = { _ in }) throws {
        self.home = home
        path = home + "/martlet.db"
        self.log = log
        self.options = options
        do {
            pool = try Self.openPool(path, isDurable: options.isDurable)
            try pool.write(fill)
            let lengths = try pool.read { try Self.fileLengths($0) }
            guard let lengths else { throw StorageError(.unavailable, "\(path) was never finished; remove it and make the home again") }
            let documents = try Self.appendOnlyFiles(home + "/documents", "gz", lengths["documents"], options)
            let pack = try Self.appendOnlyFiles(home + "/pack", "pack", lengths["pack"], options)
            fragments = Mutex(try pool.read { try Self.loadFragments($0, pack, log) })
            files = Mutex(HomeFiles(documents: documents, pack: pack))
            ready = try ReadyBlockFiles(folder: home + "/ready", rollover: options.rollover, willWrite: options.willWrite, log: log)
        } catch {
            throw StorageError.wrapping(error, path)
        }
    }

    private static func openPool(_ path: String, isDurable: Bool) throws -> DatabasePool {
        let migrator = Schema.migrator
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        configuration.label = "martlet.db"
        // Asked before anything is opened for writing: what is not ours to read is not ours to touch.
        var looking = configuration
        looking.readonly = true
        guard try !DatabaseQueue(path: path, configuration: looking).read(migrator.hasBeenSuperseded) else {
            throw StorageError(.newerSchema, "\(path) was written by a newer program; this one cannot read it")
        }
        let pool = try DatabasePool(path: path, configuration: configuration)
        // After opening: GRDB sets NORMAL there, with which a power cut may take back what was acknowledged.
        try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = \(isDurable ? "FULL" : "OFF")") }
        try migrator.migrate(pool)
        return pool
    }

    private static func appendOnlyFiles(
        _ folder: String, _ suffix: String, _ committed: [Int: Int64]?, _ options: StoreOptions
    ) throws -> AppendOnlyFiles {
        try AppendOnlyFiles(
            folder: folder, suffix: suffix, committed: committed ?? [:], rollover: options.rollover, isDurable: options.isDurable,
            willWrite: options.willWrite)
    }

    /// Committed lengths by folder and file; nothing where the home was never finished.
    static func fileLengths(_ db: Database) throws -> [String: [Int: Int64]]? {
        guard try db.row("SELECT 1 FROM home") != nil else { return nil }
        var lengths: [String: [Int: Int64]] = [:]
        try db.forEachRow("SELECT folder, number, length FROM file_length") { row in
            let folder: String = try row.value(0)
            let number: Int = try row.value(1)
            lengths[folder, default: [:]][number] = try row.value(2) as Int64
        }
        return lengths
    }

    /// Writes what is left in the log into the database and closes both. Nothing may use the store after it.
    public func close() async throws {
        try await BlockingWork.run { [pool, path] in
            do {
                // Readers first: the log is written back by the writer, and only if it is the last to go.
                pool.releaseMemory()
                try pool.close()
            } catch {
                throw StorageError.wrapping(error, path)
            }
        }
    }

    // MARK: - The home

    public func generation() async throws -> Generation {
        try await read { try Self.generation($0) }
    }

    public func serverID() async throws -> UpdateID {
        try await read { try Self.home($0, "server_id") }
    }

    public func configurationChangedAt() async throws -> Timestamp {
        try await read { try Self.home($0, "configuration_changed_at") }
    }

    /// Says that what GetConfig answers has changed: devices that hold an older cookie get ConfigChanged.
    public func setConfigurationChanged(at now: Timestamp) async throws {
        try await write { try $0.run("UPDATE home SET configuration_changed_at = ?", [now]) }
    }

    /// Gives a restored home a server id of its own, so that cookies of the lost one get ServerChanged.
    public func renewServerID() async throws -> UpdateID {
        var generator = SystemRandomNumberGenerator()
        let id = UpdateID(high: generator.next(), low: generator.next())
        try await write { db in
            try db.run("UPDATE home SET server_id = ?", [id])
            // No device can show a cookie of before: each begins anew, and that says nothing about it.
            try db.run("UPDATE device SET lineage = NULL, newer_lineage = NULL, newer_since = NULL, claim_lineage = NULL")
        }
        return id
    }

    // MARK: - Access

    func read<Result: Sendable>(_ body: @Sendable (Database) throws -> Result) async throws -> Result {
        do { return try await pool.read(body) } catch { throw StorageError.wrapping(error, path) }
    }

    /// One IMMEDIATE transaction.
    func write<Result: Sendable>(_ body: @Sendable (Database) throws -> Result) async throws -> Result {
        do { return try await pool.write(body) } catch { throw StorageError.wrapping(error, path) }
    }

    private static func home<Value: ColumnValue>(_ db: Database, _ column: String) throws -> Value {
        guard let row = try db.row("SELECT \(column) FROM home") else { throw ByteReader.corrupt }
        return try row.value(0)
    }

    static func generation(_ db: Database) throws -> Generation {
        try home(db, "generation")
    }

    /// Counts a change, in the transaction that makes it.
    static func advance(_ db: Database) throws -> Generation {
        try db.run("UPDATE home SET generation = generation + 1")
        return try generation(db)
    }

    /// A number that was never given out before; it counts as given out with the commit.
    static func takeDeploymentID(_ db: Database) throws -> DeploymentID {
        let id: DeploymentID = try home(db, "next_deployment_id")
        try db.run("UPDATE home SET next_deployment_id = next_deployment_id + 1")
        return id
    }

    /// As ``takeDeploymentID(_:)``, of the other counter.
    static func takeRevisionID(_ db: Database) throws -> RevisionID {
        let id: RevisionID = try home(db, "next_revision_id")
        try db.run("UPDATE home SET next_revision_id = next_revision_id + 1")
        return id
    }
}
