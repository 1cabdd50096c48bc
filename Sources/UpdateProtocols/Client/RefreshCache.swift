public import Updates

/// What a device that kept updates of another state of this server calls them from now on ([MS-WUSP] 3.1.5.8; protocol.md section 2.7).
public enum RefreshCache {
    public struct Request: Hashable, Sendable {
        /// What the device holds; at most 1,000.
        public var globalIDs: [UpdateIdentity]

        public init(globalIDs: [UpdateIdentity]) {
            self.globalIDs = globalIDs
        }
    }

    /// What the device may keep, in the order asked. What is left out it forgets.
    public typealias Response = [RefreshedRevision]

    /// InvalidParameters where `globalIDs` is missing, has more than 1,000 entries, or one that lacks its GUID or its number.
    public static func decode<Session>(
        _ reader: inout SOAPRequestReader, open: (CookieElement?) throws(SOAPFault) -> Session
    ) throws(SOAPFault) -> (Session, Request) {
        let session = try reader.session(open)
        var ids: [UpdateIdentity]?
        while let parameter = try reader.parameter() {
            guard "globalIDs" ~= parameter else { continue }
            var list = ids ?? []
            try reader.elements.identities("globalIDs", limit: RequestedLimits.globalIDs, into: &list)
            ids = list
        }
        try reader.finish()
        guard let ids else { throw SOAPFault(.invalidParameters, "globalIDs") }
        return (session, Request(globalIDs: ids))
    }

    /// The body of the answer to a client of this version.
    public static func encodeResponse(_ response: Response, for client: ProtocolVersion = .native, soap version: SOAPVersion = .v11) -> [UInt8] {
        SOAPEnvelope.response(.refreshCache, version) {
            $0.element("RefreshCacheResult") { xml in
                for entry in response {
                    xml.element("RefreshCacheResult") {
                        $0.element("RevisionID", entry.id.rawValue)
                        $0.element("GlobalID") { entry.identity.encode(into: &$0) }
                        $0.element("IsLeaf", entry.isLeaf)
                        $0.element("Deployment") { entry.deployment.encode(for: client, into: &$0) }
                    }
                }
            }
        }
    }

    /// A device's side.
    public static func encodeRequest(_ request: Request, cookie: CookieElement) -> [UInt8] {
        SOAPEnvelope.request(.refreshCache) {
            $0.element("cookie") { cookie.encode(into: &$0) }
            $0.element("globalIDs") { xml in for id in request.globalIDs { xml.element("UpdateIdentity") { id.encode(into: &$0) } } }
        }
    }

    /// A device's side. Throws ``ResponseError``, also where an entry lacks something.
    public static func decodeResponse(_ body: [UInt8]) throws(ResponseError) -> Response {
        try SOAPResponseReader.decodeResult(body, .refreshCache) { (elements) throws(SOAPFault) in
            var response: Response = []
            let level = elements.level
            while let name = try elements.child(of: level) {
                if "RefreshCacheResult" ~= name { response.append(try entry(&elements)) }
            }
            return response
        }
    }

    private static func entry(_ elements: inout ElementReader) throws(SOAPFault) -> RefreshedRevision {
        var id: RevisionID?
        var globalID: UpdateIdentity?
        var isLeaf = true
        var deployment: Deployment?
        var hardwareIDs: [String] = []
        let level = elements.level
        while let name = try elements.child(of: level) {
            switch name {
            case "RevisionID": id = RevisionID(rawValue: try elements.int32("RefreshCacheResult.RevisionID"))
            case "GlobalID": globalID = try elements.identity("RefreshCacheResult.GlobalID")
            case "IsLeaf": isLeaf = try elements.boolean("RefreshCacheResult.IsLeaf")
            case "Deployment": deployment = try Deployment(from: &elements, hardwareIDs: &hardwareIDs)
            default: break
            }
        }
        guard let id else { throw SOAPFault(.invalidParameters, "RefreshCacheResult.RevisionID") }
        guard let globalID else { throw SOAPFault(.invalidParameters, "RefreshCacheResult.GlobalID") }
        guard let deployment else { throw SOAPFault(.invalidParameters, "RefreshCacheResult.Deployment") }
        return RefreshedRevision(id: id, identity: globalID, isLeaf: isLeaf, deployment: deployment)
    }
}

extension UpdateIdentity {
    /// Writes the children; the element's own name differs from place to place.
    func encode(into xml: inout XMLBytes) {
        xml.element("UpdateID", updateID.description)
        xml.element("RevisionNumber", revisionNumber.rawValue)
    }
}
