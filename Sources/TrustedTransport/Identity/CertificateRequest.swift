import Crypto
import SwiftASN1
import Updates
import X509

/// A request to another CA (PKCS #10). The key is made here and never leaves the home.
enum CertificateRequest {
    /// - Parameter names: what the certificate shall vouch for, the first as common name too: some CAs want one.
    /// - Returns: PEM.
    static func text(names: [ServerName], key: Certificate.PrivateKey) throws(TrustError) -> String {
        guard let first = names.first else { throw TrustError(.invalidName, "a request needs a name") }
        do {
            let common = first.description
            // RFC 5280 gives a common name 64 characters.
            let subject = try DistinguishedName { if common.utf8.count <= 64 { CommonName(common) } }
            let extensions = try Certificate.Extensions {
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth])
                SubjectAlternativeNames(names.map(\.generalName))
            }
            let request = try CertificateSigningRequest(
                version: .v1, subject: subject, privateKey: key,
                attributes: CertificateSigningRequest.Attributes([.init(ExtensionRequest(extensions: extensions))]))
            return try request.serializeAsPEM().pemString + "\n"
        } catch {
            throw TrustError(.certificate, "a request could not be made: \(error)")
        }
    }

    static func makeKey(isRSA: Bool) throws(TrustError) -> Certificate.PrivateKey {
        guard isRSA else { return Certificate.PrivateKey(P256.Signing.PrivateKey()) }
        do { return try RSAKeys.make() } catch { throw TrustError(.certificate, "an RSA key could not be made") }
    }
}

extension KeyStore {
    /// A request for a certificate of these names. Until its certificate comes the same key is asked for again.
    ///
    /// - Parameter isNew: with a new key; a certificate for the former one can then no longer be imported.
    public mutating func request(names: [ServerName], isRSA: Bool, isNew: Bool) throws(TrustError) -> String {
        let asked = names.filter { !$0.isLoopback }
        let held = request.flatMap { isNew ? nil : $0 }
        if let held, (RSAKeys.bits(of: held.publicKey) != nil) != isRSA {
            throw TrustError(.exists, "a request with a key of another kind waits for its certificate; --new-key gives it up")
        }
        let key = if let held { held } else { try CertificateRequest.makeKey(isRSA: isRSA) }
        let text = try CertificateRequest.text(names: asked.isEmpty ? names : asked, key: key)
        request = key
        return text
    }

    public func importedCertificate(_ imported: ImportedCertificate) throws(TrustError) -> HeldCertificate {
        try imported.certificate(request: request)
    }
}
