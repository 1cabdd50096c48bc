import UpdateProtocols
import Updates

/// Every request of a storm, encoded once.
struct StormTemplates: Sendable {
    /// Requests of one kind of device.
    struct Kind: Sendable {
        let pages: [RequestTemplate]
        let delta: RequestTemplate
        let details: [RequestTemplate]
        let report: RequestTemplate
    }

    let host: String
    let config: RequestTemplate
    let authorization: RequestTemplate
    private(set) var firstCookie: RequestTemplate
    private(set) var renewedCookie: RequestTemplate
    let registration: RequestTemplate
    let kinds: [Kind]

    private static let cookie = CookieElement(
        expiration: Timestamp(millisecondsSince1970: 253_370_764_800_000), encryptedData: RequestTemplate.Marker.cookieBytes)

    /// Never nothing: a marker is a valid id.
    init?(host: String, profiles: [DeviceProfile], lastChange: Timestamp) {
        guard let deviceID = DeviceID(RequestTemplate.Marker.deviceID.description) else { return nil }
        self.host = host
        var facts = DeviceFacts.simulated(deviceID)
        facts.dnsName = RequestTemplate.Marker.dnsName
        config = RequestTemplate(.getConfig, body: GetConfig.encodeRequest(.init(protocolVersion: AgentVersion.clientProtocol)), host: host)
        authorization = RequestTemplate(
            .getAuthorizationCookie,
            body: GetAuthorizationCookie.encodeRequest(.init(clientID: deviceID.text, targetGroupName: nil, dnsName: facts.dnsName)), host: host)
        firstCookie = Self.cookieTemplate(old: nil, lastChange: lastChange, host: host)
        renewedCookie = Self.cookieTemplate(old: Self.cookie, lastChange: lastChange, host: host)
        registration = RequestTemplate(
            .registerComputer,
            body: RegisterComputer.encodeRequest(.init(facts: facts), cookie: Self.cookie, further: DeviceSessionMachine.furtherFacts), host: host)
        kinds = profiles.map { profile in
            Kind(
                pages: profile.pages.map { Self.page($0, host: host) },
                delta: Self.page(.init(installed: profile.installed, cached: profile.cached, isDriverPass: false), host: host),
                details: profile.details.map { Self.details($0, host: host) }, report: Self.report(profile, of: deviceID, facts, host: host))
        }
    }

    /// After a change of the server's configuration.
    mutating func setLastChange(_ lastChange: Timestamp) {
        firstCookie = Self.cookieTemplate(old: nil, lastChange: lastChange, host: host)
        renewedCookie = Self.cookieTemplate(old: Self.cookie, lastChange: lastChange, host: host)
    }

    private static func cookieTemplate(old: CookieElement?, lastChange: Timestamp, host: String) -> RequestTemplate {
        let authorization = AuthorizationCookie(plugInID: "SimpleTargeting", cookieData: RequestTemplate.Marker.authorizationBytes)
        return RequestTemplate(
            .getCookie,
            body: GetCookie.encodeRequest(
                .init(
                    authorizationCookies: [authorization],
                    oldCookie: old ?? CookieElement(expiration: RequestTemplate.Marker.time, encryptedData: nil), lastChange: lastChange,
                    currentTime: RequestTemplate.Marker.time, protocolVersion: AgentVersion.clientProtocol)), host: host)
    }

    private static func page(_ page: DeviceProfile.Page, host: String) -> RequestTemplate {
        let request = SyncUpdates.Request(
            installedNonLeaf: page.installed, otherCached: page.cached, system: page.isDriverPass ? SystemSpec() : nil,
            skipSoftwareSync: page.isDriverPass)
        return RequestTemplate(.syncUpdates, body: SyncUpdates.encodeRequest(request, cookie: cookie), host: host)
    }

    private static func details(_ ids: [RevisionID], host: String) -> RequestTemplate {
        RequestTemplate(
            .getExtendedUpdateInfo,
            body: GetExtendedUpdateInfo.encodeRequest(
                .init(
                    revisionIDs: ids, infoTypes: [.extended, .localizedProperties], locales: DeviceSessionMachine.locales, geoID: "USA"),
                cookie: cookie), host: host)
    }

    private static func report(_ profile: DeviceProfile, of deviceID: DeviceID, _ facts: DeviceFacts, host: String) -> RequestTemplate {
        let writer = EventWriter(deviceID: deviceID, makeID: { RequestTemplate.Marker.eventID })
        let events = writer.status(
            needed: profile.needed, installed: profile.installedUpdates, offered: profile.needed.count, at: RequestTemplate.Marker.time
        ).events
        return RequestTemplate(
            .reportEventBatch,
            body: ReportEventBatch.encodeRequest(
                clientTime: RequestTemplate.Marker.time, events: events, computer: DeviceSessionMachine.reportingComputer(facts), cookie: cookie),
            host: host)
    }
}
