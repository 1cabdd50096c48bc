/// What an update is ([MS-WUSP] `UpdateType`).
public enum UpdateType: String, Sendable, Codable, CaseIterable {
    case software = "Software"
    case driver = "Driver"
    case category = "Category"
    case detectoid = "Detectoid"
}

/// What a category stands for (`CategoryInformation/@CategoryType`, protocol.md section 5.3).
public enum CategoryType: String, Sendable, Codable, CaseIterable {
    case company = "Company"
    case productFamily = "ProductFamily"
    case product = "Product"
    case updateClassification = "UpdateClassification"
}

/// Whether the publisher still stands by a revision (`Properties/@PublicationState`).
public enum PublicationState: String, Sendable, Codable {
    case published = "Published"
    case expired = "Expired"
}

/// Met when any revision of one of these updates is installed ([MS-WUSP] 3.1.5.7; observed.md section 3).
public struct PrerequisiteClause: Hashable, Sendable, Codable {
    public let anyOf: [UpdateID]
    /// The clause also files the update under these categories; it makes no difference to being met.
    public let isCategory: Bool

    public init(anyOf: [UpdateID], isCategory: Bool = false) {
        self.anyOf = anyOf
        self.isCategory = isCategory
    }
}

/// Installed together with its parent: one of these revisions (`BundledUpdates`, a bare identity being a group of one).
public struct BundleGroup: Hashable, Sendable, Codable {
    public let anyOf: [UpdateIdentity]

    public init(anyOf: [UpdateIdentity]) {
        self.anyOf = anyOf
    }
}

/// A file that an update installs from (`Files/File`) or shows (`EulaFile`).
public struct UpdateFile: Hashable, Sendable, Codable {
    public let sha1: SHA1Digest
    /// Absent in documents older than Windows 8; agents since then refuse such a file ([MS-WUSP] note 26).
    public let sha256: SHA256Digest?
    public let name: String
    /// Bytes.
    public let size: Int64
    /// `SelfContained`, `Express` or another word of the publisher's; absent where the document has none.
    public let patchingType: String?
    /// True where the publisher hands the file out encrypted (`IsEncrypted`); nothing where the document does not say so.
    public var isEncrypted: Bool?

    public init(
        sha1: SHA1Digest, sha256: SHA256Digest?, name: String, size: Int64, patchingType: String? = nil, isEncrypted: Bool? = nil
    ) {
        self.sha1 = sha1
        self.sha256 = sha256
        self.name = name
        self.size = size
        self.patchingType = patchingType
        self.isEncrypted = isEncrypted
    }
}

/// A title and description in one language.
public struct LocalizedText: Hashable, Sendable, Codable {
    /// As the document spells it: `en`, `pt-br`.
    public let language: String
    public let title: String
    public let description: String?

    public init(language: String, title: String, description: String? = nil) {
        self.language = language
        self.title = title
        self.description = description
    }
}

/// What a document says of one revision: everything but the bytes.
///
/// It is made by reading a document (or fragments) and is immutable: other content under the same identity is refused (ADR 0003).
public struct RevisionMetadata: Hashable, Sendable, Codable {
    public var identity: UpdateIdentity
    public var type: UpdateType
    public var publicationState: PublicationState
    public var isExplicitlyDeployable: Bool
    /// Only for categories, and not for all of them.
    public var categoryType: CategoryType?
    /// All must be met.
    public var prerequisites: [PrerequisiteClause]
    /// Each must be present; empty for what is not a bundle.
    public var bundledUpdates: [BundleGroup]
    public var supersededUpdates: [UpdateID]
    public var files: [UpdateFile]
    /// Files of the licence text, apart from ``files``: agents do not install them.
    public var eulaFiles: [UpdateFile]
    public var eulaID: String?
    public var localizedTexts: [LocalizedText]
    public var defaultLanguage: String?
    public var kbArticleIDs: [String]
    public var securityBulletinIDs: [String]
    public var msrcSeverity: String?
    public var creationDate: Timestamp?
    /// The handler's URI, for instance `http://schemas.microsoft.com/msus/2002/12/UpdateHandlers/Cbs`.
    public var handler: String?
    /// What hardware a driver update is for; empty for what is none.
    public var drivers: [DriverMetadata]
    /// What its handler is told to start; empty for most.
    public var commands: [HandlerCommand]

    public init(
        identity: UpdateIdentity, type: UpdateType, publicationState: PublicationState = .published,
        isExplicitlyDeployable: Bool = false, categoryType: CategoryType? = nil,
        prerequisites: [PrerequisiteClause] = [], bundledUpdates: [BundleGroup] = [],
        supersededUpdates: [UpdateID] = [], files: [UpdateFile] = [], eulaFiles: [UpdateFile] = [],
        eulaID: String? = nil, localizedTexts: [LocalizedText] = [], defaultLanguage: String? = nil,
        kbArticleIDs: [String] = [], securityBulletinIDs: [String] = [], msrcSeverity: String? = nil,
        creationDate: Timestamp? = nil, handler: String? = nil, drivers: [DriverMetadata] = [], commands: [HandlerCommand] = []
    ) {
        self.identity = identity
        self.type = type
        self.publicationState = publicationState
        self.isExplicitlyDeployable = isExplicitlyDeployable
        self.categoryType = categoryType
        self.prerequisites = prerequisites
        self.bundledUpdates = bundledUpdates
        self.supersededUpdates = supersededUpdates
        self.files = files
        self.eulaFiles = eulaFiles
        self.eulaID = eulaID
        self.localizedTexts = localizedTexts
        self.defaultLanguage = defaultLanguage
        self.kbArticleIDs = kbArticleIDs
        self.securityBulletinIDs = securityBulletinIDs
        self.msrcSeverity = msrcSeverity
        self.creationDate = creationDate
        self.handler = handler
        self.drivers = drivers
        self.commands = commands
    }

    /// The text in `language`, else in the default language, else in English, else any.
    public func text(in language: String? = nil) -> LocalizedText? {
        for wanted in [language, defaultLanguage, "en"] {
            guard let wanted else { continue }
            if let text = localizedTexts.first(where: { $0.language.lowercased() == wanted.lowercased() }) { return text }
        }
        return localizedTexts.first
    }

    public var isBundle: Bool { !bundledUpdates.isEmpty }
}

/// A revision as this server holds it.
public struct Revision: Hashable, Sendable {
    public let id: RevisionID
    public let metadata: RevisionMetadata
    public let provenance: Provenance
    public let origin: Origin
    /// The deployment every device sees while no approval says otherwise.
    public let defaultDeploymentID: DeploymentID
    public let importedAt: Timestamp
    /// The change that brought it.
    public let importGeneration: Generation

    /// What the revision was made from.
    public enum Origin: String, Sendable, Codable {
        /// A whole `upd:Update` document, kept.
        case document
        /// Fragments only (an offline scan cabinet): the document cannot be shown.
        case fragments
    }

    public init(
        id: RevisionID, metadata: RevisionMetadata, provenance: Provenance, origin: Origin,
        defaultDeploymentID: DeploymentID, importedAt: Timestamp, importGeneration: Generation
    ) {
        self.id = id
        self.metadata = metadata
        self.provenance = provenance
        self.origin = origin
        self.defaultDeploymentID = defaultDeploymentID
        self.importedAt = importedAt
        self.importGeneration = importGeneration
    }

    public var identity: UpdateIdentity { metadata.identity }
    public var updateID: UpdateID { metadata.identity.updateID }
}
