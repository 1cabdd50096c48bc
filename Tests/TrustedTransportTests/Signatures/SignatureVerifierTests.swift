import Foundation
import Testing
import Updates

@testable import TrustedTransport

/// Our verdict beside osslsigncode's, on files that it signed.
@Suite(.enabled(if: SigningFixture.isAvailable, "openssl or osslsigncode is not installed"))
struct SignatureVerifierTests {
    let fixture: SigningFixture

    init() throws {
        fixture = try SigningFixture.shared.get()
    }

    private func verdict(_ path: String, _ trust: SigningTrust, days: Int64 = 0) -> SignatureVerdict {
        SignatureVerifier.verify(path: path, trust: trust, at: fixture.now.adding(seconds: days * 86_400))
    }

    private func refusal(_ path: String, _ trust: SigningTrust, days: Int64 = 0) -> SignatureRefusal.Code? {
        guard case .refused(let refusal) = verdict(path, trust, days: days) else { return nil }
        return refusal.code
    }

    private func signature(_ path: String, _ trust: SigningTrust, days: Int64 = 0) -> VerifiedSignature? {
        guard case .verified(let signature) = verdict(path, trust, days: days) else { return nil }
        return signature
    }

    private var seconds: Int64 { fixture.now.millisecondsSince1970 / 1000 }

    @Test(arguments: ["plain.exe", "plain.cab"], ["sha256", "sha384", "sha512"])
    func `a file of the publisher's is verified, by both judges`(_ file: String, _ digest: String) throws {
        let path = try fixture.sign(file, digest: digest)
        let found = try #require(signature(path, try fixture.publisherTrust()))
        #expect(found.standing == .publisher)
        #expect(found.signer == "Test Publisher")
        #expect(found.algorithm.rawValue == digest)
        #expect(found.signedAt == nil)
        #expect(found.file == (try FileVerifier.verify(path: path, size: nil, sha1: nil, sha256: nil)).sha256)
        #expect(try fixture.isGood(path))
    }

    @Test(arguments: ["plain.exe", "plain.cab"]) func `a file without a signature is unsigned`(_ file: String) throws {
        #expect(verdict(fixture.folder.file(file), try fixture.publisherTrust()) == .unsigned)
    }

    @Test func `what is neither program nor cabinet is unsigned`() throws {
        let folder = try TemporaryFolder()
        for (number, bytes) in [[], [0x4d], Array("text".utf8), Array("MZ".utf8) + [UInt8](repeating: 0, count: 100)].enumerated() {
            #expect(verdict(try folder.write("\(number)", bytes), .nothing) == .unsigned)
        }
    }

    @Test(arguments: ["plain.exe", "plain.cab"]) func `a timestamp lets a signature outlive its certificate`(_ file: String) throws {
        let trust = try fixture.publisherTrust()
        let plain = try fixture.sign(file)
        #expect(refusal(plain, trust, days: 31) == .untrusted)
        let stamped = try fixture.sign(file, stampedAt: seconds)
        let found = try #require(signature(stamped, trust, days: 31))
        #expect(found.signedAt == Timestamp(millisecondsSince1970: seconds * 1000))
        #expect(try fixture.isGood(stamped))
        #expect(try fixture.isGood(stamped, at: fixture.now.adding(seconds: 31 * 86_400)))
    }

    @Test func `a timestamp of a time at which the certificate was not valid proves nothing`() throws {
        let stamped = try fixture.sign("plain.exe", stampedAt: seconds - 40 * 86_400)
        // The stamper's certificate was not valid then either: by the clock, the signature stands.
        #expect(signature(stamped, try fixture.publisherTrust())?.signedAt == nil)
        #expect(refusal(stamped, try fixture.publisherTrust(), days: 31) == .untrusted)
    }

    @Test func `a timestamp of the future proves nothing`() throws {
        let stamped = try fixture.sign("plain.exe", stampedAt: seconds + 20 * 86_400)
        #expect(signature(stamped, try fixture.publisherTrust())?.signedAt == nil)
        #expect(refusal(stamped, try fixture.publisherTrust(), days: -1) != nil)
    }

