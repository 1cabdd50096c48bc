public import Updates

/// One update in a list: its current revision.
public struct UpdateSummary: Codable, Sendable {
    public let id: UpdateID
    public let revision: RevisionNumber
    public let type: UpdateType
    public let title: String
    public let kbArticles: [String]
    public let products: [String]
    public let classification: String?
    public let msrcSeverity: String?
    public let state: UpdateApprovalState
    public let isSuperseded: Bool
    public let isExpired: Bool
    /// It names prerequisites, bundled updates or payloads that are not held.
    public let isIncomplete: Bool
    public let source: String
    public let isVerified: Bool
}

/// Everything about one update.
public struct UpdateDetails: Codable, Sendable {
    public let summary: UpdateSummary
    public let description: String?
    public let created: Timestamp?
    public let imported: Timestamp
    public let languages: [String]
    public let eulaID: String?
    public let securityBulletins: [String]
    public let handler: String?
    /// `document`, or `fragments` where the whole document is not held.
    public let origin: String
    /// Every revision held, newest first.
    public let revisions: [RevisionSummary]
    /// All must be met, each by any one of these.
    public let prerequisites: [[NamedUpdate]]
    public let bundledUpdates: [[NamedUpdate]]
    /// The bundles it is a member of: it is approved through them.
    public let memberOf: [NamedUpdate]
    public let supersedes: [NamedUpdate]
    public let supersededBy: [NamedUpdate]
    public let files: [FileSummary]
    public let incomplete: IncompleteUpdate?
    /// Why it is quarantined; empty where it is not.
    public let quarantine: [QuarantineReason]
    /// Of its revision, if what it starts was allowed by name.
    public let allowance: AllowanceSummary?
    public let approvals: [ApprovalSummary]
    /// Devices by what they report (self-reported).
    public let status: StatusCounts
    /// The devices that reported a state for it (self-reported).
    public let devices: [DeviceState]

    public struct DeviceState: Codable, Sendable {
        public let device: String
        public let name: String?
        public let state: String
        public let since: Timestamp
    }
}

public struct RevisionSummary: Codable, Sendable {
    public let revision: RevisionNumber
    public let revisionID: RevisionID
    public let source: String
    public let isVerified: Bool
    public let publicationState: PublicationState
    public let imported: Timestamp
    /// The one that devices are given.
    public let isCurrent: Bool
}

/// An update that another names; without a title where it is not held.
public struct NamedUpdate: Codable, Sendable {
    public let id: UpdateID
    public let title: String?
}

public struct ApprovalSummary: Codable, Sendable {
    public let group: String
    public let action: ApprovalAction
    public let deadline: Timestamp?
    public let changed: Timestamp
}

/// Devices by the state they report for an update, or updates by the state a device reports. All of it is self-reported.
public struct StatusCounts: Codable, Sendable {
    public var needed = 0
    public var installed = 0
    public var failed = 0
    public var notApplicable = 0
    /// Devices that never sent a status.
    public var unknown = 0
    /// Devices whose identity is disputed: they are counted here and nowhere else.
    public var disputed = 0

    public init() {}

    /// Counts rows of a state; what has no row is told apart by whoever knows how many there are in all.
    mutating func add(_ state: UpdateState, _ count: Int) {
        switch state {
        case .notInstalled, .downloaded: needed += count
        case .installed, .installedPendingReboot: installed += count
        case .failed: failed += count
        case .notApplicable, .unknown: break
        }
    }
}

/// What a change to updates did.
public struct UpdateChangeReport: Codable, Sendable {
    /// Changed, or that would be changed by a dry run.
    public var changed: [NamedUpdate] = []
    /// It was so already.
    public var unchanged: [NamedUpdate] = []
    public var refused: [Refused] = []
    /// What to know of updates that are changed: that one is superseded, waits for something, or loses a deadline.
    public var notes: [Refused] = []
    public var isDryRun = false

    public init() {}

    public struct Refused: Codable, Sendable {
        /// As it was given.
        public let id: String
        public let message: String

        public init(id: String, message: String) {
            self.id = id
            self.message = message
        }
    }
}
