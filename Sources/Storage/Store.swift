public import Updates

/// Reads the committed state. What is read in one call is of one generation.
public protocol StoreReader: Sendable {
    func generation() async throws -> Generation
    /// The server id, new in every home and after every restore; part of every cookie.
    func serverID() async throws -> UpdateID
    /// When what GetConfig answers last changed (whole milliseconds).
    func configurationChangedAt() async throws -> Timestamp

    /// Every revision held, by ascending id, with the bytes of its Core fragment.
    func revisions() async throws -> [StoredRevision]
    func revision(_ id: RevisionID) async throws -> StoredRevision?
    /// All revisions of an update, newest first.
    func revisions(of id: UpdateID) async throws -> [StoredRevision]
    /// What is held under an identity, for ``ImportVerdict/decide(held:offered:)``.
    func heldContent(_ identity: UpdateIdentity) async throws -> HeldContent?
    /// The original bytes of the document, unchanged; nothing for a revision of fragments only.
    func document(_ id: RevisionID) async throws -> ChunkedBytes?

    func approvals() async throws -> [Approval]
    func declines() async throws -> [Decline]
    /// What administrators allowed by name, and took back.
    func allowances() async throws -> [Allowance]
    func groups() async throws -> [TargetGroup]

    func devices() async throws -> [Device]
    func device(_ id: DeviceID) async throws -> Device?
    /// Devices that are known by name only, by name.
    func expectedDevices() async throws -> [ExpectedDevice]
    /// A device's rows, by update id.
    func statuses(of device: DeviceID) async throws -> [UpdateStatus]
    /// The devices with a row for an update, by device id.
    func statuses(of update: UpdateID) async throws -> [DeviceUpdateState]
    /// How many devices report each state, per update; updates that no device names are absent, and disputed devices are not counted.
    func statusCounts() async throws -> [UpdateID: [UpdateState: Int]]
    /// How many updates each device reports in each state; devices that report none and disputed ones are absent.
    func deviceStatusCounts() async throws -> [DeviceID: [UpdateState: Int]]
    /// How devices came last, of those of which that was seen.
    func deviceTransports() async throws -> [DeviceID: SeenTransport]
    /// Who came over plain HTTP since a time, newest first. So many at most are kept: the oldest go.
    func plainVisits(since time: Timestamp) async throws -> [PlainVisits]
    /// A device's history, newest first.
    func changes(of device: DeviceID) async throws -> [DeviceChange]
    /// A device's stored events, newest first.
    func events(of device: DeviceID, limit: Int) async throws -> [StoredEvent]

    /// Every payload known, by SHA-1.
    func files() async throws -> [StoredFile]
}

/// Reads and changes. A change is durable when the call returns: a power cut after it loses nothing of it.
public protocol Store: StoreReader {
    /// Imports revisions in one transaction: all of them or none.
    ///
    /// The verdict of ``ImportVerdict/decide(held:offered:)`` is taken inside the transaction, for each in order; a refusal changes
    /// nothing for that revision and is returned, it does not undo the others.
    func importRevisions(_ imports: [RevisionImport], at now: Timestamp) async throws -> ImportResult

    /// Approves, blocks or withdraws, all in one transaction; each change gets a deployment id of its own.
    func setApprovals(_ changes: [ApprovalChange], at now: Timestamp) async throws -> (Generation, [Approval])
    /// Declines or takes a decline back. A decline withdraws the update's approvals too, as WSUS does.
    func setDeclined(_ updates: [UpdateID], _ isDeclined: Bool, at now: Timestamp) async throws -> DeclineResult

    /// Allows revisions that are quarantined, each with its reason, or takes that back.
    func setAllowed(_ revisions: [UpdateIdentity], _ isAllowed: Bool, reason: String, at now: Timestamp) async throws -> (Generation, [Allowance])

    func createGroup(_ group: TargetGroup) async throws -> Generation
    /// Devices of the group go to Unassigned Computers (if it was their only one); its approvals go with it. Groups beneath it must be gone.
    func removeGroup(_ id: GroupID) async throws -> Generation
    func moveGroup(_ id: GroupID, to parent: GroupID) async throws -> Generation

    /// Replaces the groups of devices, seen or not, in one transaction.
    func assign(_ devices: [DeviceID], to groups: Set<GroupID>) async throws -> (Generation, [Device])
    func assign(_ assignments: [(DeviceID, Set<GroupID>)]) async throws -> (Generation, [Device])
    /// Gives groups to devices that are known by DNS name only (its case does not count), instead of those given before. The first new
    /// device that registers under the name gets them. Built-in groups give nothing.
    func expectDevices(_ assignments: [(String, Set<GroupID>)]) async throws
    /// Returns the names that were expected.
    func forgetExpectedDevices(_ names: [String]) async throws -> [String]
    /// Removes devices with their states and events. Returns those that were there.
    func forget(_ devices: [DeviceID]) async throws -> (Generation, [DeviceID])

    /// Takes what many devices brought in one transaction (group commit): registrations first, then sightings, then reports.
    ///
    /// A new device stands in Unassigned Computers, in the groups expected of its name, or with client-side targeting in those it asks for. What
    /// is said of a known one is taken or kept as a claim (``IdentityDerivation``), and each change stands in its history. The reports of a
    /// disputed device are stored and marked; they change no state (observed.md section 6 for those of others).
    func take(_ arrivals: DeviceArrivals, policy: DevicePolicy, at now: Timestamp) async throws -> ArrivalResult

