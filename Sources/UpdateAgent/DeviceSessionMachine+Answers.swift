import UpdateProtocols
public import Updates

extension DeviceSessionMachine {
    /// The answer to the request in flight.
    public mutating func received(_ response: AgentResponse, at now: Timestamp) -> Action {
        result.bytesReceived += Int64(response.body.count)
        guard let operation = inFlight?.operation else { return fail(.badAnswer, "an answer came that nothing asked for", at: now) }
        if response.status == 503 || response.status == 429 { return backOff(retryAfter: response.retryAfter, at: now) }
        do throws(ResponseError) {
            let body = try response.plainBody(of: operation)
            // Only a fault counts in an answer that is not 200.
            guard response.status == 200 else {
                if let fault = SOAPFault.decode(body) { return recover(from: fault, at: now) }
                guard (500..<600).contains(response.status) else {
                    return fail(.refused, "the server answers \(operation.name) with HTTP status \(response.status)", at: now)
                }
                return retryAfterFailure("\(operation.name) ends with HTTP status \(response.status)", at: now)
            }
            switch operation {
            case .getConfig: take(try GetConfig.decodeResponse(body))
            case .getAuthorizationCookie: authorization = try GetAuthorizationCookie.decodeResponse(body)
            case .getCookie: try take(try GetCookie.decodeResponse(body))
            case .registerComputer:
                try RegisterComputer.decodeResponse(body)
                state.registeredFacts = facts
                isStateToSave = true
            case .syncUpdates:
                if let failure = try take(try SyncUpdates.decodeResponse(body), at: now) { return failure }
            case .getExtendedUpdateInfo: try take(try GetExtendedUpdateInfo.decodeResponse(body))
            case .refreshCache: take(try RefreshCache.decodeResponse(body))
            case .reportEventBatch: take(isAccepted: try ReportEventBatch.decodeResponse(body))
            default: return fail(.badAnswer, "\(operation.name) was never asked", at: now)
            }
        } catch {
            if case .fault(let fault) = error.code { return recover(from: fault, at: now) }
            return fail(.badAnswer, "\(error)", at: now)
        }
        recovery.requestSucceeded()
        return next(at: now)
    }

    private mutating func take(_ answer: RefreshCache.Response) {
        let asked = Set((refreshQueue ?? []).prefix(Self.mostRefreshedUpdates))
        for entry in answer where asked.contains(entry.identity) { refreshed[entry.identity] = entry }
        refreshQueue = Array((refreshQueue ?? []).dropFirst(Self.mostRefreshedUpdates))
    }

    private mutating func take(_ answer: GetConfig.Response) {
        let number = answer.properties.first { $0.name == "MaxExtendedUpdatesPerRequest" }.flatMap { Int($0.value) } ?? Self.mostExtendedUpdates
        state.configuration = DeviceState.Configuration(
            lastChange: answer.lastChange, isRegistrationRequired: answer.isRegistrationRequired,
            authorizationService: answer.serviceURL,
            extendedUpdatesPerRequest: min(max(number, 1), Self.mostExtendedUpdates))
    }

    private mutating func take(_ cookie: CookieElement) throws(ResponseError) {
        guard let data = cookie.encryptedData, !data.isEmpty else { throw ResponseError(.unexpected("EncryptedData"), operation: "GetCookie") }
        state.cookie = DeviceState.Cookie(expiration: cookie.expiration, encryptedData: data)
        state.askedGroup = options.targetGroup
        isCookieAlive = true
        // It is for one GetCookie.
        authorization = nil
        isStateToSave = true
    }

    /// - Returns: an action that ends the scan, if the page does.
    private mutating func take(_ page: SyncUpdates.Response, at now: Timestamp) throws(ResponseError) -> Action? {
        if let cookie = page.newCookie, let data = cookie.encryptedData, !data.isEmpty {
            state.cookie = DeviceState.Cookie(expiration: cookie.expiration ?? state.cookie?.expiration, encryptedData: data)
        }
        guard phase == .software else {
            for update in page.newUpdates where drivers.count < Self.mostUpdates {
                let facts: FragmentFacts.Core
                do {
                    facts = try FragmentFacts.core(update.core)
                } catch {
                    throw ResponseError(.unexpected("Xml of revision \(update.id.rawValue)"), operation: "SyncUpdates")
                }
                drivers[update.id] = ScanResult.Driver(
                    revisionID: update.id, identity: facts.identity, action: update.deployment.action, hardwareIDs: update.hardwareIDs)
            }
            prepareExtended()
            return nil
        }
        let installedBefore = cachedLists().installedNonLeaf
        remove(page.outOfScope)
        for update in page.changedUpdates { change(update) }
        for update in page.newUpdates { try add(update) }
        guard state.updates.count <= Self.mostUpdates else {
            return fail(.tooManyUpdates, "the server sent more than \(Self.mostUpdates) updates", at: now)
        }
        let isToContinue =
            page.isTruncated || page.newUpdates.contains { !$0.isLeaf } || cachedLists().installedNonLeaf != installedBefore
        if isToContinue { return nil }
        isStateToSave = true
        // An old server says nothing of drivers: then they must be asked for.
        if page.isDriverSyncNotNeeded == true { prepareExtended() } else { phase = .driver }
        return nil
    }

