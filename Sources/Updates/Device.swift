/// What a device says of itself in RegisterComputer ([MS-WUSP] `ComputerInfo`). All of it is the device's own word.
public struct DeviceFacts: Hashable, Sendable, Codable {
    public var dnsName: String
    public var osMajorVersion: Int32
    public var osMinorVersion: Int32
    public var osBuildNumber: Int32
    public var osServicePackMajorNumber: Int32
    public var osServicePackMinorNumber: Int32
    public var osLocale: String
    public var manufacturer: String
    public var model: String
    public var biosVersion: String
    public var processorArchitecture: String
    /// Windows 11 still says "Windows 10"; show the build number.
    public var osDescription: String
    /// `1507.2601.30012.0`
    public var clientVersion: String

    public init(
        dnsName: String, osMajorVersion: Int32 = 0, osMinorVersion: Int32 = 0, osBuildNumber: Int32 = 0,
        osServicePackMajorNumber: Int32 = 0, osServicePackMinorNumber: Int32 = 0, osLocale: String = "",
        manufacturer: String = "", model: String = "", biosVersion: String = "", processorArchitecture: String = "",
        osDescription: String = "", clientVersion: String = ""
    ) {
        self.dnsName = dnsName
        self.osMajorVersion = osMajorVersion
        self.osMinorVersion = osMinorVersion
        self.osBuildNumber = osBuildNumber
        self.osServicePackMajorNumber = osServicePackMajorNumber
        self.osServicePackMinorNumber = osServicePackMinorNumber
        self.osLocale = osLocale
        self.manufacturer = manufacturer
        self.model = model
        self.biosVersion = biosVersion
        self.processorArchitecture = processorArchitecture
        self.osDescription = osDescription
        self.clientVersion = clientVersion
    }

    public var osVersion: String { "\(osMajorVersion).\(osMinorVersion).\(osBuildNumber)" }
}

/// A device as the server knows it. An administrator may name its groups before it is ever seen (then ``facts`` is nothing).
public struct Device: Hashable, Sendable {
    public let id: DeviceID
    public let facts: DeviceFacts?
    /// Never empty; `unassignedComputers` alone where no one assigned it.
    public let groups: Set<GroupID>
    /// The change that last moved it between groups, or after which it first registered: what it was told before is stale.
    public let groupsGeneration: Generation
    public let firstSeen: Timestamp?
    public let lastSeen: Timestamp?
    /// `TimeAtTarget` of the last 156 taken; nothing before the first.
    public let lastReported: Timestamp?
    /// The groups it asks for by name; nothing where it never named any.
    public let requestedGroups: [String]?
    /// The line of sessions it was last seen with.
    public let lineage: SessionLineage?
    /// The line that is the device's; nothing where none is known, as after a restore.
    public let ownLineage: SessionLineage?
    /// The newest of what was said under its id and not taken over.
    public let claim: DeviceClaim?
    public let dispute: Dispute?

    public init(
        id: DeviceID, facts: DeviceFacts?, groups: Set<GroupID>, groupsGeneration: Generation,
        firstSeen: Timestamp?, lastSeen: Timestamp?, lastReported: Timestamp?, requestedGroups: [String]? = nil,
        lineage: SessionLineage? = nil, ownLineage: SessionLineage? = nil, claim: DeviceClaim? = nil, dispute: Dispute? = nil
    ) {
        self.id = id
        self.facts = facts
        self.groups = groups
        self.groupsGeneration = groupsGeneration
        self.firstSeen = firstSeen
        self.lastSeen = lastSeen
        self.lastReported = lastReported
        self.requestedGroups = requestedGroups
        self.lineage = lineage
        self.ownLineage = ownLineage
        self.claim = claim
        self.dispute = dispute
    }
}

/// The state of an update on a device, as the device reports it (values of [MS-WSUSSS] `SummarizationState`).
public enum UpdateState: Int, Sendable, Codable, CaseIterable {
    case unknown = 0
    case notApplicable = 1
    /// Needed.
    case notInstalled = 2
    case downloaded = 3
    case installed = 4
    case failed = 5
    case installedPendingReboot = 6
}

/// One row of a device's status: derived from its reports as a real server does (observed.md section 6).
public struct UpdateStatus: Hashable, Sendable {
    public let updateID: UpdateID
    public let state: UpdateState
    /// `TimeAtTarget` of the event that last changed it.
    public let changedAt: Timestamp

    public init(updateID: UpdateID, state: UpdateState, changedAt: Timestamp) {
        self.updateID = updateID
        self.state = state
        self.changedAt = changedAt
    }
}
