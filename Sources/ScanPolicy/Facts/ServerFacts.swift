/// What is known of a server that devices ask.
public struct ServerFacts: Sendable, Hashable {
    public var url: ServerURL
    /// What the server presents; `nil` where it was not seen or has none (HTTP).
    public var certificate: ServerCertificate?

    public init(url: ServerURL, certificate: ServerCertificate? = nil) {
        self.url = url
        self.certificate = certificate
    }
}

/// The certificate that a server presents, and what stands behind it.
public struct ServerCertificate: Sendable, Hashable {
    public enum KeyType: String, Sendable, Hashable {
        case ecdsa = "ECDSA"
        case rsa = "RSA"
    }

    /// DNS names and addresses in it; one may begin with `*.`.
    public var names: [String]
    public var keyType: KeyType
    /// Fingerprints of the certificate itself, one an algorithm.
    public var fingerprints: Set<CertificateFingerprint>
    /// Fingerprints of the root that its chain ends in, one an algorithm.
    public var rootFingerprints: Set<CertificateFingerprint>
    /// When it is valid, in seconds since 1970.
    public var notBefore: Int?
    public var notAfter: Int?

    public init(
        names: [String], keyType: KeyType, fingerprints: Set<CertificateFingerprint>, rootFingerprints: Set<CertificateFingerprint> = [],
        notBefore: Int? = nil, notAfter: Int? = nil
    ) {
        self.names = names
        self.keyType = keyType
        self.fingerprints = fingerprints
        self.rootFingerprints = rootFingerprints
        self.notBefore = notBefore
        self.notAfter = notAfter
    }
}

/// A server's address as `WUServer` and `WUStatusServer` give it.
public struct ServerURL: Sendable, Hashable, CustomStringConvertible {
    public enum Scheme: String, Sendable, Hashable {
        case http, https
    }

    public var scheme: Scheme
    /// A name or an address, in lower case; an IPv6 address without brackets.
    public var host: String
    public var port: UInt16

    public init(scheme: Scheme, host: String, port: UInt16) {
        self.scheme = scheme
        self.host = host
        self.port = port
    }

    /// Of `https://name:8531`, with or without a path, which is of no concern here. Without a port that of the scheme is meant.
    public init?(_ text: some StringProtocol) {
        let text = text.trimmedASCII
        guard let end = text.firstRange(of: "://") else { return nil }
        guard let scheme = Scheme(rawValue: text[..<end.lowerBound].lowercased()) else { return nil }
        let authority = text[end.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !authority.contains("@"), !authority.contains(where: { $0.isWhitespace }) else { return nil }
        var host = authority
        var port: UInt16 = scheme == .https ? 443 : 80
        if authority.hasPrefix("[") {
            guard let close = authority.firstIndex(of: "]") else { return nil }
            host = authority[authority.index(after: authority.startIndex)..<close]
            let rest = authority[authority.index(after: close)...]
            if !rest.isEmpty {
                guard rest.first == ":", let number = Self.port(rest.dropFirst()) else { return nil }
                port = number
            }
        } else if let colon = authority.firstIndex(of: ":") {
            host = authority[..<colon]
            guard let number = Self.port(authority[authority.index(after: colon)...]) else { return nil }
            port = number
        }
        guard !host.isEmpty, host.utf8.count <= 255 else { return nil }
        self.init(scheme: scheme, host: host.lowercased(), port: port)
    }

    private static func port(_ text: some StringProtocol) -> UInt16? {
        guard !text.isEmpty, text.allSatisfy({ $0.isASCII && $0.isNumber }), let port = UInt16(text), port > 0 else { return nil }
        return port
    }

    public var description: String { "\(scheme.rawValue)://\(host.contains(":") ? "[\(host)]" : host):\(port)" }
}

extension StringProtocol {
    /// Without spaces and tabs around it.
    var trimmedASCII: Substring {
        var text = Substring(self)
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }
}
