import Foundation
import Glibc
import UpdateEngine

/// Files of a result, written into a folder: all or none, and none over another unless that was asked for.
enum NewFiles {
    /// - Returns: the names that were there before.
    static func write(_ files: [(name: String, bytes: [UInt8])], into folder: String, replacing: Bool) throws -> [String] {
        if mkdir(folder, 0o755) != 0, errno != EEXIST { throw failure("make", folder) }
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", folder) }
        defer { close(descriptor) }
        let present = files.map(\.name).filter { faccessat(descriptor, $0, F_OK, AT_SYMLINK_NOFOLLOW) == 0 }
        if !present.isEmpty, !replacing {
            throw EngineError(.refused, "\(folder) already has \(present.joined(separator: ", ")): nothing was written (--force writes over them)")
        }
        for (name, bytes) in files {
            // Under another name first, so that a disk that is full leaves what was there.
            let temporary = ".\(name).new"
            unlinkat(descriptor, temporary, 0)
            let file = openat(descriptor, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
            guard file >= 0 else { throw failure("write", "\(folder)/\(name)") }
            do {
                try FileHandle(fileDescriptor: file, closeOnDealloc: true).write(contentsOf: bytes)
            } catch {
                unlinkat(descriptor, temporary, 0)
                throw EngineError(.failed, "cannot write \(folder)/\(name): \(error.localizedDescription)")
            }
            guard renameat(descriptor, temporary, descriptor, name) == 0 else {
                let error = failure("write", "\(folder)/\(name)")
                unlinkat(descriptor, temporary, 0)
                throw error
            }
        }
        return present
    }

    private static func failure(_ verb: String, _ path: String) -> EngineError {
        EngineError(.failed, "cannot \(verb) \(path): \(String(cString: strerror(errno)))")
    }
}

/// One file of a result in a folder that is there; whether it can be written is known before the result is.
struct NewPage {
    let path: String
    private let replacing: Bool

    /// - Throws: where the folder is not there or not writable, or something bears the name already and is not to be replaced, or is no file.
    init(_ path: String, replacing: Bool) throws {
        self.path = path
        self.replacing = replacing
        let (folder, name) = (parts.folder, parts.name)
        guard !name.isEmpty, name != ".", name != ".." else { throw EngineError(.refused, "\(path) names no file") }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
            throw EngineError(.refused, "\(path) cannot be written: there is no folder \(folder)")
        }
        guard access(folder, W_OK | X_OK) == 0 else { throw EngineError(.refused, "\(path) cannot be written: \(String(cString: strerror(errno)))") }
        guard faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0 else { return }
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue, !path.hasPrefix("/dev/") else {
            throw EngineError(.refused, "\(path) is there and no plain file: nothing was done")
        }
        guard replacing else { throw EngineError(.refused, "\(path) is there already: nothing was done (--force writes over it)") }
    }

    private var parts: (folder: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        return (slash == path.startIndex ? "/" : String(path[..<slash]), String(path[path.index(after: slash)...]))
    }

    func write(_ bytes: [UInt8]) throws {
        let (folder, name) = parts
        _ = try NewFiles.write([(name, bytes)], into: folder, replacing: replacing)
    }
}
