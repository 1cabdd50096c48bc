/// What a device asks in SyncUpdates, freed of its encoding ([MS-WUSP] 3.1.5.7).
public struct ScanRequest: Hashable, Sendable {
    /// Evaluated as installed: only these meet prerequisites. At most 400 entries, repeats counted.
    public var installedNonLeaf: [RevisionID]
    /// Held by the device, whatever their state.
    public var otherCached: [RevisionID]
    /// Drivers it holds: the cache of the driver pass and of the printer catalogue.
    public var cachedDrivers: [RevisionID]
    /// Its hardware, in the driver pass.
    public var system: SystemSpec
    /// What the device's cookie says it has seen.
    public var anchor: Generation
    /// The change that last moved the device between groups: deployments it saw before are stale.
    public var groupsGeneration: Generation
    public var pass: Pass
    /// The categories of a category-filtered scan; nothing for a whole one.
    public var filterCategories: [UpdateID]?
    /// `NeedTwoGroupOutOfScopeUpdates`: a filtered scan lists apart what is out of the filter but still deployed.
    public var needsTwoGroupsOutOfScope: Bool

    public enum Pass: Sendable {
        case software
        case driver
        /// `SyncPrinterCatalog`: every printer driver, whatever hardware there is.
        case printerCatalog
    }

    public init(
        installedNonLeaf: [RevisionID] = [], otherCached: [RevisionID] = [], cachedDrivers: [RevisionID] = [],
        system: SystemSpec = SystemSpec(), anchor: Generation = .zero,
        groupsGeneration: Generation = .zero, pass: Pass = .software, filterCategories: [UpdateID]? = nil,
        needsTwoGroupsOutOfScope: Bool = false
    ) {
        self.installedNonLeaf = installedNonLeaf
        self.otherCached = otherCached
        self.cachedDrivers = cachedDrivers
        self.system = system
        self.anchor = anchor
        self.groupsGeneration = groupsGeneration
        self.pass = pass
        self.filterCategories = filterCategories
        self.needsTwoGroupsOutOfScope = needsTwoGroupsOutOfScope
    }
}

/// One revision of an answer to SyncUpdates; its Core fragment is fetched by ``id``.
public struct ScannedUpdate: Hashable, Sendable {
    public let id: RevisionID
    public let deployment: Deployment
    /// False exactly if some update names this one as a prerequisite.
    public let isLeaf: Bool
    /// The device's hardware ids that a driver matched (`Deployment/HardwareIds`); empty for what is no driver.
    public let hardwareIDs: [String]

    public init(id: RevisionID, deployment: Deployment, isLeaf: Bool, hardwareIDs: [String] = []) {
        self.id = id
        self.deployment = deployment
        self.isLeaf = isLeaf
        self.hardwareIDs = hardwareIDs
    }
}

/// What SyncUpdates answers.
public struct ScanAnswer: Hashable, Sendable {
    public var newUpdates: [ScannedUpdate]
    public var changedUpdates: [ScannedUpdate]
    public var outOfScope: [RevisionID]
    public var deployedOutOfScope: [RevisionID]
    public var isTruncated: Bool
    public var isDriverSyncNotNeeded: Bool
    /// What the device has seen with this answer; goes into its next cookie.
    public var generation: Generation

    public init(
        newUpdates: [ScannedUpdate] = [], changedUpdates: [ScannedUpdate] = [], outOfScope: [RevisionID] = [],
        deployedOutOfScope: [RevisionID] = [], isTruncated: Bool = false, isDriverSyncNotNeeded: Bool = false,
        generation: Generation
    ) {
        self.newUpdates = newUpdates
        self.changedUpdates = changedUpdates
        self.outOfScope = outOfScope
        self.deployedOutOfScope = deployedOutOfScope
        self.isTruncated = isTruncated
        self.isDriverSyncNotNeeded = isDriverSyncNotNeeded
        self.generation = generation
    }
}

/// What this server calls a revision that a device holds from another one ([MS-WUSP] 3.1.5.8 RefreshCache).
public struct RefreshedRevision: Hashable, Sendable {
    public let id: RevisionID
    public let identity: UpdateIdentity
    /// False exactly if some update names this one as a prerequisite.
    public let isLeaf: Bool
    public let deployment: Deployment

    public init(id: RevisionID, identity: UpdateIdentity, isLeaf: Bool, deployment: Deployment) {
        self.id = id
        self.identity = identity
        self.isLeaf = isLeaf
        self.deployment = deployment
    }
}
