/// The three web services a device talks to (protocol.md section 1).
public enum DeviceService: Hashable, Sendable, CaseIterable {
    case client
    case simpleAuth
    case reporting

    /// The namespace of every element of its requests and responses; see ``DeviceOperation/namespace``.
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
    case refreshCache
    case syncPrinterCatalog
    case getExtendedUpdateInfo
    case getExtendedUpdateInfo2
    case getFileLocations
    case reportEventBatch
    case reportEventBatch2
    case getRequiredInventoryType
    case reportInventory
    case ping

    public var service: DeviceService {
        switch self {
        case .getAuthorizationCookie: .simpleAuth
        case .reportEventBatch, .reportEventBatch2, .getRequiredInventoryType, .reportInventory, .ping: .reporting
        default: .client
        }
    }

    /// The namespace of its request, its response and all within: the service's, but for Ping, which several services share.
    public var namespace: String {
        self == .ping ? "http://www.microsoft.com/SoftwareDistribution/Server/IMonitorable" : service.namespace
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
        case .refreshCache: "RefreshCache"
        case .syncPrinterCatalog: "SyncPrinterCatalog"
        case .getExtendedUpdateInfo: "GetExtendedUpdateInfo"
        case .getExtendedUpdateInfo2: "GetExtendedUpdateInfo2"
        case .getFileLocations: "GetFileLocations"
        case .reportEventBatch: "ReportEventBatch"
        case .reportEventBatch2: "ReportEventBatch2"
        case .getRequiredInventoryType: "GetRequiredInventoryType"
        case .reportInventory: "ReportInventory"
        case .ping: "Ping"
        }
    }

    /// The value of the `SOAPAction` header, without the quotes that stand around it on the wire.
    public var soapAction: String { "\(namespace)/\(name)" }
}
