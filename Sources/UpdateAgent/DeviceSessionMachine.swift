import UpdateProtocols
public import Updates

/// One scan of one device as a pure object: answers in, the next action out. No socket, file, clock or random number.
///
/// ```
/// var machine = DeviceSessionMachine(state:server:options:at:makeID:)
/// action = machine.start(at:)
///   .send(request)    -> machine.received(response, at:)  or  machine.connectionFailed(message, mayPass:, at:)
///   .wait(seconds)    -> machine.waited(at:)
///   .download(plan)   -> machine.downloaded(outcomes, at:)
///   .done, .failed    -> the end
/// before each action: if let state = machine.takeStateToSave() { save it }
/// ```
///
/// What a native agent was seen to do (observed.md sections 1 to 6):
/// - The order is GetConfig, GetAuthorizationCookie, GetCookie, RegisterComputer, SyncUpdates until it converges, SyncUpdates for drivers,
///   GetExtendedUpdateInfo; what is known and alive of it is not asked again, so that a scan with a live cookie starts with SyncUpdates.
/// - Non-leaf revisions that are installed go into `InstalledNonLeafUpdateIDs`, never above 400; all else that is held into `OtherCachedUpdateIDs`.
/// - It asks again while an answer is truncated, brings a non-leaf revision, or changes which ones count as installed; at most 200 times.
///
/// A fault is answered by forgetting what it says is wrong; the order above then restores exactly that. After InvalidCookie and ServerChanged
/// the ids of the cache are wrong: RefreshCache gives the new ones, 200 updates at a time, and what it does not know is dropped.
public struct DeviceSessionMachine: Sendable {
    /// What the owner is to do next.
    public enum Action: Hashable, Sendable {
        case send(AgentRequest)
        case wait(seconds: Int64)
        case download([UpdateDownload])
        /// ``DeviceSessionMachine/result`` is final.
        case done
        case failed(AgentError)
    }

    /// More SyncUpdates calls than this are given up, as the native agent's 0x80244010.
    public static let mostTrips = 200
    /// A real server refuses more entries (observed.md section 0.2).
    public static let mostInstalledNonLeaf = 400
    /// What an agent keeps of a server that never ends.
    static let mostUpdates = 200_000
    /// Revisions in a GetExtendedUpdateInfo, whatever the server allows beyond (observed.md section 4).
    static let mostExtendedUpdates = 50
    /// Updates in a RefreshCache; a real server took as many (observed.md section 7).
    static let mostRefreshedUpdates = 200

    /// Failed scans that are told of at the next report.
    static let mostFailedScans = 10

    public internal(set) var state: DeviceState
    public internal(set) var result: ScanResult
    let server: ServerAddress
    let options: ScanOptions
    let facts: DeviceFacts
    /// Fresh GUIDs for events.
    let makeID: @Sendable () -> UpdateID

    var phase = Phase.software
    var inFlight: AgentRequest?
    /// False where the cookie of the state is only good as `oldCookie`.
    var isCookieAlive: Bool
    var authorization: AuthorizationCookie?
    var recovery = RecoveryBudget()
    /// What RefreshCache is still to be asked of; nothing where the ids of the cache are right.
    var refreshQueue: [UpdateIdentity]?
    /// What it answered so far.
    var refreshed: [UpdateIdentity: RefreshedRevision] = [:]
    var isStateToSave = false

    /// Where each held revision stands in the state's list.
    var positions: [RevisionID: Int]
    var drivers: [RevisionID: ScanResult.Driver] = [:]
    var extendedQueue: [RevisionID] = []
    var files: [RevisionID: [UpdateFile]] = [:]
    /// What handlers are told to start.
    var commands: [RevisionID: [HandlerCommand]] = [:]
    var locations: [SHA1Digest: String] = [:]
    var downloads: [UpdateDownload] = []
    var downloadsStartedAt: Timestamp?
    var events: [Event] = []

    enum Phase: Hashable, Sendable {
        case software
        case driver
        case extended
        case statusReport
        case download
        case downloadReport
        case finished

        /// Whether it asks by revision ids.
        var needsCache: Bool {
            switch self {
            case .software, .driver, .extended: true
            case .statusReport, .download, .downloadReport, .finished: false
            }
        }
    }

