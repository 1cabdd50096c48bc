import CoreFoundation
import Glibc
import Storage

/// A file that has no name until it is whole: what is killed before leaves nothing. Blocking.
///
/// Where the file system has no nameless files it bears a name of its own (`.partial`) in the same folder until then.
final class BackupFile {
    private let path: String
    private let folder: String
    private let file: OpenFile
    private let temporary: String?
    private(set) var length: Int64 = 0
    private var isPublished = false

    /// - Parameter isSecret: refuses a file system that cannot keep the file from others.
    init(path: String, isSecret: Bool) throws {
        self.path = path
        folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        guard access(path, F_OK) != 0 else { throw EngineError(.refused, "\(path) exists already; a backup overwrites nothing") }
        // O_TMPFILE, which is no plain number in C.
        if let nameless = try? OpenFile(folder, 0o20000000 | O_DIRECTORY | O_WRONLY) {
            file = nameless
            temporary = nil
        } else {
            let name = "\(path).\(UInt64.random(in: .min ... .max)).partial"
            file = try OpenFile(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW)
            temporary = name
        }
        var status = stat()
        guard fstat(file.descriptor, &status) == 0, !isSecret || status.st_mode & 0o077 == 0 else {
            if let temporary { unlink(temporary) }
            throw EngineError(.refused, "the file system of \(path) cannot keep a file from others: seal the backup with a passphrase")
        }
    }

    deinit {
        if !isPublished, let temporary { unlink(temporary) }
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        do { try file.write(bytes, at: length) } catch { throw EngineError(.failed, "cannot write \(path): \(error)") }
        length += Int64(bytes.count)
    }

    /// Puts the bytes on disk and gives them their name, which nothing else may have taken meanwhile.
    func publish() throws {
        try file.sync()
        let source = temporary ?? "/proc/self/fd/\(file.descriptor)"
        var isNamed = linkat(AT_FDCWD, source, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0
        // A file system without nameless files may be one without second names too.
        if let temporary, !isNamed, errno != EEXIST, access(path, F_OK) != 0 { isNamed = rename(temporary, path) == 0 }
        guard isNamed else { throw EngineError(.failed, "cannot put \(path) in place: \(String(cString: strerror(errno)))") }
        if let temporary { unlink(temporary) }
        isPublished = true
        try Folder.sync(folder)
    }
}
