public import Updates

/// What an import did, document by document.
public struct ImportReport: Codable, Sendable {
    /// Of the updates that documents brought: those whose commands are not believed. They are held and given to nobody.
    public var quarantined: [NamedUpdate] = []
    /// Documents that were new, or completed what was held as fragments.
    public var imported: [UpdateIdentity] = []
    /// Documents whose very bytes were held before.
    public var alreadyHeld = 0
    public var refused: [Problem] = []
    /// Of the updates imported: those that lack something they name.
    public var incomplete: [IncompleteUpdate] = []
    /// Payloads verified and taken into the content store.
    public var filesAdded = 0
    /// Payloads that no update names: left alone.
    public var filesIgnored = 0
    /// Offline scan cabinets that were read; what else is counted here is not theirs, but ``refused`` names their first problems.
    public var cabinets: [Cabinet] = []

    public init() {}

    /// What became of the revisions of an offline scan cabinet.
    public struct Cabinet: Codable, Sendable {
        public let path: String
        /// When it was made, by its own word.
        public let created: Timestamp?
        /// That its list names.
        public let revisions: Int
        /// Microsoft's own signature was found right: its updates count as verified.
        public let isVerified: Bool
        /// What was found of its signature, in words; it may name any signer.
        public let signature: String
        public var imported = 0
        public var alreadyHeld = 0
        public var refused = 0
        /// Without a Core fragment: not imported.
        public var incomplete = 0
        /// Of those imported now: given to nobody, since what they start is not believed.
        public var quarantined = 0
    }

    /// A file that was not taken, and why: file and byte are in the words.
    public struct Problem: Codable, Sendable {
        public let path: String
        public let message: String

        public init(path: String, message: String) {
            self.path = path
            self.message = message
        }
    }
}

/// An update that lacks something it names.
public struct IncompleteUpdate: Codable, Sendable {
    public let id: UpdateID
    public let revision: RevisionNumber
    public let title: String
    /// Prerequisites none of whose updates are held; such an update is not delivered.
    public var missingPrerequisites: [[UpdateID]] = []
    /// Bundled updates none of whose revisions are held; such an update is not delivered.
    public var missingBundledUpdates: [[UpdateIdentity]] = []
    /// Updates that are held but not delivered themselves (they are declined, or wait too); one of each list is needed.
    public var waitsFor: [[UpdateID]] = []
    /// Payloads not held; their locations are announced all the same.
    public var missingFiles: [MissingFile] = []

    init(id: UpdateID, revision: RevisionNumber, title: String) {
        self.id = id
        self.revision = revision
        self.title = title
    }

    public struct MissingFile: Codable, Sendable {
        public let name: String
        public let sha1: String
        /// Bytes.
        public let size: Int64
    }

    var isNothing: Bool { missingPrerequisites.isEmpty && missingBundledUpdates.isEmpty && waitsFor.isEmpty && missingFiles.isEmpty }
}

/// What was done with payloads.
public struct FileReport: Codable, Sendable {
    public var added: [FileSummary] = []
    public var verified = 0
    public var corrupt: [FileSummary] = []
    public var refused: [ImportReport.Problem] = []
    /// Files of a folder that no update names: left alone.
    public var ignored = 0

    public init() {}
}

/// A payload.
public struct FileSummary: Codable, Sendable {
    public let sha1: String
    public let sha256: String?
    /// Bytes.
    public let size: Int64
    public let name: String?
    public let isHeld: Bool

    public init(sha1: String, sha256: String?, size: Int64, name: String?, isHeld: Bool) {
        self.sha1 = sha1
        self.sha256 = sha256
        self.size = size
        self.name = name
        self.isHeld = isHeld
    }
}
