public import Updates

/// Which printer drivers there are, for the wizard that adds a printer ([MS-WUSP] 3.1.5.12; protocol.md section 2.7).
public enum SyncPrinterCatalog {
    public struct Request: Hashable, Sendable {
        /// At most 400, as in a scan.
        public var installedNonLeaf: [RevisionID]
        /// Printer drivers the device holds.
        public var printerUpdates: [RevisionID]

        public init(installedNonLeaf: [RevisionID] = [], printerUpdates: [RevisionID] = []) {
            self.installedNonLeaf = installedNonLeaf
            self.printerUpdates = printerUpdates
        }
    }

    /// What a scan is answered too.
    public typealias Response = SyncUpdates.Response

    /// InvalidParameters where a list is beyond ``RequestedLimits`` or holds what is no number. Lists that are missing are empty.
    public static func decode<Session>(
        _ reader: inout SOAPRequestReader, open: (CookieElement?) throws(SOAPFault) -> Session
    ) throws(SOAPFault) -> (Session, Request) {
        let session = try reader.session(open)
        var request = Request()
        while let parameter = try reader.parameter() {
            switch parameter {
            case "installedNonLeafUpdateIDs":
                try reader.elements.revisionIDs(
                    "installedNonLeafUpdateIDs", limit: RequestedLimits.installedNonLeafUpdateIDs, into: &request.installedNonLeaf)
            case "printerUpdateIDs":
                try reader.elements.revisionIDs("printerUpdateIDs", limit: RequestedLimits.otherCachedUpdateIDs, into: &request.printerUpdates)
            default: break
            }
        }
        try reader.finish()
        return (session, request)
    }

    /// As ``SyncUpdates/encodeResponse(_:cookie:for:soap:core:)``.
    public static func encodeResponse(
        _ answer: ScanAnswer, cookie: CookieElement, for client: ProtocolVersion = .native, soap version: SOAPVersion = .v11,
        core: (RevisionID, inout XMLBytes) throws -> Void
    ) rethrows -> [UInt8] {
        try SyncUpdates.encodeResponse(.syncPrinterCatalog, answer, cookie: cookie, for: client, soap: version, core: core)
    }

    /// A device's side.
    public static func encodeRequest(_ request: Request, cookie: CookieElement) -> [UInt8] {
        SOAPEnvelope.request(.syncPrinterCatalog) {
            $0.element("cookie") { cookie.encode(into: &$0) }
            $0.list("installedNonLeafUpdateIDs", request.installedNonLeaf) { $0.element("int", $1.rawValue) }
            $0.list("printerUpdateIDs", request.printerUpdates) { $0.element("int", $1.rawValue) }
        }
    }

    /// A device's side. Throws ``ResponseError``.
    public static func decodeResponse(_ body: [UInt8]) throws(ResponseError) -> Response {
        try SyncUpdates.decodeResponse(.syncPrinterCatalog, body)
    }
}
