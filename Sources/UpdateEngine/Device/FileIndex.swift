import Updates

/// Which payloads revisions name: what file locations are made from.
struct FileIndex: Sendable {
    private var filesByRevision: [RevisionID: [UpdateFile]] = [:]
    private var fileByDigest: [SHA1Digest: UpdateFile] = [:]

    mutating func add(_ revisions: some Sequence<Revision>) {
        for revision in revisions where !(revision.metadata.files.isEmpty && revision.metadata.eulaFiles.isEmpty) {
            filesByRevision[revision.id] = revision.metadata.files
            for file in revision.metadata.files + revision.metadata.eulaFiles where fileByDigest[file.sha1]?.sha256 == nil {
                fileByDigest[file.sha1] = file
            }
        }
    }

    /// The files an update installs from, in the document's order.
    func files(of id: RevisionID) -> [UpdateFile] { filesByRevision[id] ?? [] }

    /// A file some revision names; one whose SHA-256 is known is preferred.
    func file(_ digest: SHA1Digest) -> UpdateFile? { fileByDigest[digest] }

    var all: some Collection<UpdateFile> { fileByDigest.values }
}
