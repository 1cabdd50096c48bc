import UpdateProtocols
import Updates

extension DeviceSessionMachine {
    func getConfigRequest() -> AgentRequest {
        request(.getConfig, GetConfig.encodeRequest(.init(protocolVersion: AgentVersion.clientProtocol)))
    }

    func authorizationRequest(_ configuration: DeviceState.Configuration) -> AgentRequest {
        let body = GetAuthorizationCookie.encodeRequest(
            .init(clientID: state.clientID.text, targetGroupName: options.targetGroup, dnsName: facts.dnsName))
        let path = ServerAddress.path(ofService: configuration.authorizationService) ?? DeviceService.simpleAuth.path
        return AgentRequest(operation: .getAuthorizationCookie, path: path, body: body)
    }

    /// An old cookie is always sent; on first contact it has the time of now and no data (observed.md section 0.9).
    func cookieRequest(
        _ authorization: AuthorizationCookie, _ configuration: DeviceState.Configuration, at now: Timestamp
    ) -> AgentRequest {
        let body = GetCookie.encodeRequest(
            .init(
                authorizationCookies: [authorization],
                oldCookie: state.cookie?.element ?? CookieElement(expiration: now, encryptedData: nil), lastChange: configuration.lastChange,
                currentTime: now, protocolVersion: AgentVersion.clientProtocol))
        return request(.getCookie, body)
    }

    func registrationRequest(_ cookie: CookieElement) -> AgentRequest {
        request(.registerComputer, RegisterComputer.encodeRequest(.init(facts: facts), cookie: cookie, further: Self.furtherFacts))
    }

    /// The driver pass repeats what is installed and drops the rest; `CachedDriverIDs` is never sent (observed.md section 3).
    func scanRequest(_ cookie: CookieElement) -> AgentRequest {
        let isDriverPass = phase == .driver
        let lists = cachedLists()
        let parameters = SyncUpdates.Request(
            installedNonLeaf: lists.installedNonLeaf, otherCached: isDriverPass ? [] : lists.otherCached, cachedDrivers: [],
            system: isDriverPass ? options.system ?? SystemSpec() : nil, skipSoftwareSync: isDriverPass, filterCategories: nil,
            needsTwoGroupsOutOfScope: true)
        return request(.syncUpdates, SyncUpdates.encodeRequest(parameters, cookie: cookie))
    }

    func refreshRequest(_ cookie: CookieElement, _ queue: [UpdateIdentity]) -> AgentRequest {
        request(.refreshCache, RefreshCache.encodeRequest(.init(globalIDs: Array(queue.prefix(Self.mostRefreshedUpdates))), cookie: cookie))
    }

    func extendedRequest(_ cookie: CookieElement, _ configuration: DeviceState.Configuration) -> AgentRequest {
        let body = GetExtendedUpdateInfo.encodeRequest(
            .init(
                revisionIDs: Array(extendedQueue.prefix(configuration.extendedUpdatesPerRequest)),
                infoTypes: [.extended, .localizedProperties], locales: Self.locales, geoID: "USA"),
            cookie: cookie)
        return request(.getExtendedUpdateInfo, body)
    }

    func reportRequest(_ cookie: CookieElement, at now: Timestamp) -> AgentRequest {
        let batch = Array(events.prefix(Self.mostEventsInBatch))
        return request(
            .reportEventBatch, ReportEventBatch.encodeRequest(clientTime: now, events: batch, computer: Self.reportingComputer(facts), cookie: cookie)
        )
    }

    static func reportingComputer(_ facts: DeviceFacts) -> ReportingComputer {
        ReportingComputer(
            brand: facts.manufacturer, model: facts.model, biosRevision: facts.biosVersion, processorArchitecture: "Amd64Compatible",
            osMajorVersion: facts.osMajorVersion, osMinorVersion: facts.osMinorVersion, osBuildNumber: facts.osBuildNumber,
            osServicePackMajorNumber: facts.osServicePackMajorNumber, osServicePackMinorNumber: facts.osServicePackMinorNumber)
    }

    private func request(_ operation: DeviceOperation, _ body: [UInt8]) -> AgentRequest {
        AgentRequest(operation: operation, path: operation.service.path, body: body)
    }

    /// What a native agent in the captures asks for, best first (observed.md section 4).
    static let locales = ["en-US", "en"]
    static let mostEventsInBatch = 100

    /// What a registration says besides the facts, with the native agent's numbers (observed.md section 2).
    static let furtherFacts = RegisterComputer.FurtherFacts(
        biosName: "unknown", suiteMask: 256, oldProductType: 1, newProductType: 48, oem: "Martlet", deviceType: "Simulated device",
        firmwareVersion: "unknown", mobileOperator: "Not Present")

    /// What counts as installed, at most 400 in the order they came, and everything else that is held.
    func cachedLists() -> (installedNonLeaf: [RevisionID], otherCached: [RevisionID]) {
        var installed: [RevisionID] = []
        var other: [RevisionID] = []
        for update in state.updates {
            if update.isInstalled, !update.isLeaf, installed.count < Self.mostInstalledNonLeaf {
                installed.append(update.revisionID)
            } else {
                other.append(update.revisionID)
            }
        }
        return (installed, other)
    }
}
