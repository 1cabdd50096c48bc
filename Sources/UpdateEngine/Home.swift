import CoreFoundation
import Foundation
import Glibc

/// The folder of one server: its configuration, keys, database, documents, pack and content.
///
/// A home is 0700 and its files 0600; one user owns all of it, and one process at a time has it (architecture: one process owns a home).
public struct Home: Sendable, Hashable {
    /// Absolute, without a slash at its end.
    public let path: String

    /// - Parameter path: relative paths are taken from the working directory.
    public init(path: String) {
        // An empty path would be the working directory: nobody means that.
        self.path = path.isEmpty ? "" : URL(filePath: path).standardizedFileURL.path(percentEncoded: false).removingTrailingSlash
    }

    public var configurationFile: String { path + "/martlet.json" }
    /// The CA's certificate: what devices must trust.
    public var caFile: String { path + "/ca.pem" }
    public var tlsFolder: String { path + "/tls" }
    public var runFolder: String { path + "/run" }
    public var contentFolder: String { path + "/content" }
    public var controlSocket: String { runFolder + "/control.sock" }
    var lockFile: String { runFolder + "/lock" }

    public var exists: Bool { FileManager.default.fileExists(atPath: configurationFile) }

    /// Makes the folder and those beneath it. Refuses one that has anything in it.
    func create() throws(EngineError) {
        guard !path.isEmpty else { throw EngineError(.refused, "the home's path is empty") }
        try SocketAddress.with(controlSocket) { _, _ in }
        let manager = FileManager.default
        if manager.fileExists(atPath: path) {
            guard let entries = try? manager.contentsOfDirectory(atPath: path) else {
                throw EngineError(.refused, "\(path) is not a folder that can be read")
            }
            guard entries.isEmpty else { throw EngineError(.refused, "\(path) is not empty: a home is made in a new or empty folder") }
        }
        for folder in [path, tlsFolder, runFolder, contentFolder] {
            do {
                try manager.createDirectory(
                    atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            } catch {
                throw EngineError(.failed, "cannot make the folder \(folder): \(error.localizedDescription)")
            }
            guard chmod(folder, 0o700) == 0 else { throw EngineError(.failed, "cannot set the permissions of \(folder)") }
        }
    }

    /// The user who owns the home.
    ///
    /// Throws where it is no home, or where others than its owner could write to it.
    public func owner() throws(EngineError) -> (user: UInt32, group: UInt32) {
        guard !path.isEmpty else { throw EngineError(.refused, "the home's path is empty") }
        var status = stat()
        guard lstat(path, &status) == 0 else { throw EngineError(.refused, "\(path): no such folder; make a home with: martlet init --home \(path)") }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw EngineError(.refused, "\(path) is not a folder") }
        guard status.st_uid == geteuid() || geteuid() == 0 else {
            throw EngineError(.refused, "\(path) belongs to another user; run the command as that user or as root")
        }
        guard exists else { throw EngineError(.refused, "\(path) is not a home; make one with: martlet init --home \(path)") }
        guard status.st_mode & 0o022 == 0 else {
            throw EngineError(.refused, "\(path) can be written by others than its owner; make it safe with: chmod 700 \(path)")
        }
        let folders = [path, tlsFolder, runFolder]
        let entries = folders.flatMap { folder in
            ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).map { "\(folder)/\($0)" }
        }
        for part in entries {
            var inner = stat()
            // What a link leads to counts: a home may keep its content on another disk.
            guard stat(part, &inner) == 0 else { continue }
            guard inner.st_uid == status.st_uid else { throw EngineError(.refused, "\(part) does not belong to the home's owner") }
            guard inner.st_mode & 0o022 == 0 else { throw EngineError(.refused, "\(part) can be written by others than its owner") }
        }
        return (status.st_uid, status.st_gid)
    }

    /// Makes this process act as the owner of the folder that is to become a home, as ``assumeOwner()`` does of a home that is one.
    public func assumeOwnerOfNewHome() throws(EngineError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        try become(status.st_uid, status.st_gid)
    }

    /// Makes this process act as the home's owner: as root by becoming that user, else by being that user already.
    ///
    /// Call it before anything of the home is opened; it cannot be undone.
    public func assumeOwner() throws(EngineError) {
        let owner = try owner()
        try become(owner.user, owner.group)
    }

    private func become(_ owner: uid_t, _ group: gid_t) throws(EngineError) {
        let user = geteuid()
        if user == owner { return }
        guard user == 0 else { throw EngineError(.refused, "\(path) belongs to another user; run the command as that user or as root") }
        guard setgroups(0, nil) == 0, setgid(group) == 0, setuid(owner) == 0 else {
            throw EngineError(.failed, "cannot become the owner of \(path)")
        }
    }

    /// Takes the home for this process until the lock is released or the process ends.
    public func lock() throws(EngineError) -> HomeLock {
        let descriptor = open(lockFile, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw EngineError(.failed, "cannot open \(lockFile): \(String(cString: strerror(errno)))") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw EngineError(.busy, "another process has \(path)")
        }
        return HomeLock(descriptor: descriptor)
    }
}

/// Holds a home; released when it goes.
public final class HomeLock: Sendable {
    private let descriptor: Int32

    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }
}

extension String {
    fileprivate var removingTrailingSlash: String {
        count > 1 && hasSuffix("/") ? String(dropLast()) : self
    }
}
