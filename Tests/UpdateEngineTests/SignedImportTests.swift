import Foundation
import TestSupport
import Testing
import TrustedTransport
import Updates

@testable import UpdateEngine

/// Signatures on what is imported. Our own root stands in Microsoft's place, by a table that tests alone can make.
@Suite(.enabled(if: SignedFiles.isAvailable, "openssl or osslsigncode is not installed"))
struct SignedImportTests {
    private let signed: SignedFiles

    init() throws {
        signed = try SignedFiles.shared.get()
    }

    private static let category = DocumentText(.numbered(1), type: .category, title: "Example Product")

    private func engine(_ test: TestEngine, standingIn: Bool = true) async throws -> UpdateEngine {
        try await test.engine.close()
        let row = RootTable.Row(sha256: signed.root, name: "Test Root", purposes: [.codeSigning, .timeStamping, .microsoft])
        return try await UpdateEngine.open(
            test.home, clock: { signed.now }, roots: standingIn ? RootTable(rows: [row]) : .microsoft, log: TestEngine.log)
    }

    private func scan(_ number: UInt64 = 2) throws -> [UInt8] {
        var update = DocumentText(.numbered(number), title: "An update")
        update.prerequisites = [PrerequisiteClause(anyOf: [.numbered(1)], isCategory: true)]
        var revision = try OfflineScanText.Revision(2, update)
        revision.categories = [("Product", .numbered(1))]
        return OfflineScanText([try OfflineScanText.Revision(1, Self.category), revision]).cabinet()
    }

    @Test func `a cabinet with Microsoft's signature is verified, and any other is not`() async throws {
        let test = try await TestEngine()
        let engine = try await engine(test)
        let roots = try await engine.addCertificates(files: [signed.file("root.pem")], as: .microsoftRoot)
        #expect(roots.added.count == 1)
        let plain = try signed.folder.write(try scan(), to: "plain.cab")
        let own = try signed.sign(plain, as: "own")
        let genuine = try signed.sign(plain, as: "microsoft")
        var forged = Array(try #require(FileManager.default.contents(atPath: genuine)))
        // In the signature: what the cabinet holds can be read as before.
        forged[forged.count - 60] ^= 1
        let broken = try signed.folder.write(forged, to: "forged.cab")
        for (path, isVerified) in [(plain, false), (own, false), (broken, false), (genuine, true)] {
            let report = try await engine.importUpdates(paths: [path], source: "local") { _ in }
            #expect(report.cabinets.map(\.isVerified) == [isVerified], "\(path): \(report.cabinets.map(\.signature))")
        }
        let details = try await engine.update(UpdateID.numbered(2).description)
        // What was held unverified is believed from now on: the very same fragments are vouched for.
        #expect(details.summary.isVerified)
        #expect(details.summary.source == "cabinet")
        try await engine.close()
    }

    @Test func `without the root, or with a root that is no Microsoft's, a cabinet stays unverified`() async throws {
        let test = try await TestEngine()
        let engine = try await engine(test, standingIn: false)
        let refused = try await engine.addCertificates(files: [signed.file("root.pem")], as: .microsoftRoot)
        #expect(refused.added.isEmpty && refused.ignored == 1 && refused.refused.count == 1)
        // As the home's own publisher it is trusted, and not as Microsoft.
        #expect(try await engine.addCertificates(files: [signed.file("root.pem")], as: .publisher).added.count == 1)
        let genuine = try signed.sign(try signed.folder.write(try scan(), to: "plain2.cab"), as: "microsoft")
        let report = try await engine.importUpdates(paths: [genuine], source: "local") { _ in }
        #expect(report.cabinets.map(\.isVerified) == [false])
        #expect(report.cabinets.first?.signature.contains("who is not Microsoft") == true)
        try await engine.close()
    }

    @Test func `a payload without SHA-256 is vouched for by its signature, or listed as SHA-1 only`() async throws {
        let test = try await TestEngine()
        let engine = try await engine(test)
        let folder = try TemporaryFolder()
        let cabinet = CabinetWriter(.stored, [("a.txt", Array("text".utf8))]).bytes()
        let plain = try folder.write(cabinet, to: "plain.cab")
        let path = try signed.sign(plain, as: "own")
        try FileManager.default.copyItem(atPath: path, toPath: folder.path + "/signed.cab")
        func described(_ name: String, hasSHA256: Bool = false) throws -> UpdateFile {
            let file = try FileVerifier.verify(path: "\(folder.path)/\(name)", size: nil, sha1: nil, sha256: nil)
            return UpdateFile(sha1: file.sha1, sha256: hasSHA256 ? file.sha256 : nil, name: name, size: file.size)
        }
        try folder.write(Array("some text".utf8), to: "text.bin")
        var document = DocumentText(.numbered(2))
        document.files = [try described("signed.cab"), try described("plain.cab"), try described("text.bin", hasSHA256: true)]
        try folder.write(Self.category.bytes, to: "1.xml")
        try folder.write(document.bytes, to: "2.xml")
        let report = try await engine.importUpdates(paths: [folder.path], source: "local") { _ in }
        #expect(report.filesAdded == 3, "\(report.refused)")
        func proofs() async throws -> [String: PayloadProof] {
            Dictionary(uniqueKeysWithValues: try await engine.payloads().map { ($0.file.name ?? "", $0.proof) })
        }
        #expect(try await proofs() == ["signed.cab": .sha1Only, "plain.cab": .sha1Only, "text.bin": .sha256])
        #expect(try await engine.payloads().first { $0.file.name == "signed.cab" }?.signature?.standing == "refused")
        let schemas = try JSONSchema.documented()
        let added = try await engine.addCertificates(files: [signed.file("root.pem")], as: .publisher)
        #expect(try schemas["trusted"]?.problems(printing: added) == [])
        #expect(try schemas["trustedCertificates"]?.problems(printing: try await engine.trustedCertificates([.publisher])) == [])
        _ = try await engine.verifyFiles(deep: true) { _ in }
        #expect(try schemas["payloads"]?.problems(printing: try await engine.payloads()) == [])
        #expect(try await proofs() == ["signed.cab": .signature, "plain.cab": .sha1Only, "text.bin": .sha256])
        let signature = try await engine.payloads().first { $0.file.name == "signed.cab" }?.signature
        #expect(signature?.standing == "publisher" && signature?.signer == "Own Publisher")
        // Held in both of its roles it goes in both.
        _ = try await engine.addCertificates(files: [signed.file("root.pem")], as: .timestampRoot)
        let removed = try await engine.removeCertificate(signed.root.description, [.publisher, .timestampRoot])
        #expect(Set(removed.map(\.role)) == ["publisher", "timestamp-root"])
        #expect(try await engine.trustedCertificates([.publisher, .timestampRoot]).isEmpty)
        _ = try await engine.verifyFiles(deep: true) { _ in }
        #expect(try await proofs()["signed.cab"] == .sha1Only)
        try await engine.close()
    }
}

/// A root, a publisher and one who calls itself Microsoft, made by openssl; osslsigncode signs.
private final class SignedFiles: Sendable {
    static let isAvailable = ["/usr/bin/openssl", "/usr/bin/osslsigncode"].allSatisfy { FileManager.default.isExecutableFile(atPath: $0) }
    static let shared = Result { try SignedFiles() }

