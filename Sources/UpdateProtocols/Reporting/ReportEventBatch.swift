public import Updates

/// What happened on a device ([MS-WUSP] 3.1.5.11; observed.md section 6).
public enum ReportEventBatch {
    public struct Request: Hashable, Sendable {
        /// By the device's clock.
        public var clientTime: Timestamp?
        /// In the order sent.
        public var events: [Event]
        /// How many were left out because they are too long or have too many strings.
        public var droppedEvents: Int

        public init(clientTime: Timestamp?, events: [Event], droppedEvents: Int = 0) {
            self.clientTime = clientTime
            self.events = events
            self.droppedEvents = droppedEvents
        }
    }

    /// InvalidParameters where `eventBatch` is missing or has more than 500 events, or where a value of an event (of one that is not dropped) is
    /// missing or not of its type.
    public static func decode<Session>(
        _ reader: inout SOAPRequestReader, open: (CookieElement?) throws(SOAPFault) -> Session
    ) throws(SOAPFault) -> (Session, Request) {
        let session = try reader.session(open)
        var request = Request(clientTime: nil, events: [])
        var hasBatch = false
        while let parameter = try reader.parameter() {
            switch parameter {
            case "clientTime": request.clientTime = try reader.elements.timestamp("clientTime")
            case "eventBatch":
                hasBatch = true
                try batch(&reader.elements, into: &request)
            default: break
            }
        }
        try reader.finish()
        guard hasBatch else { throw SOAPFault(.invalidParameters, "eventBatch") }
        return (session, request)
    }

    /// Whether the batch was taken.
    public static func encodeResponse(_ isAccepted: Bool, soap version: SOAPVersion = .v11) -> [UInt8] {
        SOAPEnvelope.response(.reportEventBatch, version) { $0.element("ReportEventBatchResult", isAccepted) }
    }

    /// A device's side. An event without an update names the zero GUID, as native agents do.
    public static func encodeRequest(
        clientTime: Timestamp, events: [Event], computer: ReportingComputer, cookie: CookieElement
    ) -> [UInt8] {
        SOAPEnvelope.request(.reportEventBatch) {
            $0.element("cookie") { cookie.encode(into: &$0) }
            $0.element("clientTime", clientTime.text(.milliseconds))
            $0.element("eventBatch") { xml in
                for event in events { xml.element("ReportingEvent") { event.encode(computer, into: &$0) } }
            }
        }
    }

    /// A device's side: whether the batch was taken. Throws ``ResponseError``.
    public static func decodeResponse(_ body: [UInt8]) throws(ResponseError) -> Bool {
        try SOAPResponseReader.decodeResult(body, .reportEventBatch) { (elements) throws(SOAPFault) in
            try elements.boolean("ReportEventBatchResult")
        }
    }

    private static func batch(_ elements: inout ElementReader, into request: inout Request) throws(SOAPFault) {
        let level = elements.level
        while let name = try elements.child(of: level) {
            guard "ReportingEvent" ~= name else { continue }
            guard request.events.count + request.droppedEvents < RequestedLimits.events else {
                throw SOAPFault(.invalidParameters, "eventBatch")
            }
            if let event = try ReportingEvent.decode(&elements) {
                request.events.append(event)
            } else {
                request.droppedEvents += 1
            }
        }
    }
}

/// What each event of a report says of the computer ([MS-WUSP] `ExtendedData`). A server keeps none of it.
public struct ReportingComputer: Hashable, Sendable {
    public var brand: String
    public var model: String
    public var biosRevision: String
    /// `Unknown`, `X86Compatible`, `IA64Compatible` or `Amd64Compatible`.
    public var processorArchitecture: String
    public var osMajorVersion: Int32
    public var osMinorVersion: Int32
    public var osBuildNumber: Int32
    public var osRevision: Int32
    public var osServicePackMajorNumber: Int32
    public var osServicePackMinorNumber: Int32
    /// A Windows LCID: 1033 is English.
    public var osLocaleID: Int32

    public init(
        brand: String = "", model: String = "", biosRevision: String = "", processorArchitecture: String = "Unknown", osMajorVersion: Int32 = 0,
        osMinorVersion: Int32 = 0, osBuildNumber: Int32 = 0, osRevision: Int32 = 0, osServicePackMajorNumber: Int32 = 0,
        osServicePackMinorNumber: Int32 = 0, osLocaleID: Int32 = 1033
    ) {
        self.brand = brand
        self.model = model
        self.biosRevision = biosRevision
        self.processorArchitecture = processorArchitecture
        self.osMajorVersion = osMajorVersion
        self.osMinorVersion = osMinorVersion
        self.osBuildNumber = osBuildNumber
        self.osRevision = osRevision
        self.osServicePackMajorNumber = osServicePackMajorNumber
        self.osServicePackMinorNumber = osServicePackMinorNumber
        self.osLocaleID = osLocaleID
    }
}
