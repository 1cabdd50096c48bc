public import Logging
public import Storage
import Synchronization
public import TrustedTransport
public import UpdateCatalog
public import Updates

/// The use cases of one home, and the catalog that devices are answered from.
///
/// Changes go through one gate, are committed, and swap the catalog before they return: what a command changed is what the next device
/// sees. Readers take the current catalog and are never kept waiting.
public final class UpdateEngine: Sendable {
    public let home: Home
    public let configuration: Configuration
    let store: SQLiteStore
    public let files: DirectoryFileStore
    let sealer: TokenSealer
    let serverID: UpdateID
    let configurationVersion: Timestamp
    let clock: @Sendable () -> Timestamp
    let log: Logger
    let rootTable: RootTable
    /// For what devices can cause at will.
    let bounded: BoundedLog
    let gate = SerialGate()
    let certificates = CertificateState()
    let arrivals: ArrivalQueue
    let presence = DevicePresence()
    let plainCallers = PlainCallers()
    let registrations: Mutex<RegistrationLimit>
    /// Lines of sessions begun anew under known ids.
    let newLines: Mutex<NetworkBuckets>
    let groupClaims = Mutex(GroupClaims())
    private let state: Mutex<State>
    private let isEnding = Atomic(false)
    /// Revisions whose fragments are being derived again, or could not be.
    let repairs = Mutex<Set<RevisionID>>([])
    /// Of answers that many devices are given.
    let keptParts = KeptParts(limit: KeptParts.defaultLimit)

    /// What devices are answered from; replaced as a whole.
    struct State: Sendable {
        var catalog: Catalog
        var files: FileIndex
        var devices: [DeviceID: KnownDevice]
        /// The names in payloads that are cabinets and were looked into.
        var cabinetMembers: [SHA1Digest: Set<String>]
        /// What signatures may lead to.
        var trust: SigningTrust

        /// The change that forgot a device, as long as one that was read before may still be published.
        private var forgotten: [DeviceID: Generation] = [:]

        init(
            catalog: Catalog, files: FileIndex, devices: [DeviceID: KnownDevice], cabinetMembers: [SHA1Digest: Set<String>], trust: SigningTrust
        ) {
            self.cabinetMembers = cabinetMembers
            self.trust = trust
            self.catalog = catalog
            self.files = files
            self.devices = devices
        }

        /// Takes devices as they are now held. Of one that a newer change has moved meanwhile the groups stay; one that was forgotten meanwhile
        /// does not come back.
        mutating func update(_ changed: [Device], factsSaid: FactsDigest? = nil) {
            for device in changed {
                if let change = forgotten[device.id] {
                    if device.groupsGeneration < change { continue }
                    forgotten[device.id] = nil
                }
                let present = devices[device.id]
                var known = KnownDevice(device, factsSaid: factsSaid ?? present?.factsSaid)
                if let present, present.groupsGeneration > device.groupsGeneration {
                    (known.groups, known.groupsGeneration) = (present.groups, present.groupsGeneration)
                }
                devices[device.id] = known
            }
        }

        /// Takes the groups of devices that were assigned; of those known before nothing else, since a registration may have come between.
        mutating func updateGroups(_ assigned: [Device]) {
            for device in assigned {
                guard let present = devices[device.id] else {
                    update([device])
                    continue
                }
                guard present.groupsGeneration <= device.groupsGeneration else { continue }
                devices[device.id]?.groups = device.groups
                devices[device.id]?.groupsGeneration = device.groupsGeneration
            }
        }

        mutating func forget(_ ids: [DeviceID], at generation: Generation) {
            // What was read before an earlier command is long published.
            if forgotten.count >= Self.forgottenAtMost { forgotten = [:] }
            // One that has registered anew since then is another.
            for id in ids where (devices[id]?.groupsGeneration ?? .zero) < generation {
                devices[id] = nil
                forgotten[id] = generation
            }
        }

        private static let forgottenAtMost = 10_000
    }

    /// What must be known of a device to answer it.
    struct KnownDevice: Sendable {
        var groups: Set<GroupID>
        var groupsGeneration: Generation
        /// It has registered, and was not only named by an administrator.
        var isRegistered: Bool
        var isDisputed: Bool
        var lineage: SessionLineage?
        var ownLineage: SessionLineage?
        /// As it stands in the store.
        var lastSeen: Timestamp?
        /// What it registered with since the start: the same again is nothing new.
        var factsSaid: FactsDigest?
        /// The groups it asks for.
        var groupsSaid: FactsDigest

        init(_ device: Device, factsSaid: FactsDigest? = nil) {
            groups = device.groups
            groupsGeneration = device.groupsGeneration
            isRegistered = device.facts != nil
            isDisputed = device.dispute != nil
            lineage = device.lineage
            ownLineage = device.ownLineage
            lastSeen = device.lastSeen
            self.factsSaid = factsSaid
            groupsSaid = device.requestedGroups.map { FactsDigest(GroupClaim(names: $0).digest) } ?? .noGroups
        }
    }

