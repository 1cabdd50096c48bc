public import Updates

/// A file to have, with everything that is needed to fetch and to judge it.
public struct FileDownload: Hashable, Sendable {
    public let sha1: SHA1Digest
    public let sha256: SHA256Digest
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
    }

    public let code: Code
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// What a native agent would report: 0x80246001 no URL, 0x80246002 wrong hash, else 0x80246007 not downloaded (`WU_E_DM_...`).
    var hresult: Int32 {
        switch code {
        case .location: Int32(bitPattern: 0x8024_6001)
        case .metadata, .wrongContent: Int32(bitPattern: 0x8024_6002)
        case .fetch, .storage: Int32(bitPattern: 0x8024_6007)
        }
    }
}
