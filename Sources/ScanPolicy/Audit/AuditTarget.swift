/// Where to look: one host, and the ports of its update server.
public struct AuditTarget: Sendable, Hashable {
    /// A name or an address, in lower case and without brackets.
    public var host: String
    /// Pairs of ports in the order tried; the first that has an open one is looked at.
    public var ports: [Ports]

    public struct Ports: Sendable, Hashable {
        public var https: UInt16?
        public var http: UInt16?

        public init(https: UInt16?, http: UInt16?) {
            self.https = https
            self.http = http
        }

        /// WSUS 6.2 and newer, and older ones (docs/scan-policy.md).
        static let usual = Ports(https: 8531, http: 8530)
        static let older = Ports(https: 443, http: 80)
    }

    /// Of `https://HOST[:PORT]`, `http://HOST[:PORT]` or `HOST`. The other port of a usual pair is looked at too; a port that is in none stands alone,
    /// for what listens beside it may be anything.
    ///
    /// - Parameters:
    ///   - https: the TLS port, where it is none of the usual ones.
    ///   - http: likewise.
    public init?(_ text: String, https: UInt16? = nil, http: UInt16? = nil) {
        let text = text.trimmedASCII
        let isBare = !text.contains("://")
        let colons = text.filter { $0 == ":" }.count
        // An IPv6 address without brackets.
        let written = isBare ? "https://" + (colons > 1 && !text.hasPrefix("[") ? "[\(text)]" : String(text)) : String(text)
        guard let url = ServerURL(written), Self.isHost(url.host) else { return nil }
        // A port without a scheme says nothing of what it speaks.
        if isBare, written.dropFirst(8).hasPrefix("[") ? !written.hasSuffix("]") : colons > 0 { return nil }
        host = url.host
        var pairs: [Ports]
        switch (isBare, url.scheme, url.port) {
        case (true, _, _): pairs = [.usual, .older]
        case (_, .https, 8531), (_, .http, 8530): pairs = [.usual]
        case (_, .https, 443), (_, .http, 80): pairs = [.older]
        case (_, .https, let port): pairs = [Ports(https: port, http: nil)]
        case (_, .http, let port): pairs = [Ports(https: nil, http: port)]
        }
        if https != nil || http != nil {
            let first = pairs[0]
            pairs = [isBare ? Ports(https: https, http: http) : Ports(https: https ?? first.https, http: http ?? first.http)]
        }
        ports = pairs
    }

    private static func isHost(_ host: String) -> Bool {
        let bytes = host.utf8
        guard !bytes.isEmpty, bytes.count <= 253 else { return false }
        if host.contains(":") { return bytes.allSatisfy { 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 || $0 == 0x3a || $0 == 0x2e } }
        return bytes.allSatisfy { 0x30...0x39 ~= $0 || 0x61...0x7a ~= $0 || $0 == 0x2d || $0 == 0x2e || $0 == 0x5f }
    }
}