    private mutating func add(_ update: SyncUpdates.UpdateInfo) throws(ResponseError) {
        let facts: FragmentFacts.Core
        do {
            facts = try FragmentFacts.core(update.core)
        } catch {
            throw ResponseError(.unexpected("Xml of revision \(update.id.rawValue)"), operation: "SyncUpdates")
        }
        let known = KnownUpdate(
            revisionID: update.id, identity: facts.identity, type: facts.type, bundledUpdates: facts.bundledUpdates, isLeaf: update.isLeaf,
            deploymentID: update.deployment.id, action: update.deployment.action, deadline: update.deployment.deadline,
            supersedes: facts.supersedes.isEmpty ? nil : facts.supersedes,
            isInstalled: options.rule.isInstalled(facts.identity.updateID, facts.type), title: nil)
        result.counts.new += 1
        if let position = positions[update.id] {
            state.updates[position] = known
        } else {
            positions[update.id] = state.updates.count
            state.updates.append(known)
        }
    }

    /// A changed update keeps its fragment; what may change is its deployment and whether others hang on it.
    private mutating func change(_ update: SyncUpdates.UpdateInfo) {
        guard let position = positions[update.id] else {
            warn("the server changed revision \(update.id.rawValue), which is not held")
            return
        }
        result.counts.changed += 1
        state.updates[position].isLeaf = update.isLeaf
        state.updates[position].deploymentID = update.deployment.id
        state.updates[position].action = update.deployment.action
        state.updates[position].deadline = update.deployment.deadline
    }

    private mutating func remove(_ ids: [RevisionID]) {
        let gone = Set(ids).filter { positions[$0] != nil }
        if gone.isEmpty { return }
        result.counts.outOfScope += gone.count
        state.updates.removeAll { gone.contains($0.revisionID) }
        positions = Dictionary(uniqueKeysWithValues: state.updates.enumerated().map { ($1.revisionID, $0) })
    }

    private mutating func take(_ answer: GetExtendedUpdateInfo.Response) throws(ResponseError) {
        let asked = Set(extendedQueue.prefix(state.configuration?.extendedUpdatesPerRequest ?? Self.mostExtendedUpdates))
        for update in answer.updates where asked.contains(update.id) {
            do {
                let facts = try FragmentFacts.additional(update.xml)
                // A second one would be what is judged, or what is not.
                if let found = facts.files {
                    guard files[update.id] == nil else { throw FragmentFacts.Failure.content("Files") }
                    files[update.id] = found
                }
                if let started = facts.commands {
                    guard commands[update.id] == nil else { throw FragmentFacts.Failure.content("HandlerSpecificData") }
                    commands[update.id] = started
                }
                // The first is the best: the order is that of the locales asked for.
                if let title = facts.title, let position = positions[update.id], state.updates[position].title == nil {
                    state.updates[position].title = String(title.prefix(KnownUpdate.longestTitle))
                }
            } catch {
                throw ResponseError(.unexpected("Xml of revision \(update.id.rawValue)"), operation: "GetExtendedUpdateInfo")
            }
        }
        for location in answer.fileLocations { locations[location.digest] = location.url }
        remove(answer.outOfScope.filter(asked.contains))
        extendedQueue.removeAll { asked.contains($0) }
    }

    private mutating func take(isAccepted: Bool) {
        events.removeFirst(min(events.count, Self.mostEventsInBatch))
        if phase == .statusReport { state.failedScans = nil }
        if !isAccepted {
            result.isReported = false
            warn("the server did not take a report")
        }
    }

    mutating func warn(_ text: String) {
        if result.warnings.count < 100 { result.warnings.append(text) }
    }
}