    @Test func `a stamper that is not trusted is as no timestamp`() throws {
        let trust = SigningTrust([try fixture.certificate("root", .publisher)], table: .microsoft)
        let stamped = try fixture.sign("plain.exe", stampedAt: seconds)
        #expect(signature(stamped, trust)?.signedAt == nil)
        #expect(refusal(stamped, trust, days: 31) == .untrusted)
    }

    @Test func `a root of timestamps vouches for no program, and one of programs for no timestamp`() throws {
        let stamped = try fixture.sign("plain.exe", stampedAt: seconds)
        let swapped = SigningTrust(
            [try fixture.certificate("root", .timestampRoot), try fixture.certificate("stamps", .publisher)], table: .microsoft)
        #expect(refusal(stamped, swapped) == .untrusted)
        let table = RootTable(rows: [
            .init(sha256: try fixture.certificate("root", .microsoftRoot).sha256, name: "root", purposes: .timeStamping),
            .init(sha256: try fixture.certificate("stamps", .microsoftRoot).sha256, name: "stamps", purposes: .codeSigning),
        ])
        let roots = [try fixture.certificate("root", .microsoftRoot), try fixture.certificate("stamps", .microsoftRoot)]
        #expect(refusal(stamped, SigningTrust(roots, table: table)) == .untrusted)
    }

    @Test func `lifetime signing ends with the certificate, timestamp or not`() throws {
        let stamped = try fixture.sign("plain.exe", with: "lifetime", stampedAt: seconds)
        #expect(signature(stamped, try fixture.publisherTrust()) != nil)
        #expect(refusal(stamped, try fixture.publisherTrust(), days: 31) == .untrusted)
    }

    @Test func `another root, another purpose and a weak signature are refused`() throws {
        let other = SigningTrust([try fixture.certificate("other", .publisher)], table: .microsoft)
        #expect(refusal(try fixture.sign("plain.exe"), other) == .untrusted)
        #expect(refusal(try fixture.sign("plain.exe"), .nothing) == .untrusted)
        #expect(refusal(try fixture.sign("plain.exe", with: "server"), try fixture.publisherTrust()) == .purpose)
        #expect(refusal(try fixture.sign("plain.exe", with: "weak"), try fixture.publisherTrust()) == .weak)
        #expect(refusal(try fixture.sign("plain.cab", digest: "md5"), try fixture.publisherTrust()) == .weak)
    }

    @Test func `SHA-1 counts by an old timestamp only`() throws {
        let trust = try fixture.publisherTrust()
        #expect(refusal(try fixture.sign("plain.exe", digest: "sha1"), trust) == .weak)
        #expect(refusal(try fixture.sign("plain.exe", digest: "sha1", stampedAt: seconds), trust) == .weak)
    }

    @Test func `SHA-1 in the chain counts by an old timestamp only`() throws {
        let trust = try fixture.publisherTrust()
        #expect(refusal(try fixture.sign("plain.exe", with: "old"), trust) == .weak)
        #expect(refusal(try fixture.sign("plain.exe", with: "old", stampedAt: seconds), trust) == .weak)
        // How the trusted certificate itself is signed says nothing.
        let itself = SigningTrust([try fixture.certificate("old", .publisher)], table: .microsoft)
        #expect(signature(try fixture.sign("plain.exe", with: "old"), itself) != nil)
    }

    @Test func `a late timestamp by SHA-1 is as none`() throws {
        let path = try fixture.sign("plain.exe", stampedAt: seconds, by: "oldStamper")
        let found = try #require(signature(path, try fixture.publisherTrust()))
        #expect(found.signedAt == nil)
        #expect(refusal(path, try fixture.publisherTrust(), days: 31) == .weak)
    }

    @Test func `a publisher's certificate is trusted by itself, without its issuer`() throws {
        let trust = SigningTrust([try fixture.certificate("signer", .publisher)], table: .microsoft)
        #expect(signature(try fixture.sign("plain.exe"), trust)?.standing == .publisher)
        #expect(refusal(try fixture.sign("plain.exe", with: "microsoft"), trust) == .untrusted)
    }

