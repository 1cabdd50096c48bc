public import Updates

/// Reads fragments off the pack: from mapped memory, without waiting and without SQL, on any thread.
public protocol FragmentReader: Sendable {
    /// Calls `body` with the bytes of a fragment, which are valid only during the call.
    ///
    /// What was replaced under another id while the store is open is read under its old id too.
    /// The first use of an entry after a start checks its digest. Nothing is returned, and `body` is not called, where there is no such
    /// fragment; an entry that does not match throws ``StorageError/Code-swift.enum/corrupt`` and is queued for rebuilding.
    func withFragment<Result>(
        _ revision: RevisionID, _ kind: FragmentKind, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> Result?

    /// The languages of LocalizedProperties fragments and the keys of Eula fragments that a revision has.
    func kinds(of revision: RevisionID) -> [FragmentKind]
}

/// Keeps payloads by SHA-256, with SHA-1 as an alias.
public protocol FileStore: Sendable {
    /// Takes a verified file in (a copy, or the file itself where `consume`), synced and renamed into place.
    ///
    /// Throws ``StorageError/Code-swift.enum/conflict`` where the same SHA-1 is held with another SHA-256.
    func add(_ file: VerifiedFile, consume: Bool) async throws
    /// The held file of this SHA-1: its path, size and SHA-256. In memory, without waiting.
    func lookup(_ sha1: SHA1Digest) -> HeldFile?
    /// Moves a file aside; it is not served any more.
    func quarantine(_ sha1: SHA1Digest) async throws
    /// Every held file.
    func all() -> [HeldFile]
}

public struct HeldFile: Hashable, Sendable {
    public let sha1: SHA1Digest
    public let sha256: SHA256Digest
    public let size: Int64
    public let path: String

    public init(sha1: SHA1Digest, sha256: SHA256Digest, size: Int64, path: String) {
        self.sha1 = sha1
        self.sha256 = sha256
        self.size = size
        self.path = path
    }
}
