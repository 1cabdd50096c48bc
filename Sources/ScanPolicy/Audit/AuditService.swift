/// The services of an update server that are looked at. The raw values are those of `martlet audit --json`.
///
/// Source of the paths: [MS-WSUSOD] section 2; of which must be on TLS: Microsoft, "Configure WSUS" (docs/scan-policy.md).
public enum AuditService: String, CaseIterable, Sendable, Hashable, Encodable {
    case simpleAuth = "SimpleAuthWebService"
    case client = "ClientWebService"
    case reporting = "ReportingWebService"
    case content = "Content"
    case selfUpdate = "SelfUpdate"
    case dssAuth = "DssAuthWebService"
    case serverSync = "ServerSyncWebService"
    case administration = "ApiRemoting30"

    public var path: String {
        switch self {
        case .simpleAuth: "/SimpleAuthWebService/SimpleAuth.asmx"
        case .client: "/ClientWebService/Client.asmx"
        case .reporting: "/ReportingWebService/ReportingWebService.asmx"
        case .content: "/Content/"
        case .selfUpdate: "/SelfUpdate/wuident.cab"
        case .dssAuth: "/DssAuthWebService/DssAuthWebService.asmx"
        case .serverSync: "/ServerSyncWebService/ServerSyncWebService.asmx"
        case .administration: "/ApiRemoting30/WebService.asmx"
        }
    }

    /// What a device or downstream server is told over it decides what runs on machines; it must be on TLS.
    public var carriesMetadata: Bool {
        switch self {
        case .simpleAuth, .client, .dssAuth, .serverSync: true
        case .reporting, .content, .selfUpdate, .administration: false
        }
    }
}

/// Everything that is sent over HTTP, on both ports. None of it changes anything on a server.
public enum AuditRequest: String, CaseIterable, Sendable, Hashable, Encodable {
    /// GET of a service's path, without a query.
    case get = "GET"
    /// HEAD, where GET could begin a download.
    case head = "HEAD"
    /// GET of a path that no server has, to know what an answer to nothing looks like.
    case control
    /// [MS-WUSP] section 2.2.2.2.1 GetConfig: what the server wants to know of devices. It reads settings.
    case getConfig = "GetConfig"
    /// [MS-WSUSSS] GetAuthConfig: which authorization plug-ins there are. It reads settings.
    case getAuthConfig = "GetAuthConfig"
}
