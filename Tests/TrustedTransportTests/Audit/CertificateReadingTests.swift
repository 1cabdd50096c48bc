import Foundation
import ScanPolicy
import Testing

@testable import TrustedTransport

@Suite struct CertificateReadingTests {
    private func own() throws -> [UInt8] {
        try TestIdentity("wsus.example.test", "192.0.2.7", "2001:db8::7").identity.certificate.encoded
    }

    @Test func `a certificate of ours says what it is`() throws {
        let certificate = try CertificateReading(own()).certificate
        #expect(Set(certificate.names ?? []).isSuperset(of: ["wsus.example.test", "192.0.2.7", "2001:db8::7"]))
        #expect(certificate.key == .ellipticCurve("P-256", 256))
        #expect(certificate.signature == "SHA-256 with ECDSA")
        #expect(certificate.usages == ["1.3.6.1.5.5.7.3.1"])
        #expect(!certificate.isAuthority && !certificate.isSelfIssued && !certificate.hasRevocation)
        #expect(certificate.notBefore < certificate.notAfter)
        #expect(certificate.issuer.contains("CN=Martlet CA"))
    }

    @Test func `one cut anywhere, or with any byte changed, is read or refused`() throws {
        let der = try own()
        for count in 0..<der.count { #expect(throws: CertificateReading.Failure.self) { try CertificateReading(Array(der.prefix(count))) } }
        for place in der.indices {
            var changed = der
            changed[place] ^= 0x55
            // Either way, and without a trap.
            let reading = try? CertificateReading(changed)
            #expect((reading?.certificate.names?.count ?? 0) <= CertificateReading.maximumNames)
        }
    }

    @Test func `one too large is refused`() throws {
        let limit = CertificateReading.maximumSize
        #expect(throws: CertificateReading.Failure(description: "a certificate of \(limit + 1) bytes")) {
            try CertificateReading(Array(repeating: 0x30, count: limit + 1))
        }
        #expect(throws: CertificateReading.Failure(description: "a certificate that is no DER")) {
            try CertificateReading(Array(repeating: 0x30, count: limit))
        }
    }

    @Test(
        .enabled(if: OpenSSL.isInstalled, "\(OpenSSL.absence)"),
        arguments: [
            (["rsa:1024", "-sha1"], AuditCertificate.Key.rsa(1024), "SHA-1 with RSA"),
            (["rsa:2048", "-sha384"], .rsa(2048), "SHA-384 with RSA"),
            (["ec", "-pkeyopt", "ec_paramgen_curve:P-224", "-sha256"], .ellipticCurve("P-224", 224), "SHA-256 with ECDSA"),
            (["ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-sha1"], .ellipticCurve("P-384", 384), "SHA-1 with ECDSA"),
            (["ed25519"], .other("Ed25519"), "Ed25519"),
        ])
    func `keys and signatures that no library here takes are named`(_ kind: [String], _ key: AuditCertificate.Key, _ signature: String) throws {
        let folder = try TemporaryFolder()
        let made = try OpenSSL.run(
            "req", "-x509", "-nodes", "-days", "10", "-subj", "/C=DE/O=Example/CN=wsus.example.test", "-outform", "DER", "-keyout",
            folder.file("key"), "-out",
            folder.file("certificate"), "-newkey", arguments: kind + ["-addext", "extendedKeyUsage=serverAuth,codeSigning"])
        try #require(made.status == 0, "\(made.text)")
        let certificate = try CertificateReading(folder.bytes("certificate")).certificate
        #expect(certificate.key == key)
        #expect(certificate.signature == signature)
        #expect(certificate.subject == "C=DE, O=Example, CN=wsus.example.test")
        #expect(certificate.commonName == "wsus.example.test")
        #expect(certificate.names == nil)
        #expect(certificate.isSelfIssued && certificate.isAuthority)
        #expect(certificate.usages == ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.3"])
        #expect(certificate.notAfter - certificate.notBefore == 10 * 86_400)
        #expect(abs(certificate.notBefore - Int(Date().timeIntervalSince1970)) < 600)
    }
}
