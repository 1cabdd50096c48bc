public import ScanPolicy
public import TrustedTransport

/// How a device may reach its server, and whom it believes there: what on Windows policies, proxies and the pin store say.
///
/// Source of the rules: docs/scan-policy.md, its matrix; docs/adr/0023 says what was chosen where it leaves room.
public struct AgentNetwork: Sendable {
    /// The update level the device behaves as.
    public var level = EnforcementLevel.january2021
    /// What WinHTTP would use; set by an administrator.
    public var systemProxy: ProxyAddress?
    /// What the signed-in user set.
    public var userProxy: ProxyAddress?
    /// `SetProxyBehaviorForUpdateDetection` is 1.
    public var allowsUserProxy = false
    /// Names that are reached without a proxy, as Windows writes them: `*.example.com`, `<local>` for names without a dot.
    public var bypass: [String] = []
    /// Pinned certificates; nothing or none has no effect.
    public var pins: PinnedCertificates?
    /// `DoNotEnforceEnterpriseTLSCertPinningForUpdateDetection` is not 1.
    public var enforcesPins = true
    public var roots = TrustRoots.system
    /// CAs that only the signed-in user trusts. Before January 2021 they counted on the way through the user's proxy.
    public var userRoots: String?

    public init() {}

    /// The ways to a server in the order they are tried.
    func ways(to server: ServerAddress) -> [Way] {
        let isBypassed = bypass.contains { Self.matches(server.host, $0) }
        let system = systemProxy.flatMap { isBypassed ? nil : Way(.system, .proxy($0)) } ?? Way(.direct, .direct)
        guard !isBypassed, let user = userProxy.map({ Way(.user, .proxy($0)) }) else { return [system] }
        if trustsUserFirst(server) { return [user, system] }
        return allowsUserProxy ? [system, user] : [system]
    }

    /// Before the update of September 2020, and with HTTPS before that of January 2021, the user's proxy came first, policy or not.
    func trustsUserFirst(_ server: ServerAddress) -> Bool {
        server.isPlain ? level < .september2020 : level < .january2021
    }

    /// The pins that count for a server: none before January 2021, and none without TLS.
    func pins(for server: ServerAddress) -> PinnedCertificates? {
        enforcesPins && level >= .january2021 && !server.isPlain ? pins : nil
    }

    func roots(on way: Way, to server: ServerAddress) -> TrustRoots {
        guard way.path == .user, trustsUserFirst(server), let userRoots else { return roots }
        switch roots {
        case .pemFile(let file): return .pemFiles([file, userRoots])
        case .pemFiles(let files): return .pemFiles(files + [userRoots])
        case .system: return .pemFiles([TrustRoots.systemFile, userRoots].compactMap(\.self))
        }
    }

    struct Way: Hashable, Sendable {
        let path: ScanPath
        let network: NetworkPath

        init(_ path: ScanPath, _ network: NetworkPath) {
            self.path = path
            self.network = network
        }
    }

    /// `*` stands for any characters, in any case.
    static func matches(_ host: String, _ pattern: String) -> Bool {
        if pattern.lowercased() == "<local>" { return !host.contains(".") && !host.hasPrefix("[") }
        let parts = pattern.lowercased().split(separator: "*", omittingEmptySubsequences: false)
        var rest = Substring(host.lowercased())
        guard let first = parts.first, let last = parts.last, rest.hasPrefix(first) else { return false }
        if parts.count == 1 { return rest == first }
        rest = rest.dropFirst(first.count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return rest.hasSuffix(last)
    }
}
