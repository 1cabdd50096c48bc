import Glibc
import Testing
import TrustedTransport
import Updates

@Suite struct FileVerifierTests {
    // FIPS 180-4 examples.
    static let abc = Array("abc".utf8)
    static let sha1 = SHA1Digest(hexadecimal: "a9993e364706816aba3e25717850c26c9cd0d89d")
    static let sha256 = SHA256Digest(hexadecimal: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    static let emptySHA1 = SHA1Digest(hexadecimal: "da39a3ee5e6b4b0d3255bfef95601890afd80709")
    static let emptySHA256 = SHA256Digest(hexadecimal: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    static let millionSHA1 = SHA1Digest(hexadecimal: "34aa973cd4c4daa4f61eeb2bdbad27316534016f")
    static let millionSHA256 = SHA256Digest(hexadecimal: "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")

    @Test(arguments: [
        ("abc", "abc", 1, sha1, sha256), ("nothing", "", 1, emptySHA1, emptySHA256),
        ("a million a", "aaaaaaaaaa", 100_000, millionSHA1, millionSHA256),
    ])
    func `a file that is as promised is verified`(
        row: (name: String, text: String, times: Int, sha1: SHA1Digest?, sha256: SHA256Digest?)
    ) throws {
        let folder = try TemporaryFolder()
        let bytes = Array(String(repeating: row.text, count: row.times).utf8)
        let path = try folder.write("file", bytes)
        let file = try FileVerifier.verify(path: path, size: Int64(bytes.count), sha1: row.sha1, sha256: row.sha256)
        #expect(file.path == path)
        #expect(file.size == Int64(bytes.count))
        #expect(file.sha1 == row.sha1)
        #expect(file.sha256 == row.sha256)
        #expect(try FileVerifier.verify(path: path, size: nil, sha1: nil, sha256: nil) == file)
    }

    @Test func `what differs is said`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("file", Self.abc)
        func code(_ size: Int64?, _ sha1: SHA1Digest?, _ sha256: SHA256Digest?) -> FileMismatch.Code? {
            #expect(throws: FileMismatch.self) { try FileVerifier.verify(path: path, size: size, sha1: sha1, sha256: sha256) }?.code
        }
        #expect(code(2, Self.sha1, Self.sha256) == .size)
        #expect(code(4, Self.emptySHA1, Self.emptySHA256) == .size)
        #expect(code(3, Self.emptySHA1, Self.sha256) == .sha1)
        #expect(code(3, Self.sha1, Self.emptySHA256) == .sha256)
        #expect(code(nil, nil, Self.emptySHA256) == .sha256)
    }

    @Test func `only regular files are read`() throws {
        let folder = try TemporaryFolder()
        try folder.write("file", Self.abc)
        #expect(symlink(folder.file("file"), folder.file("link")) == 0)
        #expect(mkfifo(folder.file("pipe"), 0o600) == 0)
        for path in [folder.file("link"), folder.file("pipe"), folder.path, folder.file("absent"), "/dev/zero"] {
            let error = #expect(throws: FileMismatch.self) { try FileVerifier.verify(path: path, size: nil, sha1: nil, sha256: nil) }
            #expect(error?.code == .unreadable)
        }
    }

    @Test func `bytes handed over are those that were hashed`() throws {
        let folder = try TemporaryFolder()
        let bytes = [UInt8](repeating: 97, count: 1_000_000) + Array(repeating: 98, count: 1_500_000)
        let path = try folder.write("file", bytes)
        var seen: [UInt8] = []
        let file = try FileVerifier.read(path: path) { chunk in
            #expect(chunk.count <= 1 << 20)
            seen.append(contentsOf: chunk)
        }
        #expect(seen == bytes)
        #expect(try FileVerifier.verify(path: path, size: 2_500_000, sha1: nil, sha256: file.sha256) == file)
    }

    @Test func `a reader's own error comes through`() throws {
        struct Stop: Error {}
        let folder = try TemporaryFolder()
        let path = try folder.write("file", Self.abc)
        #expect(throws: Stop.self) { try FileVerifier.read(path: path) { _ in throw Stop() } }
    }

    @Test func `a file that grows while it is read is refused`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("file", Self.abc)
        let error = #expect(throws: FileMismatch.self) {
            try FileVerifier.read(path: path) { _ in try folder.write("file", Self.abc + Self.abc) }
        }
        #expect(error?.code == .changed)
    }
}
