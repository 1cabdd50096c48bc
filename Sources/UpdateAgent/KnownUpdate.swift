public import Updates

/// A revision the device holds: what SyncUpdates told of it and how it evaluated here.
public struct KnownUpdate: Hashable, Sendable, Codable {
    /// The server's own; RefreshCache gives it another.
    public internal(set) var revisionID: RevisionID
    public let identity: UpdateIdentity
    public let type: UpdateType
    /// Each group is one thing the bundle needs; any one of a group will do (`BundledUpdates`).
    public let bundledUpdates: [BundleGroup]
    public var isLeaf: Bool
    public var deploymentID: DeploymentID
    public var action: DeploymentAction
    public var deadline: Timestamp?
    /// Updates that this one takes the place of (`SupersededUpdates`); nothing in a state that an older agent kept.
    public internal(set) var supersedes: [UpdateID]?
    /// By the ``EvaluationRule`` of the last scan.
    public var isInstalled: Bool
    /// The title of its LocalizedProperties, once asked for.
    public var title: String?

    /// Titles come from whoever wrote the update: what exceeds this many characters is cut off.
    static let longestTitle = 512

    /// A part of an update, never a thing of its own: not offered, not reported (observed.md section 6).
    var isMember: Bool { action == .bundle }

    /// Software that is a thing of its own.
    var isRoot: Bool { type == .software && !isMember && action != .evaluate }

    /// Applicable and absent: what a 156 lists under `U`, approved or not (observed.md section 6).
    var isNeeded: Bool {
        isRoot && !isInstalled && (action == .install || action == .optionalInstall || action == .preDeploymentCheck)
    }

    /// To be installed here: approved and absent.
    var isOffered: Bool { isRoot && !isInstalled && action == .install }
}
