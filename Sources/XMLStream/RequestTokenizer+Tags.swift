/// Tags, names, attributes and namespaces.
extension RequestTokenizer {
    private static let xmlURI: StaticString = "http://www.w3.org/XML/1998/namespace"
    private static let xmlnsURI: StaticString = "http://www.w3.org/2000/xmlns/"

    mutating func startTag() throws(RequestXMLError) {
        guard depth < limits.depth else { throw error(.tooDeep) }
        tagOffset = position
        position += 1
        let name = try qualifiedName()
        attributes.removeAll(keepingCapacity: true)
        while true {
            let before = position
            skipWhiteSpace()
            switch try byte(at: position) {
            case UInt8(ascii: ">"):
                position += 1
            case UInt8(ascii: "/"):
                try take("/>")
                isEndPending = true
            default:
                guard position > before else { throw error(.malformed) }
                try attribute()
                continue
            }
            break
        }
        openElements.append(OpenElement(name: name.full, outerBindings: bindings.count))
        depth += 1
        textLength = 0
        try declareNamespaces()
        try resolveAttributes()
        localName = name.local
        if let binding = binding(of: name.prefix) {
            namespaceURI = binding.uri
            namespace = binding.known
        } else {
            guard name.prefix.isEmpty else { throw RequestXMLError(.unboundPrefix, at: tagOffset) }
            namespaceURI = []
            namespace = nil
        }
    }

    mutating func endTag() throws(RequestXMLError) {
        let start = position
        position += 2
        let name = try qualifiedName()
        guard name.full == openElements[openElements.count - 1].name else { throw RequestXMLError(.mismatchedTag, at: start) }
        skipWhiteSpace()
        try take(">")
    }

    /// The declaration that holds for a prefix; the empty prefix is the default namespace.
    func binding(of prefix: ArraySlice<UInt8>) -> Binding? {
        if let binding = bindings.last(where: { $0.prefix == prefix }) { return binding.uri.isEmpty ? nil : binding }
        guard RequestValue.isEqual(prefix, "xml") else { return nil }
        let uri = Self.xmlURI.withUTF8Buffer { ArraySlice($0) }
        return Binding(prefix: prefix, uri: uri, known: known(uri))
    }

    private mutating func attribute() throws(RequestXMLError) {
        guard attributes.count < limits.attributes else { throw error(.tooManyAttributes) }
        let offset = position
        let name = try qualifiedName()
        if attributes.contains(where: { $0.name.full == name.full }) { throw RequestXMLError(.duplicateAttribute, at: offset) }
        skipWhiteSpace()
        try take("=")
        skipWhiteSpace()
        attributes.append(Attribute(name: name, value: try attributeValue(), offset: offset))
    }

    private mutating func declareNamespaces() throws(RequestXMLError) {
        for attribute in attributes {
            let isDefault = attribute.name.prefix.isEmpty && RequestValue.isEqual(attribute.name.local, "xmlns")
            guard isDefault || RequestValue.isEqual(attribute.name.prefix, "xmlns") else { continue }
            let prefix = isDefault ? [] : attribute.name.local
            let isXML = RequestValue.isEqual(prefix, "xml")
            let isAllowed =
                RequestValue.isEqual(attribute.value, Self.xmlURI) == isXML && !RequestValue.isEqual(attribute.value, Self.xmlnsURI)
                && !RequestValue.isEqual(prefix, "xmlns") && (isDefault || !attribute.value.isEmpty)
            guard isAllowed else { throw RequestXMLError(.namespaceDeclaration, at: attribute.offset) }
            guard bindings.count < limits.attributes else { throw RequestXMLError(.tooManyNamespaces, at: attribute.offset) }
            bindings.append(Binding(prefix: prefix, uri: attribute.value, known: known(attribute.value)))
        }
    }

    /// Every prefix is declared, and no two attributes are one name of one namespace.
    private func resolveAttributes() throws(RequestXMLError) {
        for (index, attribute) in attributes.enumerated() {
            let name = attribute.name
            if name.prefix.isEmpty || RequestValue.isEqual(name.prefix, "xmlns") { continue }
            guard let uri = binding(of: name.prefix)?.uri else { throw RequestXMLError(.unboundPrefix, at: attribute.offset) }
            for earlier in attributes[..<index] where earlier.name.local == name.local && !earlier.name.prefix.isEmpty {
                if binding(of: earlier.name.prefix)?.uri == uri { throw RequestXMLError(.duplicateAttribute, at: attribute.offset) }
            }
        }
    }

    private func known(_ uri: ArraySlice<UInt8>) -> Int? {
        knownNamespaces.firstIndex { $0.elementsEqual(uri) }
    }

    /// ASCII letters, digits, `_`, `-`, `.`, and one colon with a name on either side.
    private mutating func qualifiedName() throws(RequestXMLError) -> QualifiedName {
        let start = position
        try namePart()
        guard try byte(at: position) == UInt8(ascii: ":") else {
            let name = document[start..<position]
            return QualifiedName(full: name, prefix: [], local: name)
        }
        let colon = position
        position += 1
        try namePart()
        guard try byte(at: position) != UInt8(ascii: ":") else { throw error(.malformed) }
        return QualifiedName(full: document[start..<position], prefix: document[start..<colon], local: document[(colon + 1)..<position])
    }

    private mutating func namePart() throws(RequestXMLError) {
        switch try byte(at: position) {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): position += 1
        default: throw error(.malformed)
        }
        while position < document.count {
            switch document[position] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
                position += 1
            default: return
            }
        }
    }

    /// `<?xml version="1.0" encoding="utf-8" standalone="yes"?>`: version, then encoding, then standalone, the latter two optional.
    mutating func declaration() throws(RequestXMLError) {
        position += 5
        guard try pseudoAttribute("version").map({ RequestValue.isEqual($0, "1.0") }) == true else { throw error(.malformed) }
        if let encoding = try pseudoAttribute("encoding") {
            let lowercase = encoding.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
            guard RequestValue.isEqual(lowercase[...], "utf-8") else { throw error(.encoding) }
        }
        if let isStandalone = try pseudoAttribute("standalone") {
            guard RequestValue.isEqual(isStandalone, "yes") || RequestValue.isEqual(isStandalone, "no") else { throw error(.malformed) }
        }
        skipWhiteSpace()
        try take("?>")
    }

    private mutating func pseudoAttribute(_ name: StaticString) throws(RequestXMLError) -> ArraySlice<UInt8>? {
        let start = position
        skipWhiteSpace()
        guard position > start, RequestValue.isEqual(document[position...].prefix(name.utf8CodeUnitCount), name) else {
            position = start
            return nil
        }
        try take(name)
        skipWhiteSpace()
        try take("=")
        skipWhiteSpace()
        return try attributeValue()
    }
}
