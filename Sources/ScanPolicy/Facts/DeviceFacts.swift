/// What is known of one Windows device. A fact that nobody gave is `nil`: the decision then takes Windows' default and says so, or answers
/// `unknown` where there is no default.
public struct DeviceFacts: Sendable, Hashable {
    public var name: String
    public var policy = PolicyValues()
    /// WinHTTP's proxy, which the update service uses as the system.
    public var systemProxy: ProxySettings?
    /// WinINET's proxy of whoever is signed in. Users set it themselves, and so does whoever attacks as one.
    public var userProxy: ProxySettings?
    /// `ProxySettingsPerUser`: 0 makes the user's proxy one of the machine.
    public var proxySettingsPerUser: UInt32?
    public var pinStore: PinStore?
    public var windows: WindowsVersion?
    /// What the device is known to enforce, stated. It goes before what `windows` says.
    public var level: EnforcementLevel?
    public var isSignedIn: Bool?
    public var tls = TLSClientFacts()
    /// The file each fact comes from, as a person would name it; facts without an entry come from `source`.
    public var sources: [DeviceFact: String] = [:]
    public var source: String?

    public init(name: String) { self.name = name }

    /// Where a fact comes from; `nil` where nobody said.
    public func source(of fact: DeviceFact) -> String? { sources[fact] ?? source }
}

/// What a device's TLS client can do and whom it trusts.
public struct TLSClientFacts: Sendable, Hashable {
    /// Whether WinHTTP offers TLS 1.2 (SCHANNEL's and WinHTTP's `DefaultSecureProtocols` together).
    public var isTLS12Enabled: Bool?
    /// The suites it offers, by their IANA names, in order; `nil`: those of its Windows version.
    public var cipherSuites: [String]?
    /// The certificates in the machine's root store.
    public var machineRoots: Set<CertificateFingerprint>?
    /// How far its clock is ahead of the right time, in seconds.
    public var clockOffset: Int?

    public init() {}
}

/// The name of a fact about a device.
public enum DeviceFact: Sendable, Hashable, CustomStringConvertible {
    case text(PolicyText)
    case number(PolicyNumber)
    case systemProxy, userProxy, proxySettingsPerUser, pinStore, windows, level, isSignedIn, isTLS12Enabled, cipherSuites, machineRoots, clockOffset

    public var description: String {
        switch self {
        case .text(let value): value.rawValue
        case .number(let value): value.key == .automaticUpdates ? "AU\\\(value.rawValue)" : value.rawValue
        case .systemProxy: "system proxy"
        case .userProxy: "user proxy"
        case .proxySettingsPerUser: "ProxySettingsPerUser"
        case .pinStore: "pin store"
        case .windows: "Windows version"
        case .level: "enforcement level"
        case .isSignedIn: "signed in"
        case .isTLS12Enabled: "TLS 1.2"
        case .cipherSuites: "cipher suites"
        case .machineRoots: "machine roots"
        case .clockOffset: "clock"
        }
    }
}
