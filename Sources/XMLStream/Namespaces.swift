/// The namespace declarations in force while a document is read (Namespaces in XML 1.0).
///
/// expat's own namespace mode takes declarations out of the attributes and so loses where they stood, which fragments keep.
struct Namespaces {
    static let xml = "http://www.w3.org/XML/1998/namespace"
    static let xmlns = "http://www.w3.org/2000/xmlns/"

    enum Fault: Error {
        case reserved
        case emptyPrefix
        case tooMany
        case undeclared
        case badName
    }

    private struct Declaration {
        let prefix: [UInt8]
        let namespace: String
        let depth: Int
    }

    private var declarations: [Declaration] = []
    /// URIs declared lately: documents declare the same few on thousands of elements.
    private var recent: [String] = []
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    /// Takes what an attribute of an element of `depth` declares, if it declares anything.
    mutating func declare(_ attribute: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, depth: Int) throws(Fault) {
        guard attribute.starts(with: ("xmlns" as StaticString).bytes) else { return }
        let rest = UnsafeRawBufferPointer(rebasing: attribute[5...])
        guard rest.isEmpty || rest[0] == UInt8(ascii: ":") else { return }
        let prefix = UnsafeRawBufferPointer(rebasing: rest.dropFirst())
        guard rest.isEmpty || isName(prefix) else { throw .badName }
        let namespace = remembered(value)
        if prefix.isEqual(to: "xml") {
            if namespace != Self.xml { throw .reserved }
            return
        }
        if prefix.isEqual(to: "xmlns") || namespace == Self.xml || namespace == Self.xmlns { throw .reserved }
        if !prefix.isEmpty, namespace.isEmpty { throw .emptyPrefix }
        if declarations.count == limit { throw .tooMany }
        declarations.append(Declaration(prefix: Array(prefix), namespace: namespace, depth: depth))
    }

    /// Forgets the declarations on the element of `depth`, which ends.
    mutating func leave(depth: Int) {
        while let last = declarations.last, last.depth == depth { declarations.removeLast() }
    }

    /// What the name of an element means here.
    func element(_ raw: UnsafeRawBufferPointer) throws(Fault) -> XMLName {
        guard let colon = raw.firstIndex(of: UInt8(ascii: ":")) else {
            return XMLName(raw: raw, localStart: 0, namespace: namespace(of: UnsafeRawBufferPointer(rebasing: raw[..<0])) ?? "")
        }
        let name = try prefixed(raw, colon: colon)
        if name.namespace == Self.xmlns { throw .reserved }
        return name
    }

    /// What the name of an attribute means here: without a prefix it is in no namespace.
    func attribute(_ raw: UnsafeRawBufferPointer) throws(Fault) -> XMLName {
        guard let colon = raw.firstIndex(of: UInt8(ascii: ":")) else {
            return XMLName(raw: raw, localStart: 0, namespace: raw.isEqual(to: "xmlns") ? Self.xmlns : "")
        }
        return try prefixed(raw, colon: colon)
    }

    private func prefixed(_ raw: UnsafeRawBufferPointer, colon: Int) throws(Fault) -> XMLName {
        let prefix = UnsafeRawBufferPointer(rebasing: raw[..<colon])
        guard colon > 0, isName(UnsafeRawBufferPointer(rebasing: raw[(colon + 1)...])) else { throw .badName }
        guard let namespace = namespace(of: prefix) else { throw .undeclared }
        return XMLName(raw: raw, localStart: colon + 1, namespace: namespace)
    }

    /// The namespace of a prefix (the default one for an empty prefix); nothing for an undeclared one.
    private func namespace(of prefix: UnsafeRawBufferPointer) -> String? {
        if let found = declarations.last(where: { $0.prefix.count == prefix.count && $0.prefix.elementsEqual(prefix) }) {
            return found.namespace
        }
        if prefix.isEmpty { return "" }
        if prefix.isEqual(to: "xml") { return Self.xml }
        return prefix.isEqual(to: "xmlns") ? Self.xmlns : nil
    }

    /// Whether what follows a colon can stand as a name of its own. expat saw it as the middle of a name, where more is allowed; of what is
    /// not ASCII nothing is accepted at its start.
    private func isName(_ local: UnsafeRawBufferPointer) -> Bool {
        guard let first = local.first, !local.contains(UInt8(ascii: ":")) else { return false }
        switch first {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): return true
        default: return false
        }
    }

    private mutating func remembered(_ value: UnsafeRawBufferPointer) -> String {
        if let known = recent.first(where: { $0.utf8.count == value.count && $0.utf8.elementsEqual(value) }) { return known }
        let namespace = String(decoding: value, as: UTF8.self)
        if recent.count == 16 { recent.removeFirst() }
        recent.append(namespace)
        return namespace
    }
}

extension Namespaces.Fault {
    var code: XMLError.Code { self == .tooMany ? .tooManyAttributes : .namespace }

    var message: String {
        switch self {
        case .reserved: "a reserved prefix or namespace where it cannot stand"
        case .emptyPrefix: "a prefix declared to mean nothing"
        case .tooMany: "too many namespace declarations in force"
        case .undeclared: "a prefix without a declaration"
        case .badName: "a colon where a name has none"
        }
    }
}
