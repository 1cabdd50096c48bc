import CoreFoundation
import Foundation
import Glibc
public import Logging
import Storage
import TrustedTransport
public import Updates

/// What was put in place, and what the home lacks now.
public struct RestoreReport: Codable, Sendable {
    public let home: String
    public let madeAt: Timestamp
    /// The last change that was in the backup.
    public let generation: Generation
    /// New: cookies of the home that was backed up are answered with ServerChanged.
    public let serverID: UpdateID
    /// The home has the key that renews its certificate.
    public let hasCAKey: Bool
    /// Payloads that were held and are not in the backup: to be added again.
    public let missingPayloads: Int
    public let missingPayloadBytes: Int64
}

/// A backup that was opened to be put in place. It is opened before the process becomes another user.
public struct OpenBackup: Sendable {
    fileprivate let file: OpenFile
    /// It needs a passphrase.
    public let isSealed: Bool

    public init(path: String) throws {
        do {
            let file = try OpenFile(path, O_RDONLY)
            var start = [UInt8](repeating: 0, count: PassphraseSeal.title.count)
            let count = try start.withUnsafeMutableBytes { try file.read(into: $0, at: 0) }
            isSealed = start[..<count].elementsEqual(PassphraseSeal.title)
            self.file = file
        } catch {
            throw EngineError(.failed, "\(error)")
        }
    }
}

extension Home {
    /// Puts a backup in place as this home, which must not be there or be an empty folder.
    ///
    /// Everything is read and compared with its digests in a folder of the home's own before any of it gets its name, the configuration
    /// last: a folder without it is no home. What a killed restore left is removed by the next.
    ///
    /// - Parameter passphrase: for a sealed backup.
    public func restore(
        _ backup: OpenBackup, passphrase: [UInt8]?, log: Logger, progress: @escaping @Sendable (ControlReply.Progress) -> Void
    ) async throws -> RestoreReport {
        try SocketAddress.with(controlSocket) { _, _ in }
        let place = try await blocking { try RestorePlace(self) }
        do {
            let header = try await blocking { try Unpacking(backup, to: place.staging, progress).run(passphrase: passphrase) }
            let report = try await finish(header, in: place, log: log)
            try await blocking { try place.publish() }
            return report
        } catch {
            place.discard()
            throw error is EngineError ? error : EngineError(.refused, "\(backup.file.path): \(error)")
        }
    }

    /// Opens what was unpacked as a server would, makes it a home of its own, and says what it lacks.
    private func finish(_ header: BackupHeader, in place: RestorePlace, log: Logger) async throws -> RestoreReport {
        let staged = Home(path: place.staging)
        _ = try Configuration.load(from: staged)
        _ = try TokenKeys.load(from: staged.tokenKeysFile)
        let missing = try await blocking {
            let snapshot = try StoreSnapshot(path: staged.path + "/martlet.db")
            for (path, length) in snapshot.appendOnlyFiles {
                guard try OpenFile("\(staged.path)/\(path)", O_RDONLY).size() == length else {
                    throw EngineError(.refused, "\(path) of the backup is not as long as its database says")
                }
            }
            guard snapshot.generation == header.generation else { throw EngineError(.refused, "the backup's database is of another moment") }
            return snapshot.payloads.filter {
                $0.state == .held && access("\(staged.path)/\(BackupFormat.contentPath(of: $0.sha256))", F_OK) != 0
            }
        }
        let store = try await SQLiteStore.open(home: staged.path, log: log)
        let serverID: UpdateID
        do {
            serverID = try await store.renewServerID()
            try await store.forgetFiles(missing.map(\.sha1))
            try await store.close()
        } catch {
            try? await store.close()
            throw error
        }
        guard access(staged.path + "/martlet.db-wal", F_OK) != 0 else {
            throw EngineError(.failed, "the database could not be closed for good")
        }
        return RestoreReport(
            home: path, madeAt: header.madeAt, generation: header.generation, serverID: serverID, hasCAKey: header.hasCAKey,
            missingPayloads: missing.count, missingPayloadBytes: missing.reduce(0) { $0 + $1.size })
    }
}

/// The folder that becomes a home: what is unpacked waits in a hidden folder of it until it is moved into place. Blocking.
final class RestorePlace: Sendable {
    private static let stagingName = ".restoring"
    private static let configurationName = "martlet.json"
    /// What a home has at its top, but for the configuration.
    private static let parts = ["ca.pem", "tls", "martlet.db", "documents", "pack", "ready", "content", "run"]

