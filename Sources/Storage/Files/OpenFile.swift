import CoreFoundation
import Foundation
import Glibc

/// An open file of a home; closed when it goes. Every call blocks, so none is made on the cooperative pool.
package final class OpenFile: Sendable {
    package let path: String
    package let descriptor: Int32

    /// - Parameter flags: of open(2); a file that is made is 0600.
    package init(_ path: String, _ flags: Int32) throws(StorageError) {
        self.path = path
        descriptor = open(path, flags | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StorageError.system("cannot open \(path)") }
    }

    deinit {
        close(descriptor)
    }

    package func size() throws(StorageError) -> Int64 {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw StorageError.system("cannot read the size of \(path)") }
        return Int64(status.st_size)
    }

    package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(StorageError) {
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
    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(StorageError) -> Int {
        while true {
            let count = pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
            if count >= 0 { return count }
            guard errno == EINTR else { throw StorageError.system("cannot read \(path)") }
        }
    }

    package func truncate(to length: Int64) throws(StorageError) {
        guard ftruncate(descriptor, off_t(length)) == 0 else { throw StorageError.system("cannot shorten \(path)") }
    }

    package func sync() throws(StorageError) {
        guard fsync(descriptor) == 0 else { throw StorageError.system("cannot sync \(path)") }
    }

    /// Maps the first `length` bytes for reading; nothing where the file is empty or cannot be mapped.
    func map(length: Int) -> UnsafeRawPointer? {
        guard length > 0, let address = mmap(nil, length, PROT_READ, MAP_SHARED, descriptor, 0), address != MAP_FAILED else { return nil }
        return UnsafeRawPointer(address)
    }

    /// Reads the first `length` bytes in pieces of at most a mebibyte, each with where it begins; fewer where the file is shorter.
    package func forEachPiece(length: Int64, _ body: (Int64, UnsafeRawBufferPointer) throws -> Void) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        var offset: Int64 = 0
        while offset < length {
            let wanted = Int(min(Int64(buffer.count), length - offset))
            let count = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]), at: offset)
            guard count > 0 else { return }
            try body(offset, UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            offset += Int64(count)
        }
    }

    /// Reads the whole file in pieces of at most a mebibyte.
    package static func forEachPiece(of path: String, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        try OpenFile(path, O_RDONLY).forEachPiece(length: .max) { try body($1) }
    }
}

/// Folders of a home.
package enum Folder {
    /// Makes a folder of 0700 where there is none.
    package static func make(_ path: String) throws(StorageError) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw StorageError.system("cannot make the folder \(path)") }
    }

    /// Makes names in a folder durable: a new or renamed file is lost with a power cut until this returns.
    package static func sync(_ path: String) throws(StorageError) {
        try OpenFile(path, O_RDONLY | O_DIRECTORY).sync()
    }

    /// As ``sync(_:)``, of a folder and of every folder in it.
    package static func syncAll(beneath path: String) throws {
        for name in FileManager.default.subpaths(atPath: path) ?? [] {
            var isFolder: ObjCBool = false
            if FileManager.default.fileExists(atPath: "\(path)/\(name)", isDirectory: &isFolder), isFolder.boolValue { try sync("\(path)/\(name)") }
        }
        try sync(path)
    }
}

extension StorageError {
    /// The error of the system call that just failed.
    package static func system(_ what: String) -> StorageError {
        let code = errno
        let isFull = code == ENOSPC || code == EDQUOT || code == EFBIG
        return StorageError(isFull ? .diskFull : .unavailable, "\(what): \(String(cString: strerror(code)))")
    }
}
