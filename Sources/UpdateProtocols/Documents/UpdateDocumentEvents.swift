import Updates
import XMLStream

/// Sorts the elements of an update document into fragments.
struct UpdateDocumentEvents: XMLEvents {
    /// The children of `Update` that fragments are made of. Others stand in the document only.
    private enum Section {
        case identity, properties, localizedPropertiesCollection, relationships, applicabilityRules, files, handlerSpecificData

        static func named(_ name: XMLName) -> Section? {
            guard name.namespace == DocumentNamespaces.update else { return nil }
            if name.isLocal("UpdateIdentity") { return .identity }
            if name.isLocal("Properties") { return .properties }
            if name.isLocal("LocalizedPropertiesCollection") { return .localizedPropertiesCollection }
            if name.isLocal("Relationships") { return .relationships }
            if name.isLocal("ApplicabilityRules") { return .applicabilityRules }
            if name.isLocal("Files") { return .files }
            if name.isLocal("HandlerSpecificData") { return .handlerSpecificData }
            return nil
        }
    }

    private let limits: XMLLimits
    private var metadata = MetadataReader()
    private var section: Section?
    /// What the current section, or the current child of `LocalizedPropertiesCollection`, is written with.
    private var writer: FragmentWriter?
    private var coreProperties = ChunkedBytes()
    private var sections: [Section: ChunkedBytes] = [:]
    private var seen: Set<Section> = []
    private var localized: [Fragment] = []
    private var eulas: [Fragment] = []

    init(limits: XMLLimits) {
        self.limits = limits
    }

    static func failure(_ error: XMLError) -> DocumentError { DocumentError(error) }

    mutating func start(_ element: XMLStartElement) throws(DocumentError) {
        let isPlain = DocumentNamespaces.isPlain(element.name.namespace)
        switch element.depth {
        case 1:
            guard element.name.namespace == DocumentNamespaces.update, element.name.isLocal("Update") else {
                throw DocumentError(.wrongRoot, at: element.byteOffset, "the outermost element is not Update of the update schema")
            }
            return
        case 2:
            guard let section = Section.named(element.name) else { return }
            guard seen.insert(section).inserted else {
                throw DocumentError(.repeated, at: element.byteOffset, "a second element of a kind that stands once in Update")
            }
            self.section = section
            if section != .localizedPropertiesCollection { writer = FragmentWriter(.derived, limits: limits) }
        case 3 where section == .localizedPropertiesCollection && isPlain:
            if element.name.isLocal("LocalizedProperties") || element.name.isLocal("EulaFile") {
                writer = FragmentWriter(.derived, limits: limits)
            }
        default: break
        }
        guard let section else { return }
        try metadata.start(element, isPlain: isPlain)
        if section == .properties, element.depth == 2 {
            coreProperties = try PropertiesAttributes.core(of: element, limits: limits)
            try writer?.start("ExtendedProperties", PropertiesAttributes.extended(of: element), of: element)
        } else {
            try writer?.start(element)
        }
    }

    mutating func text(_ text: XMLText) throws(DocumentError) {
        guard section != nil else { return }
        metadata.text(text.bytes)
        try writer?.text(text)
    }

    mutating func end(_ end: XMLEndElement) throws(DocumentError) {
        guard let section else { return }
        let kind = try metadata.end(at: end.byteOffset)
        // A real server makes `<ExtendedProperties />` of `<Properties></Properties>`, though it keeps the two forms apart elsewhere.
        try writer?.end(short: end.isEmptyTag || (section == .properties && end.depth == 2), at: end.byteOffset)
        if writer?.depth == 0, let bytes = writer.take()?.finish() {
            switch kind {
            case .localizedProperties?: localized += kind.map { [Fragment(kind: $0, bytes: bytes)] } ?? []
            case .eula?: eulas += kind.map { [Fragment(kind: $0, bytes: bytes)] } ?? []
            default: sections[section] = bytes
            }
        }
        if end.depth == 2 { self.section = nil }
    }

    /// What was read, once all of it was.
    consuming func document(at end: Int) throws(DocumentError) -> UpdateDocument {
        let metadata = try metadata.metadata(at: end)
        var core = take(.identity)
        core.append(draining: &coreProperties)
        append(.relationships, to: &core)
        append(.applicabilityRules, to: &core)
        var extended = take(.properties)
        append(.files, to: &extended)
        append(.handlerSpecificData, to: &extended)
        return UpdateDocument(
            metadata: metadata, fragments: [Fragment(kind: .core, bytes: core), Fragment(kind: .extended, bytes: extended)] + localized + eulas)
    }

    private mutating func take(_ section: Section) -> ChunkedBytes { sections.removeValue(forKey: section) ?? ChunkedBytes() }

    private mutating func append(_ section: Section, to bytes: inout ChunkedBytes) {
        var more = take(section)
        bytes.append(draining: &more)
    }
}

/// How the attributes of `Properties` are shared out between Core and Extended (observed.md section 4; [MS-WUSP] 3.1.1.1).
private enum PropertiesAttributes {
    /// In Core, in this order whatever the source's.
    private static let core: [StaticString] = ["UpdateType", "ExplicitlyDeployable", "AutoSelectOnWebSites", "OSUpgrade", "EulaID"]
    /// For servers only.
    private static let dropped: [StaticString] = ["PublicationState", "CreationDate", "PublisherID", "IsPublic", "LegacyName", "DetectoidType"]

    static func core(of element: XMLStartElement, limits: XMLLimits) throws(DocumentError) -> ChunkedBytes {
        let attributes = core.compactMap { name in element.value(name) }.filter { !isFalse($0) }
        var writer = FragmentWriter(.derived, limits: limits)
        try writer.start("Properties", attributes, of: element)
        try writer.end(short: true, at: element.byteOffset)
        return writer.finish()
    }

    static func extended(of element: XMLStartElement) -> [XMLAttribute] {
        element.attributes.filter { attribute in
            if attribute.isDeclaration { return false }
            if attribute.name.hasPrefix { return true }
            if attribute.name.isLocal("PerUser"), isFalse(attribute) { return false }
            return !(core + dropped).contains { attribute.name.isLocal($0) }
        }
    }

    /// The default of each attribute that has one.
    private static func isFalse(_ attribute: XMLAttribute) -> Bool { attribute.value.isEqual(to: "false") || attribute.value.isEqual(to: "0") }
}
