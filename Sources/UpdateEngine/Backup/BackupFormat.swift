public import Updates

/// What a backup is, as its first member says (ADR 0014).
public struct BackupHeader: Codable, Hashable, Sendable {
    /// This program reads no other.
    static let currentVersion = 1

    public let version: Int
    public let madeAt: Timestamp
    /// The last change that is in it.
    public let generation: Generation
    /// The names of the server's certificate.
    public let hosts: [String]
    public let hasCAKey: Bool
    /// The payloads' bytes are in it, not only their list.
    public let hasContent: Bool
}

/// The names in a backup, in their order: the header, the home's files, the list of payloads, the digests, the end.
enum BackupFormat {
    static let header = "martlet-backup.json"
    /// Files of the home stand beneath it.
    static let homePrefix = "home/"
    /// A line `SHA256 SHA1 BYTES` for each payload held.
    static let payloads = "payloads.txt"
    /// A line `SHA256  NAME` for each member before it, as sha256sum(1) checks them.
    static let digests = "SHA256SUMS"
    /// SHA-256 of every byte before this member's header.
    static let end = "END"

    /// Bytes of the header and of the end, at most.
    static let smallLimit: Int64 = 64 << 10
    /// Bytes of the digests and of the list of payloads, at most: room for millions.
    static let listLimit: Int64 = 1 << 30

    static let requiredFiles = ["martlet.json", "ca.pem", keyStore, "tls/token.keys", "martlet.db"]
    static let keyStore = "tls/keystore.json"
    /// What a home had in the key store's place before there were any; a start makes one of them.
    static let formerPair = ["tls/server.pem", "tls/server.key"]
    static let caKey = "tls/ca.key"

    /// The path in the home of a member; nothing for a name that no backup has.
    static func homePath(of name: String) -> String? {
        guard name.hasPrefix(homePrefix) else { return nil }
        let path = String(name.dropFirst(homePrefix.count))
        if requiredFiles.contains(path) || formerPair.contains(path) || path == caKey { return path }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        switch (parts.first, parts.count) {
        case ("documents", 2): return isNumbered(parts[1], ".gz") ? path : nil
        case ("pack", 2): return isNumbered(parts[1], ".pack") ? path : nil
        case ("content", 4):
            let digest = parts[3]
            let isDigest = digest.utf8.count == 64 && digest.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
            return parts[1] == "sha256" && isDigest && parts[2] == digest.prefix(2) ? path : nil
        default: return nil
        }
    }

    static func contentPath(of digest: SHA256Digest) -> String { "content/sha256/\(digest.description.prefix(2))/\(digest)" }

    private static func isNumbered(_ name: Substring, _ suffix: String) -> Bool {
        guard name.hasSuffix(suffix) else { return false }
        let digits = name.dropLast(suffix.count).utf8
        return (6...18).contains(digits.count) && digits.allSatisfy { (0x30...0x39).contains($0) }
    }
}
