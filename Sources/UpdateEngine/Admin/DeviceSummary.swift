public import Updates

public struct GroupSummary: Codable, Sendable {
    public let id: GroupID
    public let name: String
    public let parent: String?
    /// Depth beneath All Computers, which is 0.
    public let depth: Int
    /// Devices directly in it.
    public let devices: Int
    public let isBuiltIn: Bool
}

/// A device in a list. What it says of itself is its own word.
public struct DeviceSummary: Codable, Sendable {
    /// Nothing for a device that is known by name only, until one registers under it.
    public let id: DeviceID?
    public let name: String?
    public let groups: [String]
    /// The build number tells Windows versions apart; the description of Windows 11 says "Windows 10".
    public let osVersion: String?
    public let osDescription: String?
    public let lastSeen: Timestamp?
    public let lastReported: Timestamp?
    /// Of a disputed device everything is unknown.
    public let status: StatusCounts
    /// More than one caller may be behind the id, or what it says cannot be true: it counts as compliant nowhere.
    public let isDisputed: Bool
    /// Why, in words.
    public let disputes: [String]
    /// From which network the second caller came, or what disputes was said.
    public let disputeNetwork: String?
    /// The groups it asks for, by name; with server-side targeting they change nothing.
    public let requestedGroups: [String]
    /// Of these, names that no group has.
    public let unknownGroups: [String]
    /// Where name, operating system, requested groups and status come from: nobody but the caller vouches for them.
    public let basis: String
    /// How it came last over TLS, where that was seen.
    public let transport: TransportSummary?

    static let selfReported = "self-reported"
}

/// Which devices are listed.
public struct DeviceFilter: Codable, Hashable, Sendable {
    /// Those of a group and of the groups beneath it.
    public var group: String?
    public var isDisputed: Bool
    /// Those that ask for a group that does not exist.
    public var asksForUnknown: Bool

    public init(group: String? = nil, isDisputed: Bool = false, asksForUnknown: Bool = false) {
        self.group = group
        self.isDisputed = isDisputed
        self.asksForUnknown = asksForUnknown
    }
}

public struct DeviceDetails: Codable, Sendable {
    public let summary: DeviceSummary
    public let facts: DeviceFacts?
    public let firstSeen: Timestamp?
    /// Needed, installed and failed updates (self-reported); none of a disputed device.
    public let updates: [UpdateStateSummary]
    /// What a disputed device had reported before it was disputed: held apart, counted nowhere.
    public let heldApart: [UpdateStateSummary]
    public let disputedSince: Timestamp?
    /// The newest of what was said under its id and not taken.
    public let claim: ClaimSummary?
    /// What it said otherwise than before, and what became of it; the newest first.
    public let history: [ChangeSummary]
    /// The newest first.
    public let events: [EventSummary]

    public struct UpdateStateSummary: Codable, Sendable {
        public let update: NamedUpdate
        public let state: String
        public let since: Timestamp
    }

    public struct EventSummary: Codable, Sendable {
        public let eventID: Int32
        public let time: Timestamp
        public let received: Timestamp
        public let update: UpdateID?
        /// A signed 32-bit HRESULT.
        public let win32HResult: Int32
        public let text: [String]
        /// Where it came from, if the device was disputed then.
        public let disputedFrom: String?
    }

    public struct ClaimSummary: Codable, Sendable {
        public let facts: DeviceFacts
        public let requestedGroups: [String]?
        public let address: String
        public let time: Timestamp
    }

    public struct ChangeSummary: Codable, Sendable {
        public let time: Timestamp
        /// Empty where an administrator decided.
        public let address: String
        public let field: DeviceChange.Field
        public let old: String
        public let new: String
        public let outcome: DeviceChange.Outcome
    }
}

/// A device by id or name and the group it is put into.
public struct DeviceAssignment: Codable, Sendable {
    public let device: String
    public let group: String

    public init(device: String, group: String) {
        self.device = device
        self.group = group
    }
}

public struct DeviceChangeReport: Codable, Sendable {
    public var changed: [String] = []
    /// Of these: devices that were not seen yet.
    public var notSeenYet: [String] = []
    public var refused: [UpdateChangeReport.Refused] = []

    public init(changed: [String] = []) {
        self.changed = changed
    }
}

extension UpdateState {
    /// The word an administrator knows it by.
    var word: String {
        switch self {
        case .unknown: "unknown"
        case .notApplicable: "not applicable"
        case .notInstalled: "needed"
        case .downloaded: "downloaded"
        case .installed: "installed"
        case .failed: "failed"
        case .installedPendingReboot: "installed, restart pending"
        }
    }
}
