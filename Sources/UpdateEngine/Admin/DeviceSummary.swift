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
    public let status: StatusCounts
}

public struct DeviceDetails: Codable, Sendable {
    public let summary: DeviceSummary
    public let facts: DeviceFacts?
    public let firstSeen: Timestamp?
    /// Needed, installed and failed updates (self-reported).
    public let updates: [UpdateStateSummary]
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

    public init() {}
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