    /// - Parameters:
    ///   - state: what the device kept; if it belongs to another server only the device's id is used, with a warning.
    ///   - makeID: gives a fresh random GUID at each call.
    public init(
        state: DeviceState, server: ServerAddress, options: ScanOptions, at now: Timestamp, makeID: @escaping @Sendable () -> UpdateID
    ) {
        var state = state
        let formerServer = state.server == server.description ? nil : state.server
        if formerServer != nil { state.move(to: server) }
        for index in state.updates.indices {
            state.updates[index].isInstalled = options.rule.isInstalled(state.updates[index].identity.updateID, state.updates[index].type)
        }
        facts = options.facts ?? .simulated(state.clientID)
        result = ScanResult(
            server: server.description, deviceID: state.clientID, dnsName: facts.dnsName, startedAt: now, isFullScan: state.updates.isEmpty)
        if let formerServer {
            result.warnings.append("the state was of \(formerServer): it starts afresh here, as the same device")
        }
        positions = Dictionary(uniqueKeysWithValues: state.updates.enumerated().map { ($1.revisionID, $0) })
        isCookieAlive =
            state.askedGroup == options.targetGroup
            && state.cookie.map { !$0.encryptedData.isEmpty && ($0.expiration.map { now < $0 } ?? false) } ?? false
        if state.isCacheStale == true { refreshQueue = state.updates.map(\.identity) }
        self.state = state
        self.server = server
        self.options = options
        self.makeID = makeID
    }

    public mutating func start(at now: Timestamp) -> Action { next(at: now) }

    /// The state, once, where it changed in a way that must outlive a crash.
    public mutating func takeStateToSave() -> DeviceState? {
        defer { isStateToSave = false }
        return isStateToSave ? state : nil
    }

    /// After ``Action/wait(seconds:)``: the same request again.
    public mutating func waited(at now: Timestamp) -> Action {
        guard let inFlight else { return next(at: now) }
        return send(inFlight)
    }

    /// What the phase needs, after what it lacks, in the protocol's order.
    mutating func next(at now: Timestamp) -> Action {
        inFlight = nil
        switch phase {
        case .extended where extendedQueue.isEmpty: return concludeScan(at: now)
        case .statusReport where events.isEmpty: return startDownloads(at: now)
        case .download: return .download(downloads)
        case .downloadReport where events.isEmpty: return finish()
        case .finished: return .done
        default: break
        }
        guard let configuration = state.configuration else { return send(getConfigRequest()) }
        guard isCookieAlive, let cookie = state.cookie?.element else {
            guard let authorization else { return send(authorizationRequest(configuration)) }
            return send(cookieRequest(authorization, configuration, at: now))
        }
        if configuration.isRegistrationRequired, state.registeredFacts != facts { return send(registrationRequest(cookie)) }
        if let queue = refreshQueue, phase.needsCache {
            if !queue.isEmpty { return send(refreshRequest(cookie, queue)) }
            renumber()
        }
        switch phase {
        case .extended: return send(extendedRequest(cookie, configuration))
        case .statusReport, .downloadReport: return send(reportRequest(cookie, at: now))
        case .software, .driver, .download, .finished:
            guard result.trips < Self.mostTrips else {
                return fail(.tooManyTrips, "the scan did not end within \(Self.mostTrips) SyncUpdates calls (0x80244010)", at: now)
            }
            result.trips += 1
            return send(scanRequest(cookie))
        }
    }

    mutating func send(_ request: AgentRequest) -> Action {
        inFlight = request
        result.requests += 1
        result.bytesSent += Int64(request.body.count)
        return .send(request)
    }

    /// Whatever was reached is kept: a page and the cookie that came with it belong together. A report that cannot be made does not undo a
    /// scan: it is said in the result.
    mutating func fail(_ code: AgentError.Code, _ message: String, at now: Timestamp) -> Action {
        if phase == .statusReport || phase == .downloadReport {
            events = []
            result.isReported = false
            warn("not reported: \(message)")
            return phase == .statusReport ? startDownloads(at: now) : finish()
        }
        phase = .finished
        inFlight = nil
        isStateToSave = true
        if options.isReporting {
            let failures = (state.failedScans ?? []) + [.init(at: now, hresult: code.hresult)]
            state.failedScans = failures.suffix(Self.mostFailedScans)
        }
        return .failed(AgentError(code, message))
    }

    mutating func finish() -> Action {
        phase = .finished
        inFlight = nil
        isStateToSave = true
        return .done
    }
}
