import Foundation
import Storage
import Synchronization
import TestSupport
import Testing
import TrustedTransport
import UpdateProtocols
import Updates

@testable import UpdateEngine

/// Every error code of the protocol at its condition, from a running server (protocol.md section 2.11).
struct ErrorCodeTests {
    /// A device as far as a test lets it come, and the server it speaks with.
    struct Caller {
        var site: WireSite
        var authorization: AuthorizationCookie?
        var cookie: CookieElement?

        func ask(_ service: DeviceService, _ body: [UInt8]) async throws -> HTTPSResponse { try await site.post(service, body) }

        mutating func authorize() async throws {
            let body = GetAuthorizationCookie.encodeRequest(
                .init(clientID: "e1da06a3-5601-43c9-bac3-52d5db701494", targetGroupName: nil, dnsName: "desk-1.example.test"))
            authorization = try GetAuthorizationCookie.decodeResponse(try await ask(.simpleAuth, body).body)
        }

        func getCookie(
            _ authorizations: [AuthorizationCookie?]? = nil, lastChange: Timestamp? = nil, version: String? = "2.90"
        ) async throws -> HTTPSResponse {
            try await ask(
                .client,
                GetCookie.encodeRequest(
                    .init(
                        authorizationCookies: (authorizations ?? [authorization]).compactMap { $0 }, oldCookie: cookie,
                        lastChange: lastChange ?? site.engine.deviceConfiguration().lastChange, currentTime: site.clock.now, protocolVersion: version)
                ))
        }

        mutating func begin() async throws {
            try await authorize()
            cookie = try GetCookie.decodeResponse(try await getCookie().body)
        }

        func register(_ name: String = "desk-1.example.test") async throws -> HTTPSResponse {
            try await ask(.client, RegisterComputer.encodeRequest(.init(facts: DeviceFacts(dnsName: name)), cookie: cookie ?? CookieElement()))
        }

        mutating func arrive() async throws {
            try await begin()
            try RegisterComputer.decodeResponse(try await register().body)
        }

        func scan(_ request: SyncUpdates.Request = .init()) async throws -> HTTPSResponse {
            try await ask(.client, SyncUpdates.encodeRequest(request, cookie: cookie ?? CookieElement()))
        }

        /// Ends the server, changes its home, and starts another on it.
        mutating func restarted(after change: (WireSite) async throws -> Void) async throws {
            try await site.end()
            try await change(site)
            site = try await WireSite(after: site)
        }

        mutating func changed(by change: (SQLiteStore) async throws -> Void) async throws {
            try await restarted { site in
                let store = try await SQLiteStore.open(home: site.home.path, log: KillTests.log)
                try await change(store)
                try await store.close()
            }
        }
    }

    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let code: SOAPFault.ErrorCode
        let message: String
        let operation: DeviceOperation
        let ask: @Sendable (inout Caller) async throws -> HTTPSResponse

