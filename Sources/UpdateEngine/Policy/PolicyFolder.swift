import CoreFoundation
import Glibc
import ScanPolicy

/// What stands at a path, seen without opening it and without following a link.
struct PolicyEntry {
    enum Kind { case file, folder }

    let name: String
    let kind: Kind

    init(path: String) throws(PolicyFileError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw Self.failure(path) }
        name = path
        kind = try Self.kind(of: status, path)
    }

    fileprivate init(name: String, in folder: Int32, _ path: String) throws(PolicyFileError) {
        var status = stat()
        guard fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { throw Self.failure(path) }
        self.name = name
        kind = try Self.kind(of: status, path)
    }

    private static func kind(of status: stat, _ path: String) throws(PolicyFileError) -> Kind {
        let found: String
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file
        case S_IFDIR: return .folder
        case S_IFLNK: found = "a link"
        case S_IFIFO: found = "a FIFO"
        case S_IFSOCK: found = "a socket"
        default: found = "a device"
        }
        throw PolicyFileError(.unreadable, file: path, at: 0, expected: "a file or a folder, not \(found)")
    }

    static func failure(_ path: String) -> PolicyFileError {
        PolicyFileError(.unreadable, file: path, at: 0, expected: "a file or folder that can be read (\(String(cString: strerror(errno))))")
    }
}

/// An open folder and what is in it, by name.
final class PolicyFolder {
    let path: String
    private(set) var entries: [PolicyEntry] = []
    fileprivate let descriptor: Int32

    init(path: String, limits: PolicyFileLimits) throws(PolicyFileError) {
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw PolicyEntry.failure(path) }
        entries = try Self.names(descriptor, self.path, limits: limits).map { name throws(PolicyFileError) in
            try PolicyEntry(name: name, in: descriptor, "\(self.path)/\(name)")
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    private static func names(_ descriptor: Int32, _ path: String, limits: PolicyFileLimits) throws(PolicyFileError) -> [String] {
        // The stream closes what it is given, and the folder stays open.
        let copy = dup(descriptor)
        guard copy >= 0, let stream = fdopendir(copy) else {
            if copy >= 0 { close(copy) }
            throw PolicyEntry.failure(path)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let bytes = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if bytes.first == UInt8(ascii: ".") { continue }
            guard let name = String(validating: bytes, as: UTF8.self) else {
                throw PolicyFileError(.unreadable, file: path, at: 0, expected: "names in UTF-8 in this folder")
            }
            if names.count >= limits.folder {
                throw PolicyFileError(.tooLarge, file: path, at: 0, expected: "at most \(limits.folder) entries in a folder")
            }
            names.append(name)
        }
        return names.sorted()
    }
}

/// An open regular file. One that became something else between the look and the opening is refused, and no FIFO can make the opening wait.
final class PolicyFileDescriptor {
    let path: String
    private let descriptor: Int32

    init(_ name: String, in folder: PolicyFolder?) throws(PolicyFileError) {
        let path = folder.map { "\($0.path)/\(name)" } ?? name
        self.path = path
        let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
        let descriptor = folder.map { openat($0.descriptor, name, flags) } ?? open(name, flags)
        self.descriptor = descriptor
        guard descriptor >= 0 else { throw PolicyEntry.failure(path) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw PolicyFileError(.unreadable, file: path, at: 0, expected: "a regular file")
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// The whole file, and not a byte more than the limit: a file that grows is refused like one that is too large.
    func readAll(limit: Int) throws(PolicyFileError) -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let piece = try read(min(1 << 20, limit + 1 - bytes.count))
            if piece.isEmpty { return bytes }
            bytes += piece
            if bytes.count > limit { throw PolicyFileError(.tooLarge, file: path, at: limit, expected: "a file of at most \(limit) bytes") }
        }
    }

    /// Up to `count` bytes on from the last; empty at the end.
    func read(_ count: Int) throws(PolicyFileError) -> [UInt8] {
        var failed = false
        let piece = [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
            var found = Glibc.read(descriptor, buffer.baseAddress, count)
            while found < 0, errno == EINTR { found = Glibc.read(descriptor, buffer.baseAddress, count) }
            failed = found < 0
            used = max(0, found)
        }
        if failed { throw PolicyEntry.failure(path) }
        return piece
    }
}

/// The lines of a file, one at a time and never more of one than the limit and a byte.
struct PolicyLines {
    struct Line {
        let bytes: [UInt8]
        /// From 1.
        let number: Int
        let byteOffset: Int
        let isTooLong: Bool
    }

    private let file: PolicyFileDescriptor
    private let limit: Int
    private var buffer: [UInt8] = []
    private var position = 0
    /// Where `buffer` begins in the file.
    private var base = 0
    private var number = 0
    private var isAtEnd = false

    init(file: PolicyFileDescriptor, limit: Int) {
        self.file = file
        self.limit = limit
    }

    mutating func next() throws(PolicyFileError) -> Line? {
        var bytes: [UInt8] = []
        var start = base + position
        var isBegun = false
        var isTooLong = false
        while true {
            if position == buffer.count {
                if isAtEnd { break }
                base += buffer.count
                buffer = try file.read(1 << 18)
                position = 0
                isAtEnd = buffer.isEmpty
                continue
            }
            if !isBegun { start = base + position }
            isBegun = true
            let end = buffer[position...].firstIndex(of: UInt8(ascii: "\n"))
            let piece = buffer[position..<(end ?? buffer.count)]
            if bytes.count + piece.count > limit { isTooLong = true }
            bytes += piece.prefix(max(0, limit + 1 - bytes.count))
            position = end.map { $0 + 1 } ?? buffer.count
            if end != nil { break }
        }
        guard isBegun else { return nil }
        number += 1
        return Line(bytes: bytes, number: number, byteOffset: start, isTooLong: isTooLong)
    }
}
