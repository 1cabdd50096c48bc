/// Why a file is not what it was promised to be.
public struct FileMismatch: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Code: Sendable {
        /// It could not be opened or read, is a link, or is no regular file.
        case unreadable
        /// It changed while it was read.
        case changed
        case size
        case sha1
        case sha256
    }

    public let code: Code
    public let path: String
    public let message: String

    init(_ code: Code, _ path: String, _ message: String) {
        self.code = code
        self.path = path
        self.message = message
    }

    public var description: String { "\(path) \(message)" }
}
