/// What an audit found, graded. Its JSON form is that of `martlet audit --json` (docs/cli-json.md).
public struct AuditReport: Sendable, Encodable {
    public struct Finding: Sendable, Hashable, Encodable {
        public var id: AuditSubject
        public var grade: AuditGrade
        /// What was seen.
        public var seen: String
        /// Why it matters, where it does.
        public var why: String?
        /// The next steps, in order.
        public var mend: [String]
    }

    public struct Port: Sendable, Encodable {
        public var port: UInt16
        public var scheme: String
        /// `open`, `closed`, `silent` or why it failed.
        public var state: String
        public var services: [Service]
    }

    public struct Service: Sendable, Encodable {
        public var service: String
        public var path: String
        public var request: AuditRequest
        public var status: Int?
        public var presence: AuditPresence
        public var redirect: String?
        public var failure: String?
    }

    public struct Version: Sendable, Encodable {
        public var version: String
        /// `nil`: it could not be seen.
        public var isSpoken: Bool?
        public var reason: String?
        public var suites: [Suite]
    }

    public struct Suite: Sendable, Encodable {
        public var name: String
        public var grade: AuditGrade
        public var reason: String?
    }

    public struct Certificate: Sendable, Encodable {
        public var subject: String
        public var issuer: String
        public var names: [String]
        public var key: String
        public var signature: String
        public var notBefore: String
        public var notAfter: String
        public var usages: [String]
        public var isAuthority: Bool
        public var sha1: String
        public var sha256: String
    }

    /// What Windows devices will do whose policy names this server: a prediction.
    public struct Prediction: Sendable, Hashable, Encodable {
        public var url: String
        public var level: String
        public var outcome: String
        public var path: [String]
        public var row: String
        public var evidence: String
        public var errors: [String]
        public var note: String?
    }

    public var host: String
    public var address: String?
    /// When it was seen.
    public var asOf: String
    /// The worst of the findings.
    public var grade: AuditGrade
    /// Everything was asked, and everything was seen.
    public var isComplete: Bool
    public var findings: [Finding]
    public var predictions: [Prediction]
    public var ports: [Port]
    public var versions: [Version]
    public var certificates: [Certificate]
    /// What the certificates were judged by.
    public var roots: String
    /// What no look at a server can tell, and what else to do.
    public var remarks: [String]
    public var notAsked: [String]
    public var connections: Int
    public var bytesReceived: Int
}

/// What a finding is about. The raw values are a contract: scripts look for them.
public enum AuditSubject: String, CaseIterable, Sendable, Hashable, Encodable {
    case reachable
    case httpMetadata = "http-metadata"
    case httpSync = "http-sync"
    case httpAdministration = "http-administration"
    case httpReporting = "http-reporting"
    case httpContent = "http-content"
    case httpSelfUpdate = "http-selfupdate"
    case httpPort = "http-port"
    case tlsServices = "tls-services"
    case tlsVersions = "tls-versions"
    case tlsSuites = "tls-suites"
    case tlsRenegotiation = "tls-renegotiation"
    case clientCertificates = "client-certificates"
    case certificateTrust = "certificate-trust"
    case certificateName = "certificate-name"
    case certificateDates = "certificate-dates"
    case certificateKey = "certificate-key"
    case certificateSignature = "certificate-signature"
    case certificateUsage = "certificate-usage"
    case certificateRevocation = "certificate-revocation"
    case administration
    case downstream
    case clock

    public var title: String {
        switch self {
        case .reachable: "An update server"
        case .httpMetadata: "Devices over plain HTTP"
        case .httpSync: "Downstream servers over plain HTTP"
        case .httpAdministration: "Administration over plain HTTP"
        case .httpReporting: "Reports over plain HTTP"
        case .httpContent: "Content over plain HTTP"
        case .httpSelfUpdate: "Self-update over plain HTTP"
        case .httpPort: "The HTTP port"
        case .tlsServices: "Devices over TLS"
        case .tlsVersions: "TLS versions"
        case .tlsSuites: "Cipher suites"
        case .tlsRenegotiation: "Renegotiation"
        case .clientCertificates: "Client certificates"
        case .certificateTrust: "Who issued the certificate"
        case .certificateName: "The certificate's names"
        case .certificateDates: "The certificate's dates"
        case .certificateKey: "The certificate's key"
        case .certificateSignature: "How the chain is signed"
        case .certificateUsage: "What the certificate is for"
        case .certificateRevocation: "Revocation"
        case .administration: "Administration on the devices' port"
        case .downstream: "Downstream access for strangers"
        case .clock: "The server's clock"
        }
    }
}

/// What an answer says of a service.
public enum AuditPresence: String, Sendable, Hashable, Encodable {
    case present
    /// It is there and wants credentials (401).
    case credentials
    /// 403.
    case refused
    case absent
    /// It points elsewhere.
    case redirected
    /// The server answers nonsense in the same way.
    case indistinct
    case unknown
}

extension AuditPort {
    /// What is known of a service; what a call of it got goes before what its path got.
    public func presence(of service: AuditService) -> AuditPresence {
        let mine = answers.filter { $0.service == service }
        if mine.contains(where: \.isTheCallsAnswer) { return .present }
        guard let answer = mine.first(where: { $0.request == .get || $0.request == .head }) else { return .unknown }
        return presence(answer)
    }

    func presence(_ answer: AuditAnswer) -> AuditPresence {
        guard let status = answer.status else { return .unknown }
        let nonsense = answers.first { $0.request == .control }?.status
        switch status {
        case 401, 407: return .credentials
        case 403: return .refused
        case 404, 410: return .absent
        case 300..<400: return .redirected
        case 200..<300, 400, 405, 406, 411, 415, 500:
            if answer.isTheCallsAnswer { return .present }
            return status == nonsense ? .indistinct : .present
        default: return .unknown
        }
    }

    func called(_ request: AuditRequest) -> AuditAnswer? { answers.first { $0.request == request } }

    func services(_ presence: AuditPresence, among services: [AuditService] = AuditService.allCases) -> [AuditService] {
        services.filter { self.presence(of: $0) == presence }
    }

    /// Nothing that was asked for got HTTP.
    var speaksHTTP: Bool { answers.contains { $0.status != nil } }
}