    let staging: String
    private let home: Home
    private let madeHome: Bool
    /// Locked: two restores never work in one folder.
    private let lock: OpenFile

    /// - Parameter willLock: called after the folder was looked at for the first time.
    init(_ home: Home, willLock: () throws -> Void = {}) throws {
        guard !home.path.isEmpty else { throw EngineError(.refused, "the home's path is empty") }
        self.home = home
        staging = "\(home.path)/\(Self.stagingName)"
        madeHome = mkdir(home.path, 0o700) == 0
        guard madeHome || errno == EEXIST else {
            throw EngineError(.failed, "cannot make the folder \(home.path): \(String(cString: strerror(errno)))")
        }
        try Self.refuseUnlessFree(home)
        try willLock()
        guard mkdir(staging, 0o700) == 0 || errno == EEXIST else {
            throw EngineError(.failed, "cannot make the folder \(staging): \(String(cString: strerror(errno)))")
        }
        lock = try OpenFile(staging, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        guard flock(lock.descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw EngineError(.busy, "another process restores \(home.path)")
        }
        // Another restore may have ended in between: what it put in place is a home, and the folder that is locked may be gone.
        do { try Self.refuseUnlessFree(home) } catch {
            rmdir(staging)
            throw error
        }
        guard Self.isFolder(staging, lock) else { throw EngineError(.busy, "another process restores \(home.path)") }
        try empty()
        guard chmod(home.path, 0o700) == 0 else { throw EngineError(.failed, "cannot set the permissions of \(home.path)") }
        for folder in ["tls", "documents", "pack", "ready", "content", "run"] { try Folder.make("\(staging)/\(folder)") }
    }

    /// Throws where the folder has anything but what a killed restore left: of that there is no configuration, and nothing that a home has not.
    private static func refuseUnlessFree(_ home: Home) throws(EngineError) {
        guard let entries = try? FileManager.default.contentsOfDirectory(atPath: home.path) else {
            throw EngineError(.refused, "\(home.path) is not a folder that can be read")
        }
        let isLeft = entries.contains(stagingName) && Set(entries).subtracting(parts + [stagingName]).isEmpty
        guard entries.isEmpty || isLeft else {
            throw EngineError(.refused, "\(home.path) is not empty: a backup is restored to a new or empty folder; move the old home away first")
        }
    }

    /// Whether the folder of this name is still the one that was opened.
    private static func isFolder(_ path: String, _ opened: OpenFile) -> Bool {
        var (named, held) = (stat(), stat())
        guard lstat(path, &named) == 0, fstat(opened.descriptor, &held) == 0 else { return false }
        return named.st_dev == held.st_dev && named.st_ino == held.st_ino
    }

    /// Removes what lies in the folder, but the hidden folder itself.
    private func empty() throws {
        let manager = FileManager.default
        for name in try manager.contentsOfDirectory(atPath: staging) { try manager.removeItem(atPath: "\(staging)/\(name)") }
        for part in Self.parts where manager.fileExists(atPath: "\(home.path)/\(part)") {
            try manager.removeItem(atPath: "\(home.path)/\(part)")
        }
    }

    /// Moves everything to its name, the configuration last.
    func publish() throws {
        try Folder.syncAll(beneath: staging)
        for part in Self.parts { try move(part) }
        try Folder.sync(home.path)
        try move(Self.configurationName)
        try Folder.sync(home.path)
        rmdir(staging)
    }

    private func move(_ name: String) throws {
        guard rename("\(staging)/\(name)", "\(home.path)/\(name)") == 0 else {
            throw EngineError(.failed, "cannot put \(home.path)/\(name) in place: \(String(cString: strerror(errno)))")
        }
    }

    func discard() {
        guard !home.exists else { return }
        try? empty()
        rmdir(staging)
        if madeHome { rmdir(home.path) }
    }
}

/// One backup while it is unpacked. Blocking.
private struct Unpacking {
    private let backup: OpenBackup
    private let staging: String
    private let progress: @Sendable (ControlReply.Progress) -> Void

