import Crypto
import CryptoExtras
import Foundation
public import ScanPolicy
import SwiftASN1
import X509

extension ServerCertificate {
    /// What a certificate file says, for a forecast: nothing is verified here.
    ///
    /// - Parameters:
    ///   - file: PEM, the server's certificate first, then what it presents with it. Keys beside them are passed over, unread.
    ///   - authorityFile: the root, where the file does not end with it.
    public static func read(_ file: String, authorityFile: String? = nil) throws(TrustError) -> ServerCertificate {
        let chain = try certificates(file)
        let roots = try authorityFile.map { file throws(TrustError) in try certificates(file) } ?? chain.filter { $0.issuer == $0.subject }
        return try facts(chain, roots, from: file)
    }

    /// What a home's server presents, and the home's CA behind it, or the chain's own end where another CA issued it.
    public static func presented(by files: IdentityFiles) throws(TrustError) -> ServerCertificate {
        guard PrivateFile.isThere(files.keyStore) else { return try read(files.formerCertificate, authorityFile: files.caCertificate) }
        let current = try KeyStore.load(files.keyStore).current
        let roots = current.origin == .own ? try certificates(files.caCertificate) : current.chain.filter { $0.issuer == $0.subject }
        return try facts(current.chain, roots, from: files.keyStore)
    }

    private static func facts(_ chain: [Certificate], _ roots: [Certificate], from file: String) throws(TrustError) -> ServerCertificate {
        guard let leaf = chain.first else { throw TrustError(.malformed, "\(file) holds no certificate in PEM form") }
        guard let keyType = keyType(of: leaf) else { throw TrustError(.certificate, "\(file) has a key that is neither ECDSA nor RSA") }
        return ServerCertificate(
            names: names(of: leaf), keyType: keyType, fingerprints: try fingerprints(of: leaf),
            rootFingerprints: try roots.last.map { root throws(TrustError) in try fingerprints(of: root) } ?? [],
            notBefore: Int(leaf.notValidBefore.timeIntervalSince1970), notAfter: Int(leaf.notValidAfter.timeIntervalSince1970))
    }

    private static let largestFile = 1 << 20

    private static func certificates(_ file: String) throws(TrustError) -> [Certificate] {
        guard let handle = FileHandle(forReadingAtPath: file) else { throw TrustError(.file, "\(file) cannot be read") }
        do {
            let data = try handle.read(upToCount: largestFile + 1) ?? Data()
            guard data.count <= largestFile else { throw TrustError(.malformed, "\(file) is too large for certificates") }
            return try PEMDocument.parseMultiple(pemString: String(decoding: data, as: UTF8.self))
                .filter { $0.discriminator == Certificate.defaultPEMDiscriminator }.map { try Certificate(pemDocument: $0) }
        } catch {
            throw TrustError(.malformed, "\(file) does not hold certificates in PEM form")
        }
    }

    private static func keyType(of certificate: Certificate) -> KeyType? {
        let key = certificate.publicKey
        if P256.Signing.PublicKey(key) != nil || P384.Signing.PublicKey(key) != nil || P521.Signing.PublicKey(key) != nil { return .ecdsa }
        return _RSA.Signing.PublicKey(key) != nil ? .rsa : nil
    }

    private static func names(of certificate: Certificate) -> [String] {
        guard let names = try? certificate.extensions.subjectAlternativeNames else { return [] }
        return names.compactMap { name in
            switch name {
            case .dnsName(let text): text
            case .ipAddress(let address): address.bytes.count == 4 ? address.bytes.map(String.init).joined(separator: ".") : nil
            default: nil
            }
        }
    }

    private static func fingerprints(of certificate: Certificate) throws(TrustError) -> Set<CertificateFingerprint> {
        do {
            var serializer = DER.Serializer()
            try serializer.serialize(certificate)
            let bytes = serializer.serializedBytes
            func hex(_ digest: some Sequence<UInt8>) -> String { digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
            return Set([hex(SHA256.hash(data: bytes)), hex(Insecure.SHA1.hash(data: bytes))].compactMap { CertificateFingerprint($0) })
        } catch {
            throw TrustError(.certificate, "a certificate could not be written as bytes")
        }
    }
}