    /// Opens a home that this process has locked.
    ///
    /// - Parameters:
    ///   - clock: the time of day; tests turn it.
    ///   - roots: whose signatures count as Microsoft's; tests put a root of their own there.
    public static func open(
        _ home: Home, clock: @escaping @Sendable () -> Timestamp = { .now }, roots: RootTable = .microsoft, log: Logger
    ) async throws -> UpdateEngine {
        let configuration = try Configuration.load(from: home)
        home.removeForgottenSnapshots()
        let store = try await SQLiteStore.open(home: home.path, log: log)
        let files = try await DirectoryFileStore.open(folder: home.contentFolder, store: store, log: log)
        let keys = try TokenKeys.load(from: home.tokenKeysFile)
        try await readCommands(store)
        let members = try await store.cabinetMembers()
        let held = try await store.reduceRevisions(into: Held()) { held, stored in
            held.catalog.add(catalogRevision(stored, members: members))
            held.files.add(CollectionOfOne(stored.revision))
        }
        let catalog = held.catalog.catalog(
            approvals: try await store.approvals(), declines: try await store.declines(), allowances: try await store.allowances(),
            groups: try await store.groups(),
            options: CatalogOptions(restrictToApproved: configuration.restrictToApproved),
            generation: try await store.generation())
        let devices = try await store.devices()
        return UpdateEngine(
            home: home, configuration: configuration, store: store, files: files, sealer: TokenSealer(keys: keys),
            serverID: try await store.serverID(), configurationVersion: try await store.configurationChangedAt(), clock: clock,
            log: log, roots: roots,
            state: State(
                catalog: catalog, files: held.files, devices: Dictionary(uniqueKeysWithValues: devices.map { ($0.id, KnownDevice($0)) }),
                cabinetMembers: members, trust: try await trust(store, roots)))
    }

    /// What a start makes of the revisions that are held.
    private struct Held: Sendable {
        var catalog = CatalogBuilder()
        var files = FileIndex()
    }

    private init(
        home: Home, configuration: Configuration, store: SQLiteStore, files: DirectoryFileStore, sealer: TokenSealer,
        serverID: UpdateID, configurationVersion: Timestamp, clock: @escaping @Sendable () -> Timestamp, log: Logger, roots: RootTable,
        state: State
    ) {
        self.home = home
        self.configuration = configuration
        self.store = store
        self.files = files
        self.sealer = sealer
        self.serverID = serverID
        self.configurationVersion = configurationVersion
        self.clock = clock
        self.log = log
        self.rootTable = roots
        self.bounded = BoundedLog(log)
        self.arrivals = ArrivalQueue(
            store: store, policy: configuration.devicePolicy, presence: presence, plainCallers: plainCallers, log: log, clock: clock)
        self.registrations = Mutex(RegistrationLimit())
        let newLines = Double(configuration.newLinesPerAddress ?? Configuration.defaultNewLinesPerAddress)
        self.newLines = Mutex(NetworkBuckets(burst: newLines, perSecond: newLines / 500))
        self.state = Mutex(state)
    }

    /// Lets long work stop after the transaction it is at.
    public func beginEnding() {
        isEnding.store(true, ordering: .relaxed)
    }

    func refuseIfEnding() throws(EngineError) {
        if isEnding.load(ordering: .relaxed) { throw EngineError(.failed, "the server is ending") }
    }

    /// Ends after everything acknowledged is on disk.
    public func close() async throws {
        await arrivals.finish()
        try await store.close()
    }

    /// The catalog of this moment; a scan keeps the one it started with.
    public var catalog: Catalog { state.withLock { $0.catalog } }

    /// What a device is answered from, all of one moment. (The table of devices is not handed out: a copy in use would make the next
    /// registration copy all of it.)
    func answering(_ id: DeviceID) -> (catalog: Catalog, files: FileIndex, device: KnownDevice?) {
        state.withLock { ($0.catalog, $0.files, $0.devices[id]) }
    }

    /// A part of what is answered from, all of one moment.
    func state<Part>(_ read: (State) -> Part) -> Part { state.withLock { read($0) } }

    var fileIndex: FileIndex { state.withLock { $0.files } }

    func device(_ id: DeviceID) -> KnownDevice? { state.withLock { $0.devices[id] } }

    var deviceCount: Int { state.withLock { $0.devices.count } }

    /// Puts a committed change before the devices. `change` must be quick: nothing is answered while it runs.
    func publish(_ change: (inout State) -> Void) {
        state.withLock { change(&$0) }
    }

    /// Puts devices as they are now held before the next request.
    func publish(_ devices: [Device]) {
        publish { $0.update(devices) }
    }
}
