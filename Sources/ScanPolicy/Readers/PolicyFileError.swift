/// Why a file of an administrator was refused: which file, at which byte, and what was expected there.
///
/// A file is read whole or refused: nothing is guessed, and nothing is taken from a file that is broken further down.
public struct PolicyFileError: Error, Hashable, Sendable {
    public enum Code: String, Hashable, Sendable, CaseIterable {
        /// Nothing that any reader knows.
        case unknownFormat
        /// Not what the format asks for at this place.
        case syntax
        /// The file ends within something.
        case truncated
        /// A length or size that does not fit what it counts.
        case length
        /// Bytes that are no text in the encoding of the file.
        case encoding
        /// Well-formed, and of a version, type or language that is not read.
        case unsupported
        /// A value that means nothing for the setting it is of.
        case value
        /// Two places that say different things of one device.
        case contradiction
        /// A limit of ``PolicyFileLimits``.
        case tooLarge
        /// Not a file that may be opened, or one that cannot be read.
        case unreadable
    }

    public let code: Code
    /// The file as the administrator named it.
    public let file: String
    /// Bytes before the fault, in the file's own encoding.
    public let byteOffset: Int
    /// What was expected, in words that go on after "expected". Holds names and addresses of the file, never binary data.
    public let expected: String

    public init(_ code: Code, file: String, at byteOffset: Int, expected: String) {
        self.code = code
        self.file = file
        self.byteOffset = byteOffset
        self.expected = expected
    }
}

extension PolicyFileError: CustomStringConvertible {
    public var description: String { "\(file): byte \(byteOffset): expected \(expected)" }
}
