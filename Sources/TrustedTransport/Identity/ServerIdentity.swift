import Foundation
public import Updates
import X509

/// Where a home keeps its CA and its server certificate.
public struct IdentityFiles: Hashable, Sendable {
    /// What devices must trust; may be shown to anyone.
    public let caCertificate: String
    public let caKey: String
    public let certificate: String
    public let key: String

    public init(caCertificate: String, caKey: String, certificate: String, key: String) {
        self.caCertificate = caCertificate
        self.caKey = caKey
        self.certificate = certificate
        self.key = key
    }
}

/// The certificate and key that the server's listener shows, from the home's own CA.
public struct ServerIdentity: Sendable {
    /// A certificate with less time than this left is renewed.
    static let renewalSeconds: Int64 = 30 * 86_400

    public let names: [ServerName]
    public let notAfter: Timestamp
    /// This load made a new certificate and key.
    public let wasRenewed: Bool
    /// The certificate is due for renewal and still good, but this stood in the way; say it to the administrator.
    public let renewalProblem: TrustError?
    let certificate: Certificate
    let key: Certificate.PrivateKey

    /// Makes a CA for these names and a certificate from it, and writes the four files, 0600. Refuses to overwrite any.
    ///
    /// Their folders must exist.
    public static func create(in files: IdentityFiles, names: [ServerName], now: Timestamp) throws(TrustError) -> ServerIdentity {
        let authority = try CertificateAuthority.create(names: names, now: now)
        let (certificate, key) = try authority.issue(names: names, now: now)
        try authority.save(certificateFile: files.caCertificate, keyFile: files.caKey)
        try PrivateFile.create(files.key, try PEM.bytes(of: key))
        try PrivateFile.create(files.certificate, try PEM.bytes(of: certificate))
        return ServerIdentity(names: names, certificate: certificate, key: key, wasRenewed: true, renewalProblem: nil)
    }

    /// Reads the identity, and renews the certificate (same CA, new key) where it is missing, has less than 30 days left, does not fit its
    /// key or CA, or where `names` are others than it has.
    ///
    /// The CA's key is read only for a renewal, so it may be kept elsewhere in between: then ``renewalProblem`` says when it is needed.
    /// - Throws: ``TrustError/Code/unsafeFile`` for a file of keys that others can read or that belongs to another user;
    ///   ``TrustError/Code/nameNotPermitted`` for names the CA was not made for.
    public static func load(from files: IdentityFiles, names: [ServerName], now: Timestamp) throws(TrustError) -> ServerIdentity {
        let names = names.withoutRepetitions
        let ca = try CertificateAuthority.loadCertificate(files.caCertificate)
        let held = try loadHeld(from: files, ca: ca, names: names, now: now)
        if let held, !held.isDue(at: now, ca: ca) { return held }
        do throws(TrustError) {
            let authority = try CertificateAuthority.load(certificateFile: files.caCertificate, keyFile: files.caKey)
            let (certificate, key) = try authority.issue(names: names, now: now)
            // A crash between the two leaves a pair that does not fit, which the next load replaces.
            try PrivateFile.replace(files.key, try PEM.bytes(of: key))
            try PrivateFile.replace(files.certificate, try PEM.bytes(of: certificate))
            return ServerIdentity(names: names, certificate: certificate, key: key, wasRenewed: true, renewalProblem: nil)
        } catch {
            guard let held, held.notAfter > now, error.code != .unsafeFile else { throw error }
            return ServerIdentity(
                names: names, certificate: held.certificate, key: held.key, wasRenewed: false,
                renewalProblem: TrustError(error.code, "the server certificate ends at \(held.notAfter.text(.seconds)) and was not renewed: \(error)")
            )
        }
    }

    /// The pair on disk if it could be shown for these names, be it due for renewal.
    private static func loadHeld(
        from files: IdentityFiles, ca: Certificate, names: [ServerName], now: Timestamp
    ) throws(TrustError) -> ServerIdentity? {
        let certificate: Certificate
        let key: Certificate.PrivateKey
        do throws(TrustError) {
            certificate = try CertificateAuthority.loadCertificate(files.certificate)
            key = try PEM.privateKey(try PrivateFile.read(files.key, .secret), from: files.key)
        } catch {
            switch error.code {
            case .missing, .malformed: return nil
            default: throw error
            }
        }
        guard key.publicKey == certificate.publicKey, ca.publicKey.isValidSignature(certificate.signature, for: certificate),
            let alternatives = try? certificate.extensions.subjectAlternativeNames,
            Set(alternatives) == Set(names.map(\.generalName))
        else { return nil }
        return ServerIdentity(names: names, certificate: certificate, key: key, wasRenewed: false, renewalProblem: nil)
    }

    private init(
        names: [ServerName], certificate: Certificate, key: Certificate.PrivateKey, wasRenewed: Bool, renewalProblem: TrustError?
    ) {
        self.names = names
        self.notAfter = certificate.notValidAfter.timestamp
        self.wasRenewed = wasRenewed
        self.renewalProblem = renewalProblem
        self.certificate = certificate
        self.key = key
    }

    /// Near its end, and a new one would last longer.
    private func isDue(at now: Timestamp, ca: Certificate) -> Bool {
        notAfter.milliseconds(since: now) < Self.renewalSeconds * 1000 && ca.notValidAfter.timestamp > notAfter
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
