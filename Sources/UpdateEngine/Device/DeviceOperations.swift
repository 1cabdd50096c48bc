public import UpdateProtocols
public import Updates

/// What devices may ask, freed of HTTP and XML: the server decodes, calls one of these, and encodes.
///
/// What does not say `async` never waits: it reads the catalog and the device table in memory and may run on an event loop.
public protocol DeviceOperations: Sendable {
    func deviceConfiguration() -> GetConfig.Response
    /// - Parameter address: where the request comes from.
    func authorize(_ request: GetAuthorizationCookie.Request, from address: String) throws(SOAPFault) -> GetAuthorizationCookie.Response
    /// - Parameter address: where the request comes from.
    func issueCookie(_ request: GetCookie.Request, from address: String) throws(SOAPFault) -> CookieElement
    /// Checks a cookie's seal, purpose, server and expiry before anything else of a request is read (architecture: tokens).
    ///
    /// - Parameters:
    ///   - address: where the request comes from.
    ///   - transport: how it came, where that was seen.
    func open(_ cookie: CookieElement?, from address: String, over transport: DeviceTransport?) throws(SOAPFault) -> DeviceSession
    /// Durable when it returns.
    func register(_ session: DeviceSession, _ request: RegisterComputer.Request, from address: String) async throws(SOAPFault)
    func startCategoryScan(_ request: StartCategoryScan.Request) throws(SOAPFault) -> StartCategoryScan.Response
    func scan(_ session: DeviceSession, _ request: SyncUpdates.Request) throws(SOAPFault) -> DeviceScan
    func refreshCache(_ session: DeviceSession, _ request: RefreshCache.Request) throws(SOAPFault) -> RefreshCache.Response
    /// Every printer driver that the device is entitled to.
    func printerCatalog(_ session: DeviceSession, _ request: SyncPrinterCatalog.Request) throws(SOAPFault) -> DeviceScan
    /// - Parameter baseURL: `https://NAME:PORT`, without a slash at its end.
    func extendedUpdateInfo(
        _ session: DeviceSession, _ request: GetExtendedUpdateInfo.Request, baseURL: String
    ) throws(SOAPFault) -> DeviceExtendedInfo
    func extendedUpdateInfo2(
        _ session: DeviceSession, _ request: GetExtendedUpdateInfo2.Request, baseURL: String
    ) throws(SOAPFault) -> DeviceExtendedInfo2
    func fileLocations(
        _ session: DeviceSession, _ request: GetFileLocations.Request, baseURL: String
    ) throws(SOAPFault) -> GetFileLocations.Response
    /// Durable when it returns.
    func report(_ session: DeviceSession, _ request: ReportEventBatch.Request) async throws(ReportRefusal)
    /// Whether a report without a cookie was taken. It changes nothing.
    func report(_ request: ReportEventBatch2.Request) -> Bool
    func requiredInventoryType(_ session: DeviceSession, _ request: GetRequiredInventoryType.Request) throws(SOAPFault) -> Int32
    /// Whether an inventory was taken. It changes nothing.
    func reportInventory(_ session: DeviceSession, _ request: ReportInventory.Request) throws(SOAPFault) -> Bool
    func ping() -> Ping.Response
}

/// What a cookie that was checked says.
public struct DeviceSession: Sendable {
    public let deviceID: DeviceID
    public let isRegistered: Bool
    public let anchor: Generation
    public let configurationVersion: Timestamp
    public let clientProtocolMajor: UInt16
    public let clientProtocolMinor: UInt16
    public let expires: Timestamp
    let dnsNameDigest: SHA256Digest
    /// Of the groups it asked for when it authorised.
    let groupClaimDigest: SHA256Digest
    let lineage: SessionLineage
    /// Where the request came from.
    let address: String
    /// How it came; nothing where that was not seen.
    var transport: DeviceTransport?

    /// What the device said that it speaks.
    public var clientProtocol: ProtocolVersion { ProtocolVersion(major: clientProtocolMajor, minor: clientProtocolMinor) }
}

