public import Updates

/// What a device asks first: how to reach and to treat this server ([MS-WUSP] 2.2.2.2.1; observed.md section 2).
public enum GetConfig {
    public struct Request: Hashable, Sendable {
        /// A valid ``ProtocolVersion``, as sent.
        public var protocolVersion: String

        public init(protocolVersion: String) {
            self.protocolVersion = protocolVersion
        }
    }

    public struct Response: Hashable, Sendable {
        /// What a device repeats in GetCookie; ConfigChanged where it no longer holds.
        public var lastChange: Timestamp
        public var isRegistrationRequired: Bool
        /// `SimpleTargeting`
        public var plugInID: String
        /// Relative to the server's address, without a slash before it.
        public var serviceURL: String
        /// In order.
        public var properties: [ConfigurationProperty]

        public init(
            lastChange: Timestamp, isRegistrationRequired: Bool, plugInID: String = "SimpleTargeting",
            serviceURL: String = "SimpleAuthWebService/SimpleAuth.asmx", properties: [ConfigurationProperty]
        ) {
            self.lastChange = lastChange
            self.isRegistrationRequired = isRegistrationRequired
            self.plugInID = plugInID
            self.serviceURL = serviceURL
            self.properties = properties
        }
    }

    public struct ConfigurationProperty: Hashable, Sendable {
        public var name: String
        public var value: String

        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// InvalidParameters where `protocolVersion` is missing or no version.
    public static func decode(_ reader: inout SOAPRequestReader) throws(SOAPFault) -> Request {
        var version: String?
        while let parameter = try reader.parameter() {
            if "protocolVersion" ~= parameter { version = try reader.elements.string() }
        }
        try reader.finish()
        guard let version, ProtocolVersion(version) != nil else { throw SOAPFault(.invalidParameters, "protocolVersion") }
        return Request(protocolVersion: version)
    }

    /// The body of the answer; empty lists are left out.
    public static func encodeResponse(_ response: Response, soap version: SOAPVersion = .v11) -> [UInt8] {
        SOAPEnvelope.response(.getConfig, version) {
            $0.element("GetConfigResult") {
                $0.element("LastChange", response.lastChange.text(.milliseconds))
                $0.element("IsRegistrationRequired", response.isRegistrationRequired)
                $0.element("AuthInfo") {
                    $0.element("AuthPlugInInfo") {
                        $0.element("PlugInID", response.plugInID)
                        $0.element("ServiceUrl", response.serviceURL)
                        $0.element("Parameter")
                    }
                }
                $0.list("Properties", response.properties) { xml, property in
                    xml.element("ConfigurationProperty") {
                        $0.element("Name", property.name)
                        $0.element("Value", property.value)
                    }
                }
            }
        }
    }

    /// A device's side.
    public static func encodeRequest(_ request: Request) -> [UInt8] {
        SOAPEnvelope.request(.getConfig) { $0.element("protocolVersion", request.protocolVersion) }
    }

    /// A device's side. Throws ``ResponseError``.
    public static func decodeResponse(_ body: [UInt8]) throws(ResponseError) -> Response {
        try SOAPResponseReader.decodeResult(body, .getConfig) { (elements) throws(SOAPFault) in
            let level = elements.level
            var lastChange: Timestamp?
            var response = Response(
                lastChange: Timestamp(millisecondsSince1970: 0), isRegistrationRequired: false, plugInID: "", serviceURL: "", properties: [])
            while let name = try elements.child(of: level) {
                switch name {
                case "LastChange": lastChange = try elements.timestamp("LastChange")
                case "IsRegistrationRequired": response.isRegistrationRequired = try elements.boolean("IsRegistrationRequired")
                case "AuthInfo": try plugIn(&elements, into: &response)
                case "Properties":
                    let level = elements.level
                    while let name = try elements.child(of: level) {
                        if "ConfigurationProperty" ~= name { response.properties.append(try property(&elements)) }
                    }
                default: break
                }
            }
            guard let lastChange else { throw SOAPFault(.invalidParameters, "LastChange") }
            response.lastChange = lastChange
            return response
        }
    }

    /// The first plug-in; the protocol has exactly one.
    private static func plugIn(_ elements: inout ElementReader, into response: inout Response) throws(SOAPFault) {
        let level = elements.level
        while let name = try elements.child(of: level) {
            guard "AuthPlugInInfo" ~= name, response.plugInID.isEmpty else { continue }
            let level = elements.level
            while let name = try elements.child(of: level) {
                switch name {
                case "PlugInID": response.plugInID = try elements.string()
                case "ServiceUrl": response.serviceURL = try elements.string()
                default: break
                }
            }
        }
    }

    private static func property(_ elements: inout ElementReader) throws(SOAPFault) -> ConfigurationProperty {
        let level = elements.level
        var property = ConfigurationProperty(name: "", value: "")
        while let name = try elements.child(of: level) {
            switch name {
            case "Name": property.name = try elements.string()
            case "Value": property.value = try elements.string()
            default: break
            }
        }
        return property
    }
}
