import Crypto
import Foundation
import SwiftASN1
import Testing
import Updates
import X509

@testable import TrustedTransport

/// Certificates of another CA, made by OpenSSL, as an administrator would bring them.
@Suite(.enabled(if: OpenSSL.isInstalled, Comment(rawValue: OpenSSL.absence))) struct CertificateFaultTests {
    /// Ten minutes ahead: what is made while the tests run is valid then.
    static let now = Timestamp(millisecondsSince1970: Int64(Date().timeIntervalSince1970) * 1000).adding(seconds: 600)

    /// A certificate signed by itself. `key` is what `openssl req -newkey` takes.
    struct Made {
        let folder: TemporaryFolder

        init(
            key: [String] = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], names: String = "DNS:updates.example",
            extensions: [String] = ["basicConstraints=critical,CA:FALSE"], digest: String = "-sha256", days: String = "30"
        ) throws {
            folder = try TemporaryFolder()
            var arguments = ["req", "-x509", "-nodes", "-subj", "/CN=updates.example", "-keyout", folder.file("key.pem"), "-out"]
            arguments += [folder.file("cert.pem"), digest, "-days", days, "-newkey"] + key
            for text in (names.isEmpty ? [] : ["subjectAltName=\(names)"]) + extensions { arguments += ["-addext", text] }
            let outcome = try OpenSSL.run(arguments: arguments)
            try #require(outcome.status == 0, "\(outcome.text)")
        }

        func read() throws -> HeldCertificate {
            try ImportedCertificate.read(folder.file("cert.pem"), keyFile: folder.file("key.pem")) { [] }.certificate(request: nil)
        }
    }

    private func names(_ texts: String...) throws -> [ServerName] { try texts.map { try ServerName($0) } }

    private func codes(_ made: Made, at time: Timestamp = now) throws -> Set<CertificateFault.Code> {
        Set(try made.read().faults(names: try names("updates.example", "localhost", "127.0.0.1"), now: time).map(\.code))
    }

    @Test func `a good certificate has no fault, though it lacks the names of the machine itself`() throws {
        #expect(try codes(Made()) == [])
        #expect(try codes(Made(key: ["rsa:2048"])) == [])
        #expect(try codes(Made(key: ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"])) == [])
        #expect(try codes(Made(extensions: ["basicConstraints=CA:FALSE", "extendedKeyUsage=clientAuth,serverAuth"])) == [])
        #expect(try codes(Made(names: "DNS:*.example,DNS:x")) == [])
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        var key = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        var names = "DNS:updates.example"
        var extensions = ["basicConstraints=critical,CA:FALSE"]
        var days: Int64 = 0
        let code: CertificateFault.Code
        var testDescription: String { name }
    }

    static let rows = [
        Row(name: "F-01 P-521", key: ["ec", "-pkeyopt", "ec_paramgen_curve:P-521"], code: .unsupportedKey),
        Row(name: "F-02 Ed25519", key: ["ed25519"], code: .unsupportedKey),
        Row(name: "F-03 ended", days: 31, code: .expired),
        Row(name: "F-04 not yet valid", days: -1, code: .notYetValid),
        Row(name: "F-05 another name", names: "DNS:elsewhere.example", code: .wrongName),
        Row(name: "F-06 a name beneath", names: "DNS:a.updates.example", code: .wrongName),
        Row(name: "F-07 no names", names: "", code: .wrongName),
        Row(name: "F-08 a wildcard two labels up", names: "DNS:*", code: .wrongName),
        Row(name: "F-09 for clients only", extensions: ["basicConstraints=CA:FALSE", "extendedKeyUsage=clientAuth"], code: .notForServers),
        Row(name: "F-10 for programs", extensions: ["basicConstraints=CA:FALSE", "extendedKeyUsage=serverAuth,codeSigning"], code: .signsCode),
        Row(name: "F-11 a CA", extensions: ["basicConstraints=critical,CA:TRUE"], code: .authority),
        Row(name: "F-12 no signatures", extensions: ["basicConstraints=CA:FALSE", "keyUsage=keyEncipherment"], code: .keyUsage),
    ]

    @Test(arguments: rows)
    func `a certificate that devices would refuse is refused with the reason`(row: Row) throws {
        let made = try Made(key: row.key, names: row.names, extensions: row.extensions)
        #expect(try codes(made, at: Self.now.adding(seconds: row.days * 86_400)) == [row.code])
    }

    @Test(arguments: [
        ("RSA of 1024 bits", ["rsa:1024"], "-sha256", "1024 bits"), ("SHA-1", ["rsa:2048"], "-sha1", "SHA-1"),
        ("secp256k1", ["ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"], "-sha256", "P-256"),
    ])
    func `weak keys and signatures are refused and named`(row: (name: String, key: [String], digest: String, says: String)) throws {
        let made = try Made(key: row.key, digest: row.digest)
        let said: String
        do {
            said = try made.read().faults(names: try names("updates.example"), now: Self.now).map(\.message).joined()
        } catch {
            said = "\(error)"
        }
        #expect(said.contains(row.says), "\(said)")
    }

    @Test func `a key of another certificate is refused`() throws {
        let (one, other) = (try Made(), try Made())
        let error = #expect(throws: TrustError.self) {
            try ImportedCertificate.read(one.folder.file("cert.pem"), keyFile: other.folder.file("key.pem")) { [] }.certificate(request: nil)
        }
        #expect(error?.code == .certificate)
    }

    // MARK: - Forms

    private func openssl(_ arguments: String...) throws {
        let outcome = try OpenSSL.run(arguments: arguments)
        try #require(outcome.status == 0, "\(outcome.text)")
    }

    @Test(arguments: [[], ["-legacy"], ["-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1"]])
    func `PKCS 12 is read with its passphrase and refused without`(options: [String]) throws {
        let made = try Made(key: ["rsa:2048"])
        let path = made.folder.file("bundle.p12")
        let outcome = try OpenSSL.run(
            arguments: ["pkcs12", "-export", "-in", made.folder.file("cert.pem"), "-inkey", made.folder.file("key.pem"), "-out", path]
                + ["-passout", "pass:correct horse"] + options)
        try #require(outcome.status == 0, "\(outcome.text)")
        let certificate = try ImportedCertificate.read(path, keyFile: nil) { Array("correct horse".utf8) }.certificate(request: nil)
        #expect(certificate == (try made.read()))
        #expect(certificate.faults(names: try names("updates.example"), now: Self.now) == [])
        let error = #expect(throws: TrustError.self) { try ImportedCertificate.read(path, keyFile: nil) { Array("wrong".utf8) } }
        #expect(error?.message.contains("openssl pkcs12") == true)
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
        let open = #expect(throws: TrustError.self) { try ImportedCertificate.read(path, keyFile: nil) { Array("correct horse".utf8) } }
        #expect(open?.code == .unsafeFile)
        let bytes = try made.folder.bytes("bundle.p12")
        for length in stride(from: 0, to: bytes.count, by: 37) {
            try made.folder.write("cut.p12", Array(bytes.prefix(length)))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: made.folder.file("cut.p12"))
            #expect(throws: TrustError.self) {
                try ImportedCertificate.read(made.folder.file("cut.p12"), keyFile: nil) { Array("correct horse".utf8) }
            }
        }
    }

    @Test(arguments: [["pkcs8", "-topk8"], ["ec", "-aes256"], ["pkcs8", "-topk8", "-nocrypt"], ["ec"]])
    func `keys are read in each form, encrypted or not`(command: [String]) throws {
        let made = try Made()
        let path = made.folder.file("other.pem")
        let arguments = command + ["-in", made.folder.file("key.pem"), "-out", path, "-passout", "pass:correct horse"]
        let outcome = try OpenSSL.run(arguments: arguments)
        try #require(outcome.status == 0, "\(outcome.text)")
        chmodPrivate(path)
        let imported = try ImportedCertificate.read(made.folder.file("cert.pem"), keyFile: path) { Array("correct horse".utf8) }
        #expect(try imported.certificate(request: nil).faults(names: try names("updates.example"), now: Self.now) == [])
        guard command.contains("-aes256") || command == ["pkcs8", "-topk8"] else { return }
        #expect(throws: TrustError.self) {
            try ImportedCertificate.read(made.folder.file("cert.pem"), keyFile: path) { Array("wrong".utf8) }
        }
    }

    private func chmodPrivate(_ path: String) { try? FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path) }

    @Test func `a request has the names and no others, and its certificate finds the key that waits`() throws {
        let test = try TestIdentity("updates.example")
        let folder = IdentityFolder(files: test.files, names: try names("updates.example", "localhost", "127.0.0.1"))
        var store = try folder.keyStore()
        let text = try store.request(names: folder.names, isRSA: false, isNew: false)
        #expect(try store.request(names: folder.names, isRSA: false, isNew: false).isEmpty == false)
        try test.folder.write("request.pem", Array(text.utf8))
        let shown = try OpenSSL.run("req", "-in", test.folder.file("request.pem"), "-noout", "-verify", "-text").text
        #expect(shown.contains("verify OK"))
        #expect(shown.contains("DNS:updates.example\n"))
        #expect(shown.contains("TLS Web Server Authentication\n"))
        // Another CA signs it.
        try openssl(
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Other CA", "-keyout", test.folder.file("ca2.key"), "-out",
            test.folder.file("ca2.pem"), "-days", "30")
        try openssl(
            "x509", "-req", "-in", test.folder.file("request.pem"), "-CA", test.folder.file("ca2.pem"), "-CAkey", test.folder.file("ca2.key"),
            "-copy_extensions", "copy", "-days", "20", "-out", test.folder.file("answer.pem"))
        let both = try test.folder.bytes("ca2.pem") + test.folder.bytes("answer.pem")
        try test.folder.write("chain.pem", both)
        let imported = try ImportedCertificate.read(test.folder.file("chain.pem"), keyFile: nil) { [] }
        let renewal = try folder.renewal(of: store, importing: imported, asNext: false, isForced: false, now: Self.now)
        #expect(renewal.shown?.origin == .imported)
        #expect(renewal.shown?.chain.count == 1, "a root is left out")
        #expect(!renewal.store.hasRequest)
        // Certificates of the home's own CA do not follow by themselves on another's.
        #expect(renewal.store.next.isEmpty)
        #expect(try folder.identity(of: renewal.store, now: Self.now).names.map(\.description) == ["updates.example"])
        #expect(throws: TrustError.self) { try imported.certificate(request: nil) }
    }

    // MARK: - Our own

    @Test func `nothing that this CA makes may sign programs or anything but a server's handshake`() throws {
        let test = try TestIdentity("updates.example")
        let store = try IdentityFolder(files: test.files, names: try names("updates.example")).keyStore()
        let prepared = try store.renewing(
            by: RenewalOptions(prepares: true), .authority(CertificateAuthority(certificate: try test.authority, key: try test.authorityKey)),
            names: try names("updates.example"), ca: try test.authority, now: Self.now)
        #expect(prepared.store.all.count == 4)
        for certificate in [try test.authority] + prepared.store.all.flatMap(\.chain) {
            #expect(try certificate.extensions.extendedKeyUsage.map(Array.init) == [.serverAuth])
        }
        for certificate in prepared.store.all { #expect(try certificate.leaf.extensions.keyUsage == KeyUsage(digitalSignature: true)) }
        // Someone with the CA's key could still write such a certificate; one who checks refuses it, for the CA is for servers only.
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let forged = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey, notValidBefore: Date().addingTimeInterval(-60),
            notValidAfter: Date().addingTimeInterval(86_400), issuer: try test.authority.subject, subject: DistinguishedName(),
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.codeSigning])
                Critical(SubjectAlternativeNames([.dnsName("updates.example")]))
            }, issuerPrivateKey: try test.authorityKey)
        let path = try test.folder.write("forged.pem", Array(try forged.serializeAsPEM().pemString.utf8))
        let verdict = try OpenSSL.run(
            "verify", "-x509_strict", "-no-CApath", "-CAfile", test.files.caCertificate, "-purpose", "sslserver", path)
        #expect(verdict.status != 0)
        let purposes = try OpenSSL.run("x509", "-in", test.files.caCertificate, "-noout", "-purpose").text
        #expect(purposes.contains("SSL server CA : Yes"))
        #expect(!purposes.contains("S/MIME signing CA : Yes"))
    }
}
