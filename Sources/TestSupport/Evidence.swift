public import Foundation

/// Real captures and documents, which are not ours to copy: tests that read them are skipped where the folder is absent.
public enum Evidence {
    /// `MARTLET_EVIDENCE`, else `../shared/data` beside the package; nothing where neither is a folder.
    public static let folder: URL? = {
        let candidates =
            ProcessInfo.processInfo.environment["MARTLET_EVIDENCE"].map { [URL(filePath: $0)] }
            ?? [packageRoot.deletingLastPathComponent().appending(path: "shared/data")]
        return candidates.first { (try? $0.resourceValues(forKeys: [.isDirectoryKey]).isDirectory) == true }
    }()

    /// The folder of Package.swift.
    public static let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Why an evidence test is skipped.
    public static let absence = "the folder of captures is not beside the package (set MARTLET_EVIDENCE)"

    public static var isPresent: Bool { folder != nil }

    /// The bytes of a file of the folder.
    public static func bytes(_ path: String) throws -> [UInt8] {
        guard let folder else { throw CocoaError(.fileNoSuchFile) }
        return Array(try Data(contentsOf: folder.appending(path: path)))
    }

    /// The files beneath a folder of the folder, by path.
    public static func files(in path: String) throws -> [String] {
        guard let folder else { return [] }
        let base = folder.appending(path: path)
        let found = FileManager.default.enumerator(at: base, includingPropertiesForKeys: [.isRegularFileKey])
        return (found?.compactMap { $0 as? URL } ?? [])
            .filter { (try? $0.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile) == true }
            .map { path + $0.standardizedFileURL.path().dropFirst(base.standardizedFileURL.path().count) }
            .sorted()
    }
}
