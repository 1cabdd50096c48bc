import UpdateProtocols
public import Updates

/// Writes offline scan cabinets for tests, of the layout of wsusscn2.cab.
public struct OfflineScanText {
    public struct Revision {
        public var number: Int32
        public var identity: UpdateIdentity
        public var fragments: [Fragment]
        /// What it is filed under: kind and category.
        public var categories: [(type: String, id: UpdateID)] = []

        public init(_ number: Int32, _ identity: UpdateIdentity, _ fragments: [Fragment]) {
            self.number = number
            self.identity = identity
            self.fragments = fragments
        }

        /// The fragments of a document.
        public init(_ number: Int32, _ document: DocumentText) throws {
            var reader = UpdateDocumentReader()
            try reader.feed(document.bytes)
            self.init(number, document.identity, try reader.finish().fragments)
        }
    }

    public var revisions: [Revision]
    /// Of the inner cabinets.
    public var compression = CabinetWriter.Compression.mszip
    /// How many cabinets the fragments are spread over.
    public var parts = 1

    public init(_ revisions: [Revision]) {
        self.revisions = revisions
    }

    public func cabinet() -> [UInt8] {
        CabinetWriter(.stored, members()).bytes()
    }

    /// The members of the outer cabinet.
    public func members() -> [(name: String, bytes: [UInt8])] {
        let package = CabinetWriter(compression, [("package.xml", Array(packageText.utf8))]).bytes()
        var members: [(name: String, bytes: [UInt8])] = [("index.xml", Array("<INDEX VERSION=\"1\" />".utf8)), ("package.cab", package)]
        let size = max(1, (revisions.count + parts - 1) / parts)
        for (number, start) in stride(from: 0, to: revisions.count, by: size).enumerated() {
            let part = Array(revisions[start..<min(start + size, revisions.count)])
            members.append(("package\(number + 2).cab", CabinetWriter(compression, Self.fragments(of: part)).bytes()))
        }
        return members
    }

    /// Core of all, then Extended, then the languages: as the real one has them.
    private static func fragments(of revisions: [Revision]) -> [(name: String, bytes: [UInt8])] {
        var members: [[(name: String, bytes: [UInt8])]] = [[], [], []]
        for revision in revisions {
            for fragment in revision.fragments {
                switch fragment.kind {
                case .core: members[0].append(("c/\(revision.number)", fragment.bytes.bytes))
                case .extended: members[1].append(("x/\(revision.number)", fragment.bytes.bytes))
                case .localizedProperties(let language): members[2].append(("l/\(language)/\(revision.number)", fragment.bytes.bytes))
                case .eula: break
                }
            }
        }
        return members.flatMap { $0 }
    }

    private var packageText: String {
        let updates = revisions.map { revision in
            let categories = revision.categories.map { "<Category Type=\"\($0.type)\" Id=\"\($0.id)\" />" }.joined()
            return """
                <Update CreationDate="2026-05-11T22:42:04Z" DefaultLanguage="en" UpdateId="\(revision.identity.updateID)" \
                RevisionNumber="\(revision.identity.revisionNumber.rawValue)" RevisionId="\(revision.number)">\
                <Categories>\(categories)</Categories></Update>
                """
        }
        return """
            <?xml version="1.0" encoding="utf-8"?><OfflineSyncPackage CreationDate="2026-07-14T13:54:06Z" \
            xmlns="http://schemas.microsoft.com/msus/2004/02/OfflineSync"><Updates>\(updates.joined())</Updates></OfflineSyncPackage>
            """
    }
}
