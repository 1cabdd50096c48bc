import Crypto
import Foundation
import SwiftASN1
import Testing
import TrustedTransport
import Updates
import X509

@Suite struct CertificateAuthorityTests {
    @Test func `the CA can sign servers of its names and nothing else`() throws {
        let test = try TestIdentity("updates.example", "192.0.2.7")
        let ca = try test.authority
        #expect(try ca.extensions.basicConstraints == .isCertificateAuthority(maxPathLength: 0))
        #expect(try ca.extensions.keyUsage == KeyUsage(keyCertSign: true, cRLSign: true))
        #expect(try ca.extensions.extendedKeyUsage.map(Array.init) == [.serverAuth])
        for extensionID: ASN1ObjectIdentifier in [
            .X509ExtensionID.basicConstraints, .X509ExtensionID.keyUsage, .X509ExtensionID.nameConstraints,
        ] {
            #expect(ca.extensions[oid: extensionID]?.critical == true)
        }
        let constraints = try #require(try ca.extensions.nameConstraints)
        #expect(Array(constraints.permittedDNSDomains) == ["updates.example"])
        #expect(constraints.permittedIPRanges.map { Array($0.bytes) } == [[192, 0, 2, 7, 255, 255, 255, 255]])
        // No IPv6 address was given, so that none is permitted.
        #expect(constraints.excludedIPRanges.map { Array($0.bytes) } == [[UInt8](repeating: 0, count: 32)])
        #expect(constraints.excludedSubtrees.contains(.directoryName(DistinguishedName())))
        #expect(ca.notValidAfter.timeIntervalSince(ca.notValidBefore) == 3650 * 86_400)
    }

