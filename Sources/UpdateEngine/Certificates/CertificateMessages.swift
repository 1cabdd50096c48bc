public import TrustedTransport
public import Updates

/// What `martlet certs` and `martlet pins` ask of a home.
public enum CertificateCommand: Codable, Sendable {
    case status
    /// The times for which certificates are needed, for who has the CA's key elsewhere.
    case plan(RenewalOptions)
    /// - issued: made by the CA's key elsewhere; empty where the home has it.
    case renew(RenewalOptions, issued: [HeldCertificateText], CertificateConsent)
    case importCertificate(ImportedCertificate, asNext: Bool, isForced: Bool, CertificateConsent)
    case request(isRSA: Bool, isNew: Bool)
    /// Closes the gate and names what is to be pinned.
    case beginPins
    /// They were written: the devices have them from `time` on.
    case publishPins([String], time: Timestamp?)
    case withdrawPins
}

/// How far a change may go.
public struct CertificateConsent: Codable, Sendable {
    /// Devices that were not seen since the publication may be lost.
    public var acceptsUnseen: Bool
    /// Say what would be done, and do nothing.
    public var isDryRun: Bool

    public init(acceptsUnseen: Bool = false, isDryRun: Bool = false) {
        self.acceptsUnseen = acceptsUnseen
        self.isDryRun = isDryRun
    }
}

public enum CertificateReply: Codable, Sendable {
    case status(CertificateStatus)
    case plan([CertificateAuthority.Validity], names: [String])
    case changed(CertificateChange)
    case request(String)
    case pins([PinMaterial.Pin], names: [String])
}

/// One certificate with its key, as it is shown to people.
public struct CertificateSummary: Codable, Sendable {
    public let origin: HeldCertificate.Origin
    public let names: [String]
    /// `ECDSA P-256`, `RSA 2048` and the like.
    public let keyType: String
    public let issuer: String
    public let notBefore: Timestamp
    public let notAfter: Timestamp
    /// Of the whole certificate, in hexadecimal digits. Empty, as the next two, for one that a dry run only plans: it will be another.
    public let sha256: String
    /// What Windows calls it by: SHA-1 in hexadecimal digits.
    public let thumbprint: String
    /// The certificate and those above it, as text.
    public let pem: String
    /// From when on devices have its pin; nothing where its pin was never exported.
    public let publishedAt: Timestamp?

    init(_ certificate: HeldCertificate, _ publication: Publication, isPlanned: Bool = false) {
        origin = certificate.origin
        names = certificate.names
        keyType = certificate.keyType
        issuer = certificate.issuer
        notBefore = certificate.notBefore
        notAfter = certificate.notAfter
        sha256 = isPlanned ? "" : certificate.sha256.description
        thumbprint = isPlanned ? "" : certificate.thumbprint.description
        pem = isPlanned ? "" : certificate.pem
        publishedAt = publication[certificate.sha256]
    }
}

/// What `martlet certs show` shows.
public struct CertificateStatus: Codable, Sendable {
    public let current: CertificateSummary
    /// Made ahead and final, in the order of their use.
    public let next: [CertificateSummary]
    public let authority: Authority
    /// When pins were first exported; nothing where no device has any.
    public let pinsSince: Timestamp?
    /// A running server shows the current certificate; nothing where none runs, or where this is only planned.
    public let isServed: Bool?
    /// A request to another CA waits for its certificate.
    public let hasRequest: Bool
    public let warnings: [CertificateWarning]

    public struct Authority: Codable, Sendable {
        public let subject: String
        public let notAfter: Timestamp
        /// Its key is in the home, so that the server renews by itself.
        public let hasKey: Bool
    }
}

/// What a change of certificates did, or with a dry run would do.
public struct CertificateChange: Codable, Sendable {
    /// SHA-256 of the certificate that is shown from now on, if it is another; empty for one that a dry run only plans.
    public let shown: String?
    public let isDryRun: Bool
    public let isForced: Bool
    /// Devices that were not seen since the pin of the certificate was published: they may not have it.
    public let devicesNotSeen: [UnseenDevice]
    /// What could not be done beside it.
    public let remark: String?
    public let status: CertificateStatus

    public struct UnseenDevice: Codable, Sendable {
        public let id: DeviceID
        /// Self-reported.
        public let name: String?
        public let lastSeen: Timestamp?
    }
}
