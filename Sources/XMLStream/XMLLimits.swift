/// How much XML is read before it is refused.
public struct XMLLimits: Hashable, Sendable {
    /// Elements within elements, the outermost being 1.
    public var depth: Int
    /// Attributes of one element, namespace declarations among them.
    public var attributes: Int
    /// Bytes of one attribute's value, or of the text between two tags, in UTF-8 with references resolved.
    public var text: Int
    /// Bytes of the whole input, as encoded; and of what is written from it.
    public var document: Int

    public init(depth: Int, attributes: Int, text: Int, document: Int) {
        self.depth = depth
        self.attributes = attributes
        self.text = text
        self.document = document
    }

    /// For update documents and fragments: the largest seen is one manifest of 47 MB (observed.md section 10).
    public static let documents = XMLLimits(depth: 64, attributes: 64, text: 64 << 20, document: 128 << 20)

    /// For what devices send.
    public static let requests = XMLLimits(depth: 32, attributes: 32, text: 1 << 20, document: 4 << 20)

    /// Namespace declarations in force at one place: what a prefix is looked up in.
    var declarations: Int { 4 * attributes }
}