    init(_ backup: OpenBackup, to staging: String, _ progress: @escaping @Sendable (ControlReply.Progress) -> Void) {
        self.backup = backup
        self.staging = staging
        self.progress = progress
    }

    func run(passphrase: [UInt8]?) throws -> BackupHeader {
        do {
            return try unpack(try archive(passphrase))
        } catch let error as EngineError {
            throw EngineError(error.code, "\(backup.file.path): \(error.message)")
        } catch let error as TrustError {
            throw EngineError(.refused, "\(backup.file.path): \(error.message)")
        }
    }

    private func archive(_ passphrase: [UInt8]?) throws -> BackupArchiveReader {
        let source = FileSource(backup.file, size: try backup.file.size(), progress)
        guard backup.isSealed else {
            return BackupArchiveReader { try source.read(into: $0) }
        }
        guard let passphrase else { throw EngineError(.refused, "it is sealed: its passphrase is needed") }
        let opener = Opened(try PassphraseOpener(passphrase: passphrase) { try source.read(into: $0) }, source)
        return BackupArchiveReader { try opener.read(into: $0) }
    }

    private func unpack(_ reader: consuming BackupArchiveReader) throws -> BackupHeader {
        var archive = reader
        guard let first = try archive.next(), first.name == BackupFormat.header else { throw EngineError(.refused, "it is no backup") }
        let header = try Self.header(try archive.bytes(of: first, limit: BackupFormat.smallLimit))
        var files: Set<String> = []
        while let member = try archive.next() {
            if member.name == BackupFormat.payloads {
                try archive.read(member) { _ in }
                continue
            }
            guard let path = BackupFormat.homePath(of: member.name), files.insert(path).inserted else {
                throw EngineError(.refused, "it has a member that no backup has")
            }
            try unpack(member, to: path, &archive)
        }
        let hasFormerPair = BackupFormat.formerPair.allSatisfy(files.contains)
        let required = BackupFormat.requiredFiles.filter { !(hasFormerPair && $0 == BackupFormat.keyStore) }
        for path in required where !files.contains(path) { throw EngineError(.refused, "it lacks \(path)") }
        guard files.contains(BackupFormat.caKey) == header.hasCAKey else { throw EngineError(.refused, "it lacks \(BackupFormat.caKey)") }
        return header
    }

    private func unpack(_ member: TarHeader, to path: String, _ archive: inout BackupArchiveReader) throws {
        let parts = path.split(separator: "/")
        for depth in 1..<max(parts.count, 1) { try Folder.make("\(staging)/\(parts[..<depth].joined(separator: "/"))") }
        let file = try OpenFile("\(staging)/\(path)", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW)
        var offset: Int64 = 0
        try archive.read(member) { piece in
            try file.write(piece, at: offset)
            offset += Int64(piece.count)
        }
        try file.sync()
    }

    private static func header(_ bytes: [UInt8]) throws -> BackupHeader {
        struct Version: Decodable { let version: Int }
        let decoder = JSONDecoder()
        guard let version = try? decoder.decode(Version.self, from: Data(bytes)).version else { throw EngineError(.refused, "it is no backup") }
        guard version == BackupHeader.currentVersion else {
            throw EngineError(.refused, "it is a backup of version \(version), made by a newer program; this one reads version 1")
        }
        guard let header = try? decoder.decode(BackupHeader.self, from: Data(bytes)) else { throw EngineError(.refused, "it is no backup") }
        return header
    }

    /// Reads a file from its start on.
    private final class FileSource {
        private let file: OpenFile
        private let size: Int64
        private let progress: @Sendable (ControlReply.Progress) -> Void
        private var offset: Int64 = 0

        init(_ file: OpenFile, size: Int64, _ progress: @escaping @Sendable (ControlReply.Progress) -> Void) {
            self.file = file
            self.size = size
            self.progress = progress
        }

        func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
            let count = try file.read(into: buffer, at: offset)
            offset += Int64(count)
            progress(.init(done: Int(offset >> 20), total: Int(size >> 20), what: "MB"))
            return count
        }
    }

    /// Opens what comes from a file.
    private final class Opened {
        private var opener: PassphraseOpener
        private let source: FileSource

        init(_ opener: PassphraseOpener, _ source: FileSource) {
            self.opener = opener
            self.source = source
        }

        func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { try opener.read(into: buffer) { try source.read(into: $0) } }
    }
}
