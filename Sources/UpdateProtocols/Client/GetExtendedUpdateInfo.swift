public import Updates
import XMLStream

/// What a device needs to show and install updates ([MS-WUSP] 3.1.5.9; observed.md section 4).
public enum GetExtendedUpdateInfo {
    public struct Request: Hashable, Sendable {
        /// At most 50, in the order asked.
        public var revisionIDs: [RevisionID]
        /// Each once, in the order asked; kinds this server does not know are left out.
        public var infoTypes: [XmlUpdateFragmentType]
        /// Each once, in the order asked; empty where none was wanted.
        public var locales: [String]
        /// Three letters: `USA`.
        public var geoID: String?

        public init(revisionIDs: [RevisionID], infoTypes: [XmlUpdateFragmentType], locales: [String], geoID: String? = nil) {
            self.revisionIDs = revisionIDs
            self.infoTypes = infoTypes
            self.locales = locales
            self.geoID = geoID
        }
    }

    /// One `Update` of an answer: a fragment of a revision, whose bytes are appended when it is written.
    public struct Piece: Hashable, Sendable {
        public var id: RevisionID
        public var kind: FragmentKind

        public init(id: RevisionID, kind: FragmentKind) {
            self.id = id
            self.kind = kind
        }
    }

    public struct Response: Hashable, Sendable {
        public var updates: [UpdateData]
        public var fileLocations: [FileLocation]
        public var outOfScope: [RevisionID]

        public init(updates: [UpdateData], fileLocations: [FileLocation], outOfScope: [RevisionID]) {
            self.updates = updates
            self.fileLocations = fileLocations
            self.outOfScope = outOfScope
        }
    }

    /// A fragment as a device receives it: what kind it is shows in its first element.
    public struct UpdateData: Hashable, Sendable {
        public var id: RevisionID
        public var xml: [UInt8]

        public init(id: RevisionID, xml: [UInt8]) {
            self.id = id
            self.xml = xml
        }
    }

    /// InvalidParameters where `revisionIDs` or `infoTypes` is missing, `locales` is while something in a language is asked, or a list is too long.
    public static func decode<Session>(
        _ reader: inout SOAPRequestReader, open: (CookieElement?) throws(SOAPFault) -> Session
    ) throws(SOAPFault) -> (Session, Request) {
        let session = try reader.session(open)
        var revisionIDs: [RevisionID]?
        var infoTypes: [XmlUpdateFragmentType]?
        var locales: [String]?
        var geoID: String?
        while let parameter = try reader.parameter() {
            switch parameter {
            case "revisionIDs":
                var list = revisionIDs ?? []
                try reader.elements.revisionIDs("revisionIDs", limit: RequestedLimits.revisionIDs, into: &list)
                revisionIDs = list
            case "infoTypes": infoTypes = try decodeInfoTypes(&reader.elements, after: infoTypes ?? [])
            case "locales": locales = try decodeLocales(&reader.elements, after: locales ?? [])
            case "GeoId": geoID = try reader.elements.string("GeoId", limit: RequestedLimits.geoIDBytes)
            default: break
            }
        }
        try reader.finish()
        guard let revisionIDs else { throw SOAPFault(.invalidParameters, "revisionIDs") }
        guard let infoTypes else { throw SOAPFault(.invalidParameters, "infoTypes") }
        guard locales != nil || !infoTypes.contains(where: \.isInLanguages) else { throw SOAPFault(.invalidParameters, "locales") }
        var seen: Set<String> = []
        let distinct = (locales ?? []).filter { seen.insert($0).inserted }
        return (session, Request(revisionIDs: revisionIDs, infoTypes: infoTypes, locales: distinct, geoID: geoID))
    }

    /// `xml` appends the bytes of each piece, in order: a real server sends all Extended fragments, then all LocalizedProperties.
    public static func encodeResponse(
        _ pieces: [Piece], fileLocations: [FileLocation], outOfScope: [RevisionID], soap version: SOAPVersion = .v11,
        xml fragment: (Piece, inout XMLBytes) throws -> Void
    ) rethrows -> [UInt8] {
        var writer = AnswerWriter(.identity)
        try encodeResponse(pieces, fileLocations: fileLocations, outOfScope: outOfScope, soap: version, into: &writer) { try fragment($0, &$1.xml) }
        return writer.finish().bytes
    }

    /// The same, piece by piece.
    public static func encodeResponse(
        _ pieces: [Piece], fileLocations: [FileLocation], outOfScope: [RevisionID], soap version: SOAPVersion, into writer: inout AnswerWriter,
        xml fragment: (Piece, inout AnswerWriter) throws -> Void
    ) rethrows {
        try encode(pieces, of: .getExtendedUpdateInfo, soap: version, into: &writer, xml: fragment) {
            $0.list("FileLocations", fileLocations) { $1.encode(into: &$0) }
            $0.list("OutOfScopeRevisionIDs", outOfScope) { $0.element("int", $1.rawValue) }
        }
    }

