public import Updates

/// What devices brought while the commit before ran: one transaction takes all of it.
public struct DeviceArrivals: Sendable {
    public var registrations: [DeviceRegistration]
    public var reports: [EventBatch]
    public var sightings: [DeviceSighting]
    /// Who came over plain HTTP meanwhile.
    public var plainVisits: [PlainVisits]

    public init(
        registrations: [DeviceRegistration] = [], reports: [EventBatch] = [], sightings: [DeviceSighting] = [], plainVisits: [PlainVisits] = []
    ) {
        self.registrations = registrations
        self.reports = reports
        self.sightings = sightings
        self.plainVisits = plainVisits
    }

    public var isEmpty: Bool { registrations.isEmpty && reports.isEmpty && sightings.isEmpty && plainVisits.isEmpty }
}

/// What a RegisterComputer says, and who says it.
public struct DeviceRegistration: Sendable {
    public let deviceID: DeviceID
    public let facts: DeviceFacts
    /// The groups asked for by name; nothing where they are not known.
    public let requestedGroups: [String]?
    public let lineage: SessionLineage?
    public let address: String

    public init(deviceID: DeviceID, facts: DeviceFacts, requestedGroups: [String]? = nil, lineage: SessionLineage? = nil, address: String = "") {
        self.deviceID = deviceID
        self.facts = facts
        self.requestedGroups = requestedGroups
        self.lineage = lineage
        self.address = address
    }
}

/// The events of one ReportEventBatch, already bound to the device of its cookie.
public struct EventBatch: Sendable {
    public let deviceID: DeviceID
    public let events: [Event]
    public let address: String

    public init(deviceID: DeviceID, events: [Event], address: String = "") {
        self.deviceID = deviceID
        self.events = events
        self.address = address
    }
}

/// That a device was seen: gathered in memory, written now and then.
public struct DeviceSighting: Hashable, Sendable {
    public let deviceID: DeviceID
    public var time: Timestamp
    public var lineage: SessionLineage
    public var address: String
    /// What was seen of its sessions that one device would not do.
    public var reasons: DisputeReasons
    /// From where the line came that is not the device's; nothing without a reason.
    public var secondNetwork: SourceNetwork?
    /// How it came; nothing where that was not seen.
    public var transport: DeviceTransport?

    public init(
        deviceID: DeviceID, time: Timestamp, lineage: SessionLineage, address: String, reasons: DisputeReasons = [],
        secondNetwork: SourceNetwork? = nil, transport: DeviceTransport? = nil
    ) {
        self.deviceID = deviceID
        self.time = time
        self.lineage = lineage
        self.address = address
        self.reasons = reasons
        self.secondNetwork = secondNetwork
        self.transport = transport
    }
}

/// How a device came last, and when.
public struct SeenTransport: Hashable, Sendable {
    public let transport: DeviceTransport
    public let time: Timestamp

    public init(transport: DeviceTransport, time: Timestamp) {
        self.transport = transport
        self.time = time
    }
}

/// How devices' words are taken, and how long what they report is kept.
public struct DevicePolicy: Hashable, Sendable {
    public var targeting: Targeting
    /// Seconds.
    public var eventRetention: Int64
    public var eventsOfDevice: Int

    public init(targeting: Targeting = .server, eventRetention: Int64 = 90 * 86_400, eventsOfDevice: Int = 1000) {
        self.targeting = targeting
        self.eventRetention = eventRetention
        self.eventsOfDevice = eventsOfDevice
    }
}

/// What became of ``DeviceArrivals``.
public struct ArrivalResult: Sendable {
    /// One for each registration, in order.
    public var registered: [Registered] = []
    /// The devices of reports that the store knows.
    public var reporters: Set<DeviceID> = []
    /// The devices whose reports made them disputed.
    public var disputed: [Device] = []
    public var storedEvents = 0
    /// Events whose instance id was seen within 30 days.
    public var repeatedEvents = 0
    /// Events of devices that the store does not know.
    public var droppedEvents = 0

    public init() {}

    public struct Registered: Sendable {
        public let device: Device
        /// Groups the device is to be put into by its own word; nothing where it stays. Made by ``Store/assign(_:)``, which counts as a change.
        public let groups: Set<GroupID>?

        public init(device: Device, groups: Set<GroupID>?) {
            self.device = device
            self.groups = groups
        }
    }
}

extension Store {
    /// Takes one registration by itself.
    public func register(_ id: DeviceID, facts: DeviceFacts, at now: Timestamp) async throws -> Device {
        let result = try await take(DeviceArrivals(registrations: [DeviceRegistration(deviceID: id, facts: facts)]), policy: DevicePolicy(), at: now)
        guard let registered = result.registered.first else { throw StorageError(.corrupt, "a registration has no result") }
        return registered.device
    }

    /// Takes reports by themselves.
    public func takeReports(_ batches: [EventBatch], at now: Timestamp) async throws -> ArrivalResult {
        try await take(DeviceArrivals(reports: batches), policy: DevicePolicy(), at: now)
    }
}
