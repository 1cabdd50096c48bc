/// What TLS came to with a device, as its handshake says in the clear.
public struct TLSParameters: Hashable, Sendable, Codable {
    /// `0x0303` for TLS 1.2, `0x0304` for TLS 1.3 (RFC 8446 section 4.2.1).
    public let version: UInt16
    /// As the registry of IANA numbers them.
    public let cipherSuite: UInt16
    /// The name that the device asked for; nothing where it named none. A claim, ``DisplayText``-safe.
    public let serverName: String?

    public init(version: UInt16, cipherSuite: UInt16, serverName: String?) {
        self.version = version
        self.cipherSuite = cipherSuite
        self.serverName = serverName
    }

    public var versionName: String {
        switch version {
        case 0x0303: "TLS 1.2"
        case 0x0304: "TLS 1.3"
        default: "0x\(String(version, radix: 16))"
        }
    }

    /// The name of a suite that the server may choose, as IANA has it; of any other its number.
    public var cipherSuiteName: String {
        switch cipherSuite {
        case 0x1301: "TLS_AES_128_GCM_SHA256"
        case 0x1302: "TLS_AES_256_GCM_SHA384"
        case 0x1303: "TLS_CHACHA20_POLY1305_SHA256"
        case 0xc02b: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
        case 0xc02c: "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"
        case 0xc02f: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
        case 0xc030: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
        case 0xcca8: "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"
        case 0xcca9: "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"
        default: "0x\(String(cipherSuite, radix: 16))"
        }
    }
}

/// What a request says of the proxies it came through: headers that anyone can write, so claims. Cut and made safe to show; empty where absent.
public struct ProxyClaims: Hashable, Sendable, Codable {
    /// `Via` (RFC 9110 section 7.6.3).
    public let via: String
    /// `Forwarded` (RFC 7239).
    public let forwarded: String
    /// `X-Forwarded-For`.
    public let forwardedFor: String

    public init(via: String = "", forwarded: String = "", forwardedFor: String = "") {
        self.via = Self.claim(via)
        self.forwarded = Self.claim(forwarded)
        self.forwardedFor = Self.claim(forwardedFor)
    }

    public var isEmpty: Bool { via.isEmpty && forwarded.isEmpty && forwardedFor.isEmpty }

    /// Characters of a claim that are kept.
    public static let lengthLimit = 256

    /// A text of others, cut and made safe to show and to store.
    public static func claim(_ text: String) -> String {
        // Nearly all are plain: they are taken as they are.
        if text.utf8.count <= lengthLimit, text.utf8.allSatisfy({ (0x20..<0x7f).contains($0) }) { return text }
        let safe = DisplayText.escaped(String(text.unicodeScalars.prefix(lengthLimit)))
        return safe.unicodeScalars.count <= lengthLimit ? safe : String(safe.unicodeScalars.prefix(lengthLimit - 3)) + "..."
    }
}

/// How a device came last. Source address and TLS were seen; agent and proxies are what the request says. Whose they are is the word of the
/// cookie that came with them.
public struct DeviceTransport: Hashable, Sendable, Codable {
    public let tls: TLSParameters
    public let address: String
    /// `User-Agent`.
    public let agent: String
    public let proxies: ProxyClaims

    public init(tls: TLSParameters, address: String, agent: String, proxies: ProxyClaims) {
        self.tls = tls
        self.address = address
        self.agent = ProxyClaims.claim(agent)
        self.proxies = proxies
    }
}

/// Someone who came over plain HTTP and was refused. What it calls itself is not read: a body that nobody protects proves nothing.
public struct PlainCaller: Hashable, Sendable {
    public let address: String
    /// `User-Agent`, a claim.
    public let agent: String
    public let proxies: ProxyClaims
    /// As sent, without its query; empty where what came was no HTTP.
    public let path: String

    public init(address: String, agent: String, proxies: ProxyClaims, path: String) {
        self.address = address
        self.agent = ProxyClaims.claim(agent)
        self.proxies = proxies
        self.path = ProxyClaims.claim(String(path.prefix { $0 != "?" }))
    }
}

/// When a ``PlainCaller`` came.
public struct PlainVisits: Hashable, Sendable {
    public let caller: PlainCaller
    public var first: Timestamp
    public var last: Timestamp
    public var count: Int

    public init(caller: PlainCaller, first: Timestamp, last: Timestamp, count: Int) {
        self.caller = caller
        self.first = first
        self.last = last
        self.count = count
    }
}
