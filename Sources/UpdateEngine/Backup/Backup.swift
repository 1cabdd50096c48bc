import CoreFoundation
import Foundation
import Glibc
public import Logging
import Storage
import TrustedTransport
public import Updates

/// What goes into a backup beside the database, documents, pack, configuration, certificate and keys that always do.
public struct BackupOptions: Sendable, CustomStringConvertible, CustomReflectable {
    /// The key that can make certificates which devices trust.
    public var includesCAKey: Bool
    /// The payloads' bytes, not only their list.
    public var includesContent: Bool
    /// Seals the backup; nothing leaves it readable to whoever has the file.
    public var passphrase: [UInt8]?

    public init(includesCAKey: Bool = false, includesContent: Bool = false, passphrase: [UInt8]? = nil) {
        self.includesCAKey = includesCAKey
        self.includesContent = includesContent
        self.passphrase = passphrase
    }

    public var description: String { "BackupOptions" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// What a backup has in it.
public struct BackupReport: Codable, Sendable {
    public let path: String
    /// Of the file.
    public let bytes: Int64
    /// The last change that is in it.
    public let generation: Generation
    public let isSealed: Bool
    public let hasCAKey: Bool
    /// Payloads held, by count and bytes.
    public let payloads: Int
    public let payloadBytes: Int64
    /// Their bytes are in the backup.
    public let hasContent: Bool
}

extension Home {
    /// Writes a backup of one moment to a new file (0600), beside a running server or without one.
    ///
    /// The process that has the home copies its database; everything else of that moment never changes again (the committed bytes of
    /// documents and pack, payloads) and is read by this process, so devices are answered as ever and the passphrase stays here.
    public func backUp(
        to path: String, _ options: BackupOptions, at now: Timestamp, log: Logger,
        progress: @escaping @Sendable (ControlReply.Progress) -> Void
    ) async throws -> BackupReport {
        let configuration = try Configuration.load(from: self)
        let output = ControlOutput(progress: progress, bytes: { _ in })
        guard case .snapshot(let name) = try await ControlClient(home: self, log: log).perform(.snapshot, output: output),
            Self.isSnapshot(name)
        else { throw EngineError(.failed, "the server answered something else than was asked; are both of one version?") }
        return try await blocking {
            let copy = "\(runFolder)/\(name)"
            defer { unlink(copy) }
            let database = try OpenFile(copy, O_RDONLY | O_NOFOLLOW)
            let snapshot = try StoreSnapshot(path: copy)
            // Whatever happens to this process from here on, the copy does not stay.
            unlink(copy)
            let header = BackupHeader(
                version: BackupHeader.currentVersion, madeAt: now, generation: snapshot.generation, hosts: configuration.hosts,
                hasCAKey: options.includesCAKey, hasContent: options.includesContent)
            return try BackupRun(home: self, header: header, snapshot: snapshot, database: database, progress: progress)
                .write(to: path, passphrase: options.passphrase)
        }
    }

    private static let snapshotPrefix = "snapshot-"

    /// A name in the run folder that no other copy has.
    static func newSnapshotName() -> String { "\(snapshotPrefix)\(UInt64.random(in: .min ... .max)).db" }

    private static func isSnapshot(_ name: String) -> Bool { name.hasPrefix(snapshotPrefix) && !name.contains("/") }

    /// Removes copies of the database that someone asked for and never took, a day ago or longer.
    func removeForgottenSnapshots() {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: runFolder)) ?? [] where Self.isSnapshot(name) {
            var status = stat()
            let path = "\(runFolder)/\(name)"
            if lstat(path, &status) == 0, time(nil) - status.st_mtim.tv_sec > 86_400 { unlink(path) }
        }
    }
}

extension UpdateEngine {
    /// Copies the database into the run folder and names the copy; whoever asked removes it.
    func snapshot() async throws -> String {
        // A home from before there were key stores gets one now: the backup has that.
        let folder = try identityFolder()
        _ = try await blocking { try folder.keyStore() }
        let name = Home.newSnapshotName()
        try await store.writeSnapshot(to: "\(home.runFolder)/\(name)")
        return name
    }
}

