import CoreFoundation
import Glibc

/// An open payload. It closes when nothing refers to it any more.
final class ContentFile: Sendable {
    /// What tells that a file is the one that was verified, and was not written since.
    struct Stamp: Equatable, Sendable {
        let device: dev_t
        let inode: ino_t
        let size: Int64
        let seconds: time_t
        let nanoseconds: Int
        /// Of the inode's last change: unlike the times above, no program sets it.
        let changeSeconds: time_t
        let changeNanoseconds: Int
    }

    /// Why a file cannot be opened or read.
    struct Failure: Error, CustomStringConvertible {
        let path: String
        let code: CInt
        let description: String

        init(_ path: String, _ code: CInt, _ what: String) {
            self.path = path
            self.code = code
            description = "\(path) \(what)" + (code == 0 ? "" : ": \(String(cString: strerror(code)))")
        }
    }

    let stamp: Stamp
    private let path: String
    private let descriptor: CInt

    /// Blocks.
    init(_ path: String) throws(Failure) {
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Failure(path, errno, "cannot be opened") }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw Failure(path, 0, "is no file")
        }
        self.path = path
        self.descriptor = descriptor
        stamp = Stamp(
            device: status.st_dev, inode: status.st_ino, size: Int64(status.st_size), seconds: status.st_mtim.tv_sec,
            nanoseconds: status.st_mtim.tv_nsec, changeSeconds: status.st_ctim.tv_sec, changeNanoseconds: status.st_ctim.tv_nsec)
    }

    deinit {
        close(descriptor)
    }

    /// Fills `buffer` with what stands at `offset`, or fails. Blocks.
    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(Failure) {
        var done = 0
        while done < buffer.count {
            let count = pread(descriptor, buffer.baseAddress?.advanced(by: done), buffer.count - done, off_t(offset) + off_t(done))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Failure(path, count < 0 ? errno : 0, "ends before its length") }
            done += count
        }
    }
}
