/// An error a caller is told of: the protocol's code and the name of what is wrong, nothing else ([MS-WUSP] 2.2.2.4).
public struct SOAPFault: Error, Hashable, Sendable {
    public let code: ErrorCode
    /// The path of the parameter at fault, as a real server writes it: `parameters.InstalledNonLeafUpdateIDs`.
    public let message: String

    public init(_ code: ErrorCode, _ message: String = "") {
        self.code = code
        self.message = message
    }

    public enum ErrorCode: String, Sendable, CaseIterable {
        case invalidCookie = "InvalidCookie"
        case serverChanged = "ServerChanged"
        case configChanged = "ConfigChanged"
        case cookieExpired = "CookieExpired"
        case registrationRequired = "RegistrationRequired"
        case registrationNotRequired = "RegistrationNotRequired"
        case invalidAuthorizationCookie = "InvalidAuthorizationCookie"
        case invalidParameters = "InvalidParameters"
        case internalServerError = "InternalServerError"
        case serverBusy = "ServerBusy"
        case fileLocationChanged = "FileLocationChanged"
    }
}
