import Updates
import XMLStream

/// Writes the text of one fragment from the elements of a document, or of another fragment (ADR 0002).
struct FragmentWriter {
    enum Form {
        /// From a document: prefixes go, the rule namespaces become `b.`, `m.` and `d.`, foreign ones a default declaration.
        case derived
        /// From a fragment: names and declarations stay as they are.
        case same
    }

    private let form: Form
    private var writer: XMLWriter
    private var bytes = ChunkedBytes()
    private var levels: [Level] = []
    /// White space at the start of a text of which nothing else was seen yet.
    private var space: [UInt8] = []
    private var isInText = false

    private struct Level {
        /// The default namespace that the fragment declares here.
        let namespace: String
        let keepsSpace: Bool
    }

    private static let drainSize = 64 << 10

    init(_ form: Form, limits: XMLLimits) {
        self.form = form
        writer = XMLWriter(limit: limits.document)
    }

    /// Elements started and not ended.
    var depth: Int { levels.count }

    mutating func start(_ element: XMLStartElement) throws(DocumentError) {
        endText()
        switch form {
        case .derived: try startDerived(element)
        case .same:
            writer.start(element.name.raw)
            for attribute in element.attributes { writer.attribute(attribute.name.raw, attribute.value) }
            levels.append(Level(namespace: "", keepsSpace: keepsSpace(element)))
        }
        try drain(at: element.byteOffset)
    }

    /// Starts an element under a name of its own, with some of its attributes.
    mutating func start(_ name: StaticString, _ attributes: [XMLAttribute], of element: XMLStartElement) throws(DocumentError) {
        endText()
        try checkNames(attributes, of: element)
        writer.start(name)
        for attribute in attributes { writer.attribute(fragmentName(attribute.name), attribute.value) }
        levels.append(Level(namespace: "", keepsSpace: keepsSpace(element)))
        try drain(at: element.byteOffset)
    }

    mutating func text(_ text: XMLText) throws(DocumentError) {
        let isKept = isInText || text.isCDATA || levels.last?.keepsSpace == true || !text.isWhiteSpace
        if !isKept {
            space.append(contentsOf: text.bytes)
            return
        }
        isInText = true
        if !space.isEmpty {
            space.withUnsafeBytes { writer.text($0) }
            space.removeAll(keepingCapacity: space.capacity <= Self.drainSize)
        }
        writer.text(text.bytes)
        try drain(at: text.byteOffset)
    }

    /// - Parameter short: an element with nothing in it becomes `<a />`, else `<a></a>`.
    mutating func end(short: Bool, at byteOffset: Int) throws(DocumentError) {
        endText()
        levels.removeLast()
        writer.end(short: short)
        try drain(at: byteOffset)
    }

    /// All that was written.
    consuming func finish() -> ChunkedBytes {
        writer.drain { bytes.append(contentsOf: $0) }
        return bytes
    }

    /// White space between tags is for people to read by; a real server's documents have none.
    private mutating func endText() {
        space.removeAll(keepingCapacity: space.capacity <= Self.drainSize)
        isInText = false
    }

    private mutating func startDerived(_ element: XMLStartElement) throws(DocumentError) {
        try checkNames(element.attributes, of: element)
        let namespace = element.name.namespace
        let outer = levels.last?.namespace ?? ""
        // An element of the update schemas is in no namespace in a fragment, and says nothing about it even within a foreign one.
        let needsDeclaration = !DocumentNamespaces.isOwn(namespace) && !element.name.prefix.isEqual(to: "xml")
        var inner = outer
        writer.start(fragmentName(element.name), prefix: DocumentNamespaces.fragmentPrefix(namespace))
        for attribute in element.attributes {
            if !attribute.isDeclaration {
                writer.attribute(fragmentName(attribute.name), attribute.value)
            } else if attribute.isDefaultDeclaration, needsDeclaration, attribute.text == namespace, !(namespace.isEmpty && outer.isEmpty) {
                // It stays where it stood: manifests have it first, MsiPatch last.
                writer.attribute(attribute.name.raw, attribute.value)
                inner = namespace
            }
        }
        if needsDeclaration, namespace != inner {
            writer.attribute("xmlns", namespace)
            inner = namespace
        }
        levels.append(Level(namespace: inner, keepsSpace: keepsSpace(element)))
    }

    /// `xml:space` and `xml:lang` mean something by their prefix, which needs no declaration; every other one goes, as of `xsi:type`.
    private func fragmentName(_ name: XMLName) -> UnsafeRawBufferPointer {
        name.prefix.isEqual(to: "xml") ? name.raw : name.local
    }

    /// Names that differ by their prefix may be one without it, and a local name may be "xmlns", which declares.
    private func checkNames(_ attributes: [XMLAttribute], of element: XMLStartElement) throws(DocumentError) {
        for (index, attribute) in attributes.enumerated() where attribute.name.hasPrefix && !attribute.isDeclaration {
            let name = fragmentName(attribute.name)
            let isTaken = attributes.enumerated().contains { other, attribute in
                other != index && !attribute.isDeclaration && fragmentName(attribute.name).isEqual(to: name)
            }
            if isTaken || name.isEqual(to: "xmlns") {
                throw DocumentError(.ambiguousAttribute, at: element.byteOffset, "attributes that differ by their prefix only")
            }
        }
    }

    private func keepsSpace(_ element: XMLStartElement) -> Bool {
        let space = element.attributes.first { $0.name.prefix.isEqual(to: "xml") && $0.name.isLocal("space") }
        guard let space else { return levels.last?.keepsSpace ?? false }
        return space.value.isEqual(to: "preserve")
    }

    private mutating func drain(at byteOffset: Int) throws(DocumentError) {
        if writer.isOverLimit { throw DocumentError(.tooLarge, at: byteOffset, "a fragment beyond the limit of a document") }
        if writer.count - bytes.count >= Self.drainSize { writer.drain { bytes.append(contentsOf: $0) } }
    }
}
