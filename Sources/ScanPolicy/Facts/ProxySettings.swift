/// How one of the two proxies of a device is set: the system's (WinHTTP) or the user's (WinINET). Several ways can be set at once.
public struct ProxySettings: Sendable, Hashable {
    /// A proxy that is named, with its bypass list.
    public var fixed: StaticProxy?
    /// A script that names the proxy (PAC): its URL, empty where only the fact is known.
    public var scriptURL: String?
    /// The proxy is looked for by DHCP and DNS (WPAD).
    public var detectsAutomatically: Bool

    public init(fixed: StaticProxy? = nil, scriptURL: String? = nil, detectsAutomatically: Bool = false) {
        self.fixed = fixed
        self.scriptURL = scriptURL
        self.detectsAutomatically = detectsAutomatically
    }

    /// Known to be none: connections go direct.
    public static let none = ProxySettings()
    public static let wpad = ProxySettings(detectsAutomatically: true)

    public static func `static`(_ proxy: String, bypass: String = "") -> Self { ProxySettings(fixed: StaticProxy(proxy, bypass: bypass)) }
    public static func pac(_ url: String) -> Self { ProxySettings(scriptURL: url) }
}

/// A proxy as `netsh winhttp set proxy` and the Internet Options write it.
public struct StaticProxy: Sendable, Hashable {
    /// `host:port` for all schemes, or a list such as `http=one:8080;https=two:8443`.
    public var proxy: String
    /// Names that are reached without it, separated by semicolons or white space: `*` stands for any characters, `<local>` for every name
    /// without a dot.
    public var bypass: String

    public init(_ proxy: String, bypass: String = "") {
        self.proxy = proxy
        self.bypass = bypass
    }
}
