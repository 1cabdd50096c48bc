public import Updates

extension VerifiedFile {
    /// A file taken for verified without being read: for tests of what comes after verification.
    public static func assumed(path: String, size: Int64, sha1: SHA1Digest, sha256: SHA256Digest) -> VerifiedFile {
        VerifiedFile(path: path, size: size, sha1: sha1, sha256: sha256)
    }
}