/// An answer that holds fragments, and the means to encode it.
public protocol PagedAnswer: Sendable {
    /// The body where making it is little work, for an event loop; nothing where it is more.
    func bodyAtHand(_ form: AnswerForm) -> AnswerBody?
    /// The body. Blocks: reads fragments and compresses. Throws where one is damaged or missing.
    func body(_ form: AnswerForm) throws -> AnswerBody
}

/// The answer to SyncUpdates or SyncPrinterCatalog.
public struct DeviceScan: PagedAnswer {
    public let answer: ScanAnswer
    public let cookie: CookieElement
    let operation: DeviceOperation
    private let pages: AnswerPages

    public init(_ operation: DeviceOperation = .syncUpdates, answer: ScanAnswer, cookie: CookieElement, pages: AnswerPages) {
        self.operation = operation
        self.answer = answer
        self.cookie = cookie
        self.pages = pages
    }

    public func bodyAtHand(_ form: AnswerForm) -> AnswerBody? { pages.bodyAtHand(self, form) }

    public func body(_ form: AnswerForm) throws -> AnswerBody { try pages.body(self, form) }
}

/// The answer to GetExtendedUpdateInfo.
public struct DeviceExtendedInfo: PagedAnswer {
    public let pieces: [GetExtendedUpdateInfo.Piece]
    public let fileLocations: [FileLocation]
    /// Asked for, and not delivered to this device.
    public let outOfScope: [RevisionID]
    private let pages: AnswerPages

    public init(pieces: [GetExtendedUpdateInfo.Piece], fileLocations: [FileLocation], outOfScope: [RevisionID], pages: AnswerPages) {
        self.pieces = pieces
        self.fileLocations = fileLocations
        self.outOfScope = outOfScope
        self.pages = pages
    }

    private var key: KeptParts.Key.Content { .extended(pieces, fileLocations, outOfScope) }

    public func bodyAtHand(_ form: AnswerForm) -> AnswerBody? { pages.bodyAtHand(key, form) }

    public func body(_ form: AnswerForm) throws -> AnswerBody {
        try pages.body(key, form) { writer, append in
            try GetExtendedUpdateInfo.encodeResponse(
                pieces, fileLocations: fileLocations, outOfScope: outOfScope, soap: form.soap, into: &writer
            ) { try append($0.id, $0.kind, &$1) }
        }
    }
}

/// The answer to GetExtendedUpdateInfo2.
public struct DeviceExtendedInfo2: PagedAnswer {
    public let pieces: [GetExtendedUpdateInfo.Piece]
    public let fileLocations: [FileLocation]
    public let encryptionDetails: [GetExtendedUpdateInfo2.EncryptionDetail]
    private let pages: AnswerPages

    public init(
        pieces: [GetExtendedUpdateInfo.Piece], fileLocations: [FileLocation], encryptionDetails: [GetExtendedUpdateInfo2.EncryptionDetail],
        pages: AnswerPages
    ) {
        self.pieces = pieces
        self.fileLocations = fileLocations
        self.encryptionDetails = encryptionDetails
        self.pages = pages
    }

    private var key: KeptParts.Key.Content { .extended2(pieces, fileLocations, encryptionDetails) }

    public func bodyAtHand(_ form: AnswerForm) -> AnswerBody? { pages.bodyAtHand(key, form) }

    public func body(_ form: AnswerForm) throws -> AnswerBody {
        try pages.body(key, form) { writer, append in
            try GetExtendedUpdateInfo2.encodeResponse(
                pieces, fileLocations: fileLocations, encryptionDetails: encryptionDetails, soap: form.soap, into: &writer
            ) { try append($0.id, $0.kind, &$1) }
        }
    }
}

/// Why a report was not taken.
public enum ReportRefusal: Error, Hashable, Sendable {
    case fault(SOAPFault)
    /// The queue is full: HTTP 503 with Retry-After; the device sends the same batch again.
    case busy(retryAfterSeconds: Int)
}
