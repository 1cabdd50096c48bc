import Foundation

/// A folder for one test, removed when it goes.
public final class TemporaryFolder: Sendable {
    public let path: String

    /// Short, so that a Unix socket fits beneath it.
    public init() throws {
        var template = Array("\(FileManager.default.temporaryDirectory.path())/m-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw CocoaError(.fileWriteUnknown) }
        path = String(cString: made)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Writes a file beneath the folder and gives its path.
    @discardableResult
    public func write(_ bytes: [UInt8], to name: String) throws -> String {
        let file = URL(filePath: path).appending(path: name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
        return file.path(percentEncoded: false)
    }
}
