import CoreFoundation
import Foundation
import Glibc
import TrustedTransport
import UpdateProtocols
import Updates

/// An open file that cabinets are read from, or decompressed to. Every call blocks.
final class CabinetFile: Sendable {
    /// What a person may be told; nothing is opened by it again.
    let path: String
    private let descriptor: Int32

    private init(_ path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Opens a regular file for reading.
    convenience init(path: String) throws(EngineError) {
        // Without O_NONBLOCK a pipe in the file's place would wait for ever.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw EngineError(.failed, "\(path): \(Self.reason)") }
        self.init(path, descriptor: descriptor)
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw EngineError(.refused, "\(path) is not a file") }
    }

    /// A file of 0600 without a name: it is gone when it is closed, however the process ends.
    static func temporary(in folder: String) throws(EngineError) -> CabinetFile {
        let path = "\(folder)/decompressed-\(UUID().uuidString.lowercased())"
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw EngineError(.failed, "cannot make a temporary file in \(folder): \(reason)") }
        let file = CabinetFile(folder, descriptor: descriptor)
        guard unlink(path) == 0 else { throw EngineError(.failed, "cannot remove \(path): \(reason)") }
        return file
    }

    private static var reason: String { String(cString: strerror(errno)) }

    /// The verdict on the signature of what is read through this very file.
    func signature(_ trust: SigningTrust, at now: Timestamp) -> SignatureVerdict {
        SignatureVerifier.verify(descriptor: descriptor, trust: trust, at: now)
    }

    func size() throws(EngineError) -> Int64 {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw EngineError(.failed, "\(path): \(Self.reason)") }
        return Int64(status.st_size)
    }

    /// Reads as many bytes as there are, at most the buffer's.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(EngineError) -> Int {
        var done = 0
        while done < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            let count = pread(descriptor, rest.baseAddress, rest.count, off_t(offset) + off_t(done))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw EngineError(.failed, "\(path) cannot be read: \(Self.reason)") }
            if count == 0 { break }
            done += count
        }
        return done
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(EngineError) {
        var done = 0
        while done < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
            let count = pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset) + off_t(done))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw EngineError(.failed, "cannot write a temporary file in \(path): \(Self.reason)") }
            done += count
        }
    }
}

/// A cabinet in a file, or in a part of one.
struct CabinetPart: CabinetSource, Sendable {
    let file: CabinetFile
    let offset: Int64
    let size: Int64

    init(_ file: CabinetFile, offset: Int64, size: Int64) {
        self.file = file
        self.offset = offset
        self.size = size
    }

    init(_ file: CabinetFile) throws(EngineError) {
        self.init(file, offset: 0, size: try file.size())
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at position: Int64) throws -> Int {
        guard position < size else { return 0 }
        let count = min(Int64(buffer.count), size - position)
        return try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(count)]), at: offset + position)
    }
}
