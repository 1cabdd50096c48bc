/// What was seen of a server, without a judgement.
public struct AuditObservation: Sendable {
    /// As it was asked for, without brackets.
    public var host: String
    public var isAddress: Bool
    /// Where it was found; every connection went there. `nil`: nowhere.
    public var address: String?
    /// When, in seconds since 1970.
    public var asOf: Int
    public var http: AuditPort?
    public var https: AuditPort?
    public var connections = 0
    /// From the server.
    public var bytesReceived = 0
    /// What was left out, and why: time or bytes had run out, or a port had stopped answering.
    public var notAsked: [String] = []

    public init(host: String, isAddress: Bool, asOf: Int) {
        self.host = host
        self.isAddress = isAddress
        self.asOf = asOf
    }
}

/// What was seen of one port.
public struct AuditPort: Sendable {
    public enum State: Sendable, Hashable {
        case open
        /// Nothing listens, or a firewall says so.
        case closed
        /// No answer in time, not even to the connection.
        case silent
        case failed(String)
    }

    public var number: UInt16
    public var state: State
    public var answers: [AuditAnswer] = []
    public var tls: AuditTLS?

    public init(_ number: UInt16, _ state: State) {
        self.number = number
        self.state = state
    }
}

/// What came back for one request.
public struct AuditAnswer: Sendable, Hashable {
    /// `nil` for the control request.
    public var service: AuditService?
    public var request: AuditRequest
    public var status: Int?
    /// Where the answer points elsewhere; never followed.
    public var location: String?
    /// It holds the answer that the call has.
    public var isTheCallsAnswer = false
    /// The header `Server`.
    public var server: String?
    /// How far the server's clock is ahead of ours, in seconds, by the header `Date`.
    public var clockOffset: Int?
    /// Why there is no status.
    public var failure: String?

    public init(service: AuditService?, request: AuditRequest) {
        self.service = service
        self.request = request
    }
}

/// What was seen of a port's TLS.
public struct AuditTLS: Sendable {
    public enum Spoken: Sendable, Hashable {
        /// In the order in which the server chose them; `isWhole` unless time ran out.
        case yes([CipherSuite], isWhole: Bool)
        /// Why: an alert, or the connection was closed.
        case no(String)
        case unknown(String)
    }

    public enum ClientCertificate: Sendable, Hashable {
        /// A handshake without one fails.
        case demanded
        /// One is asked for.
        case asked
        case notAsked
        case unknown(String)
    }

    public enum Trust: Sendable, Hashable {
        /// It leads to one of the roots.
        case trusted
        case untrusted(String)
        case unknown(String)
    }

    public var versions: [TLSVersion: Spoken] = [:]
    /// By RFC 5746; `nil`: nothing before TLS 1.3 is spoken, or it was not seen.
    public var hasSecureRenegotiation: Bool?
    public var clientCertificate = ClientCertificate.unknown("no handshake showed it")
    /// The server's own first.
    public var chain: [AuditCertificate] = []
    /// A certificate that cannot be read, and why.
    public var chainFault: String?
    public var trust = Trust.unknown("no certificate was seen")
    /// What the trust was judged by, in words.
    public var roots = ""
    /// The roots are a file that was given for it, not those of this machine.
    public var rootsAreGiven = false

    public init() {}

    public var spoken: [TLSVersion] {
        TLSVersion.allCases.filter { if case .yes = versions[$0] { true } else { false } }
    }

    public func suites(of version: TLSVersion) -> [CipherSuite] {
        if case .yes(let suites, _) = versions[version] { suites } else { [] }
    }
}

/// What a certificate says.
public struct AuditCertificate: Sendable, Hashable {
    public enum Key: Sendable, Hashable {
        /// Of so many bits.
        case rsa(Int)
        /// The curve's name and bits.
        case ellipticCurve(String, Int)
        /// Its name, or the number of its kind.
        case other(String)
    }

    public var subject = ""
    public var issuer = ""
    /// The last common name of the subject.
    public var commonName: String?
    /// DNS names and addresses of the alternative names; `nil`: there is no such extension.
    public var names: [String]?
    public var key = Key.other("unknown")
    /// `SHA-256 with RSA`, or the number of its kind.
    public var signature = ""
    /// Seconds since 1970.
    public var notBefore = 0
    public var notAfter = 0
    /// Numbers of the extended key usage; `nil`: there is no such extension.
    public var usages: [String]?
    public var isAuthority = false
    /// It names a CRL or an OCSP responder.
    public var hasRevocation = false
    /// Subject and issuer are the same.
    public var isSelfIssued = false
    /// Hexadecimal, of the whole certificate.
    public var sha1 = ""
    public var sha256 = ""

    public init() {}
}
