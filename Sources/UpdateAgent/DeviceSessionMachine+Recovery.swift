import UpdateProtocols
public import Updates

/// How often a scan mends what goes wrong, so that no loop is endless.
struct RecoveryBudget: Hashable, Sendable {
    /// Times one kind of fault is mended in a scan; a real server was seen to invalidate a cookie once in a long one (observed.md section 3).
    static let mostOfAKind = 3
    /// Times one request is repeated because the server is busy: waits of 1, 2, 4, 8, 16, 32 seconds.
    static let mostBusy = 6
    /// Times one request is repeated after InternalServerError or a broken connection.
    static let mostFailures = 3
    /// A server that asks for more seconds than this is left alone until the next scan.
    static let longestWait: Int64 = 300

    private var faults: [SOAPFault.ErrorCode: Int] = [:]
    /// Of the request in flight.
    private var repeats = 0

    mutating func mayMend(_ code: SOAPFault.ErrorCode) -> Bool {
        faults[code, default: 0] += 1
        return faults[code, default: 0] <= Self.mostOfAKind
    }

    /// The seconds to wait before the request in flight is sent again; nothing where it has been repeated enough.
    mutating func wait(atMost times: Int, retryAfter: Int64? = nil) -> Int64? {
        guard repeats < times else { return nil }
        let backOff = Int64(1) << Int64(repeats)
        repeats += 1
        let seconds = max(backOff, retryAfter ?? 0)
        return seconds <= Self.longestWait ? seconds : nil
    }

    mutating func requestSucceeded() {
        repeats = 0
    }
}

extension DeviceSessionMachine {
    /// No answer came to the request in flight; every operation may be sent twice.
    ///
    /// - Parameters:
    ///   - message: why, for people, without a secret.
    ///   - mayPass: false where trying again cannot help.
    public mutating func connectionFailed(_ message: String, mayPass: Bool, at now: Timestamp) -> Action {
        guard mayPass, let seconds = recovery.wait(atMost: RecoveryBudget.mostFailures) else { return fail(.connectionFailed, message, at: now) }
        return .wait(seconds: seconds)
    }

    /// HTTP 503 and 429, and ServerBusy.
    mutating func backOff(retryAfter: Int64?, at now: Timestamp) -> Action {
        guard let seconds = recovery.wait(atMost: RecoveryBudget.mostBusy, retryAfter: retryAfter) else {
            let wish = retryAfter.map { ", and asks to come back after \($0) s" } ?? ""
            return fail(.busy, "the server is too busy\(wish)", at: now)
        }
        return .wait(seconds: seconds)
    }

    mutating func retryAfterFailure(_ what: String, at now: Timestamp) -> Action {
        guard let seconds = recovery.wait(atMost: RecoveryBudget.mostFailures) else {
            return fail(.busy, "the server keeps failing: \(what)", at: now)
        }
        return .wait(seconds: seconds)
    }

    /// Forgets what a fault says is wrong ([MS-WUSP] 2.2.2.4, protocol.md section 2.11).
    mutating func recover(from fault: SOAPFault, at now: Timestamp) -> Action {
        let operation = inFlight?.operation
        let name = operation?.name ?? "the call"
        switch fault.code {
        case .serverBusy: return backOff(retryAfter: nil, at: now)
        case .internalServerError: return retryAfterFailure("\(name) ends with InternalServerError", at: now)
        case .invalidParameters where operation == .refreshCache:
            warn("the server does not renumber what is held: it is dropped")
            refreshQueue = []
            return next(at: now)
        case .invalidParameters:
            return fail(.refused, "the server refused \(name): InvalidParameters \(fault.message.prefix(100))", at: now)
        default: break
        }
        guard recovery.mayMend(fault.code) else {
            return fail(.recoveryFailed, "the server answers \(fault.code.rawValue) to \(name) after each recovery", at: now)
        }
        recovery.requestSucceeded()
        switch fault.code {
        case .invalidCookie, .serverChanged: dropSession()
        case .configChanged:
            state.configuration = nil
            dropCookie()
        case .cookieExpired, .invalidAuthorizationCookie: dropCookie()
        case .registrationRequired:
            guard operation != .registerComputer, var configuration = state.configuration else {
                return fail(.refused, "the server wants a registration before the registration", at: now)
            }
            configuration.isRegistrationRequired = true
            state.configuration = configuration
            state.registeredFacts = nil
        case .registrationNotRequired:
            guard operation == .registerComputer else { return fail(.refused, "the server answers RegistrationNotRequired to \(name)", at: now) }
            state.registeredFacts = facts
        case .fileLocationChanged:
            // Locations are never kept from scan to scan: asking again is all there is to do.
            break
        case .serverBusy, .internalServerError, .invalidParameters: break
        }
        return next(at: now)
    }

    /// The cookie is kept: it is the next `oldCookie`.
    private mutating func dropCookie() {
        isCookieAlive = false
        authorization = nil
    }

    /// What the server numbered is void; what it was told by GUID (reports) is not, so a report in progress goes on and the next scan is whole.
    private mutating func dropSession() {
        state.forgetSession()
        dropCookie()
        refreshed = [:]
        isStateToSave = true
        guard phase.needsCache else { return }
        refreshQueue = state.updates.map(\.identity)
        phase = .software
        extendedQueue = []
        files = [:]
        commands = [:]
        locations = [:]
        drivers = [:]
    }

    /// Takes the new ids. What the server did not name it does not give this device any more, or gives anew: members of bundles are never named
    /// (observed.md section 0.21).
    mutating func renumber() {
        var taken: Set<RevisionID> = []
        state.updates = state.updates.compactMap { update in
            guard let answer = refreshed[update.identity], taken.insert(answer.id).inserted else { return nil }
            var update = update
            update.revisionID = answer.id
            update.isLeaf = answer.isLeaf
            update.deploymentID = answer.deployment.id
            update.action = answer.deployment.action
            update.deadline = answer.deployment.deadline
            return update
        }
        positions = Dictionary(uniqueKeysWithValues: state.updates.enumerated().map { ($1.revisionID, $0) })
        result.counts.refreshed = state.updates.count
        if state.updates.isEmpty { result.isFullScan = true }
        state.isCacheStale = nil
        refreshQueue = nil
        refreshed = [:]
        isStateToSave = true
    }
}
