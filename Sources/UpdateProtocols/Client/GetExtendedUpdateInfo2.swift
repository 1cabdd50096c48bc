public import Updates

/// GetExtendedUpdateInfo by UpdateID and revision number ([MS-WUSP] 2.2.2.2.10; protocol.md section 2.8).
///
/// It exists for files that are encrypted, of which a server like this one has none: the lists of keys are left out.
public enum GetExtendedUpdateInfo2 {
    public struct Request: Hashable, Sendable {
        /// At most 50, in the order asked.
        public var updateIDs: [UpdateIdentity]
        /// Each once, in the order asked; kinds this server does not know are left out.
        public var infoTypes: [XmlUpdateFragmentType]
        /// Each once, in the order asked; empty where none was wanted.
        public var locales: [String]

        public init(updateIDs: [UpdateIdentity], infoTypes: [XmlUpdateFragmentType], locales: [String]) {
            self.updateIDs = updateIDs
            self.infoTypes = infoTypes
            self.locales = locales
        }
    }

    public struct Response: Hashable, Sendable {
        public var updates: [GetExtendedUpdateInfo.UpdateData]
        public var fileLocations: [FileLocation]
        public var encryptionDetails: [EncryptionDetail]

        public init(updates: [GetExtendedUpdateInfo.UpdateData], fileLocations: [FileLocation], encryptionDetails: [EncryptionDetail]) {
            self.updates = updates
            self.fileLocations = fileLocations
            self.encryptionDetails = encryptionDetails
        }
    }

    /// `UpdateEncryptionDetail`
    public struct EncryptionDetail: Hashable, Sendable {
        public var update: UpdateIdentity
        public var hasEncryptedFiles: Bool

        public init(update: UpdateIdentity, hasEncryptedFiles: Bool) {
            self.update = update
            self.hasEncryptedFiles = hasEncryptedFiles
        }
    }

    /// InvalidParameters where `updateIDs` or `infoTypes` is missing, `locales` is while something in a language is asked, or a list is too long.
    public static func decode<Session>(
        _ reader: inout SOAPRequestReader, open: (CookieElement?) throws(SOAPFault) -> Session
    ) throws(SOAPFault) -> (Session, Request) {
        let session = try reader.session(open)
        var updateIDs: [UpdateIdentity]?
        var infoTypes: [XmlUpdateFragmentType]?
        var locales: [String]?
        while let parameter = try reader.parameter() {
            switch parameter {
            case "updateIDs":
                var list = updateIDs ?? []
                try reader.elements.identities("updateIDs", limit: RequestedLimits.revisionIDs, into: &list)
                updateIDs = list
            case "infoTypes": infoTypes = try GetExtendedUpdateInfo.decodeInfoTypes(&reader.elements, after: infoTypes ?? [])
            case "locales": locales = try GetExtendedUpdateInfo.decodeLocales(&reader.elements, after: locales ?? [])
            default: break
            }
        }
        try reader.finish()
        guard let updateIDs else { throw SOAPFault(.invalidParameters, "updateIDs") }
        guard let infoTypes else { throw SOAPFault(.invalidParameters, "infoTypes") }
        guard locales != nil || !infoTypes.contains(where: \.isInLanguages) else { throw SOAPFault(.invalidParameters, "locales") }
        var seen: Set<String> = []
        let distinct = (locales ?? []).filter { seen.insert($0).inserted }
        return (session, Request(updateIDs: updateIDs, infoTypes: infoTypes, locales: distinct))
    }

    /// As ``GetExtendedUpdateInfo/encodeResponse(_:fileLocations:outOfScope:soap:xml:)``.
    public static func encodeResponse(
        _ pieces: [GetExtendedUpdateInfo.Piece], fileLocations: [FileLocation], encryptionDetails: [EncryptionDetail],
        soap version: SOAPVersion = .v11, xml fragment: (GetExtendedUpdateInfo.Piece, inout XMLBytes) throws -> Void
    ) rethrows -> [UInt8] {
        var writer = AnswerWriter(.identity)
        try encodeResponse(pieces, fileLocations: fileLocations, encryptionDetails: encryptionDetails, soap: version, into: &writer) {
            try fragment($0, &$1.xml)
        }
        return writer.finish().bytes
    }

