/// Why a use case was not carried out, in words for the administrator. It holds no secret.
public struct EngineError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Code: String, Sendable, Codable {
        /// The request contradicts a rule or what is held; nothing was changed.
        case refused
        /// It could not be done (disk, permissions, a damaged file); nothing was changed.
        case failed
        /// Another process has the home.
        case busy
    }

    public let code: Code
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
