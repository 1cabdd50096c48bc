import Glibc

/// An open file of a home; closed when it goes. Every call blocks, so none is made on the cooperative pool.
final class OpenFile: Sendable {
    let path: String
    private let descriptor: Int32

    /// - Parameter flags: of open(2); a file that is made is 0600.
    init(_ path: String, _ flags: Int32) throws(StorageError) {
        self.path = path
        descriptor = open(path, flags | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StorageError.system("cannot open \(path)") }
    }

    deinit {
        close(descriptor)
    }

    func size() throws(StorageError) -> Int64 {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw StorageError.system("cannot read the size of \(path)") }
        return Int64(status.st_size)
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(StorageError) {
        var rest = bytes[...]
        var position = offset
        while !rest.isEmpty {
            let written = pwrite(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count, off_t(position))
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw StorageError.system("cannot write \(path)") }
            rest = rest.dropFirst(written)
            position += Int64(written)
        }
    }

    /// Reads as many bytes as there are, at most the buffer's; zero at the end of the file.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(StorageError) -> Int {
        while true {
            let count = pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
            if count >= 0 { return count }
            guard errno == EINTR else { throw StorageError.system("cannot read \(path)") }
        }
    }

    func truncate(to length: Int64) throws(StorageError) {
        guard ftruncate(descriptor, off_t(length)) == 0 else { throw StorageError.system("cannot shorten \(path)") }
    }

    func sync() throws(StorageError) {
        guard fsync(descriptor) == 0 else { throw StorageError.system("cannot sync \(path)") }
    }

    /// Maps the first `length` bytes for reading; nothing where the file is empty or cannot be mapped.
    func map(length: Int) -> UnsafeRawPointer? {
        guard length > 0, let address = mmap(nil, length, PROT_READ, MAP_SHARED, descriptor, 0), address != MAP_FAILED else { return nil }
        return UnsafeRawPointer(address)
    }

    /// Reads the whole file in pieces of at most a mebibyte.
    static func forEachPiece(of path: String, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let file = try OpenFile(path, O_RDONLY)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        var offset: Int64 = 0
        while true {
            let count = try file.read(into: buffer, at: offset)
            guard count > 0 else { return }
            try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            offset += Int64(count)
        }
    }
}

/// Folders of a home.
enum Folder {
    /// Makes a folder of 0700 where there is none.
    static func make(_ path: String) throws(StorageError) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw StorageError.system("cannot make the folder \(path)") }
    }

    /// Makes names in a folder durable: a new or renamed file is lost with a power cut until this returns.
    static func sync(_ path: String) throws(StorageError) {
        try OpenFile(path, O_RDONLY | O_DIRECTORY).sync()
    }
}

extension StorageError {
    /// The error of the system call that just failed.
    static func system(_ what: String) -> StorageError {
        let code = errno
        let isFull = code == ENOSPC || code == EDQUOT || code == EFBIG
        return StorageError(isFull ? .diskFull : .unavailable, "\(what): \(String(cString: strerror(code)))")
    }
}
