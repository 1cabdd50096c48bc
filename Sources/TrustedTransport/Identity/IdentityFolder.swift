public import Updates
import X509

/// The CA and the key store of a home on disk. One process at a time changes them (ADR 0009).
public struct IdentityFolder: Sendable {
    public let files: IdentityFiles
    /// What the server's certificate must vouch for; the first is the one devices are told.
    public let names: [ServerName]

    public init(files: IdentityFiles, names: [ServerName]) {
        self.files = files
        self.names = names.withoutRepetitions
    }

    /// The key store; that of a home from before there were any is made of the pair it has.
    public func keyStore() throws(TrustError) -> KeyStore {
        if PrivateFile.isThere(files.keyStore) { return try KeyStore.load(files.keyStore) }
        guard PrivateFile.isThere(files.formerCertificate), PrivateFile.isThere(files.formerKey) else {
            throw TrustError(.missing, "\(files.keyStore) does not exist: \(KeyStore.mend)")
        }
        let key = try PEM.privateKey(try PrivateFile.read(files.formerKey, .secret), from: files.formerKey)
        let chain = try PEM.certificates(try PrivateFile.read(files.formerCertificate, .published), from: files.formerCertificate)
        let store = KeyStore(current: try HeldCertificate(leaf: chain[0], key: key, origin: .own))
        try save(store)
        try PrivateFile.remove(files.formerKey)
        try PrivateFile.remove(files.formerCertificate)
        return store
    }

    /// That pins were given out is written beside the key store too, before it: who loses the key store does not lose the gate with it.
    public func save(_ store: KeyStore) throws(TrustError) {
        let wasPinned = PrivateFile.isThere(files.pinMark)
        if store.publication.isPinned, !wasPinned { try PrivateFile.replace(files.pinMark, Array("pins were exported\n".utf8)) }
        try store.save(files.keyStore)
        if !store.publication.isPinned, wasPinned { try PrivateFile.remove(files.pinMark) }
    }

    /// The CA's certificate, which stays in the home.
    public func authority() throws(TrustError) -> AuthorityCertificate {
        AuthorityCertificate(try CertificateAuthority.loadCertificate(files.caCertificate))
    }

    /// The CA with its key, or why there is none. A key that others could read is no key.
    public func issuer() throws(TrustError) -> CertificateIssuer {
        do throws(TrustError) {
            return .authority(try CertificateAuthority.load(certificateFile: files.caCertificate, keyFile: files.caKey))
        } catch {
            switch error.code {
            case .unsafeFile: throw error
            case .missing:
                return .nobody(TrustError(.missing, "\(error): the CA's key is kept elsewhere; renew with martlet certs renew --ca-key FILE"))
            default: return .nobody(error)
            }
        }
    }

    /// What is to be done now without anyone asking. Nothing is written.
    public func renewedByItself(now: Timestamp) throws(TrustError) -> Renewal {
        let store = try keyStore()
        let ca = try authority().certificate
        let needsKey = store.isDue(names: names, ca: ca, now: now) || !store.ahead(ca: ca, now: now).isEmpty
        return store.renewing(needsKey ? try issuer() : .nobody(TrustError(.missing, "not asked for")), names: names, ca: ca, now: now)
    }

    /// What `certs renew` comes to. Nothing is written.
    public func renewal(of store: KeyStore, by options: RenewalOptions, _ issuer: CertificateIssuer, now: Timestamp) throws(TrustError) -> Renewal {
        try store.renewing(by: options, issuer, names: names, ca: try authority().certificate, now: now)
    }

    /// What an import comes to. Nothing is written.
    public func renewal(
        of store: KeyStore, importing imported: ImportedCertificate, asNext: Bool, isForced: Bool, now: Timestamp
    ) throws(TrustError) -> Renewal {
        try store.importing(try store.importedCertificate(imported), asNext: asNext, isForced: isForced, names: names, now: now)
    }

    /// The times of the certificates that a renewal needs from the CA, for who has its key elsewhere.
    public func missing(_ options: RenewalOptions, now: Timestamp) throws(TrustError) -> [CertificateAuthority.Validity] {
        let ca = try authority().certificate
        do throws(TrustError) {
            return try keyStore().missing(options, ca: ca, now: now)
        } catch {
            guard options.isForced, error.code == .missing || error.code == .malformed else { throw error }
            return [CertificateAuthority.Validity(from: now.adding(seconds: -CertificateAuthority.backdatingSeconds))]
        }
    }

    /// A new key store in the place of one that is missing or damaged. Where pins were given out, what comes after it passes the gate.
    public func replacing(by issuer: CertificateIssuer, now: Timestamp) throws(TrustError) -> Renewal {
        let ca = try authority().certificate
        var times = [CertificateAuthority.Validity(from: now.adding(seconds: -CertificateAuthority.backdatingSeconds))]
        if case .brought(let certificates) = issuer { times = Array(repeating: times[0], count: certificates.count) }
        let made = try issuer.certificates(times, names: names, ca: ca, now: now)
        guard let first = made.first else { throw TrustError(.certificate, "the CA has expired") }
        var renewal = Renewal(store: KeyStore(current: first, next: Array(made.dropFirst())))
        if PrivateFile.isThere(files.pinMark) { renewal.store.beginPublication(at: now) }
        renewal.shown = first
        renewal.hasMade = true
        return renewal
    }

    /// What the listener is to show of a key store.
    public func identity(of store: KeyStore, now: Timestamp) throws(TrustError) -> ServerIdentity {
        let identity = try ServerIdentity(store.current, names: names, now: now, wasRenewed: true)
        // It is tried before it is written: a pair that TLS does not take must not replace one that it takes.
        _ = try ListenerTLS(identity)
        return identity
    }
}

/// A CA's certificate without its key.
public struct AuthorityCertificate: Sendable {
    let certificate: Certificate

    init(_ certificate: Certificate) {
        self.certificate = certificate
    }

    public var subject: String { certificate.subject.description }
    public var notAfter: Timestamp { certificate.notValidAfter.timestamp }
}