    /// The answer of either operation: the list `Updates`, and what `rest` writes.
    static func encode(
        _ pieces: [Piece], of operation: DeviceOperation, soap version: SOAPVersion, into writer: inout AnswerWriter,
        xml fragment: (Piece, inout AnswerWriter) throws -> Void, rest: (inout XMLBytes) -> Void
    ) rethrows {
        SOAPEnvelope.openResponse(operation, version, &writer.xml)
        if pieces.isEmpty {
            writer.xml.element("\(operation.name)Result", rest)
            return SOAPEnvelope.closeResponse(operation, &writer.xml)
        }
        writer.xml.open("\(operation.name)Result")
        writer.xml.open("Updates")
        for piece in pieces {
            writer.xml.open("Update")
            writer.xml.element("ID", piece.id.rawValue)
            writer.xml.open("Xml")
            try fragment(piece, &writer)
            writer.xml.close("Xml")
            writer.xml.close("Update")
            writer.flush()
        }
        writer.xml.close("Updates")
        rest(&writer.xml)
        writer.xml.close("\(operation.name)Result")
        SOAPEnvelope.closeResponse(operation, &writer.xml)
    }

    /// A device's side.
    public static func encodeRequest(_ request: Request, cookie: CookieElement) -> [UInt8] {
        SOAPEnvelope.request(.getExtendedUpdateInfo) {
            $0.element("cookie") { cookie.encode(into: &$0) }
            $0.element("revisionIDs") { xml in for id in request.revisionIDs { xml.element("int", id.rawValue) } }
            $0.element("infoTypes") { xml in for type in request.infoTypes { xml.element("XmlUpdateFragmentType", type.rawValue) } }
            $0.element("locales") { xml in for locale in request.locales { xml.element("string", locale) } }
            if let geoID = request.geoID { $0.element("GeoId", geoID) }
        }
    }

    /// A device's side. Throws ``ResponseError``.
    public static func decodeResponse(_ body: [UInt8]) throws(ResponseError) -> Response {
        try SOAPResponseReader.decodeResult(body, .getExtendedUpdateInfo) { (elements) throws(SOAPFault) in
            var response = Response(updates: [], fileLocations: [], outOfScope: [])
            let level = elements.level
            while let name = try elements.child(of: level) {
                switch name {
                case "Updates":
                    let level = elements.level
                    while let name = try elements.child(of: level) {
                        if "Update" ~= name { response.updates.append(try update(&elements)) }
                    }
                case "FileLocations": response.fileLocations += try FileLocation.list(from: &elements)
                case "OutOfScopeRevisionIDs": try elements.revisionIDs("OutOfScopeRevisionIDs", limit: .max, into: &response.outOfScope)
                default: break
                }
            }
            return response
        }
    }

    static func update(_ elements: inout ElementReader) throws(SOAPFault) -> UpdateData {
        var id: RevisionID?
        var xml: [UInt8] = []
        let level = elements.level
        while let name = try elements.child(of: level) {
            switch name {
            case "ID": id = RevisionID(rawValue: try elements.int32("Update.ID"))
            case "Xml": xml = Array(try elements.text())
            default: break
            }
        }
        guard let id else { throw SOAPFault(.invalidParameters, "Update.ID") }
        return UpdateData(id: id, xml: xml)
    }

    static func decodeInfoTypes(
        _ elements: inout ElementReader, after earlier: [XmlUpdateFragmentType]
    ) throws(SOAPFault) -> [XmlUpdateFragmentType] {
        var types = earlier
        let level = elements.level
        while let name = try elements.child(of: level) {
            guard "XmlUpdateFragmentType" ~= name else { continue }
            let word = RequestValue.trimmed(try elements.text())
            if let type = XmlUpdateFragmentType(rawValue: String(decoding: word, as: UTF8.self)), !types.contains(type) { types.append(type) }
        }
        return types
    }

    static func decodeLocales(_ elements: inout ElementReader, after earlier: [String]) throws(SOAPFault) -> [String] {
        var locales = earlier
        let level = elements.level
        while let name = try elements.child(of: level) {
            guard "string" ~= name else { continue }
            guard locales.count < RequestedLimits.locales else { throw SOAPFault(.invalidParameters, "locales") }
            locales.append(try elements.string("locales", limit: RequestedLimits.localeBytes))
        }
        return locales
    }
}

/// The kinds of fragment a device may ask for ([MS-WUSP] `XmlUpdateFragmentType`).
public enum XmlUpdateFragmentType: String, Sendable, CaseIterable {
    case published = "Published"
    case core = "Core"
    case extended = "Extended"
    case verificationRule = "VerificationRule"
    case localizedProperties = "LocalizedProperties"
    case eula = "Eula"
    case fileUrl = "FileUrl"
    case fileDecryption = "FileDecryption"

    /// There is one a language, so that a request must say which.
    public var isInLanguages: Bool { self == .localizedProperties || self == .eula }
}
