public import Updates

/// What a catalog is built from of a revision: its relations, not its texts.
public struct CatalogRevision: Hashable, Sendable {
    public let id: RevisionID
    public let identity: UpdateIdentity
    public let type: UpdateType
    public let categoryType: CategoryType?
    public let publicationState: PublicationState
    public let prerequisites: [PrerequisiteClause]
    public let bundledUpdates: [BundleGroup]
    public let supersededUpdates: [UpdateID]
    public let provenance: Provenance
    public let defaultDeploymentID: DeploymentID
    public let importedAt: Timestamp
    public let importGeneration: Generation
    /// Bytes of the Core fragment: what paging counts.
    public let coreSize: Int
    /// What hardware a driver is for.
    public let drivers: [DriverMetadata]
    /// What it starts is not believed: it is delivered where an administrator allows it, and else to nobody.
    public let isQuarantined: Bool

    public init(
        id: RevisionID, identity: UpdateIdentity, type: UpdateType, categoryType: CategoryType? = nil,
        publicationState: PublicationState = .published, prerequisites: [PrerequisiteClause] = [],
        bundledUpdates: [BundleGroup] = [], supersededUpdates: [UpdateID] = [],
        provenance: Provenance = Provenance(source: .localImport, isVerified: true),
        defaultDeploymentID: DeploymentID, importedAt: Timestamp, importGeneration: Generation, coreSize: Int, drivers: [DriverMetadata] = [],
        isQuarantined: Bool = false
    ) {
        self.id = id
        self.identity = identity
        self.type = type
        self.categoryType = categoryType
        self.publicationState = publicationState
        self.prerequisites = prerequisites
        self.bundledUpdates = bundledUpdates
        self.supersededUpdates = supersededUpdates
        self.provenance = provenance
        self.defaultDeploymentID = defaultDeploymentID
        self.importedAt = importedAt
        self.importGeneration = importGeneration
        self.coreSize = coreSize
        self.drivers = drivers
        self.isQuarantined = isQuarantined
    }

    public init(_ revision: Revision, coreSize: Int, isQuarantined: Bool = false) {
        self.init(
            id: revision.id, identity: revision.identity, type: revision.metadata.type,
            categoryType: revision.metadata.categoryType, publicationState: revision.metadata.publicationState,
            prerequisites: revision.metadata.prerequisites, bundledUpdates: revision.metadata.bundledUpdates,
            supersededUpdates: revision.metadata.supersededUpdates, provenance: revision.provenance,
            defaultDeploymentID: revision.defaultDeploymentID, importedAt: revision.importedAt,
            importGeneration: revision.importGeneration, coreSize: coreSize, drivers: revision.metadata.drivers, isQuarantined: isQuarantined)
    }
}

/// What a catalog tells of a revision that it holds. Its relations are in ``UpdateCondition``.
public struct HeldRevision: Hashable, Sendable {
    public let id: RevisionID
    public let identity: UpdateIdentity
    public let type: UpdateType
    public let categoryType: CategoryType?
    public let publicationState: PublicationState
    public let provenance: Provenance
    public let defaultDeploymentID: DeploymentID
    public let importedAt: Timestamp
    public let importGeneration: Generation
    /// Bytes of the Core fragment.
    public let coreSize: Int
}
