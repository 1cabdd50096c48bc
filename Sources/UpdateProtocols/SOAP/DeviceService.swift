/// The three web services a device talks to (protocol.md section 1).
public enum DeviceService: Hashable, Sendable, CaseIterable {
    case client
    case simpleAuth
    case reporting

    /// The namespace of every element of its requests and responses.
    public var namespace: String {
        switch self {
        case .client: "http://www.microsoft.com/SoftwareDistribution/Server/ClientWebService"
        case .simpleAuth: "http://www.microsoft.com/SoftwareDistribution/Server/SimpleAuthWebService"
        case .reporting: "http://www.microsoft.com/SoftwareDistribution"
        }
    }

    /// The path agents use, with the case they write (observed.md section 1).
    public var path: String {
        switch self {
        case .client: "/ClientWebService/client.asmx"
        case .simpleAuth: "/SimpleAuthWebService/SimpleAuth.asmx"
        case .reporting: "/ReportingWebService/ReportingWebService.asmx"
        }
    }

    /// The service at a request's path: in any case, with any number of slashes for one, and by the WSDL's address of Reporting too.
    public static func service(forPath path: String) -> DeviceService? {
        var normal: [UInt8] = []
        for byte in path.utf8 {
            if byte == UInt8(ascii: "/"), normal.last == byte { continue }
            normal.append((UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte)
        }
        switch String(decoding: normal, as: UTF8.self) {
        case "/clientwebservice/client.asmx": return .client
        case "/simpleauthwebservice/simpleauth.asmx": return .simpleAuth
        case "/reportingwebservice/reportingwebservice.asmx", "/reportingwebservice/webservice.asmx": return .reporting
        default: return nil
        }
    }
}

/// What a device can ask.
public enum DeviceOperation: Hashable, Sendable, CaseIterable {
    case getConfig
    case getAuthorizationCookie
    case getCookie
    case registerComputer
    case startCategoryScan
    case syncUpdates
    case getExtendedUpdateInfo
    case getFileLocations
    case reportEventBatch

    public var service: DeviceService {
        switch self {
        case .getAuthorizationCookie: .simpleAuth
        case .reportEventBatch: .reporting
        default: .client
        }
    }

    /// The name of the request element.
    public var name: String {
        switch self {
        case .getConfig: "GetConfig"
        case .getAuthorizationCookie: "GetAuthorizationCookie"
        case .getCookie: "GetCookie"
        case .registerComputer: "RegisterComputer"
        case .startCategoryScan: "StartCategoryScan"
        case .syncUpdates: "SyncUpdates"
        case .getExtendedUpdateInfo: "GetExtendedUpdateInfo"
        case .getFileLocations: "GetFileLocations"
        case .reportEventBatch: "ReportEventBatch"
        }
    }

    /// The value of the `SOAPAction` header, without the quotes that stand around it on the wire.
    public var soapAction: String { "\(service.namespace)/\(name)" }
}
