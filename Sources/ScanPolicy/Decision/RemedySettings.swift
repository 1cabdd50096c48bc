/// The settings that a remedy consists of, for one device: exact names and values.
struct RemedySettings {
    private let device: DeviceFacts
    private let server: ServerURL?
    private let target: ServerURL?
    private var known: [RemedyKind: [String]] = [:]

    init(device: DeviceFacts, reading: JudgedFacts, target: ServerURL?) {
        self.device = device
        self.server = reading.server
        self.target = target
    }

    mutating func lines(for kinds: [RemedyKind]) -> [String] {
        if let only = kinds.first, kinds.count == 1 { return lines(for: only) }
        return kinds.flatMap { lines(for: $0) }
    }

    private mutating func lines(for kind: RemedyKind) -> [String] {
        if let lines = known[kind] { return lines }
        let lines = make(kind)
        known[kind] = lines
        return lines
    }

    private func make(_ kind: RemedyKind) -> [String] {
        switch kind {
        case .use: return use()
        case .update:
            let update = device.windows.flatMap { EnforcementTable.entry(of: $0)?.january2021 }
            let named = update.map { update in " (\(update.article ?? "build") \(update.build).\(update.revision))" } ?? ""
            return ["install the cumulative update of 12 January 2021\(named) or a later one"]
        case .tls:
            let url = target ?? server?.onTLS
            let text = url?.description ?? "https://HOST:8531"
            return [
                Self.text(.wuServer, text), Self.text(.wuStatusServer, text),
                "the certificate authority of \(url?.host ?? "HOST") in the computer's Trusted Root store: certutil -addstore Root ca.pem",
            ]
        case .pins:
            return [
                "the certificate of \(target?.host ?? server?.host ?? "HOST") in the computer's store WindowsServerUpdateServices: "
                    + "certutil -addstore -f WindowsServerUpdateServices server.cer",
                Self.number(.doNotEnforceEnterpriseTLSCertPinningForUpdateDetection, 0),
            ]
        case .systemProxyOnly: return [Self.number(.setProxyBehaviorForUpdateDetection, 0)]
        case .systemProxy:
            let proxy = device.proxyForTheSystem(of: server) ?? StaticProxy("PROXY:PORT")
            return ["netsh winhttp set proxy proxy-server=\"\(proxy.proxy)\"" + (proxy.bypass.isEmpty ? "" : " bypass-list=\"\(proxy.bypass)\"")]
        case .userProxyFallback: return [Self.number(.setProxyBehaviorForUpdateDetection, 1)]
        }
    }

    private func use() -> [String] {
        var lines: [String] = []
        if device.policy[.wuServer].map({ $0.trimmedASCII.isEmpty }) ?? true {
            let text = target?.description ?? "https://HOST:8531"
            lines += [Self.text(.wuServer, text), Self.text(.wuStatusServer, text)]
        }
        if device.policy[.useWUServer] != 1 { lines.append(Self.number(.useWUServer, 1)) }
        if device.policy[.noAutoUpdate] == 1 { lines.append(Self.number(.noAutoUpdate, 0)) }
        if device.classSourcesPointAtWindowsUpdate { lines += PolicyNumber.updateClassSources.map { Self.number($0, 1) } }
        return lines
    }

    static func text(_ value: PolicyText, _ text: String) -> String { "HKLM\\\(value.key.rawValue): \(value.rawValue) = \"\(text)\" (REG_SZ)" }
    static func number(_ value: PolicyNumber, _ number: UInt32) -> String {
        "HKLM\\\(value.key.rawValue): \(value.rawValue) = \(number) (REG_DWORD)"
    }
}

extension DeviceFacts {
    /// The proxy that the system would be given so that it leads to the server: its own, else the user's, without bypassing the server.
    func proxyForTheSystem(of server: ServerURL?) -> StaticProxy? {
        let named = [systemProxy?.fixed, userProxy?.fixed].compactMap(\.self)
        guard let server else { return named.last }
        guard var proxy = named.first(where: { $0.proxy(for: server.scheme) != nil }) else { return nil }
        if proxy.bypasses(server) {
            let entries = proxy.bypass.split(whereSeparator: { $0 == ";" || $0 == "," || $0.isWhitespace })
            proxy.bypass = entries.filter { !StaticProxy(proxy.proxy, bypass: String($0)).bypasses(server) }.joined(separator: ";")
        }
        return proxy
    }
}

extension ServerURL {
    /// The same server on TLS, by the ports that WSUS has: 8530 and 8531, 80 and 443, else the next one.
    public var onTLS: ServerURL {
        guard scheme == .http else { return self }
        return ServerURL(scheme: .https, host: host, port: port == 80 ? 443 : port == .max ? 8531 : port + 1)
    }
}