    /// Ends disputes: takes the newest claim over, or drops it. What the devices reported before is dropped, so that only what they report from
    /// now on counts. Returns those that were disputed or had a claim, as they are now.
    func resolve(
        _ devices: [DeviceID], accepting: Bool, policy: DevicePolicy, at now: Timestamp
    ) async throws -> [ArrivalResult.Registered]

    /// Records payloads as held, or as quarantined.
    func setFiles(_ files: [StoredFile]) async throws

    func close() async throws
}

/// A device that an administrator named before it was seen.
public struct ExpectedDevice: Hashable, Sendable {
    /// A DNS name, in lower case.
    public let name: String
    public let groups: Set<GroupID>

    public init(name: String, groups: Set<GroupID>) {
        self.name = name
        self.groups = groups
    }
}

/// A revision with where its Core fragment's size is known.
public struct StoredRevision: Hashable, Sendable {
    public let revision: Revision
    public let coreSize: Int

    public init(revision: Revision, coreSize: Int) {
        self.revision = revision
        self.coreSize = coreSize
    }
}

/// A revision to import: what was read, and the bytes it was read from.
public struct RevisionImport: Sendable {
    public let metadata: RevisionMetadata
    public let fragments: [Fragment]
    public let provenance: Provenance
    /// Nothing for fragments only.
    public let document: DocumentSource?

    public init(metadata: RevisionMetadata, fragments: [Fragment], provenance: Provenance, document: DocumentSource?) {
        self.metadata = metadata
        self.fragments = fragments
        self.provenance = provenance
        self.document = document
    }
}

/// Where a document's bytes are read from when it is stored: large ones are never held in memory whole.
public enum DocumentSource: Sendable {
    case bytes([UInt8])
    /// The whole file; `sha256` is of the bytes that were parsed, and other bytes at storing time are an error.
    case file(path: String, sha256: SHA256Digest)
}

public struct ImportResult: Sendable {
    public let generation: Generation
    /// One for each import, in order.
    public let outcomes: [Outcome]

    public init(generation: Generation, outcomes: [Outcome]) {
        self.generation = generation
        self.outcomes = outcomes
    }

    public struct Outcome: Sendable {
        public let verdict: ImportVerdict
        /// The revision as it is now held; nothing if it was refused and nothing is held.
        public let revision: StoredRevision?

        /// What is held is now what was offered, and was not before.
        public var isTaken: Bool {
            switch verdict {
            case .new, .completes, .replacesFragments, .raises: true
            case .alreadyHeld, .refused: false
            }
        }

        public init(verdict: ImportVerdict, revision: StoredRevision?) {
            self.verdict = verdict
            self.revision = revision
        }
    }
}

public struct ApprovalChange: Hashable, Sendable {
    public let updateID: UpdateID
    public let groupID: GroupID
    /// Nothing withdraws.
    public let action: ApprovalAction?
    public let deadline: Timestamp?

    public init(updateID: UpdateID, groupID: GroupID, action: ApprovalAction?, deadline: Timestamp?) {
        self.updateID = updateID
        self.groupID = groupID
        self.action = action
        self.deadline = deadline
    }
}

public struct DeclineResult: Sendable {
    public let generation: Generation
    public let declines: [Decline]
    /// Approvals that the decline withdrew.
    public let approvals: [Approval]

    public init(generation: Generation, declines: [Decline], approvals: [Approval]) {
        self.generation = generation
        self.declines = declines
        self.approvals = approvals
    }
}

public struct DeviceUpdateState: Hashable, Sendable {
    public let deviceID: DeviceID
    public let state: UpdateState
    public let changedAt: Timestamp
    /// The device's identity is disputed: the state counts nowhere.
    public let isDisputed: Bool

    public init(deviceID: DeviceID, state: UpdateState, changedAt: Timestamp, isDisputed: Bool = false) {
        self.deviceID = deviceID
        self.state = state
        self.changedAt = changedAt
        self.isDisputed = isDisputed
    }
}

public struct StoredEvent: Hashable, Sendable {
    public let event: Event
    public let receivedAt: Timestamp
    /// Where it came from, if the device was disputed then: it may be another's word.
    public let disputedFrom: String?

    public init(event: Event, receivedAt: Timestamp, disputedFrom: String? = nil) {
        self.event = event
        self.receivedAt = receivedAt
        self.disputedFrom = disputedFrom
    }
}

/// A payload and what became of it.
public struct StoredFile: Hashable, Sendable {
    public let sha1: SHA1Digest
    public let sha256: SHA256Digest
    public let size: Int64
    public let state: State

    public enum State: String, Sendable, Codable {
        /// In the content store; it was verified when it went in.
        case held
        /// Found corrupt: moved aside, never served.
        case quarantined
    }

    public init(sha1: SHA1Digest, sha256: SHA256Digest, size: Int64, state: State) {
        self.sha1 = sha1
        self.sha256 = sha256
        self.size = size
        self.state = state
    }
}

/// An error of the store, by kind, with what it concerns.
public struct StorageError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Code: String, Sendable {
        /// The home or its database cannot be read or written.
        case unavailable
        /// The disk is full; nothing was changed.
        case diskFull
        /// Stored bytes do not have their digest.
        case corrupt
        case notFound
        case alreadyExists
        /// The change contradicts what is held (a group with groups beneath it, a cycle, a built-in group).
        case conflict
        /// The database was written by a newer program.
        case newerSchema
    }

    public let code: Code
    public let context: String

    public init(_ code: Code, _ context: String) {
        self.code = code
        self.context = context
    }

    public var description: String { context }
}
