public import Updates

/// Which inventory a device is to send ([MS-WUSP] 6.3): none, where the configuration says `IsInventoryRequired` 0.
public enum GetRequiredInventoryType {
    public struct Request: Hashable, Sendable {
        public var rulesID: UpdateID
        public var rulesVersion: String?

        public init(rulesID: UpdateID, rulesVersion: String?) {
            self.rulesID = rulesID
            self.rulesVersion = rulesVersion
        }
    }

    /// InvalidParameters where `rulesId` is missing or no GUID, or the version has more than 1,024 bytes.
    public static func decode<Session>(
        _ reader: inout SOAPRequestReader, open: (CookieElement?) throws(SOAPFault) -> Session
    ) throws(SOAPFault) -> (Session, Request) {
        let session = try reader.session(open)
        var rulesID: UpdateID?
        var rulesVersion: String?
        while let parameter = try reader.parameter() {
            switch parameter {
            case "rulesId": rulesID = try reader.elements.guid("rulesId")
            case "rulesVersion": rulesVersion = try reader.elements.string("rulesVersion", limit: RequestedLimits.textBytes)
            default: break
            }
        }
        try reader.finish()
        guard let rulesID else { throw SOAPFault(.invalidParameters, "rulesId") }
        return (session, Request(rulesID: rulesID, rulesVersion: rulesVersion))
    }

    /// The body of the answer; 0 is no inventory.
    public static func encodeResponse(_ type: Int32, soap version: SOAPVersion = .v11) -> [UInt8] {
        SOAPEnvelope.response(.getRequiredInventoryType, version) { $0.element("GetRequiredInventoryTypeResult", type) }
    }

    /// A device's side.
    public static func encodeRequest(_ request: Request, cookie: CookieElement) -> [UInt8] {
        SOAPEnvelope.request(.getRequiredInventoryType) {
            $0.element("cookie") { cookie.encode(into: &$0) }
            $0.element("rulesId", request.rulesID.description)
            if let rulesVersion = request.rulesVersion { $0.element("rulesVersion", rulesVersion) }
        }
    }

    /// A device's side. Throws ``ResponseError``.
    public static func decodeResponse(_ body: [UInt8]) throws(ResponseError) -> Int32 {
        try SOAPResponseReader.decodeResult(body, .getRequiredInventoryType) { (elements) throws(SOAPFault) in
            try elements.int32("GetRequiredInventoryTypeResult")
        }
    }
}

/// An inventory of a device ([MS-WUSP] 6.3). This server asks for none and keeps none: what it holds is skipped.
public enum ReportInventory {
    public struct Request: Hashable, Sendable {
        /// By the device's clock.
        public var clientTime: Timestamp

        public init(clientTime: Timestamp) {
            self.clientTime = clientTime
        }
    }

    /// InvalidParameters where `clientTime` is missing or no time.
    public static func decode<Session>(
        _ reader: inout SOAPRequestReader, open: (CookieElement?) throws(SOAPFault) -> Session
    ) throws(SOAPFault) -> (Session, Request) {
        let session = try reader.session(open)
        var clientTime: Timestamp?
        while let parameter = try reader.parameter() {
            if "clientTime" ~= parameter { clientTime = try reader.elements.timestamp("clientTime") }
        }
        try reader.finish()
        guard let clientTime else { throw SOAPFault(.invalidParameters, "clientTime") }
        return (session, Request(clientTime: clientTime))
    }

    /// Whether the inventory was taken.
    public static func encodeResponse(_ isAccepted: Bool, soap version: SOAPVersion = .v11) -> [UInt8] {
        SOAPEnvelope.response(.reportInventory, version) { $0.element("ReportInventoryResult", isAccepted) }
    }

    /// A device's side, without an inventory.
    public static func encodeRequest(_ request: Request, cookie: CookieElement) -> [UInt8] {
        SOAPEnvelope.request(.reportInventory) {
            $0.element("cookie") { cookie.encode(into: &$0) }
            $0.element("clientTime", request.clientTime.text(.milliseconds))
        }
    }

    /// A device's side: whether the inventory was taken. Throws ``ResponseError``.
    public static func decodeResponse(_ body: [UInt8]) throws(ResponseError) -> Bool {
        try SOAPResponseReader.decodeResult(body, .reportInventory) { (elements) throws(SOAPFault) in
            try elements.boolean("ReportInventoryResult")
        }
    }
}
