public import Updates
public import XMLStream

/// `package.xml` of an offline scan cabinet (wsusscn2.cab): which revisions it holds, and under which number each has its fragments.
///
/// What it says of prerequisites, bundles and supersedence is in the fragments too, and those are what agents read; it is passed over here, as
/// are the payloads' addresses.
public struct OfflinePackage: Sendable {
    /// `PackageId`.
    public let id: UpdateID?
    /// `CreationDate`: when the cabinet was made.
    public let created: Timestamp?
    /// By ascending number.
    public let revisions: [OfflineRevision]
    /// What kind of category an update is that others are filed under: fragments of categories do not say.
    public let categoryTypes: [UpdateID: CategoryType]

    /// Where the revision of a number stands in ``revisions``.
    public func index(of number: Int32) -> Int? {
        var range = 0..<revisions.count
        while !range.isEmpty {
            let middle = (range.lowerBound + range.upperBound) / 2
            if revisions[middle].number == number { return middle }
            range = revisions[middle].number < number ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return nil
    }

    /// What a revision's fragments and this package say of it together.
    ///
    /// Throws where the Core fragment is not of the update that the package has under this number.
    public func metadata(of revision: OfflineRevision, _ fragments: [Fragment]) throws(DocumentError) -> RevisionMetadata {
        var metadata = try RevisionMetadata(fragments: fragments)
        guard metadata.identity == revision.identity else {
            throw DocumentError(.invalidValue, at: 0, "its Core fragment is of another update than package.xml says")
        }
        metadata.creationDate = revision.created
        metadata.defaultLanguage = metadata.defaultLanguage ?? revision.defaultLanguage
        if metadata.type == .category { metadata.categoryType = metadata.categoryType ?? categoryTypes[revision.identity.updateID] }
        return metadata
    }
}

/// One `Update` of `package.xml`: a revision.
public struct OfflineRevision: Hashable, Sendable {
    /// `RevisionId`: the cabinet's own number for it, which no other cabinet needs to share.
    public let number: Int32
    public let identity: UpdateIdentity
    public let created: Timestamp?
    public let defaultLanguage: String?
}

/// Reads a `package.xml` that arrives in pieces, keeping a few words of each revision and no more.
public struct OfflinePackageReader: ~Copyable {
    private var reader: XMLReader<OfflinePackageEvents>

    /// 136,500 updates are about 130 MB of text, and the addresses of their payloads as much again.
    public static let limits = XMLLimits(depth: 16, attributes: 64, text: 1 << 20, document: 2 << 30)

    /// - Parameter revisions: the most that are read.
    public init(limits: XMLLimits = Self.limits, revisions: Int = 2_000_000) {
        reader = XMLReader(OfflinePackageEvents(limit: revisions), limits: limits)
    }

    public mutating func feed(_ bytes: UnsafeRawBufferPointer) throws(DocumentError) {
        try reader.feed(bytes)
    }

    public mutating func feed(_ bytes: [UInt8]) throws(DocumentError) {
        try reader.feed(bytes)
    }

    /// Says that the document ends here.
    public mutating func finish() throws(DocumentError) -> OfflinePackage {
        let events = try reader.finish()
        return try events.package(at: reader.byteCount)
    }
}

private struct OfflinePackageEvents: XMLEvents {
    private static let namespace = "http://schemas.microsoft.com/msus/2004/02/OfflineSync"

    private enum Place {
        case package, updates, update, categories, ignored
    }

    let limit: Int
    private var places: [Place] = []
    private var id: UpdateID?
    private var created: Timestamp?
    private var revisions: [OfflineRevision] = []
    private var categoryTypes: [UpdateID: CategoryType] = [:]

    init(limit: Int) {
        self.limit = limit
    }

    static func failure(_ error: XMLError) -> DocumentError { DocumentError(error) }

    mutating func start(_ element: XMLStartElement) throws(DocumentError) {
        let isOurs = element.name.namespace == Self.namespace || element.name.namespace.isEmpty
        let place: Place
        switch places.last {
        case nil:
            guard isOurs, element.name.isLocal("OfflineSyncPackage") else {
                throw DocumentError(.wrongRoot, at: element.byteOffset, "the outermost element is not OfflineSyncPackage")
            }
            place = .package
            id = element.value("PackageId").flatMap { UpdateID(utf8: $0.value) }
            created = try element.timestamp("CreationDate")
        case .package where isOurs && element.name.isLocal("Updates"): place = .updates
        case .updates where isOurs && element.name.isLocal("Update"):
            place = .update
            try readUpdate(element)
        case .update where isOurs && element.name.isLocal("Categories"): place = .categories
        case .categories where isOurs && element.name.isLocal("Category"):
            place = .ignored
            try readCategory(element)
        default: place = .ignored
        }
        places.append(place)
    }

    mutating func text(_ text: XMLText) throws(DocumentError) {}
    mutating func end(_ end: XMLEndElement) throws(DocumentError) { _ = places.popLast() }

    private mutating func readUpdate(_ element: XMLStartElement) throws(DocumentError) {
        guard revisions.count < limit else { throw DocumentError(.tooLarge, at: element.byteOffset, "more than \(limit) revisions") }
        guard let number = Int32(exactly: try element.number("RevisionId")), number > 0 else {
            throw DocumentError(.invalidValue, at: element.byteOffset, "RevisionId is not from 1 to 2147483647")
        }
        guard let revision = Int32(exactly: try element.number("RevisionNumber")) else {
            throw DocumentError(.invalidValue, at: element.byteOffset, "RevisionNumber is beyond 2147483647")
        }
        revisions.append(
            OfflineRevision(
                number: number,
                identity: UpdateIdentity(updateID: try element.guid("UpdateId"), revisionNumber: RevisionNumber(rawValue: revision)),
                created: try element.timestamp("CreationDate"), defaultLanguage: element.value("DefaultLanguage")?.text))
    }

    /// A word that is not known is passed over, as it is in documents.
    private mutating func readCategory(_ element: XMLStartElement) throws(DocumentError) {
        guard let type = CategoryType(rawValue: try element.required("Type").text) else { return }
        categoryTypes[try element.guid("Id")] = type
    }

    consuming func package(at end: Int) throws(DocumentError) -> OfflinePackage {
        revisions.sort { $0.number < $1.number }
        guard zip(revisions, revisions.dropFirst()).allSatisfy({ $0.number < $1.number }) else {
            throw DocumentError(.repeated, at: end, "two updates have one RevisionId")
        }
        return OfflinePackage(id: id, created: created, revisions: revisions, categoryTypes: categoryTypes)
    }
}

extension XMLStartElement {
    fileprivate func guid(_ name: StaticString) throws(DocumentError) -> UpdateID {
        guard let id = UpdateID(utf8: try required(name).value) else {
            throw DocumentError(.invalidValue, at: byteOffset, "\(name) is no GUID")
        }
        return id
    }

    /// Nothing where the attribute is absent.
    fileprivate func timestamp(_ name: StaticString) throws(DocumentError) -> Timestamp? {
        guard let attribute = value(name) else { return nil }
        guard let moment = Timestamp(attribute.text) else { throw DocumentError(.invalidValue, at: byteOffset, "\(name) is no date and time") }
        return moment
    }
}
