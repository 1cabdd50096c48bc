import Foundation
public import Updates
import X509

/// Where a home keeps its CA and its server certificates.
public struct IdentityFiles: Hashable, Sendable {
    /// What devices must trust; may be shown to anyone.
    public let caCertificate: String
    public let caKey: String
    /// The server's certificates and their keys: ``KeyStore``.
    public let keyStore: String
    /// There once pins were exported, until they are withdrawn.
    let pinMark: String
    /// The pair of a home made before there were key stores.
    let formerCertificate: String
    let formerKey: String

    /// - Parameter folder: of everything that is secret.
    public init(caCertificate: String, folder: String) {
        self.caCertificate = caCertificate
        caKey = folder + "/ca.key"
        keyStore = folder + "/keystore.json"
        pinMark = folder + "/pins-exported"
        formerCertificate = folder + "/server.pem"
        formerKey = folder + "/server.key"
    }
}

/// What the server's listener shows: a certificate that was found good for the names it is shown for.
public struct ServerIdentity: Sendable {
    /// Names by which devices may reach the server; the certificate has each.
    public let names: [ServerName]
    /// This load changed the certificate.
    public let wasRenewed: Bool
    /// The certificate is due for renewal and still good, but this stood in the way; say it to the administrator.
    public let renewalProblem: TrustError?
    public let certificate: HeldCertificate
    public var notAfter: Timestamp { certificate.notAfter }

    /// Makes a CA for these names, a certificate from it and those after it, and writes CA, key and key store, 0600. Refuses to overwrite any.
    ///
    /// Their folders must exist.
    public static func create(in files: IdentityFiles, names: [ServerName], now: Timestamp) throws(TrustError) -> ServerIdentity {
        let authority = try CertificateAuthority.create(names: names, now: now)
        let names = names.withoutRepetitions
        var store = KeyStore(current: try authority.issue(names: names, now: now))
        for time in store.ahead(ca: authority.certificate, now: now) { store.next.append(try authority.issue(names: names, time, now: now)) }
        for path in [files.caCertificate, files.caKey, files.keyStore] where PrivateFile.isThere(path) {
            throw TrustError(.exists, "\(path) exists already")
        }
        try authority.save(certificateFile: files.caCertificate, keyFile: files.caKey)
        try store.create(files.keyStore)
        return try ServerIdentity(store.current, names: names, now: now, wasRenewed: true)
    }

    /// Reads the identity, and changes to the next certificate, or has the CA make one, where it is time to: less than 30 days are left, or
    /// the one held does not fit its key or CA, or `names` are others than it has. Once pins were exported only a published one is taken.
    ///
    /// The CA's key is read only for a renewal, so it may be kept elsewhere in between: then ``renewalProblem`` says when it is needed.
    /// - Throws: ``TrustError/Code/unsafeFile`` for a file of keys that others can read or that belongs to another user;
    ///   ``TrustError/Code/nameNotPermitted`` for names the CA was not made for; ``TrustError/Code/certificate`` for a certificate that
    ///   devices would refuse, with every reason.
    public static func load(from files: IdentityFiles, names: [ServerName], now: Timestamp) throws(TrustError) -> ServerIdentity {
        let folder = IdentityFolder(files: files, names: names)
        let renewal = try folder.renewedByItself(now: now)
        if renewal.shown != nil || renewal.hasMade { try folder.save(renewal.store) }
        do throws(TrustError) {
            return try ServerIdentity(
                renewal.store.current, names: folder.names, now: now, wasRenewed: renewal.shown != nil,
                renewalProblem: renewal.obstacle.map { Self.problem($0, renewal.store.current) })
        } catch {
            // What stood in the way of a renewal is the cause.
            if let obstacle = renewal.obstacle { throw TrustError(obstacle.code, "\(error) It was not renewed: \(obstacle)") }
            throw error
        }
    }

    static func problem(_ obstacle: TrustError, _ certificate: HeldCertificate) -> TrustError {
        TrustError(obstacle.code, "the server certificate ends at \(certificate.notAfter.text(.seconds)) and was not renewed: \(obstacle)")
    }

    /// - Throws: where there is a reason not to show it to devices.
    init(
        _ certificate: HeldCertificate, names: [ServerName], now: Timestamp, wasRenewed: Bool = false, renewalProblem: TrustError? = nil
    ) throws(TrustError) {
        let faults = certificate.faults(names: names, now: now)
        guard faults.isEmpty else {
            throw TrustError(.certificate, "the server certificate is refused: \(faults.map(\.message).joined(separator: "; ")).")
        }
        self.names = names.filter(certificate.vouches(for:))
        self.certificate = certificate
        self.wasRenewed = wasRenewed
        self.renewalProblem = renewalProblem
    }
}

extension ServerIdentity: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Names and end only.
    public var description: String {
        "ServerIdentity(\(names.map(\.description).joined(separator: ", ")), until \(notAfter.text(.seconds)))"
    }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
