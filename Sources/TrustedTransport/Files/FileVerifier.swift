import CoreFoundation
import Crypto
import Foundation
import Glibc
public import Updates

/// Computes and compares what a file was promised to be: the only maker of a ``Updates/VerifiedFile``.
///
/// Everything here blocks; call it off event loops.
public enum FileVerifier {
    private static let chunkSize = 1 << 20

    /// Reads a file once and computes both digests.
    ///
    /// - Parameters:
    ///   - path: a regular file; a link is refused.
    ///   - size: in bytes, checked before anything is read. Nothing where none was promised, as with the digests.
    /// - Throws: ``FileMismatch`` that says which of them differs, or why the file could not be read.
    public static func verify(path: String, size: Int64?, sha1: SHA1Digest?, sha256: Updates.SHA256Digest?) throws -> VerifiedFile {
        let file = try measure(path, promisedSize: size) { _ in }
        if let sha1, file.sha1 != sha1 { throw FileMismatch(.sha1, path, "has SHA-1 \(file.sha1) and should have \(sha1)") }
        if let sha256, file.sha256 != sha256 { throw FileMismatch(.sha256, path, "has SHA-256 \(file.sha256) and should have \(sha256)") }
        return file
    }

    /// Hands a file's bytes over as they are read, in chunks of at most 1 MiB, and returns their size and digests: what was handed over is
    /// what was hashed.
    ///
    /// - Throws: what `body` throws, or ``FileMismatch``.
    public static func read(path: String, _ body: (UnsafeRawBufferPointer) throws -> Void) throws -> VerifiedFile {
        try measure(path, promisedSize: nil, body)
    }

    private static func measure(
        _ path: String, promisedSize: Int64?, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> VerifiedFile {
        // Without O_NONBLOCK a pipe in the file's place would wait for ever.
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw FileMismatch(.unreadable, path, errno == ELOOP ? "is a link" : "cannot be opened: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw FileMismatch(.unreadable, path, "is not a file")
        }
        let size = Int64(status.st_size)
        if let promisedSize, size != promisedSize {
            throw FileMismatch(.size, path, "has \(size) bytes and should have \(promisedSize)")
        }
        var sha1 = Insecure.SHA1()
        var sha256 = SHA256()
        var done: Int64 = 0
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkSize, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileMismatch(.unreadable, path, "cannot be read: \(String(cString: strerror(errno)))") }
            if count == 0 { break }
            done += Int64(count)
            guard done <= size else { break }
            let chunk = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            sha1.update(bufferPointer: chunk)
            sha256.update(bufferPointer: chunk)
            try body(chunk)
        }
        guard done == size else { throw FileMismatch(.changed, path, "changed while it was read") }
        return VerifiedFile(
            path: path, size: size, sha1: SHA1Digest(hash: sha1.finalize()), sha256: Updates.SHA256Digest(hash: sha256.finalize()))
    }
}
