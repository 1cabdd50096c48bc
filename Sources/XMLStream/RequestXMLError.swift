/// Why ``RequestTokenizer`` refused a document, and where.
public struct RequestXMLError: Error, Hashable, Sendable {
    public let code: Code
    /// Bytes from the start of the document.
    public let byteOffset: Int

    public init(_ code: Code, at byteOffset: Int) {
        self.code = code
        self.byteOffset = byteOffset
    }

    public enum Code: String, Sendable, CaseIterable {
        /// Other than UTF-8, by its first bytes or by its declaration.
        case encoding = "not UTF-8"
        case unexpectedEnd = "unexpected end"
        case malformed = "not well-formed"
        /// A byte sequence that is no UTF-8, or a character XML forbids.
        case character = "forbidden character"
        case documentType = "document type declaration"
        case processingInstruction = "processing instruction"
        case unknownEntity = "unknown entity"
        case unboundPrefix = "undeclared namespace prefix"
        case namespaceDeclaration = "forbidden namespace declaration"
        case mismatchedTag = "mismatched tag"
        case duplicateAttribute = "duplicate attribute"
        case tooDeep = "too many nested elements"
        case tooManyAttributes = "too many attributes"
        /// Beyond those that one element may declare, in force at once: every name is looked up among them.
        case tooManyNamespaces = "too many namespace declarations"
        case textTooLong = "text too long"
        case documentTooLong = "document too long"
    }
}

extension RequestXMLError: CustomStringConvertible {
    /// What and where, nothing of the document itself.
    public var description: String { "\(code.rawValue) at byte \(byteOffset)" }
}
