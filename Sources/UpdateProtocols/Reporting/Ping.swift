public import Updates

/// Whether a service is there ([MS-WSUSSS] 3.1.4.12, bound to Reporting). Real servers answer with paths and names of their database; this one
/// says what any caller knows already.
public enum Ping {
    public struct Request: Hashable, Sendable {
        /// Unused.
        public var level: Int32

        public init(level: Int32) {
            self.level = level
        }
    }

    public struct Response: Hashable, Sendable {
        public var isSuccessful: Bool
        public var time: Timestamp

        public init(isSuccessful: Bool, time: Timestamp) {
            self.isSuccessful = isSuccessful
            self.time = time
        }
    }

    /// InvalidParameters where `pingLevel` is missing or no number.
    public static func decode(_ reader: inout SOAPRequestReader) throws(SOAPFault) -> Request {
        var level: Int32?
        while let parameter = try reader.parameter() {
            if "pingLevel" ~= parameter { level = try reader.elements.int32("pingLevel") }
        }
        try reader.finish()
        guard let level else { throw SOAPFault(.invalidParameters, "pingLevel") }
        return Request(level: level)
    }

    /// The body of the answer: of `MonitoredServicesResponse` what the schema must have. There is no configuration file to be told of: its
    /// times are the calendar's first and last.
    public static func encodeResponse(_ response: Response, soap version: SOAPVersion = .v11) -> [UInt8] {
        SOAPEnvelope.response(.ping, version) {
            $0.element("PingResult") {
                $0.element("SuccessFlag", response.isSuccessful)
                $0.element("ServicesTime", response.time.text(.milliseconds))
                $0.element("IsHttps", true)
                $0.element("ConfigFileLastModifiedTime", "0001-01-01T00:00:00Z")
                $0.element("ConfigFileNextExpirationTime", "9999-12-31T23:59:59Z")
                $0.element("ConfigFileExpirationModuloInMinutes", 0)
            }
        }
    }

    /// A caller's side.
    public static func encodeRequest(_ request: Request) -> [UInt8] {
        SOAPEnvelope.request(.ping) { $0.element("pingLevel", request.level) }
    }

    /// A caller's side. Throws ``ResponseError``.
    public static func decodeResponse(_ body: [UInt8]) throws(ResponseError) -> Response {
        try SOAPResponseReader.decodeResult(body, .ping) { (elements) throws(SOAPFault) in
            var isSuccessful: Bool?
            var time: Timestamp?
            let level = elements.level
            while let name = try elements.child(of: level) {
                switch name {
                case "SuccessFlag": isSuccessful = try elements.boolean("SuccessFlag")
                case "ServicesTime": time = try elements.timestamp("ServicesTime")
                default: break
                }
            }
            guard let isSuccessful else { throw SOAPFault(.invalidParameters, "SuccessFlag") }
            guard let time else { throw SOAPFault(.invalidParameters, "ServicesTime") }
            return Response(isSuccessful: isSuccessful, time: time)
        }
    }
}
