import UpdateEngine
import UpdateProtocols
import Updates

/// A device that scans for the first time, as native agents do: it evaluates what it is given and asks again with what it found installed.
struct SimulatedDevice {
    private let server: InProcessServer
    private let installedIDs: Set<UpdateID>
    private(set) var installed: [RevisionID] = []
    private(set) var cached: [RevisionID] = []
    private var candidates: [RevisionID] = []
    private var cookie = CookieElement()
    private(set) var record = ScanRecord()

    /// What a first scan asked and was given.
    struct ScanRecord {
        /// Everything from the first SyncUpdates on.
        var requests: [RecordedRequest] = []
        var pages = 0
        var trips = 0
        var updates = 0
        var wireBytes = 0
        var decodedBytes = 0
        /// Of SyncUpdates alone, and what one uniform compression makes of the same pages.
        var pageBytes = 0
        var uniformBytes = 0
    }

    /// - Parameter installedIDs: the non-leaf updates that it will find installed.
    init(_ server: InProcessServer, installedIDs: Set<UpdateID>) {
        self.server = server
        self.installedIDs = installedIDs
    }

    mutating func scan() async throws {
        try await shakeHands()
        var newNonLeaf = false
        repeat { newNonLeaf = try await page() } while newNonLeaf
        try await driverPass()
        try await extendedInformation()
    }

    /// The request of a device that has seen everything.
    func deltaRequest(cached ids: [RevisionID]? = nil) -> RecordedRequest {
        let body = SyncUpdates.encodeRequest(.init(installedNonLeaf: installed, otherCached: ids ?? cached), cookie: cookie)
        return RecordedRequest(operation: .syncUpdates, body: body)
    }

    private mutating func shakeHands() async throws {
        let configuration = try GetConfig.decodeResponse(try await ask(.getConfig, GetConfig.encodeRequest(.init(protocolVersion: "2.90"))))
        let id = UpdateID.random().description
        let name = "device-\(id.prefix(8))"
        let authorization = try GetAuthorizationCookie.decodeResponse(
            try await ask(
                .getAuthorizationCookie, GetAuthorizationCookie.encodeRequest(.init(clientID: id, targetGroupName: nil, dnsName: name))))
        let now = Timestamp.now
        cookie = try GetCookie.decodeResponse(
            try await ask(
                .getCookie,
                GetCookie.encodeRequest(
                    .init(
                        authorizationCookies: [authorization], oldCookie: CookieElement(expiration: now), lastChange: configuration.lastChange,
                        currentTime: now, protocolVersion: "2.90"))))
        let facts = DeviceFacts(
            dnsName: name, osMajorVersion: 10, osMinorVersion: 0, osBuildNumber: 26200, osLocale: "en-US", manufacturer: "Martlet",
            model: "Benchmark", biosVersion: "unknown", processorArchitecture: "AMD64")
        try RegisterComputer.decodeResponse(
            try await ask(.registerComputer, RegisterComputer.encodeRequest(.init(facts: facts), cookie: cookie)))
        record = ScanRecord()
    }

    /// Returns whether the device must ask again.
    private mutating func page() async throws -> Bool {
        let request = SyncUpdates.Request(installedNonLeaf: installed, otherCached: cached)
        let wire = record.wireBytes
        let body = try await ask(.syncUpdates, SyncUpdates.encodeRequest(request, cookie: cookie))
        record.pages += 1
        record.pageBytes += record.wireBytes - wire
        record.uniformBytes += min(body.count, Xpress.compress(body).count)
        let response = try SyncUpdates.decodeResponse(body)
        if let next = response.newCookie { cookie = next }
        record.updates += response.newUpdates.count
        var hadNonLeaf = false
        for update in response.newUpdates {
            hadNonLeaf = hadNonLeaf || !update.isLeaf
            if !update.isLeaf, installedIDs.contains(try Self.updateID(update.core)) {
                installed.append(update.id)
            } else {
                cached.append(update.id)
            }
            if update.deployment.action == .install || update.deployment.action == .preDeploymentCheck { candidates.append(update.id) }
        }
        return response.isTruncated || hadNonLeaf
    }

    private mutating func driverPass() async throws {
        let request = SyncUpdates.Request(installedNonLeaf: installed, otherCached: [], skipSoftwareSync: true)
        _ = try await ask(.syncUpdates, SyncUpdates.encodeRequest(request, cookie: cookie))
    }

    /// Agents ask for what they found applicable: some tens of some thousand.
    private mutating func extendedInformation() async throws {
        let applicable = candidates.enumerated().filter { $0.offset.isMultiple(of: 20) }.map(\.element).prefix(96)
        for start in stride(from: 0, to: applicable.count, by: 24) {
            let request = GetExtendedUpdateInfo.Request(
                revisionIDs: applicable[start..<min(start + 24, applicable.count)].sorted(), infoTypes: [.extended, .localizedProperties],
                locales: ["en-US", "en"], geoID: "USA")
            _ = try await ask(.getExtendedUpdateInfo, GetExtendedUpdateInfo.encodeRequest(request, cookie: cookie))
        }
    }

    /// The answer in clear.
    private mutating func ask(_ operation: DeviceOperation, _ body: [UInt8]) async throws -> [UInt8] {
        let request = RecordedRequest(operation: operation, body: body)
        let (clear, wireBytes) = try await server.clearAnswer(request)
        record.requests.append(request)
        record.trips += 1
        record.wireBytes += wireBytes
        record.decodedBytes += clear.count
        return clear
    }

    /// A Core fragment starts with the update's identity.
    private static func updateID(_ core: [UInt8]) throws -> UpdateID {
        guard let quote = core.firstIndex(of: UInt8(ascii: "\"")), let id = UpdateID(utf8: core[(quote + 1)...].prefix(36)) else {
            throw Child.Failure(description: "a Core fragment without an identity")
        }
        return id
    }
}