    @Test func `the server certificate has its names in a critical alternative name and no subject`() throws {
        let test = try TestIdentity("updates.example", "localhost", "192.0.2.7", "::1", "UPDATES.example")
        let leaf = try Certificate(pemEncoded: String(contentsOfFile: test.certificateFile, encoding: .utf8))
        #expect(leaf.subject.isEmpty)
        #expect(leaf.extensions[oid: .X509ExtensionID.subjectAlternativeName]?.critical == true)
        #expect(
            try leaf.extensions.subjectAlternativeNames.map(Array.init) == [
                .dnsName("updates.example"), .dnsName("localhost"), .address([192, 0, 2, 7]),
                .address([UInt8](repeating: 0, count: 15) + [1]),
            ])
        #expect(try leaf.extensions.extendedKeyUsage.map(Array.init) == [.serverAuth])
        #expect(try leaf.extensions.keyUsage == KeyUsage(digitalSignature: true))
        #expect(try leaf.extensions.basicConstraints == .notCertificateAuthority)
        #expect(leaf.notValidAfter.timeIntervalSince(leaf.notValidBefore) == 397 * 86_400)
        #expect(leaf.notValidBefore < Date())
        #expect(P256.Signing.PublicKey(leaf.publicKey) != nil)
    }

    @Test func `a CA for no name is refused`() {
        #expect(throws: TrustError.self) { try CertificateAuthority.create(names: [], now: TestIdentity.now) }
    }

    @Test func `a CA of one hundred names is made and one of more refused`() throws {
        let names = try (1...101).map { try ServerName("h\($0).example") }
        _ = try CertificateAuthority.create(names: Array(names.prefix(100)), now: TestIdentity.now)
        #expect(throws: TrustError.self) { try CertificateAuthority.create(names: names, now: TestIdentity.now) }
    }

    // MARK: - OpenSSL's opinion

    @Test(.enabled(if: OpenSSL.isInstalled, Comment(rawValue: OpenSSL.absence)))
    func `openssl reads from the CA what was meant`() throws {
        let test = try TestIdentity("updates.example", "192.0.2.7")
        let text = try OpenSSL.run("x509", "-in", test.files.caCertificate, "-noout", "-text").text
        for line in [
            "X509v3 Basic Constraints: critical\n                CA:TRUE, pathlen:0\n",
            "X509v3 Key Usage: critical\n                Certificate Sign, CRL Sign\n",
            "X509v3 Extended Key Usage: \n                TLS Web Server Authentication\n",
            "X509v3 Name Constraints: critical\n                Permitted:\n                  DNS:updates.example\n"
                + "                  IP:192.0.2.7/255.255.255.255\n                  email:invalid\n                  URI:invalid\n"
                + "                Excluded:\n                  email:\n                  URI:\n                  DirName:\n"
                + "                  IP:0:0:0:0:0:0:0:0/0:0:0:0:0:0:0:0\n",
        ] {
            #expect(text.contains(line), "missing: \(line)\nin: \(text)")
        }
    }

    @Test(
        .enabled(if: OpenSSL.isInstalled, Comment(rawValue: OpenSSL.absence)),
        arguments: [
            ["-verify_hostname", "updates.example"], ["-verify_hostname", "localhost"], ["-verify_ip", "192.0.2.7"], ["-verify_ip", "2001:db8::7"],
        ])
    func `openssl accepts the server certificate for each of its names`(check: [String]) throws {
        let test = try TestIdentity("updates.example", "localhost", "192.0.2.7", "2001:db8::7")
        let outcome = try OpenSSL.run(
            "verify", "-x509_strict", "-purpose", "sslserver", "-no-CApath", "-CAfile", test.files.caCertificate, check[0], check[1],
            test.certificateFile)
        #expect(outcome.text == "\(test.certificateFile): OK\n")
        #expect(outcome.status == 0)
    }

    struct Forgery: Sendable, CustomTestStringConvertible {
        let name: String
        var subject = DistinguishedName()
        let names: [GeneralName]
        /// What OpenSSL says.
        let reason: String
        var testDescription: String { name }
    }

    static func common(_ name: String) -> DistinguishedName {
        (try? DistinguishedName { CommonName(name) }) ?? DistinguishedName()
    }

    static let forgeries = [
        Forgery(name: "another name", names: [.dnsName("bank.example")], reason: "permitted subtree violation"),
        Forgery(name: "a name that ends alike", names: [.dnsName("notupdates.example")], reason: "permitted subtree violation"),
        Forgery(name: "the parent of the name", names: [.dnsName("example")], reason: "permitted subtree violation"),
        Forgery(
            name: "another name beside a good one", names: [.dnsName("updates.example"), .dnsName("bank.example")],
            reason: "permitted subtree violation"),
        Forgery(name: "a wildcard over the name", names: [.dnsName("*.example")], reason: "permitted subtree violation"),
        Forgery(name: "another address", names: [.address([192, 0, 2, 8])], reason: "permitted subtree violation"),
        Forgery(
            name: "an address of a family not given", names: [.address([UInt8](repeating: 0, count: 15) + [1])], reason: "subtree violation"),
        Forgery(name: "a mail address", names: [.dnsName("updates.example"), .rfc822Name("a@bank.example")], reason: "permitted subtree violation"),
        Forgery(name: "a mail address at the host", names: [.rfc822Name("root@updates.example")], reason: "permitted subtree violation"),
        Forgery(
            name: "a URI", names: [.dnsName("updates.example"), .uniformResourceIdentifier("https://updates.example/")],
            reason: "permitted subtree violation"),
        Forgery(
            name: "a directory name", names: [.dnsName("updates.example"), .directoryName(common("x"))], reason: "excluded subtree violation"),
        Forgery(name: "a common name outside", subject: common("bank.example"), names: [], reason: "excluded subtree violation"),
        Forgery(
            name: "a common name outside beside a good name", subject: common("bank.example"), names: [.dnsName("updates.example")],
            reason: "excluded subtree violation"),
        Forgery(
            name: "a common name inside", subject: common("updates.example"), names: [.dnsName("updates.example")],
            reason: "excluded subtree violation"),
    ]

    @Test(.enabled(if: OpenSSL.isInstalled, Comment(rawValue: OpenSSL.absence)), arguments: forgeries)
    func `openssl refuses what a stolen CA key signs outside its names`(forgery: Forgery) throws {
        let test = try TestIdentity("updates.example", "192.0.2.7")
        let path = try test.forge("forged.pem", subject: forgery.subject, names: forgery.names)
        let outcome = try OpenSSL.run("verify", "-no-CApath", "-CAfile", test.files.caCertificate, path)
        #expect(outcome.status != 0)
        #expect(outcome.text.contains(forgery.reason), "\(outcome.text)")
    }

    @Test(.enabled(if: OpenSSL.isInstalled, Comment(rawValue: OpenSSL.absence)))
    func `openssl accepts a forged certificate that stays inside, so that the other refusals are for their names`() throws {
        let test = try TestIdentity("updates.example", "192.0.2.7")
        let path = try test.forge("inside.pem", names: [.dnsName("sub.updates.example"), .address([192, 0, 2, 7])])
        #expect(try OpenSSL.run("verify", "-no-CApath", "-CAfile", test.files.caCertificate, path).text == "\(path): OK\n")
    }

    @Test(.enabled(if: OpenSSL.isInstalled, Comment(rawValue: OpenSSL.absence)), arguments: [true, false])
    func `openssl refuses a CA below the CA`(hasSubject: Bool) throws {
        let test = try TestIdentity("updates.example")
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let subject = hasSubject ? Self.common("between") : try test.authority.subject
        let between = try test.forge("between.pem", subject: subject, names: [], isAuthority: true, key: key)
        let leaf = try test.forge("leaf.pem", names: [.dnsName("updates.example")], issuer: (subject, key))
        let outcome = try OpenSSL.run("verify", "-no-CApath", "-CAfile", test.files.caCertificate, "-untrusted", between, leaf)
        #expect(outcome.status != 0)
        #expect(!outcome.text.contains("OK"))
        if hasSubject {
            #expect(outcome.text.contains("path length constraint exceeded") || outcome.text.contains("subtree violation"), "\(outcome.text)")
        }
    }

    @Test(.enabled(if: OpenSSL.isInstalled, Comment(rawValue: OpenSSL.absence)))
    func `a CA for addresses only permits no host name`() throws {
        let test = try TestIdentity("192.0.2.7")
        let path = try test.forge("forged.pem", names: [.dnsName("updates.example")])
        #expect(try OpenSSL.run("verify", "-no-CApath", "-CAfile", test.files.caCertificate, path).text.contains("excluded subtree violation"))
        #expect(try OpenSSL.run("verify", "-no-CApath", "-CAfile", test.files.caCertificate, test.certificateFile).status == 0)
    }
}
