/// Why XML was refused, and at which byte of the input.
public struct XMLError: Error, Hashable, Sendable {
    public enum Code: String, Hashable, Sendable, CaseIterable {
        /// Not well-formed.
        case syntax
        /// The input ended within an element, or held none.
        case truncated
        /// Bytes that are not UTF-8 or UTF-16, or a declaration that names another encoding.
        case encoding
        /// A document type declaration; there is no use for one, and entities come with it.
        case documentType
        /// A reference to an entity other than the five predefined ones.
        case entity
        /// Two attributes of one name on an element.
        case duplicateAttribute
        /// A prefix without a declaration, or a name or declaration that Namespaces in XML does not allow.
        case namespace
        /// ``XMLLimits/depth``
        case tooDeep
        /// ``XMLLimits/attributes``, or too many namespace declarations in force.
        case tooManyAttributes
        /// ``XMLLimits/text``
        case textTooLong
        /// ``XMLLimits/document``
        case documentTooLarge
        case outOfMemory
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
}

extension XMLError: CustomStringConvertible {
    public var description: String { "byte \(byteOffset): \(message)" }
}
