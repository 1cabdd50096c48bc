public import Updates

/// A report without a cookie ([MS-WUSP] 6.3). It proves nothing about who sends it, so that no server like this one takes it: of the request no
/// more is read than that it is one.
public enum ReportEventBatch2 {
    /// The first children that the schema has; the events are skipped.
    public struct Request: Hashable, Sendable {
        /// The sender's own word.
        public var computerID: String?
        /// By the sender's clock.
        public var clientTime: Timestamp?

        public init(computerID: String?, clientTime: Timestamp?) {
            self.computerID = computerID
            self.clientTime = clientTime
        }
    }

    /// InvalidParameters where the time is none or the name has more than 1,024 bytes.
    public static func decode(_ reader: inout SOAPRequestReader) throws(SOAPFault) -> Request {
        var request = Request(computerID: nil, clientTime: nil)
        while let parameter = try reader.parameter() {
            switch parameter {
            case "computerId": request.computerID = try reader.elements.string("computerId", limit: RequestedLimits.textBytes)
            case "clientTime": request.clientTime = try reader.elements.timestamp("clientTime")
            default: break
            }
        }
        try reader.finish()
        return request
    }

    /// Whether the batch was taken.
    public static func encodeResponse(_ isAccepted: Bool, soap version: SOAPVersion = .v11) -> [UInt8] {
        SOAPEnvelope.response(.reportEventBatch2, version) { $0.element("ReportEventBatch2Result", isAccepted) }
    }

    /// A device's side, without events.
    public static func encodeRequest(_ request: Request) -> [UInt8] {
        SOAPEnvelope.request(.reportEventBatch2) {
            if let computerID = request.computerID { $0.element("computerId", computerID) }
            if let clientTime = request.clientTime { $0.element("clientTime", clientTime.text(.milliseconds)) }
            $0.element("eventBatch")
        }
    }

    /// A device's side: whether the batch was taken. Throws ``ResponseError``.
    public static func decodeResponse(_ body: [UInt8]) throws(ResponseError) -> Bool {
        try SOAPResponseReader.decodeResult(body, .reportEventBatch2) { (elements) throws(SOAPFault) in
            try elements.boolean("ReportEventBatch2Result")
        }
    }
}
