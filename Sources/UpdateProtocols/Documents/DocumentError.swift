public import XMLStream

/// Why an update document or fragment was refused, and at which byte.
public struct DocumentError: Error, Hashable, Sendable {
    public enum Code: Hashable, Sendable {
        /// It is not XML that is accepted.
        case xml(XMLError.Code)
        /// The outermost element is not `Update` of the Update namespace.
        case wrongRoot
        /// An element or attribute that must be there is not.
        case missing
        /// An element that stands once stands twice.
        case repeated
        /// A value that is not of its type.
        case invalidValue
        /// Two attributes of an element have one name once their prefixes are dropped, as fragments have it.
        case ambiguousAttribute
        /// A fragment would be larger than ``XMLLimits/document``.
        case tooLarge
    }

    public let code: Code
    /// Bytes before the fault, in the input's own encoding.
    public let byteOffset: Int
    /// What is wrong, in words; holds nothing of the input.
    public let message: String

    public init(_ code: Code, at byteOffset: Int, _ message: String) {
        self.code = code
        self.byteOffset = byteOffset
        self.message = message
    }

    init(_ error: XMLError) {
        self.init(.xml(error.code), at: error.byteOffset, error.message)
    }
}

extension DocumentError: CustomStringConvertible {
    public var description: String { "byte \(byteOffset): \(message)" }
}
