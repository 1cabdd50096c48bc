/// Why keys, certificates or names were refused or could not be made. It holds no secret.
public struct TrustError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Code: Sendable {
        /// Not a host name or an address.
        case invalidName
        /// The CA may not vouch for this name: a new CA is needed.
        case nameNotPermitted
        /// A file that must not be there is.
        case exists
        /// A file is not there.
        case missing
        /// A file of keys that others could read or change, or that belongs to another user.
        case unsafeFile
        /// The operating system refused to read or write.
        case file
        /// A file does not hold what it should.
        case malformed
        /// A certificate or key could not be made, or does not fit.
        case certificate
        /// Devices have pins, and would refuse it.
        case pinned
    }

    public let code: Code
    /// For the administrator; names the file or the name it is about.
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}

/// A text from outside as it may stand in a message: at most 80 characters, all but printable ASCII escaped.
func quoted(_ text: some StringProtocol) -> String {
    var shown = "\""
    for scalar in text.unicodeScalars.prefix(80) {
        let isPlain = (0x20...0x7e).contains(scalar.value) && scalar != "\"" && scalar != "\\"
        shown += isPlain ? String(scalar) : "\\u{\(String(scalar.value, radix: 16))}"
    }
    return shown + (text.unicodeScalars.dropFirst(80).isEmpty ? "\"" : "...\"")
}
