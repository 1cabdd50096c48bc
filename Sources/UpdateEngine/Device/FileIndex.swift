import Updates

/// Which payloads revisions name: what file locations are made from.
struct FileIndex: Sendable {
    private var filesByRevision: [RevisionID: [UpdateFile]] = [:]
    private var fileByDigest: [SHA1Digest: UpdateFile] = [:]

    mutating func add(_ revisions: some Sequence<Revision>) {
        var addition = Addition()
        for revision in revisions { addition.take(revision) }
        add(addition)
    }

    mutating func add(_ addition: Addition) {
        for revision in addition.revisions {
            filesByRevision[revision.id] = revision.files
            for file in revision.files + revision.eulaFiles where fileByDigest[file.sha1]?.sha256 == nil { fileByDigest[file.sha1] = file }
        }
    }

    /// Files of revisions that are not in the index yet.
    struct Addition: Sendable {
        fileprivate var revisions: [(id: RevisionID, files: [UpdateFile], eulaFiles: [UpdateFile])] = []

        mutating func take(_ revision: Revision) {
            let metadata = revision.metadata
            if metadata.files.isEmpty && metadata.eulaFiles.isEmpty { return }
            revisions.append((revision.id, metadata.files, metadata.eulaFiles))
        }
    }

    /// The files an update installs from, in the document's order.
    func files(of id: RevisionID) -> [UpdateFile] { filesByRevision[id] ?? [] }

    /// A file some revision names; one whose SHA-256 is known is preferred.
    func file(_ digest: SHA1Digest) -> UpdateFile? { fileByDigest[digest] }

    var all: some Collection<UpdateFile> { fileByDigest.values }
}
