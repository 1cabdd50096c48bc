import CoreFoundation
import Foundation
import Glibc
public import Logging
import Synchronization
public import Updates

/// Payloads of one home: `sha256/xx/` and 64 hexadecimal digits; what was found corrupt is in `quarantine/`, what is on its way in `incoming/`.
///
/// A file is synced and renamed into place before the store records it, so a record never points at half a file. What is in the folder
/// without a record is not served.
public final class DirectoryFileStore: FileStore {
    private let folder: String
    private let store: any Store
    private let log: Logger
    private let index: Mutex<[SHA1Digest: StoredFile]>
    private let lastTemporary = Atomic<UInt64>(0)

    /// Opens the folder, making it where it is absent, with what `store` has recorded. What a crash left on its way in is removed.
    public static func open(folder: String, store: any Store, log: Logger) async throws -> DirectoryFileStore {
        let files = try await store.files()
        try await BlockingWork.run {
            for path in [folder, folder + "/sha256", folder + "/quarantine", folder + "/incoming"] { try Folder.make(path) }
            for name in try FileManager.default.contentsOfDirectory(atPath: folder + "/incoming") { unlink("\(folder)/incoming/\(name)") }
        }
        return DirectoryFileStore(folder: folder, store: store, log: log, files: files)
    }

    private init(folder: String, store: any Store, log: Logger, files: [StoredFile]) {
        self.folder = folder
        self.store = store
        self.log = log
        index = Mutex(Dictionary(files.map { ($0.sha1, $0) }) { $1 })
    }

    /// Takes a file in; a quarantined one is healed by it. Where the file is held, nothing is copied.
    ///
    /// A copy is hashed while it is made: throws ``StorageError/Code-swift.enum/corrupt`` where the file has changed since it was verified.
    public func add(_ file: VerifiedFile, consume: Bool) async throws {
        let known = index.withLock { $0[file.sha1] }
        if let known, known.sha256 != file.sha256 {
            log.critical(
                "two files have one SHA-1; the newcomer is refused",
                metadata: ["sha1": "\(file.sha1)", "held": "\(known.sha256)", "refused": "\(file.sha256)"])
            throw StorageError(.conflict, "SHA-1 \(file.sha1) is held with another SHA-256 than \(file.sha256)")
        }
        let number = lastTemporary.add(1, ordering: .relaxed).newValue
        let temporary = "\(folder)/incoming/\(getpid()).\(number)"
        try await BlockingWork.run { [path = path(of: file.sha256)] in
            if known?.state == .held, Self.size(of: path) == file.size {
                if consume { unlink(file.path) }
                return
            }
            try Self.place(file, at: path, by: temporary, consume: consume)
        }
        let recorded = StoredFile(sha1: file.sha1, sha256: file.sha256, size: file.size, state: .held)
        try await store.setFiles([recorded])
        index.withLock { $0[file.sha1] = recorded }
    }

    public func lookup(_ sha1: SHA1Digest) -> HeldFile? {
        index.withLock { $0[sha1] }.flatMap(held)
    }

    /// Does nothing to a file that is not held.
    public func quarantine(_ sha1: SHA1Digest) async throws {
        let known = index.withLock { index -> StoredFile? in
            guard let known = index[sha1], known.state == .held else { return nil }
            let quarantined = StoredFile(sha1: known.sha1, sha256: known.sha256, size: known.size, state: .quarantined)
            index[sha1] = quarantined
            return quarantined
        }
        guard let known else { return }
        log.error("a file is put aside and not served", metadata: ["sha1": "\(sha1)", "sha256": "\(known.sha256)"])
        // Recorded first: a file that was moved and is still called held would be a lie after a crash.
        try await store.setFiles([known])
        try await BlockingWork.run { [folder, path = path(of: known.sha256)] in
            let aside = "\(folder)/quarantine/\(known.sha256)"
            guard rename(path, aside) == 0 || errno == ENOENT else { throw StorageError.system("cannot move \(path) aside") }
            try Folder.sync(folder + "/quarantine")
        }
    }

    public func all() -> [HeldFile] {
        index.withLock { Array($0.values) }.compactMap(held).sorted { $0.sha1 < $1.sha1 }
    }

    private func held(_ file: StoredFile) -> HeldFile? {
        guard file.state == .held else { return nil }
        return HeldFile(sha1: file.sha1, sha256: file.sha256, size: file.size, path: path(of: file.sha256))
    }

    private func path(of digest: SHA256Digest) -> String {
        let name = digest.description
        return "\(folder)/sha256/\(name.prefix(2))/\(name)"
    }

    private static func size(of path: String) -> Int64? {
        var status = stat()
        return lstat(path, &status) == 0 ? Int64(status.st_size) : nil
    }

    /// Moves or copies a file into place, whole or not at all.
    private static func place(_ file: VerifiedFile, at path: String, by temporary: String, consume: Bool) throws {
        defer { unlink(temporary) }
        if consume, rename(file.path, temporary) == 0 {
            guard chmod(temporary, 0o600) == 0 else { throw StorageError.system("cannot set the permissions of \(temporary)") }
            try OpenFile(temporary, O_RDONLY).sync()
        } else {
            // Also what is to be moved from another file system.
            try copy(file, to: temporary)
        }
        let shelf = String(path.dropLast(65))
        try Folder.make(shelf)
        guard rename(temporary, path) == 0 else { throw StorageError.system("cannot put \(path) in place") }
        try Folder.sync(shelf)
        try Folder.sync(String(shelf.dropLast(3)))
        if consume { unlink(file.path) }
    }

    private static func copy(_ file: VerifiedFile, to path: String) throws {
        let copy = try OpenFile(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW)
        var hasher = ContentHasher()
        var size: Int64 = 0
        try OpenFile.forEachPiece(of: file.path) { bytes in
            hasher.update(bytes)
            try copy.write(bytes, at: size)
            size += Int64(bytes.count)
        }
        guard size == file.size, hasher.finish() == file.sha256 else {
            throw StorageError(.corrupt, "\(file.path) has changed since it was verified")
        }
        try copy.sync()
    }
}
