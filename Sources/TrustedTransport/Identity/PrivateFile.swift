import CoreFoundation
import Foundation
import Glibc

/// Small files that only their owner may read: keys, and the certificates beside them.
///
/// Written whole and synced before they bear their name; read only where no one else could have read or changed them.
enum PrivateFile {
    /// More than any file of keys or certificates here has.
    static let sizeLimit = 1 << 18

    enum Secrecy {
        /// No one but the owner may read or write it.
        case secret
        /// No one but the owner may write it.
        case published
        /// Brought from elsewhere, to be judged by what it holds.
        case foreign
    }

    /// Makes a file that must not exist, with permissions 0600 from its first moment.
    static func create(_ path: String, _ bytes: [UInt8]) throws(TrustError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw errno == EEXIST ? TrustError(.exists, "\(path) exists already") : failure("make", path)
        }
        defer { close(descriptor) }
        do {
            try write(bytes, to: descriptor, path)
        } catch {
            unlink(path)
            throw error
        }
        try syncFolder(of: path)
    }

    /// Puts a file in the place of another, or where none was; after a crash there is the one or the other, whole.
    static func replace(_ path: String, _ bytes: [UInt8]) throws(TrustError) {
        let newer = path + ".new"
        guard unlink(newer) == 0 || errno == ENOENT else { throw failure("remove", newer) }
        try create(newer, bytes)
        guard rename(newer, path) == 0 else { throw failure("replace", path) }
        try syncFolder(of: path)
    }

    /// Something bears this name, be it a link to nowhere.
    static func isThere(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    /// Takes a name away for good.
    static func remove(_ path: String) throws(TrustError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw failure("remove", path) }
        try syncFolder(of: path)
    }

    /// Refuses links, what is no regular file, another user's file, and permissions wider than `secrecy` allows.
    static func read(_ path: String, _ secrecy: Secrecy) throws(TrustError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            switch errno {
            case ENOENT: throw TrustError(.missing, "\(path) does not exist")
            case ELOOP: throw TrustError(.unsafeFile, "\(path) is a link")
            default: throw failure("open", path)
            }
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("read", path) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw TrustError(.unsafeFile, "\(path) is not a file") }
        guard status.st_uid == geteuid() || secrecy == .foreign else { throw TrustError(.unsafeFile, "\(path) belongs to another user") }
        switch secrecy {
        case .secret:
            guard status.st_mode & 0o077 == 0 else {
                throw TrustError(.unsafeFile, "\(path) holds keys and is open to others: make new keys, or if no one read them, chmod 600 \(path)")
            }
        case .foreign: break
        case .published:
            guard status.st_mode & 0o022 == 0 else { throw TrustError(.unsafeFile, "\(path) can be written by others: chmod go-w \(path)") }
        }
        guard status.st_size <= sizeLimit else { throw TrustError(.malformed, "\(path) is too large to be what it should be") }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress?.advanced(by: filled), $0.count - filled) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("read", path) }
            filled += count
        }
        return bytes
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32, _ path: String) throws(TrustError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("write", path) }
            rest = rest.dropFirst(count)
        }
        guard fsync(descriptor) == 0 else { throw failure("sync", path) }
    }

    /// A new name is lasting only once its folder is on disk.
    private static func syncFolder(of path: String) throws(TrustError) {
        let folder = path.lastIndex(of: "/").map { path[...$0] } ?? "."
        let descriptor = open(String(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open the folder of", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("sync the folder of", path) }
    }

    private static func failure(_ verb: String, _ path: String) -> TrustError {
        TrustError(.file, "cannot \(verb) \(path): \(String(cString: strerror(errno)))")
    }
}
