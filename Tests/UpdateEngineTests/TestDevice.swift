import Storage
import TestSupport
import UpdateCatalog
import UpdateProtocols
import Updates

@testable import UpdateEngine

/// A caller that speaks to an engine as a device does, and keeps its cookie.
struct TestDevice {
    let test: TestEngine
    var engine: UpdateEngine
    var id = "e1da06a3-5601-43c9-bac3-52d5db701494"
    var facts = DeviceFacts(
        dnsName: "desk-1.example.test", osMajorVersion: 10, osBuildNumber: 26100, manufacturer: "Contoso", model: "Desk 4",
        processorArchitecture: "AMD64", clientVersion: "1507.2601.30012.0")
    var groups: String?
    var address = "192.0.2.1"
    var cookie: CookieElement?

    init(_ test: TestEngine, engine: UpdateEngine? = nil) {
        self.test = test
        self.engine = engine ?? test.engine
    }

    /// GetAuthorizationCookie and GetCookie, with the cookie it has; without one it begins anew.
    mutating func begin() throws {
        let authorization = try engine.authorize(
            GetAuthorizationCookie.Request(clientID: id, targetGroupName: groups, dnsName: facts.dnsName), from: address)
        cookie = try engine.issueCookie(
            GetCookie.Request(
                authorizationCookies: [authorization], oldCookie: cookie, lastChange: engine.deviceConfiguration().lastChange, currentTime: nil,
                protocolVersion: "2.90"), from: address)
    }

    func register() async throws {
        try await engine.register(try engine.open(cookie, from: address), RegisterComputer.Request(facts: facts), from: address)
    }

    /// What a first contact does.
    mutating func arrive() async throws {
        try begin()
        try await register()
    }

    /// One SyncUpdates; registers where it is told to, as an agent does.
    mutating func scan(installed: [RevisionID] = [], cached: [RevisionID] = []) async throws -> ScanAnswer {
        if let answer = try once(installed, cached) { return answer }
        try await register()
        guard let answer = try once(installed, cached) else { throw SOAPFault(.registrationRequired) }
        return answer
    }

    /// Nothing where it must register first.
    private mutating func once(_ installed: [RevisionID], _ cached: [RevisionID]) throws -> ScanAnswer? {
        let request = SyncUpdates.Request(
            installedNonLeaf: installed, otherCached: cached, cachedDrivers: [], skipSoftwareSync: false, filterCategories: nil,
            needsTwoGroupsOutOfScope: true)
        do {
            let scan = try engine.scan(try engine.open(cookie, from: address), request)
            cookie = scan.cookie
            return scan.answer
        } catch {
            if error.code == .registrationRequired { return nil }
            throw error
        }
    }

    /// What it does each day: a session with the cookie of the one before, and a scan.
    mutating func check(cached: [RevisionID] = []) async throws -> ScanAnswer {
        try begin()
        return try await scan(cached: cached)
    }

    func event(
        _ id: EventID, update: UpdateID? = nil, at time: Timestamp? = nil, instance: UpdateID = .random(), text: [String] = [], misc: [String] = []
    ) throws -> Event {
        guard let device = DeviceID(self.id) else { throw EngineError(.refused, "no device id") }
        return Event(
            instanceID: instance, deviceID: device, timeAtTarget: time ?? test.clock.now, namespaceID: 1, eventID: id, sourceID: 101,
            update: update.map { UpdateIdentity(updateID: $0, revisionNumber: RevisionNumber(rawValue: 100)) }, win32HResult: 0, appName: "test",
            replacementStrings: text, miscData: misc)
    }

    func report(_ events: [Event]) async throws {
        try await engine.report(
            try engine.open(cookie, from: address), ReportEventBatch.Request(clientTime: test.clock.now, events: events, droppedEvents: 0))
    }

    /// A 156.
    func report(needed: [UpdateID] = [], installed: [UpdateID] = [], at time: Timestamp? = nil) async throws {
        var misc: [String] = []
        if !needed.isEmpty { misc.append("U=" + needed.map { $0.description.uppercased() }.joined(separator: ";")) }
        if !installed.isEmpty { misc.append("V=" + installed.map { $0.description.uppercased() }.joined(separator: ";")) }
        try await report([try event(.clientStatus, at: time, misc: misc)])
    }
}