    @Test func `a root counts as Microsoft's by its fingerprint, and Microsoft is whom it names so`() throws {
        let root = try fixture.certificate("root", .microsoftRoot)
        let path = try fixture.sign("plain.cab", with: "microsoft")
        #expect(refusal(path, SigningTrust([root], table: .microsoft)) == .untrusted)
        let table = RootTable(rows: [.init(sha256: root.sha256, name: "root", purposes: [.codeSigning, .microsoft])])
        #expect(signature(path, SigningTrust([root], table: table))?.standing == .microsoft)
        #expect(signature(try fixture.sign("plain.cab"), SigningTrust([root], table: table))?.standing == .vouched)
        let renting = RootTable(rows: [.init(sha256: root.sha256, name: "root", purposes: [.codeSigning])])
        #expect(signature(path, SigningTrust([root], table: renting))?.standing == .vouched)
    }

    @Test func `the signature of one kind of file does not count in another`() throws {
        let program = Array(try #require(FileManager.default.contents(atPath: try fixture.sign("plain.exe"))))
        let layout = try #require(try SignedLayout(of: BytesSource(program)))
        let signature = try #require(layout.signature)
        var cabinet = Array(try #require(FileManager.default.contents(atPath: try fixture.sign("plain.cab"))))
        let place = try #require(try SignedLayout(of: BytesSource(cabinet))?.signature)
        cabinet.replaceSubrange(Int(place.lowerBound)..., with: program[Int(signature.lowerBound)..<Int(signature.upperBound)])
        for (index, byte) in withUnsafeBytes(of: UInt32(signature.count).littleEndian, Array.init).enumerated() { cabinet[48 + index] = byte }
        let folder = try TemporaryFolder()
        #expect(refusal(try folder.write("a.cab", cabinet), try fixture.publisherTrust()) == .malformed)
    }

    @Test func `a file cut off at any byte is never verified`() throws {
        let trust = try fixture.publisherTrust()
        let folder = try TemporaryFolder()
        for file in ["plain.exe", "plain.cab"] {
            let bytes = Array(try #require(FileManager.default.contents(atPath: try fixture.sign(file))))
            for count in bytes.indices {
                #expect(signature(try folder.write("cut", Array(bytes[..<count])), trust) == nil, "\(file), \(count) bytes")
            }
            #expect(signature(try folder.write("longer", bytes + [0]), trust) == nil)
            #expect(signature(try folder.write("longer", bytes + [UInt8](repeating: 0, count: 8)), trust) == nil)
        }
    }

    /// Where both may find a changed byte good: nothing that anybody signed says what stands there.
    private func isFree(_ position: Int, in layout: SignedLayout, _ file: String) -> Bool {
        // The checksum of a program; the padding behind a signature is looked at.
        file == "plain.exe" && (0xd8..<0xdc).contains(position)
    }

    @Test(arguments: ["plain.exe", "plain.cab"]) func `a change of any byte is found, and osslsigncode agrees`(_ file: String) throws {
        let trust = try fixture.publisherTrust()
        let bytes = Array(try #require(FileManager.default.contents(atPath: try fixture.sign(file))))
        let layout = try #require(try SignedLayout(of: BytesSource(bytes)))
        let place = try #require(layout.signature)
        let folder = try TemporaryFolder()
        var found: [String] = []
        for position in bytes.indices {
            var changed = bytes
            changed[position] ^= 0x01
            let path = try folder.write("changed", changed)
            let isVerified = signature(path, trust) != nil
            if isVerified, !isFree(position, in: layout, file) { found.append("\(position) (signature at \(place))") }
            // The other judge is a process: every byte of the headers and of the signature's frame, and some of the rest.
            guard position < 0x100 || (Int(place.lowerBound) - 8..<Int(place.lowerBound) + 160).contains(position) || position % 37 == 0 else {
                continue
            }
            // We may be the stricter, never the other way round.
            if isVerified { #expect(try fixture.isGood(path), "\(position)") }
        }
        #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
    }
}

/// A file in memory.
struct BytesSource: ByteSource {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var size: Int64 { Int64(bytes.count) }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(SignatureRefusal) {
        guard offset >= 0, Int(offset) + buffer.count <= bytes.count else { throw SignatureRefusal(.unreadable, "beyond the end") }
        bytes.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[Int(offset)..<Int(offset) + buffer.count])) }
    }
}