/// One backup while it is written. Blocking.
private struct BackupRun {
    /// More than the configuration, a certificate or a file of keys has.
    private static let smallFileLimit = 1 << 20

    let home: Home
    let header: BackupHeader
    let snapshot: StoreSnapshot
    let database: OpenFile
    let progress: @Sendable (ControlReply.Progress) -> Void

    func write(to path: String, passphrase: [UInt8]?) throws -> BackupReport {
        let held = snapshot.payloads.filter { $0.state == .held }
        let output = try BackupFile(path: path, isSecret: passphrase == nil)
        let time = header.madeAt.millisecondsSince1970 / 1000
        if let passphrase {
            let seal = Seal(try PassphraseSealer(passphrase: passphrase), output)
            var archive = BackupArchiveWriter(time: time) { try seal.write($0) }
            try write(held, to: &archive)
            try seal.finish()
        } else {
            var archive = BackupArchiveWriter(time: time) { try output.write($0) }
            try write(held, to: &archive)
        }
        try output.publish()
        return BackupReport(
            path: path, bytes: output.length, generation: header.generation, isSealed: passphrase != nil, hasCAKey: header.hasCAKey,
            payloads: held.count, payloadBytes: held.reduce(0) { $0 + $1.size }, hasContent: header.hasContent)
    }

    private func write(_ held: [StoredFile], to archive: inout BackupArchiveWriter) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try archive.add(BackupFormat.header, Array(try encoder.encode(header)) + [0x0a])
        for file in BackupFormat.requiredFiles.dropLast() + (header.hasCAKey ? [BackupFormat.caKey] : []) {
            try archive.add(BackupFormat.homePrefix + file, try smallFile(file))
        }
        let size = try database.size()
        let content = header.hasContent ? held : []
        let total = snapshot.appendOnlyFiles.reduce(size) { $0 + $1.length } + content.reduce(0) { $0 + $1.size }
        var done: Int64 = 0
        func add(_ name: String, _ file: OpenFile, _ length: Int64) throws -> SHA256Digest {
            defer { done += length }
            return try archive.add(BackupFormat.homePrefix + name, length: length) { take in
                try file.forEachPiece(length: length) { offset, piece in
                    progress(.init(done: Int((done + offset) >> 20), total: Int(total >> 20), what: "MB"))
                    try take(piece)
                }
            }
        }
        _ = try add("martlet.db", database, size)
        for (path, length) in snapshot.appendOnlyFiles {
            let file = try OpenFile("\(home.path)/\(path)", O_RDONLY)
            guard try file.size() >= length else {
                throw EngineError(.failed, "\(path) has lost bytes that the database knows of: the home is damaged")
            }
            _ = try add(path, file, length)
        }
        let list = held.map { "\($0.sha256) \($0.sha1) \($0.size)\n" }.joined()
        try archive.add(BackupFormat.payloads, Array(list.utf8))
        for payload in content {
            let path = BackupFormat.contentPath(of: payload.sha256)
            let digest = try add(path, try OpenFile("\(home.path)/\(path)", O_RDONLY), payload.size)
            guard digest == payload.sha256 else {
                throw EngineError(.failed, "payload \(payload.sha256) is corrupt; move it aside with: martlet files verify --deep")
            }
        }
        try archive.finish()
    }

    private func smallFile(_ name: String) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try OpenFile.forEachPiece(of: "\(home.path)/\(name)") { piece in
            bytes.append(contentsOf: piece)
            guard bytes.count <= Self.smallFileLimit else { throw EngineError(.failed, "\(name) is too long to be what it should be") }
        }
        return bytes
    }

    /// Seals what goes to a file.
    private final class Seal {
        private var sealer: PassphraseSealer
        private let output: BackupFile

        init(_ sealer: PassphraseSealer, _ output: BackupFile) {
            self.sealer = sealer
            self.output = output
        }

        func write(_ bytes: UnsafeRawBufferPointer) throws { try sealer.write(bytes) { try output.write($0) } }
        func finish() throws { try sealer.finish { try output.write($0) } }
    }
}
