/// Reads a small UTF-8 document token by token, with bounds: what SOAP bodies need of XML, and no more.
///
/// It makes no tree and, where no reference is to be decoded, no copy: names and texts are slices of the document. Namespaces are told apart by
/// URI. A document type declaration, a processing instruction (but the XML declaration), an entity that XML does not predefine, and a name
/// with other than ASCII characters are refused; so is every document that is not well-formed or not namespace-well-formed, as far as it is read.
public struct RequestTokenizer: Sendable {
    public enum Token: Hashable, Sendable {
        /// ``localName``, ``namespace`` and the attributes are those of the element that starts; ``depth`` counts it.
        case start
        /// ``text`` is decoded. The text of one element may come in several tokens.
        case text
        /// ``depth`` no longer counts the element that ended.
        case end
        /// Nothing follows; asking again gives the same.
        case endOfDocument
    }

    /// Elements open now.
    public internal(set) var depth = 0
    /// The name of the element last started, without its prefix.
    public internal(set) var localName: ArraySlice<UInt8> = []
    /// The namespace of the element last started; empty where it has none.
    public internal(set) var namespaceURI: ArraySlice<UInt8> = []
    /// Its position among the namespaces given; nothing for another or none.
    public internal(set) var namespace: Int?
    /// The text last read.
    public internal(set) var text: ArraySlice<UInt8> = []
    /// Where the tag of the element last started begins, in bytes.
    public internal(set) var tagOffset = 0
    /// How far the document was read, in bytes.
    public var byteOffset: Int { position }

    let document: [UInt8]
    let limits: XMLLimits
    let knownNamespaces: [[UInt8]]
    var position = 0
    var attributes: [Attribute] = []
    var bindings: [Binding] = []
    var openElements: [OpenElement] = []
    /// The element last started was an empty-element tag, whose end is still to be told.
    var isEndPending = false
    /// Bytes of text since the last tag.
    var textLength = 0
    private var phase = Phase.start
    private var failure: RequestXMLError?

    struct Attribute: Sendable {
        let name: QualifiedName
        let value: ArraySlice<UInt8>
        let offset: Int
    }

    /// A namespace declaration in force.
    struct Binding: Sendable {
        let prefix: ArraySlice<UInt8>
        let uri: ArraySlice<UInt8>
        let known: Int?
    }

    struct OpenElement: Sendable {
        let name: ArraySlice<UInt8>
        /// How many bindings were in force outside of it.
        let outerBindings: Int
    }

    struct QualifiedName: Sendable {
        let full: ArraySlice<UInt8>
        let prefix: ArraySlice<UInt8>
        let local: ArraySlice<UInt8>
    }

    private enum Phase {
        case start
        case inside
        case after
    }

    /// Nothing is read yet. `namespaces` are the URIs the caller tells apart (``namespace``), in UTF-8.
    public init(_ document: [UInt8], namespaces: [[UInt8]] = [], limits: XMLLimits = .requests) {
        self.document = document
        self.limits = limits
        knownNamespaces = namespaces
    }

    /// The next token. An error is final: asking again throws the same.
    public mutating func next() throws(RequestXMLError) -> Token {
        if let failure { throw failure }
        do throws(RequestXMLError) {
            return try advance()
        } catch {
            failure = error
            throw error
        }
    }

    /// The value of an attribute of the element last started; `namespace` is a position among those given, nothing for an unprefixed attribute.
    public func attribute(_ name: StaticString, namespace: Int? = nil) -> ArraySlice<UInt8>? {
        attributes.first {
            guard RequestValue.isEqual($0.name.local, name) else { return false }
            if $0.name.prefix.isEmpty { return namespace == nil }
            return namespace != nil && binding(of: $0.name.prefix)?.known == namespace
        }?.value
    }

    private mutating func advance() throws(RequestXMLError) -> Token {
        switch phase {
        case .start:
            try prologue()
            phase = .inside
            try startTag()
            return .start
        case .inside:
            if isEndPending {
                isEndPending = false
                return closeElement()
            }
            return try content()
        case .after:
            try miscellany()
            if position == document.count { return .endOfDocument }
            throw error(.malformed)
        }
    }

    private mutating func content() throws(RequestXMLError) -> Token {
        while true {
            guard position < document.count else { throw error(.unexpectedEnd) }
            guard document[position] == UInt8(ascii: "<") else { return try characterData() }
            switch try byte(at: position + 1) {
            case UInt8(ascii: "/"):
                try endTag()
                return closeElement()
            case UInt8(ascii: "!"):
                if try byte(at: position + 2) == UInt8(ascii: "[") { return try characterDataSection() }
                try comment()
            case UInt8(ascii: "?"):
                throw error(.processingInstruction)
            default:
                try startTag()
                return .start
            }
        }
    }

    private mutating func closeElement() -> Token {
        let element = openElements.removeLast()
        bindings.removeLast(bindings.count - element.outerBindings)
        depth -= 1
        textLength = 0
        if depth == 0 { phase = .after }
        return .end
    }

    private mutating func prologue() throws(RequestXMLError) {
        guard document.count <= limits.document else { throw RequestXMLError(.documentTooLong, at: limits.document) }
        if document.starts(with: [0xef, 0xbb, 0xbf]) {
            position = 3
        } else if document.starts(with: [0xfe, 0xff]) || document.starts(with: [0xff, 0xfe]) || document.prefix(2).contains(0) {
            throw error(.encoding)
        }
        if document[position...].starts(with: "<?xml".utf8), position + 5 < document.count, RequestValue.isWhiteSpace(document[position + 5]) {
            try declaration()
        }
        try miscellany()
        guard position < document.count else { throw error(.unexpectedEnd) }
        guard document[position] == UInt8(ascii: "<") else { throw error(.malformed) }
    }

    /// Comments and white space outside the root.
    private mutating func miscellany() throws(RequestXMLError) {
        while true {
            skipWhiteSpace()
            guard position < document.count, document[position] == UInt8(ascii: "<") else { return }
            switch try byte(at: position + 1) {
            case UInt8(ascii: "!"): try comment()
            case UInt8(ascii: "?"): throw error(.processingInstruction)
            default: return
            }
        }
    }

    func error(_ code: RequestXMLError.Code) -> RequestXMLError { RequestXMLError(code, at: position) }

    func byte(at offset: Int) throws(RequestXMLError) -> UInt8 {
        guard offset < document.count else { throw RequestXMLError(.unexpectedEnd, at: document.count) }
        return document[offset]
    }

    mutating func skipWhiteSpace() {
        while position < document.count, RequestValue.isWhiteSpace(document[position]) { position += 1 }
    }

    /// Steps over `expected`, or throws.
    mutating func take(_ expected: StaticString) throws(RequestXMLError) {
        let found = document[position...].prefix(expected.utf8CodeUnitCount)
        guard RequestValue.isEqual(found, expected) else {
            let isCut = position + found.count == document.count && expected.withUTF8Buffer { $0.starts(with: found) }
            throw error(isCut ? .unexpectedEnd : .malformed)
        }
        position += found.count
    }
}

extension XMLLimits {
    /// For what a device reads from its server: a Core fragment can have 47 MB, a page some more (observed.md section 10).
    public static let responses = XMLLimits(depth: 32, attributes: 32, text: 64 << 20, document: 256 << 20)
}
