/// A file on disk whose size, SHA-1 and SHA-256 were computed and found as promised: the only thing the content store takes.
///
/// Only `TrustedTransport` makes one (`make check` refuses the initialiser elsewhere).
public struct VerifiedFile: Sendable, Hashable {
    public let path: String
    public let size: Int64
    public let sha1: SHA1Digest
    public let sha256: SHA256Digest

    package init(path: String, size: Int64, sha1: SHA1Digest, sha256: SHA256Digest) {
        self.path = path
        self.size = size
        self.sha1 = sha1
        self.sha256 = sha256
    }
}