    let folder: TemporaryFolder
    let now: Timestamp
    let root: Updates.SHA256Digest

    private init() throws {
        folder = try TemporaryFolder()
        let path = folder.path
        func run(_ arguments: String...) throws { try Self.run("/usr/bin/openssl", arguments) }
        try run(
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", path + "/root.key", "-out", path + "/root.pem", "-days", "30", "-subj",
            "/CN=Test Root", "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
        try folder.write(Array("basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=codeSigning\n".utf8), to: "leaf.ext")
        for (name, subject) in [("own", "/O=Test/CN=Own Publisher"), ("microsoft", "/O=Microsoft Corporation/CN=Microsoft Update")] {
            try run(
                "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "\(path)/\(name).key", "-out", "\(path)/\(name).csr", "-subj", subject)
            try run(
                "x509", "-req", "-in", "\(path)/\(name).csr", "-CA", path + "/root.pem", "-CAkey", path + "/root.key", "-CAcreateserial", "-out",
                "\(path)/\(name).pem", "-days", "20", "-extfile", path + "/leaf.ext")
        }
        now = Timestamp(millisecondsSince1970: Int64(Date().timeIntervalSince1970 + 2) * 1000)
        let pem = Array(try Data(contentsOf: URL(filePath: path + "/root.pem")))
        root = TrustedCertificate(role: .publisher, der: try SigningTrust.certificates(of: pem, named: "root")[0]).sha256
    }

    func file(_ name: String) -> String { "\(folder.path)/\(name)" }

    func sign(_ path: String, as name: String) throws -> String {
        let output = file("\(UUID().uuidString).cab")
        try Self.run(
            "/usr/bin/osslsigncode",
            ["sign", "-in", path, "-out", output, "-h", "sha256", "-certs", file("\(name).pem"), "-key", file("\(name).key")])
        return output
    }

    private static func run(_ program: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(program) \(arguments.first ?? "")")
    }
}
