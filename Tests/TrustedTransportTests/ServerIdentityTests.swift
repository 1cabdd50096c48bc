import Foundation
import Glibc
import Testing
import TrustedTransport
import Updates
import X509

@Suite struct ServerIdentityTests {
    static let day: Int64 = 86_400
    let now = TestIdentity.now

    func names(_ texts: String...) throws -> [ServerName] { try texts.map { try ServerName($0) } }

    @Test func `every file is for the owner alone`() throws {
        let test = try TestIdentity("updates.example")
        for name in ["ca.pem", "ca.key", "keystore.json"] { #expect(try test.folder.mode(name) == 0o600) }
    }

    @Test(arguments: ["ca.pem", "ca.key", "keystore.json"])
    func `nothing is overwritten`(name: String) throws {
        let folder = try TemporaryFolder()
        try folder.write(name, [1])
        let error = #expect(throws: TrustError.self) {
            try ServerIdentity.create(in: TestIdentity.files(in: folder), names: try names("a.example"), now: now)
        }
        #expect(error?.code == .exists)
        #expect(try folder.bytes(name) == [1])
    }

    @Test func `a link in a key's place is not followed`() throws {
        let folder = try TemporaryFolder()
        #expect(symlink(folder.file("elsewhere"), folder.file("keystore.json")) == 0)
        #expect(throws: TrustError.self) {
            try ServerIdentity.create(in: TestIdentity.files(in: folder), names: try names("a.example"), now: now)
        }
        #expect(!folder.exists("elsewhere"))
    }

    @Test func `what was made is loaded as it is`() throws {
        let test = try TestIdentity("updates.example", "192.0.2.7")
        let before = try test.folder.bytes("keystore.json")
        let loaded = try ServerIdentity.load(from: test.files, names: try names("updates.example", "192.0.2.7"), now: now)
        #expect(!loaded.wasRenewed)
        #expect(loaded.renewalProblem == nil)
        #expect(loaded.notAfter == now.adding(seconds: 397 * Self.day - 3600))
        #expect(try test.folder.bytes("keystore.json") == before)
    }

    @Test(arguments: [(31, false), (30, false), (29, true), (0, true), (-400, true)])
    func `a certificate is renewed when less than thirty days remain`(row: (daysLeft: Int64, isRenewed: Bool)) throws {
        let test = try TestIdentity("updates.example")
        let before = (try test.held("chain"), try test.held("key"), try test.folder.bytes("ca.pem"))
        let then = test.identity.notAfter.adding(seconds: -row.daysLeft * Self.day)
        let loaded = try ServerIdentity.load(from: test.files, names: try names("updates.example"), now: then)
        #expect(loaded.wasRenewed == row.isRenewed)
        #expect((try test.held("chain") != before.0) == row.isRenewed)
        #expect((try test.held("key") != before.1) == row.isRenewed)
        #expect(try test.folder.bytes("ca.pem") == before.2)
        if row.isRenewed { #expect(loaded.notAfter.milliseconds(since: then) > 100 * Self.day * 1000) }
        #expect(try test.folder.mode("keystore.json") == 0o600)
        #expect(!(try ServerIdentity.load(from: test.files, names: try names("updates.example"), now: then)).wasRenewed)
    }

    @Test func `other names that the CA permits give a new certificate`() throws {
        let test = try TestIdentity("updates.example", "localhost")
        let loaded = try ServerIdentity.load(from: test.files, names: try names("new.updates.example", "localhost"), now: now)
        #expect(loaded.wasRenewed)
        #expect(loaded.names.map(\.description) == ["new.updates.example", "localhost"])
    }

    @Test(arguments: ["bank.example", "192.0.2.7", "::1", "example", "notupdates.example"])
    func `names that the CA does not permit are refused, and the certificate stays`(name: String) throws {
        let test = try TestIdentity("updates.example")
        let before = try test.folder.bytes("keystore.json")
        let error = #expect(throws: TrustError.self) {
            try ServerIdentity.load(from: test.files, names: try names("updates.example", name), now: now)
        }
        #expect(error?.code == .nameNotPermitted)
        #expect(try test.folder.bytes("keystore.json") == before)
    }

    @Test(arguments: ["keystore.json", "ca.key"], [0o640, 0o604, 0o660, 0o610] as [mode_t])
    func `a key that others can read is refused`(name: String, mode: mode_t) throws {
        let test = try TestIdentity("updates.example")
        #expect(chmod(test.folder.file(name), mode) == 0)
        // At its end the certificate is due, and the next one is used up, so that the CA's key is read too.
        let error = #expect(throws: TrustError.self) {
            try ServerIdentity.load(from: test.files, names: try names("updates.example"), now: test.identity.notAfter.adding(seconds: -60))
        }
        #expect(error?.code == .unsafeFile)
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give a file away"), arguments: ["keystore.json", "ca.key", "ca.pem"])
    func `a file of another user is refused`(name: String) throws {
        let test = try TestIdentity("updates.example")
        #expect(chown(test.folder.file(name), 65_534, 65_534) == 0)
        let error = #expect(throws: TrustError.self) {
            try ServerIdentity.load(from: test.files, names: try names("updates.example"), now: test.identity.notAfter.adding(seconds: -60))
        }
        #expect(error?.code == .unsafeFile)
    }

    @Test func `a CA certificate that others can write is refused`() throws {
        let test = try TestIdentity("updates.example")
        #expect(chmod(test.files.caCertificate, 0o622) == 0)
        #expect(throws: TrustError.self) { try ServerIdentity.load(from: test.files, names: try names("updates.example"), now: now) }
    }

    @Test func `a home from before there were key stores keeps its certificate, and its loose files go`() throws {
        let test = try TestIdentity("updates.example")
        try test.folder.write("server.pem", try test.folder.bytes("leaf.pem"))
        try test.folder.write("server.key", try test.folder.bytes("leaf.key"))
        for name in ["server.key", "server.pem"] { #expect(chmod(test.folder.file(name), 0o600) == 0) }
        #expect(unlink(test.files.keyStore) == 0)
        let loaded = try ServerIdentity.load(from: test.files, names: try names("updates.example"), now: now)
        #expect(loaded.certificate == test.identity.certificate)
        #expect(!loaded.wasRenewed)
        for name in ["server.key", "server.pem"] { #expect(!test.folder.exists(name)) }
        #expect(try ServerIdentity.load(from: test.files, names: try names("updates.example"), now: now).certificate == loaded.certificate)
    }

    @Test func `without a key store nothing is made up`() throws {
        let test = try TestIdentity("updates.example")
        #expect(unlink(test.files.keyStore) == 0)
        let error = #expect(throws: TrustError.self) {
            try ServerIdentity.load(from: test.files, names: try names("updates.example"), now: now)
        }
        #expect(error?.code == .missing)
        #expect(!test.folder.exists("keystore.json"))
    }

    @Test func `a key store that is cut or of a newer version is refused as it is`() throws {
        let test = try TestIdentity("updates.example")
        let whole = try test.folder.bytes("keystore.json")
        let newer = String(decoding: whole, as: UTF8.self).replacingOccurrences(of: "\"version\" : 1", with: "\"version\" : 2")
        for bytes in [Array(whole.dropLast(40)), [], Array("{}".utf8), Array(newer.utf8)] {
            try test.folder.write("keystore.json", bytes)
            let error = #expect(throws: TrustError.self) {
                try ServerIdentity.load(from: test.files, names: try names("updates.example"), now: now)
            }
            #expect(error?.code == .malformed)
            #expect(try test.folder.bytes("keystore.json") == bytes)
        }
    }

    @Test func `a key that is another's is refused with the reason, and replaced where nothing speaks against it`() throws {
        let test = try TestIdentity("updates.example")
        let other = try TestIdentity("updates.example")
        var text = String(decoding: try test.folder.bytes("keystore.json"), as: UTF8.self)
        func escaped(_ pem: String) throws -> String {
            let encoded = String(decoding: try JSONEncoder().encode([pem]), as: UTF8.self)
            return encoded.dropFirst(1).dropLast(1).replacingOccurrences(of: "\\/", with: "/")
        }
        text = text.replacingOccurrences(of: try escaped(try test.held("key")), with: try escaped(try other.held("key")))
        try test.folder.write("keystore.json", Array(text.utf8))
        #expect(unlink(test.files.caKey) == 0)
        let error = #expect(throws: TrustError.self) {
            try ServerIdentity.load(from: test.files, names: try names("updates.example"), now: now)
        }
        #expect(error?.message.contains("the key is not the certificate's") == true)
    }

    @Test func `a certificate from another CA gives way`() throws {
        let test = try TestIdentity("updates.example")
        let other = try TestIdentity("updates.example")
        try test.folder.write("keystore.json", try other.folder.bytes("keystore.json"))
        let loaded = try ServerIdentity.load(from: test.files, names: try names("updates.example"), now: now)
        #expect(loaded.wasRenewed)
        #expect(loaded.certificate != other.identity.certificate)
    }

    @Test func `without the CA's key those made ahead follow, the last serves to its end, and it is said`() throws {
        let test = try TestIdentity("updates.example")
        #expect(unlink(test.files.caKey) == 0)
        let names = try names("updates.example")
        var shown = test.identity
        for _ in 1...2 {
            let loaded = try ServerIdentity.load(from: test.files, names: names, now: shown.notAfter.adding(seconds: -29 * Self.day))
            #expect(loaded.wasRenewed)
            #expect(loaded.renewalProblem == nil)
            #expect(loaded.notAfter.milliseconds(since: shown.notAfter) == 337 * Self.day * 1000)
            shown = loaded
        }
        let last = try ServerIdentity.load(from: test.files, names: names, now: shown.notAfter.adding(seconds: -60))
        #expect(!last.wasRenewed)
        #expect(last.renewalProblem?.code == .missing)
        let error = #expect(throws: TrustError.self) { try ServerIdentity.load(from: test.files, names: names, now: shown.notAfter) }
        #expect(error?.message.contains("it ended at") == true)
        #expect(error?.message.contains("martlet certs renew") == true)
    }

    @Test func `a certificate never outlives its CA`() throws {
        let test = try TestIdentity("updates.example")
        let end = Timestamp(millisecondsSince1970: Int64(try test.authority.notValidAfter.timeIntervalSince1970) * 1000)
        for days in stride(from: Int64(0), to: 3640, by: 20) {
            _ = try ServerIdentity.load(from: test.files, names: try names("updates.example"), now: now.adding(seconds: days * Self.day))
        }
        let late = try ServerIdentity.load(from: test.files, names: try names("updates.example"), now: end.adding(seconds: -10 * Self.day))
        #expect(late.notAfter == end)
        // A new one would end no later, so none is made again and again.
        let again = try ServerIdentity.load(from: test.files, names: try names("updates.example"), now: end.adding(seconds: -9 * Self.day))
        #expect(!again.wasRenewed)
        let error = #expect(throws: TrustError.self) {
            try ServerIdentity.load(from: test.files, names: try names("localhost.updates.example"), now: end)
        }
        #expect(error?.code == .certificate)
    }

    @Test func `nothing that holds a key shows it`() throws {
        let test = try TestIdentity("updates.example")
        let authority = try CertificateAuthority.load(certificateFile: test.files.caCertificate, keyFile: test.files.caKey)
        let keys = try TokenKeys.create(at: test.folder.file("token.keys"), now: now)
        let shown: [(any Sendable, String)] = [
            (test.identity, "leaf.key"), (test.identity.certificate, "leaf.key"), (authority, "ca.key"), (keys, "token.keys"),
            (TokenSealer(keys: keys), "token.keys"),
        ]
        for (value, file) in shown {
            var text = "\(value) \(String(reflecting: value))"
            dump(value, to: &text)
            #expect(Mirror(reflecting: value).children.isEmpty)
            let secret = String(decoding: try test.folder.bytes(file), as: UTF8.self)
            for line in secret.split(whereSeparator: \.isWhitespace) where line.count > 24 { #expect(!text.contains(line)) }
        }
    }
}
