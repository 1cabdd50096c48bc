public import Updates

/// What a device says of itself, once ([MS-WUSP] 3.1.5.5 `ComputerInfo`; observed.md section 2).
public enum RegisterComputer {
    public struct Request: Hashable, Sendable {
        public var facts: DeviceFacts

        public init(facts: DeviceFacts) {
            self.facts = facts
        }
    }

    /// What `ComputerInfo` has besides ``DeviceFacts``: a server does not keep it, the schema wants it.
    public struct FurtherFacts: Hashable, Sendable {
        public var biosName: String
        public var biosReleaseDate: Timestamp
        public var suiteMask: Int16
        public var oldProductType: UInt8
        public var newProductType: Int32
        public var systemMetrics: Int32
        public var oem: String
        public var deviceType: String
        public var firmwareVersion: String
        public var mobileOperator: String

        public init(
            biosName: String = "", biosReleaseDate: Timestamp = Timestamp(millisecondsSince1970: 0), suiteMask: Int16 = 0,
            oldProductType: UInt8 = 1, newProductType: Int32 = 0, systemMetrics: Int32 = 0, oem: String = "", deviceType: String = "",
            firmwareVersion: String = "", mobileOperator: String = ""
        ) {
            self.biosName = biosName
            self.biosReleaseDate = biosReleaseDate
            self.suiteMask = suiteMask
            self.oldProductType = oldProductType
            self.newProductType = newProductType
            self.systemMetrics = systemMetrics
            self.oem = oem
            self.deviceType = deviceType
            self.firmwareVersion = firmwareVersion
            self.mobileOperator = mobileOperator
        }
    }

    /// InvalidParameters where `computerInfo` is missing, a number is none, or a text has more than 1,024 bytes.
    public static func decode<Session>(
        _ reader: inout SOAPRequestReader, open: (CookieElement?) throws(SOAPFault) -> Session
    ) throws(SOAPFault) -> (Session, Request) {
        let session = try reader.session(open)
        var facts: DeviceFacts?
        while let parameter = try reader.parameter() {
            if "computerInfo" ~= parameter { facts = try decodeFacts(&reader.elements) }
        }
        try reader.finish()
        guard let facts else { throw SOAPFault(.invalidParameters, "computerInfo") }
        return (session, Request(facts: facts))
    }

    /// The body of the answer, which says nothing.
    public static func encodeResponse(soap version: SOAPVersion = .v11) -> [UInt8] {
        SOAPEnvelope.response(.registerComputer, version) { _ in }
    }

    /// A device's side: all the schema's elements; of the last four, which Windows 10 added, those that are not empty.
    public static func encodeRequest(_ request: Request, cookie: CookieElement, further: FurtherFacts = FurtherFacts()) -> [UInt8] {
        let facts = request.facts
        var version = facts.clientVersion.split(separator: ".").map { Int32($0) ?? 0 }
        while version.count < 4 { version.append(0) }
        return SOAPEnvelope.request(.registerComputer) {
            $0.element("cookie") { cookie.encode(into: &$0) }
            $0.element("computerInfo") {
                $0.element("DnsName", facts.dnsName)
                $0.element("OSMajorVersion", facts.osMajorVersion)
                $0.element("OSMinorVersion", facts.osMinorVersion)
                $0.element("OSBuildNumber", facts.osBuildNumber)
                $0.element("OSServicePackMajorNumber", facts.osServicePackMajorNumber)
                $0.element("OSServicePackMinorNumber", facts.osServicePackMinorNumber)
                $0.element("OSLocale", facts.osLocale)
                $0.element("ComputerManufacturer", facts.manufacturer)
                $0.element("ComputerModel", facts.model)
                $0.element("BiosVersion", facts.biosVersion)
                $0.element("BiosName", further.biosName)
                $0.element("BiosReleaseDate", further.biosReleaseDate.text(.seconds))
                $0.element("ProcessorArchitecture", facts.processorArchitecture)
                $0.element("SuiteMask", Int32(further.suiteMask))
                $0.element("OldProductType", Int32(further.oldProductType))
                $0.element("NewProductType", further.newProductType)
                $0.element("SystemMetrics", further.systemMetrics)
                $0.element("ClientVersionMajorNumber", version[0])
                $0.element("ClientVersionMinorNumber", version[1])
                $0.element("ClientVersionBuildNumber", version[2])
                $0.element("ClientVersionQfeNumber", version[3])
                $0.element("OSDescription", facts.osDescription)
                if !further.oem.isEmpty { $0.element("OEM", further.oem) }
                if !further.deviceType.isEmpty { $0.element("DeviceType", further.deviceType) }
                if !further.firmwareVersion.isEmpty { $0.element("FirmwareVersion", further.firmwareVersion) }
                if !further.mobileOperator.isEmpty { $0.element("MobileOperator", further.mobileOperator) }
            }
        }
    }

    /// A device's side. Throws ``ResponseError``.
    public static func decodeResponse(_ body: [UInt8]) throws(ResponseError) {
        try SOAPResponseReader.decode(body, .registerComputer) { (_) throws(SOAPFault) in }
    }

    private static func decodeFacts(_ elements: inout ElementReader) throws(SOAPFault) -> DeviceFacts {
        var facts = DeviceFacts(dnsName: "")
        var version: [Int32] = [0, 0, 0, 0]
        let level = elements.level
        func text(_ name: String) throws(SOAPFault) -> String { try elements.string("computerInfo.\(name)", limit: RequestedLimits.textBytes) }
        func number(_ name: String) throws(SOAPFault) -> Int32 { try elements.int32("computerInfo.\(name)") }
        while let name = try elements.child(of: level) {
            switch name {
            case "DnsName": facts.dnsName = try text("DnsName")
            case "OSMajorVersion": facts.osMajorVersion = try number("OSMajorVersion")
            case "OSMinorVersion": facts.osMinorVersion = try number("OSMinorVersion")
            case "OSBuildNumber": facts.osBuildNumber = try number("OSBuildNumber")
            case "OSServicePackMajorNumber": facts.osServicePackMajorNumber = try number("OSServicePackMajorNumber")
            case "OSServicePackMinorNumber": facts.osServicePackMinorNumber = try number("OSServicePackMinorNumber")
            case "OSLocale": facts.osLocale = try text("OSLocale")
            case "ComputerManufacturer": facts.manufacturer = try text("ComputerManufacturer")
            case "ComputerModel": facts.model = try text("ComputerModel")
            case "BiosVersion": facts.biosVersion = try text("BiosVersion")
            case "ProcessorArchitecture": facts.processorArchitecture = try text("ProcessorArchitecture")
            case "ClientVersionMajorNumber": version[0] = try number("ClientVersionMajorNumber")
            case "ClientVersionMinorNumber": version[1] = try number("ClientVersionMinorNumber")
            case "ClientVersionBuildNumber": version[2] = try number("ClientVersionBuildNumber")
            case "ClientVersionQfeNumber": version[3] = try number("ClientVersionQfeNumber")
            case "OSDescription": facts.osDescription = try text("OSDescription")
            default: break
            }
        }
        facts.clientVersion = version.map(String.init).joined(separator: ".")
        return facts
    }
}
