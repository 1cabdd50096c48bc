import CoreFoundation
import Glibc

/// The files that the paths of an import name.
struct ImportFolder {
    /// `*.xml`, each folder's in order of name.
    var documents: [String] = []
    /// All others.
    var payloads: [String] = []
    /// What is there and cannot be read, each with its reason.
    var unreadable: [ImportReport.Problem] = []

    var isEmpty: Bool { documents.isEmpty && payloads.isEmpty && unreadable.isEmpty }

    private static let depthLimit = 64

    /// Folders are searched to their depth; links in them are not followed, and hidden files are left out. Blocking.
    static func files(beneath paths: [String]) throws(EngineError) -> ImportFolder {
        var found = ImportFolder()
        for path in paths {
            guard !path.isEmpty else { throw EngineError(.refused, "a path is empty") }
            // The path itself may be a link: it was named.
            guard let kind = Kind(path, followsLinks: true) else { throw EngineError(.refused, "\(path): no such file or folder") }
            switch kind {
            case .file: found.add(path)
            case .folder: found.search(path, depth: 0)
            case .other: throw EngineError(.refused, "\(path) is neither a file nor a folder")
            }
        }
        return found
    }

    private enum Kind {
        case file
        case folder
        case other

        init?(_ path: String, followsLinks: Bool) {
            var status = stat()
            guard (followsLinks ? stat(path, &status) : lstat(path, &status)) == 0 else { return nil }
            switch status.st_mode & S_IFMT {
            case S_IFREG: self = .file
            case S_IFDIR: self = .folder
            default: self = .other
            }
        }
    }

    private mutating func add(_ path: String) {
        if path.lowercased().hasSuffix(".xml") { documents.append(path) } else { payloads.append(path) }
    }

    private mutating func search(_ folder: String, depth: Int) {
        guard depth < Self.depthLimit else {
            unreadable.append(.init(path: folder, message: "\(folder): folders lie too deep in one another"))
            return
        }
        guard let stream = opendir(folder) else {
            unreadable.append(.init(path: folder, message: "\(folder): \(String(cString: strerror(errno)))"))
            return
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let bytes = withUnsafeBytes(of: entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            guard bytes.first != UInt8(ascii: ".") else { continue }
            guard let name = String(validating: bytes, as: UTF8.self) else {
                let shown = "\(folder)/\(String(decoding: bytes, as: UTF8.self))"
                unreadable.append(.init(path: shown, message: "\(shown): its name is not UTF-8; rename it"))
                continue
            }
            names.append(name)
        }
        for name in names.sorted() {
            let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
            switch Kind(path, followsLinks: false) {
            case .file: add(path)
            case .folder: search(path, depth: depth + 1)
            case .other, nil: break
            }
        }
    }
}
