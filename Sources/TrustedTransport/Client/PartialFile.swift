import CoreFoundation
import Foundation
import Glibc
import NIOCore
import NIOPosix

/// A file that is being downloaded: `PATH.part` until it is whole, so that a later run goes on where this one ended.
///
/// Everything waits for the disk on a thread of the pool, never on an event loop.
final class PartialFile: Sendable {
    private let path: String
    private let descriptor: Int32
    private var partPath: String { path + ".part" }

    static func open(_ path: String) async throws(HTTPSError) -> PartialFile {
        try await blocking { try PartialFile(path) }
    }

    private init(_ path: String) throws {
        self.path = path
        descriptor = Glibc.open(path + ".part", O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure("make", path + ".part") }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid() else {
            close(descriptor)
            throw HTTPSError(.file, "\(path).part is not a file of ours")
        }
    }

    deinit {
        close(descriptor)
    }

    func size() async throws(HTTPSError) -> Int64 {
        try await Self.blocking { [self] in
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { throw Self.failure("read", partPath) }
            return Int64(status.st_size)
        }
    }

    /// Forgets everything that came so far.
    func empty() async throws(HTTPSError) {
        try await Self.blocking { [self] in
            guard ftruncate(descriptor, 0) == 0 else { throw Self.failure("empty", partPath) }
        }
    }

    func write(_ bytes: ByteBuffer, at offset: Int64) async throws(HTTPSError) {
        try await Self.blocking { [self] in
            var offset = off_t(offset)
            var rest = bytes
            while rest.readableBytes > 0 {
                let count = rest.withUnsafeReadableBytes { pwrite(descriptor, $0.baseAddress, $0.count, offset) }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw Self.failure("write", partPath) }
                rest.moveReaderIndex(forwardBy: count)
                offset += off_t(count)
            }
        }
    }

    /// Gives the file its name once all of it is on disk.
    func finish() async throws(HTTPSError) {
        try await Self.blocking { [self] in
            guard fsync(descriptor) == 0 else { throw Self.failure("sync", partPath) }
            guard rename(partPath, path) == 0 else { throw Self.failure("name", path) }
            let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
            let folderDescriptor = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard folderDescriptor >= 0 else { throw Self.failure("open", folder) }
            defer { close(folderDescriptor) }
            guard fsync(folderDescriptor) == 0 else { throw Self.failure("sync", folder) }
        }
    }

    private static func blocking<Result: Sendable>(
        _ body: @escaping @Sendable () throws -> Result
    ) async throws(HTTPSError) -> Result {
        do {
            return try await NIOThreadPool.singleton.runIfActive(body)
        } catch {
            throw HTTPSError.of(error)
        }
    }

    private static func failure(_ verb: String, _ path: String) -> HTTPSError {
        HTTPSError(.file, "cannot \(verb) \(path): \(String(cString: strerror(errno)))")
    }
}
