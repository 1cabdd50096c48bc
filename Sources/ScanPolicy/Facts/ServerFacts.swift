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
        // Bytes: characters cost ten times as much, and a fleet has many addresses.
        var rest = Array(text.utf8)[...]
        while let last = rest.last, last == 0x20 || last == 0x09 { rest.removeLast() }
        while let first = rest.first, first == 0x20 || first == 0x09 { rest.removeFirst() }
        guard let colon = rest.firstIndex(of: UInt8(ascii: ":")), rest[colon...].starts(with: "://".utf8) else { return nil }
        guard let scheme = Scheme(rawValue: String(decoding: rest[..<colon], as: UTF8.self).lowercased()) else { return nil }
        let authority = rest[(colon + 3)...].prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        guard !authority.contains(where: { $0 == UInt8(ascii: "@") || $0 <= 0x20 }) else { return nil }
        var end = authority.firstIndex(of: UInt8(ascii: ":")) ?? authority.endIndex
        var host = authority[..<end]
        if authority.first == UInt8(ascii: "[") {
            guard let close = authority.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            host = authority[(authority.startIndex + 1)..<close]
            end = close + 1
        }
        var port: UInt16 = scheme == .https ? 443 : 80
        if end < authority.endIndex {
            guard authority[end] == UInt8(ascii: ":"), let number = Self.port(authority[(end + 1)...]) else { return nil }
            port = number
        }
        guard !host.isEmpty, host.count <= 255 else { return nil }
        self.init(scheme: scheme, host: String(decoding: host, as: UTF8.self).lowercased(), port: port)
    }

    private static func port(_ digits: ArraySlice<UInt8>) -> UInt16? {
        guard (1...5).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        let number = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        return number > 0 ? UInt16(exactly: number) : nil
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
