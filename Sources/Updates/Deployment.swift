/// What an administrator decided about an update for a group ([MS-WSUSSS] 2.2.4.5 `Deployment`).
public enum ApprovalAction: String, Sendable, Codable, CaseIterable {
    case install
    case uninstall
    /// Overrides what a group above says; the device is told to detect only.
    case block
}

/// A decision on an update for a group, standing or withdrawn.
///
/// A withdrawn one (`action` is nothing) is kept, so that devices learn of it: its ``generation`` says since when.
public struct Approval: Hashable, Sendable, Codable {
    public let updateID: UpdateID
    public let groupID: GroupID
    public let action: ApprovalAction?
    /// Whole seconds.
    public let deadline: Timestamp?
    public let deploymentID: DeploymentID
    public let changedAt: Timestamp
    public let generation: Generation

    public init(
        updateID: UpdateID, groupID: GroupID, action: ApprovalAction?, deadline: Timestamp?,
        deploymentID: DeploymentID, changedAt: Timestamp, generation: Generation
    ) {
        self.updateID = updateID
        self.groupID = groupID
        self.action = action
        self.deadline = deadline
        self.deploymentID = deploymentID
        self.changedAt = changedAt
        self.generation = generation
    }
}

/// Whether an update is withheld from every device, and since when.
public struct Decline: Hashable, Sendable, Codable {
    public let updateID: UpdateID
    /// False once it was taken back; the row stays, so that devices learn of it.
    public let isDeclined: Bool
    public let changedAt: Timestamp
    public let generation: Generation

    public init(updateID: UpdateID, isDeclined: Bool, changedAt: Timestamp, generation: Generation) {
        self.updateID = updateID
        self.isDeclined = isDeclined
        self.changedAt = changedAt
        self.generation = generation
    }
}

/// That an administrator allowed one revision by name, though what it starts is not believed (``LaunchRule``).
public struct Allowance: Hashable, Sendable, Codable {
    /// A newer revision is not allowed by it: nobody has looked at that.
    public let identity: UpdateIdentity
    /// False once it was taken back; the row stays.
    public let isAllowed: Bool
    /// The administrator's words.
    public let reason: String
    public let changedAt: Timestamp
    public let generation: Generation

    public init(identity: UpdateIdentity, isAllowed: Bool, reason: String, changedAt: Timestamp, generation: Generation) {
        self.identity = identity
        self.isAllowed = isAllowed
        self.reason = reason
        self.changedAt = changedAt
        self.generation = generation
    }
}

/// What a device is told to do with a revision ([MS-WUSP] `DeploymentAction`).
public enum DeploymentAction: String, Sendable, Codable {
    case optionalInstall = "OptionalInstall"
    case install = "Install"
    case uninstall = "Uninstall"
    case preDeploymentCheck = "PreDeploymentCheck"
    case block = "Block"
    case evaluate = "Evaluate"
    case bundle = "Bundle"
}

/// A deployment as a device is given it ([MS-WUSP] `Deployment`; observed.md section 3).
public struct Deployment: Hashable, Sendable {
    public let id: DeploymentID
    public let action: DeploymentAction
    public let deadline: Timestamp?
    /// Written as a date only.
    public let lastChange: Timestamp

    public init(id: DeploymentID, action: DeploymentAction, deadline: Timestamp?, lastChange: Timestamp) {
        self.id = id
        self.action = action
        self.deadline = deadline
        self.lastChange = lastChange
    }
}

/// A group of devices in the tree under All Computers.
public struct TargetGroup: Hashable, Sendable, Codable {
    public let id: GroupID
    public let name: String
    /// Nothing for All Computers only.
    public let parent: GroupID?

    public init(id: GroupID, name: String, parent: GroupID?) {
        self.id = id
        self.name = name
        self.parent = parent
    }

    public var isBuiltIn: Bool { id == .allComputers || id == .unassignedComputers }
}