    /// The same, piece by piece.
    public static func encodeResponse(
        _ pieces: [GetExtendedUpdateInfo.Piece], fileLocations: [FileLocation], encryptionDetails: [EncryptionDetail], soap version: SOAPVersion,
        into writer: inout AnswerWriter, xml fragment: (GetExtendedUpdateInfo.Piece, inout AnswerWriter) throws -> Void
    ) rethrows {
        try GetExtendedUpdateInfo.encode(pieces, of: .getExtendedUpdateInfo2, soap: version, into: &writer, xml: fragment) {
            $0.list("FileLocations", fileLocations) { $1.encode(into: &$0) }
            $0.list("UpdateEncryptionDetails", encryptionDetails) { xml, detail in
                xml.element("UpdateEncryptionDetail") {
                    $0.element("UpdateIdentity") { detail.update.encode(into: &$0) }
                    $0.element("HasEncryptedFiles", detail.hasEncryptedFiles)
                }
            }
        }
    }

    /// A device's side.
    public static func encodeRequest(_ request: Request, cookie: CookieElement) -> [UInt8] {
        SOAPEnvelope.request(.getExtendedUpdateInfo2) {
            $0.element("cookie") { cookie.encode(into: &$0) }
            $0.element("updateIDs") { xml in for id in request.updateIDs { xml.element("UpdateIdentity") { id.encode(into: &$0) } } }
            $0.element("infoTypes") { xml in for type in request.infoTypes { xml.element("XmlUpdateFragmentType", type.rawValue) } }
            $0.element("locales") { xml in for locale in request.locales { xml.element("string", locale) } }
        }
    }

    /// A device's side. Throws ``ResponseError``.
    public static func decodeResponse(_ body: [UInt8]) throws(ResponseError) -> Response {
        try SOAPResponseReader.decodeResult(body, .getExtendedUpdateInfo2) { (elements) throws(SOAPFault) in
            var response = Response(updates: [], fileLocations: [], encryptionDetails: [])
            let level = elements.level
            while let name = try elements.child(of: level) {
                switch name {
                case "Updates":
                    let level = elements.level
                    while let name = try elements.child(of: level) {
                        if "Update" ~= name { response.updates.append(try GetExtendedUpdateInfo.update(&elements)) }
                    }
                case "FileLocations": response.fileLocations += try FileLocation.list(from: &elements)
                case "UpdateEncryptionDetails":
                    let level = elements.level
                    while let name = try elements.child(of: level) {
                        if "UpdateEncryptionDetail" ~= name { response.encryptionDetails.append(try detail(&elements)) }
                    }
                default: break
                }
            }
            return response
        }
    }

    private static func detail(_ elements: inout ElementReader) throws(SOAPFault) -> EncryptionDetail {
        var update: UpdateIdentity?
        var hasEncryptedFiles: Bool?
        let level = elements.level
        while let name = try elements.child(of: level) {
            switch name {
            case "UpdateIdentity": update = try elements.identity("UpdateEncryptionDetail.UpdateIdentity")
            case "HasEncryptedFiles": hasEncryptedFiles = try elements.boolean("UpdateEncryptionDetail.HasEncryptedFiles")
            default: break
            }
        }
        guard let update else { throw SOAPFault(.invalidParameters, "UpdateEncryptionDetail.UpdateIdentity") }
        guard let hasEncryptedFiles else { throw SOAPFault(.invalidParameters, "UpdateEncryptionDetail.HasEncryptedFiles") }
        return EncryptionDetail(update: update, hasEncryptedFiles: hasEncryptedFiles)
    }
}
