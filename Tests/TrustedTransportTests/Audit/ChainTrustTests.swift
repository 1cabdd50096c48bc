import Crypto
import Foundation
import ScanPolicy
import SwiftASN1
import Testing
import Updates
import X509

@testable import TrustedTransport

/// Who issued a certificate, apart from when it was good.
@Suite struct ChainTrustTests {
    @Test func `an ended certificate of an authority that is younger is only ended`() async throws {
        let identity = try TestIdentity("localhost")
        let from = Date(timeIntervalSince1970: Double(TestIdentity.now.millisecondsSince1970 / 1000) - 90 * 86_400)
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        // The issuer may vouch for the name, and its own dates are all after the certificate's.
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey, notValidBefore: from,
            notValidAfter: from.addingTimeInterval(30 * 86_400), issuer: try identity.authority.subject,
            subject: DistinguishedName { CommonName("localhost") }, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth])
                SubjectAlternativeNames([.dnsName("localhost")])
            }, issuerPrivateKey: try identity.authorityKey)
        let der = try certificate.serializeAsPEM().derBytes
        let leaf = try CertificateReading(der).certificate
        let asOf = Int(TestIdentity.now.millisecondsSince1970 / 1000)
        let given = try ChainTrust(caFile: identity.files.caCertificate)
        #expect(await given.judge([der], leaf: leaf, asOf: asOf).0 == .trusted)
        let stranger = try TestIdentity("localhost")
        let other = try ChainTrust(caFile: stranger.files.caCertificate)
        guard case .untrusted(let reason) = await other.judge([der], leaf: leaf, asOf: asOf).0 else {
            Issue.record("another authority's certificate is not trusted")
            return
        }
        #expect(reason.contains("is not among them"))
    }

    @Test func `an authority that has ended is said in words`() async throws {
        let identity = try TestIdentity("localhost")
        let now = TestIdentity.now.millisecondsSince1970 / 1000
        let path = try identity.forge("leaf-of-the-end.pem", names: [.dnsName("localhost")])
        let der = try PEMDocument(pemString: String(contentsOfFile: path, encoding: .utf8)).derBytes
        let ended = try TestIdentity.authority(identity, until: Date(timeIntervalSince1970: Double(now) - 86_400))
        let trust = try ChainTrust(caFile: ended)
        guard case .untrusted(let reason) = await trust.judge([der], leaf: try CertificateReading(der).certificate, asOf: Int(now)).0 else {
            Issue.record("an ended authority vouches for nothing")
            return
        }
        #expect(reason == "a certificate above it has ended, or is not valid yet")
    }
}
