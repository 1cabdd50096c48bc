/// What a server has seen of a device. Its name and system are the device's own word.
public struct ObservedDevice: Sendable, Hashable {
    public var id: String?
    public var windows: WindowsVersion?
    /// Times as the server writes them.
    public var lastSeen: String?
    public var lastReported: String?
    public var isDisputed: Bool
    /// When somebody came over plain HTTP from the address that the device came from last: a hint, since several devices may share one.
    public var lastSeenOnHTTP: String?
    /// Version, cipher suite and name of its last connection over TLS.
    public var tlsVersion: String?
    public var cipherSuite: String?
    public var serverName: String?
    public var address: String?

    public init(
        id: String? = nil, windows: WindowsVersion? = nil, lastSeen: String? = nil, lastReported: String? = nil, isDisputed: Bool = false
    ) {
        self.id = id
        self.windows = windows
        self.lastSeen = lastSeen
        self.lastReported = lastReported
        self.isDisputed = isDisputed
    }
}
