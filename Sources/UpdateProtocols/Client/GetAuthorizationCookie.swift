import Updates
import XMLStream

/// What a device trades its name for ([MS-WUSP] 2.2.2.1.1, the service SimpleAuth; observed.md section 2).
public enum GetAuthorizationCookie {
    public struct Request: Hashable, Sendable {
        /// The device's own name for itself, unchecked (``DeviceID`` says what is one).
        public var clientID: String?
        /// Group names separated by `;`, where the device's policy names any.
        public var targetGroupName: String?
        public var dnsName: String?

        public init(clientID: String?, targetGroupName: String?, dnsName: String?) {
            self.clientID = clientID
            self.targetGroupName = targetGroupName
            self.dnsName = dnsName
        }
    }

    /// The cookie answered.
    public typealias Response = AuthorizationCookie

    /// Texts of at most 1,024 bytes; a longer one is InvalidParameters.
    public static func decode(_ reader: inout SOAPRequestReader) throws(SOAPFault) -> Request {
        var request = Request(clientID: nil, targetGroupName: nil, dnsName: nil)
        while let parameter = try reader.parameter() {
            switch parameter {
            case "clientId": request.clientID = try reader.elements.string("clientId", limit: RequestedLimits.textBytes)
            case "targetGroupName": request.targetGroupName = try reader.elements.string("targetGroupName", limit: RequestedLimits.textBytes)
            case "dnsName": request.dnsName = try reader.elements.string("dnsName", limit: RequestedLimits.textBytes)
            default: break
            }
        }
        try reader.finish()
        return request
    }

    /// The body of the answer.
    public static func encodeResponse(_ response: Response, soap version: SOAPVersion = .v11) -> [UInt8] {
        SOAPEnvelope.response(.getAuthorizationCookie, version) {
            $0.element("GetAuthorizationCookieResult") { response.encode(into: &$0) }
        }
    }

    /// A device's side: what is nothing is left out.
    public static func encodeRequest(_ request: Request) -> [UInt8] {
        SOAPEnvelope.request(.getAuthorizationCookie) {
            if let clientID = request.clientID { $0.element("clientId", clientID) }
            if let targetGroupName = request.targetGroupName { $0.element("targetGroupName", targetGroupName) }
            if let dnsName = request.dnsName { $0.element("dnsName", dnsName) }
        }
    }

    /// A device's side. Throws ``ResponseError``, also where the cookie is empty.
    public static func decodeResponse(_ body: [UInt8]) throws(ResponseError) -> Response {
        try SOAPResponseReader.decodeResult(body, .getAuthorizationCookie) { (elements) throws(SOAPFault) in
            let cookie = try AuthorizationCookie(from: &elements)
            guard !cookie.cookieData.isEmpty else { throw SOAPFault(.invalidParameters, "CookieData") }
            return cookie
        }
    }
}

/// What an authorization plug-in gives a device ([MS-WUSP] 2.2.3 `AuthorizationCookie`). The element is `PlugInId`, unlike the configuration's `PlugInID`.
public struct AuthorizationCookie: Hashable, Sendable {
    public var plugInID: String
    /// Sealed; empty where it was missing or no base64, which opens nowhere.
    public var cookieData: [UInt8]

    public init(plugInID: String, cookieData: [UInt8]) {
        self.plugInID = plugInID
        self.cookieData = cookieData
    }

    init(from elements: inout ElementReader) throws(SOAPFault) {
        self.init(plugInID: "", cookieData: [])
        let level = elements.level
        while let name = try elements.child(of: level) {
            switch name {
            case "PlugInId": plugInID = try elements.string()
            case "CookieData": cookieData = Base64.decode(try elements.text()) ?? []
            default: break
            }
        }
    }

    func encode(into xml: inout XMLBytes) {
        xml.element("PlugInId", plugInID)
        xml.element("CookieData", base64: cookieData)
    }
}
