public import Updates

/// What a device trades its authorization for: the cookie of everything after ([MS-WUSP] 3.1.5.4; observed.md section 2).
public enum GetCookie {
    public struct Request: Hashable, Sendable {
        /// Exactly one, says the protocol.
        public var authorizationCookies: [AuthorizationCookie]
        /// Present but without data on a device's first contact.
        public var oldCookie: CookieElement?
        /// The configuration's `LastChange` as the device knows it.
        public var lastChange: Timestamp?
        /// By the device's clock.
        public var currentTime: Timestamp?
        /// A valid ``ProtocolVersion``, as sent.
        public var protocolVersion: String?

        public init(
            authorizationCookies: [AuthorizationCookie], oldCookie: CookieElement?, lastChange: Timestamp?, currentTime: Timestamp?,
            protocolVersion: String?
        ) {
            self.authorizationCookies = authorizationCookies
            self.oldCookie = oldCookie
            self.lastChange = lastChange
            self.currentTime = currentTime
            self.protocolVersion = protocolVersion
        }
    }

    /// The cookie answered.
    public typealias Response = CookieElement

    /// InvalidParameters for a time or version that is none, InvalidAuthorizationCookie for more than 16 authorization cookies.
    public static func decode(_ reader: inout SOAPRequestReader) throws(SOAPFault) -> Request {
        var request = Request(authorizationCookies: [], oldCookie: nil, lastChange: nil, currentTime: nil, protocolVersion: nil)
        while let parameter = try reader.parameter() {
            switch parameter {
            case "authCookies":
                let level = reader.elements.level
                while let name = try reader.elements.child(of: level) {
                    guard "AuthorizationCookie" ~= name else { continue }
                    guard request.authorizationCookies.count < RequestedLimits.authorizationCookies else {
                        throw SOAPFault(.invalidAuthorizationCookie)
                    }
                    request.authorizationCookies.append(try AuthorizationCookie(from: &reader.elements))
                }
            case "oldCookie": request.oldCookie = try CookieElement(from: &reader.elements)
            case "lastChange": request.lastChange = try reader.elements.timestamp("lastChange")
            case "currentTime": request.currentTime = try reader.elements.timestamp("currentTime")
            case "protocolVersion":
                let version = try reader.elements.string()
                guard ProtocolVersion(version) != nil else { throw SOAPFault(.invalidParameters, "protocolVersion") }
                request.protocolVersion = version
            default: break
            }
        }
        try reader.finish()
        return request
    }

    /// The body of the answer.
    public static func encodeResponse(_ response: Response, soap version: SOAPVersion = .v11) -> [UInt8] {
        SOAPEnvelope.response(.getCookie, version) { $0.element("GetCookieResult") { response.encode(into: &$0) } }
    }

    /// A device's side: what is nothing is left out.
    public static func encodeRequest(_ request: Request) -> [UInt8] {
        SOAPEnvelope.request(.getCookie) {
            $0.list("authCookies", request.authorizationCookies) { xml, cookie in
                xml.element("AuthorizationCookie") { cookie.encode(into: &$0) }
            }
            if let oldCookie = request.oldCookie { $0.element("oldCookie") { oldCookie.encode(into: &$0) } }
            if let lastChange = request.lastChange { $0.element("lastChange", lastChange.text(.milliseconds)) }
            if let currentTime = request.currentTime { $0.element("currentTime", currentTime.text(.milliseconds)) }
            if let protocolVersion = request.protocolVersion { $0.element("protocolVersion", protocolVersion) }
        }
    }

    /// A device's side. Throws ``ResponseError``, also where the cookie is empty.
    public static func decodeResponse(_ body: [UInt8]) throws(ResponseError) -> Response {
        try SOAPResponseReader.decodeResult(body, .getCookie) { (elements) throws(SOAPFault) in
            let cookie = try CookieElement(from: &elements)
            guard cookie.encryptedData?.isEmpty == false else { throw SOAPFault(.invalidParameters, "EncryptedData") }
            return cookie
        }
    }
}
