import UpdateProtocols
public import Updates

/// What a device keeps between scans.
public struct DeviceState: Hashable, Sendable, Codable {
    /// Raised when an older agent could not read a newer state.
    static let currentFormat = 1

    var format = Self.currentFormat
    /// The device's own name for itself, a random GUID made once (the native agent's `SusClientId`).
    public let clientID: DeviceID
    /// The server everything below belongs to.
    public internal(set) var server: String
    /// GetConfig's answer, as far as it matters.
    var configuration: Configuration?
    /// The last cookie; expired or not it is the next `oldCookie`, whose anchor saves the device from getting its whole cache back as changed.
    var cookie: Cookie?
    /// The groups asked for when the cookie was given: others are asked for anew, with an authorization.
    var askedGroup: String?
    /// What RegisterComputer last told the server; nothing where it must be told.
    var registeredFacts: DeviceFacts?
    /// True where ``updates`` have the ids of another state of the server: they are to be renumbered before anything is asked of them.
    var isCacheStale: Bool?
    /// Scans that failed and were not reported yet.
    var failedScans: [FailedScan]?
    /// In the order they came: the order decides which 400 count as installed.
    public internal(set) var updates: [KnownUpdate] = []

    struct Configuration: Hashable, Sendable, Codable {
        var lastChange: Timestamp
        var isRegistrationRequired: Bool
        /// As the server named it; ``ServerAddress/path(ofService:)`` judges it.
        var authorizationService: String
        var extendedUpdatesPerRequest: Int
    }

    /// What a device tells of a scan that came to nothing.
    struct FailedScan: Hashable, Sendable, Codable {
        var at: Timestamp
        var hresult: Int32
    }

    struct Cookie: Hashable, Sendable, Codable {
        var expiration: Timestamp?
        var encryptedData: [UInt8]

        var element: CookieElement { CookieElement(expiration: expiration, encryptedData: encryptedData) }
    }

    /// A device that has never been anywhere.
    public init(clientID: DeviceID, server: ServerAddress) {
        self.clientID = clientID
        self.server = server.description
    }

    /// The same device at another server: ids, cookies and registration of the old one mean nothing there.
    mutating func move(to server: ServerAddress) {
        self = DeviceState(clientID: clientID, server: server)
    }

    /// After InvalidCookie or ServerChanged: nothing that server numbered can be trusted any more. What the device holds it still holds.
    mutating func forgetSession() {
        configuration = nil
        cookie = nil
        isCacheStale = updates.isEmpty ? nil : true
    }
}
