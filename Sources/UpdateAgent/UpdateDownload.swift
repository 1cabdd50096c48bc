public import Updates

/// A file to have, with everything that is needed to fetch and to judge it.
public struct FileDownload: Hashable, Sendable {
    public let sha1: SHA1Digest
    /// Nothing where the metadata have none: then the file must be signed.
    public let sha256: SHA256Digest?
    /// Bytes.
    public let size: Int64
    /// Safe to use in a folder.
    public let name: String
    /// Under the server's own origin.
    public let url: String
}

/// What an offered update needs: its own files and those of its members.
public struct UpdateDownload: Hashable, Sendable {
    public let identity: UpdateIdentity
    public let title: String
    public let files: [FileDownload]
    /// Files that cannot even be asked for.
    let refused: [RefusedFile]
    /// What its handler, and those of its members, are told to start, with the files each declares.
    var launches: [Launch] = []
    /// Why nothing of it is fetched: what it starts is not believed.
    var quarantine: FileFailure?

    struct Launch: Hashable, Sendable {
        let commands: [HandlerCommand]
        let files: [UpdateFile]
    }

    struct RefusedFile: Hashable, Sendable {
        let name: String
        let size: Int64
        let sha256: SHA256Digest?
        let failure: FileFailure
    }
}

/// How a download ended.
public enum FileOutcome: Hashable, Sendable {
    /// It was there, and was verified again.
    case present(path: String)
    /// - Parameter bytes: what was fetched now; less than the file where an earlier download was continued.
    case downloaded(path: String, bytes: Int64)
    case failed(FileFailure)
}

/// Why a file is not had.
public struct FileFailure: Error, Hashable, Sendable {
    public enum Code: Hashable, Sendable {
        /// The server told no location, or one that is not its own.
        case location
        /// The metadata are not enough to judge the file, or contradict each other.
        case metadata
        /// The bytes are not those the metadata promise.
        case wrongContent
        /// The server does not give it, or the connection broke.
        case fetch
        /// It cannot be written here.
        case storage
        /// No SHA-256 and no signature vouches for it.
        case unproven
        /// The update starts something that is not believed.
        case launch
    }

    public let code: Code
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// What a native agent would report: 0x80246001 no URL, 0x80246002 wrong hash, 0x800B0100 not signed (`TRUST_E_NOSIGNATURE`), 0x8024001D
    /// invalid metadata (`WU_E_INVALID_UPDATE`), else 0x80246007 not downloaded (`WU_E_DM_...`).
    var hresult: Int32 {
        switch code {
        case .location: Int32(bitPattern: 0x8024_6001)
        case .metadata, .wrongContent: Int32(bitPattern: 0x8024_6002)
        case .unproven: Int32(bitPattern: 0x800B_0100)
        case .launch: Int32(bitPattern: 0x8024_001D)
        case .fetch, .storage: Int32(bitPattern: 0x8024_6007)
        }
    }
}