        init(
            _ condition: String, _ code: SOAPFault.ErrorCode, _ message: String, _ operation: DeviceOperation,
            _ ask: @escaping @Sendable (inout Caller) async throws -> HTTPSResponse
        ) {
            testDescription = condition
            self.code = code
            self.message = message
            self.operation = operation
            self.ask = ask
        }
    }

    static let rows: [Row] = [
        Row("a cookie with a bit turned", .invalidCookie, "cookie", .syncUpdates) { caller in
            try await caller.arrive()
            caller.cookie?.encryptedData?[20] ^= 1
            return try await caller.scan()
        },
        Row("no cookie", .invalidCookie, "cookie", .refreshCache) { caller in
            try await caller.ask(.client, RefreshCache.encodeRequest(.init(globalIDs: []), cookie: CookieElement()))
        },
        Row("an authorization as a cookie", .invalidCookie, "cookie", .getFileLocations) { caller in
            try await caller.begin()
            let cookie = CookieElement(encryptedData: caller.authorization?.cookieData)
            return try await caller.ask(.client, GetFileLocations.encodeRequest(.init(digests: []), cookie: cookie))
        },
        Row("a cookie from before a restore", .serverChanged, "cookie", .syncUpdates) { caller in
            try await caller.arrive()
            try await caller.changed(by: { _ = try await $0.renewServerID() })
            return try await caller.scan()
        },
        Row("an old cookie from before a restore", .serverChanged, "oldCookie", .getCookie) { caller in
            try await caller.arrive()
            try await caller.changed(by: { _ = try await $0.renewServerID() })
            try await caller.authorize()
            return try await caller.getCookie()
        },
        Row("a configuration that is no longer", .configChanged, "lastChange", .getCookie) { caller in
            try await caller.authorize()
            return try await caller.getCookie(lastChange: caller.site.engine.deviceConfiguration().lastChange.adding(milliseconds: -1))
        },
        Row("a cookie of an older configuration", .configChanged, "cookie", .syncUpdates) { caller in
            try await caller.arrive()
            let later = Timestamp.now.adding(seconds: 1)
            try await caller.changed(by: { try await $0.setConfigurationChanged(at: later) })
            return try await caller.scan()
        },
        Row("a cookie of an hour ago", .cookieExpired, "cookie", .syncUpdates) { caller in
            try await caller.arrive()
            caller.site.clock.advance(seconds: 3600)
            return try await caller.scan()
        },
        Row("an authorization of an hour ago", .cookieExpired, "authCookies", .getCookie) { caller in
            try await caller.authorize()
            caller.site.clock.advance(seconds: 3600)
            return try await caller.getCookie()
        },
        Row("a scan before registration", .registrationRequired, "", .syncUpdates) { caller in
            try await caller.begin()
            return try await caller.scan()
        },
        Row("the printer catalogue before registration", .registrationRequired, "", .syncPrinterCatalog) { caller in
            try await caller.begin()
            return try await caller.ask(.client, SyncPrinterCatalog.encodeRequest(.init(), cookie: caller.cookie ?? CookieElement()))
        },
        Row("a refresh before registration", .registrationRequired, "", .refreshCache) { caller in
            try await caller.begin()
            return try await caller.ask(.client, RefreshCache.encodeRequest(.init(globalIDs: []), cookie: caller.cookie ?? CookieElement()))
        },
        Row("a report before registration", .registrationRequired, "", .reportEventBatch) { caller in
            try await caller.begin()
            let body = ReportEventBatch.encodeRequest(
                clientTime: .now, events: [], computer: ReportingComputer(), cookie: caller.cookie ?? CookieElement())
            return try await caller.ask(.reporting, body)
        },
        Row("an inventory before registration", .registrationRequired, "", .reportInventory) { caller in
            try await caller.begin()
            return try await caller.ask(.reporting, ReportInventory.encodeRequest(.init(clientTime: .now), cookie: caller.cookie ?? CookieElement()))
        },
        Row("an authorization with a bit turned", .invalidAuthorizationCookie, "authCookies", .getCookie) { caller in
            try await caller.authorize()
            caller.authorization?.cookieData[20] ^= 1
            return try await caller.getCookie()
        },
        Row("two authorizations", .invalidAuthorizationCookie, "authCookies", .getCookie) { caller in
            try await caller.authorize()
            return try await caller.getCookie([caller.authorization, caller.authorization])
        },
        Row("no authorization", .invalidAuthorizationCookie, "authCookies", .getCookie) { caller in try await caller.getCookie([]) },
        Row("another plug-in's authorization", .invalidAuthorizationCookie, "authCookies", .getCookie) { caller in
            try await caller.authorize()
            caller.authorization?.plugInID = "Anonymous"
            return try await caller.getCookie()
        },
        Row("a version that is none", .invalidParameters, "protocolVersion", .getConfig) { caller in
            try await caller.ask(.client, GetConfig.encodeRequest(.init(protocolVersion: "two")))
        },
        Row("no version", .invalidParameters, "protocolVersion", .getCookie) { caller in
            try await caller.authorize()
            return try await caller.getCookie(version: nil)
        },
        Row("a device without a name", .invalidParameters, "clientId", .getAuthorizationCookie) { caller in
            try await caller.ask(
                .simpleAuth, GetAuthorizationCookie.encodeRequest(.init(clientID: nil, targetGroupName: nil, dnsName: "desk-1.example.test")))
        },
        Row("a registration under another name", .invalidParameters, "computerInfo.DnsName", .registerComputer) { caller in
            try await caller.begin()
            return try await caller.register("desk-2.example.test")
        },
        Row("401 installed", .invalidParameters, "parameters.InstalledNonLeafUpdateIDs", .syncUpdates) { caller in
            try await caller.arrive()
            return try await caller.scan(.init(installedNonLeaf: (1...401).map { RevisionID(rawValue: $0) }))
        },
        Row("hardware in a software pass", .invalidParameters, "parameters.SystemSpec", .syncUpdates) { caller in
            try await caller.arrive()
            return try await caller.scan(.init(system: SystemSpec()))
        },
        Row("a fragment that is damaged", .internalServerError, "", .syncUpdates) { caller in
            try await caller.arrive()
            let document = try caller.site.folder.write(DocumentText(UpdateID(high: 1, low: 2)).bytes, to: "import/update.xml")
            _ = try await caller.site.engine.importUpdates(paths: [document], source: "local") { _ in }
            try await caller.restarted(after: { site in
                let pack = URL(filePath: site.home.path + "/pack/000001.pack")
                var bytes = try Data(contentsOf: pack)
                bytes[3] ^= 1
                try bytes.write(to: pack)
            })
            return try await caller.scan()
        },
        Row("more registrations than one address may make", .serverBusy, "", .registerComputer) { caller in
            try await caller.begin()
            let now = caller.site.clock.now
            caller.site.engine.registrations.withLock { limit in
                while limit.admits(SourceNetwork("127.0.0.1"), at: now, devices: 0) {}
            }
            return try await caller.register()
        },
    ]

    @Test(arguments: rows)
    func `each code is answered at its condition, and says where`(row: Row) async throws {
        var caller = Caller(site: try await WireSite())
        let response = try await row.ask(&caller)
        #expect(response.status == 500)
        #expect(SOAPFault.decode(response.body) == SOAPFault(row.code, row.message))
        let method = "<Method>\"\(row.operation.soapAction)\"</Method>"
        #expect(String(decoding: response.body, as: UTF8.self).contains(method))
        try await caller.site.end()
    }

    /// Which codes never arise, and why: docs/divergences.md.
    @Test func `every code of the protocol has a condition, but for two that cannot arise here`() {
        let shown = Set(Self.rows.map(\.code))
        #expect(Set(SOAPFault.ErrorCode.allCases).subtracting(shown) == [.registrationNotRequired, .fileLocationChanged])
    }

    @Test func `registration is always required, and may be repeated`() async throws {
        var caller = Caller(site: try await WireSite())
        let config = try GetConfig.decodeResponse(try await caller.ask(.client, GetConfig.encodeRequest(.init(protocolVersion: "2.90"))).body)
        #expect(config.isRegistrationRequired)
        try await caller.arrive()
        #expect(try await caller.register().status == 200)
        try await caller.site.end()
    }

    @Test func `after a restore a device gets this server's ids of what it held, and goes on`() async throws {
        var caller = Caller(site: try await WireSite())
        let documents = try (1...3).map { number in
            try caller.site.folder.write(DocumentText(UpdateID(high: 1, low: UInt64(number))).bytes, to: "import/\(number).xml")
        }
        _ = try await caller.site.engine.importUpdates(paths: documents, source: "local") { _ in }
        try await caller.arrive()
        let first = try SyncUpdates.decodeResponse(try await caller.scan().body)
        #expect(first.newUpdates.count == 3)
        try await caller.changed(by: { _ = try await $0.renewServerID() })
        #expect(SOAPFault.decode(try await caller.scan().body)?.code == .serverChanged)

        // GetConfig, GetAuthorizationCookie, GetCookie, RefreshCache: the four of ServerChanged.
        caller.cookie = nil
        try await caller.begin()
        let held = (1...4).map { UpdateIdentity(updateID: UpdateID(high: 1, low: $0), revisionNumber: RevisionNumber(rawValue: 100)) }
        let refreshed = try RefreshCache.decodeResponse(
            try await caller.ask(.client, RefreshCache.encodeRequest(.init(globalIDs: held), cookie: caller.cookie ?? CookieElement())).body)
        #expect(refreshed.map(\.identity) == Array(held.prefix(3)))
        let second = try SyncUpdates.decodeResponse(try await caller.scan(.init(otherCached: refreshed.map(\.id))).body)
        #expect(second.newUpdates.isEmpty)
        #expect(second.outOfScope.isEmpty)
        try await caller.site.end()
    }
}
