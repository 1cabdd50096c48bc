import Foundation
import Storage
import Synchronization
import TestSupport
import Testing
import TrustedTransport
import UpdateCatalog
import UpdateProtocols
import Updates

@testable import UpdateEngine

struct DeviceTests {
    static let deviceID = "e1da06a3-5601-43c9-bac3-52d5db701494"
    static let name = "desk-1.example.test"

    func authorization(_ engine: UpdateEngine, id: String = deviceID, name: String = name) throws -> AuthorizationCookie {
        try engine.authorize(GetAuthorizationCookie.Request(clientID: id, targetGroupName: nil, dnsName: name))
    }

    func cookie(
        _ engine: UpdateEngine, _ authorization: AuthorizationCookie, old: CookieElement? = nil, lastChange: Timestamp? = nil,
        version: String = "2.90"
    ) throws -> CookieElement {
        try engine.issueCookie(
            GetCookie.Request(
                authorizationCookies: [authorization], oldCookie: old, lastChange: lastChange ?? engine.deviceConfiguration().lastChange,
                currentTime: nil, protocolVersion: version))
    }

    /// A device that has registered, and its cookie.
    func registered(_ engine: UpdateEngine, id: String = deviceID) async throws -> CookieElement {
        let cookie = try cookie(engine, try authorization(engine, id: id))
        try await engine.register(
            try engine.open(cookie), RegisterComputer.Request(facts: DeviceFacts(dnsName: Self.name)), from: "192.0.2.1")
        return cookie
    }

    func scan(_ engine: UpdateEngine, _ cookie: CookieElement, installed: [RevisionID] = [], cached: [RevisionID] = []) throws -> DeviceScan {
        try engine.scan(
            try engine.open(cookie),
            SyncUpdates.Request(
                installedNonLeaf: installed, otherCached: cached, cachedDrivers: [], skipSoftwareSync: false,
                filterCategories: nil, needsTwoGroupsOutOfScope: true))
    }

    func code(_ body: () async throws -> Void) async -> SOAPFault.ErrorCode? {
        do {
            try await body()
            return nil
        } catch let fault as SOAPFault {
            return fault.code
        } catch ReportRefusal.fault(let fault) {
            return fault.code
        } catch {
            return nil
        }
    }

    // MARK: - Tokens

    @Test func `a cookie altered in any byte is InvalidCookie, and so is one cut short`() async throws {
        let test = try await TestEngine()
        let cookie = try await registered(test.engine)
        let data = try #require(cookie.encryptedData)
        for position in data.indices {
            var altered = data
            altered[position] ^= 0x01
            #expect(await code { _ = try test.engine.open(CookieElement(encryptedData: altered)) } == .invalidCookie, "byte \(position)")
        }
        for length in [0, 1, data.count - 1] {
            #expect(await code { _ = try test.engine.open(CookieElement(encryptedData: Array(data.prefix(length)))) } == .invalidCookie)
        }
        #expect(await code { _ = try test.engine.open(nil) } == .invalidCookie)
        #expect(await code { _ = try test.engine.open(CookieElement(expiration: test.clock.now)) } == .invalidCookie)
    }

    @Test func `another server's cookie is InvalidCookie, in GetCookie InvalidAuthorizationCookie`() async throws {
        let test = try await TestEngine()
        let other = try await TestEngine()
        let foreign = try await registered(other.engine)
        #expect(await code { _ = try test.engine.open(foreign) } == .invalidCookie)
        #expect(await code { _ = try cookie(test.engine, try authorization(other.engine)) } == .invalidAuthorizationCookie)
        #expect(await code { _ = try cookie(test.engine, try authorization(test.engine), old: foreign) } == .invalidCookie)
    }

    @Test func `a cookie of another purpose opens nothing`() async throws {
        let test = try await TestEngine()
        let authorization = try authorization(test.engine)
        #expect(await code { _ = try test.engine.open(CookieElement(encryptedData: authorization.cookieData)) } == .invalidCookie)
        let session = try await registered(test.engine)
        let asAuthorization = AuthorizationCookie(plugInID: "SimpleTargeting", cookieData: try #require(session.encryptedData))
        #expect(await code { _ = try cookie(test.engine, asAuthorization) } == .invalidAuthorizationCookie)
    }

    @Test func `an authentic cookie of another server id, as after a restore, is ServerChanged`() async throws {
        let test = try await TestEngine()
        let cookie = try await registered(test.engine)
        _ = try await test.engine.store.renewServerID()
        let restored = try await test.reopened()
        #expect(await code { _ = try restored.open(cookie) } == .serverChanged)
        try await restored.close()
    }

    @Test func `a cookie that has seen more than there is, as after an older copy was put back, is ServerChanged`() async throws {
        let test = try await TestEngine()
        try await test.importing(DocumentText(.numbered(2)))
        let copy = test.folder.path + "/copy"
        try await test.engine.store.close()
        try FileManager.default.copyItem(atPath: test.home.path, toPath: copy)
        let original = try await UpdateEngine.open(test.home, clock: { test.clock.now }, log: TestEngine.log)
        let cookie = try await registered(original)
        _ = try await original.apply(.decline, to: .ids([UpdateID.numbered(2).description]), isDryRun: false)
        let told = try scan(original, cookie).cookie
        try await original.close()
        let old = try await UpdateEngine.open(Home(path: copy), clock: { test.clock.now }, log: TestEngine.log)
        _ = try old.open(cookie)
        #expect(await code { _ = try old.open(told) } == .serverChanged)
        #expect(await code { _ = try self.cookie(old, try authorization(old), old: told) } == .serverChanged)
        try await old.close()
    }

    @Test func `an authentic cookie that expired is CookieExpired, to the millisecond`() async throws {
        let test = try await TestEngine()
        let cookie = try await registered(test.engine)
        test.clock.advance(seconds: UpdateEngine.cookieLifetimeSeconds - 1)
        _ = try test.engine.open(cookie)
        test.clock.advance(seconds: 1)
        #expect(await code { _ = try test.engine.open(cookie) } == .cookieExpired)
    }

    @Test func `an answer's cookie lives no longer than the one before it`() async throws {
        let test = try await TestEngine()
        let cookie = try await registered(test.engine)
        test.clock.advance(seconds: 600)
        #expect(try scan(test.engine, cookie).cookie.expiration == cookie.expiration)
    }

    // MARK: - Order and identity

    @Test func `a wrong lastChange is ConfigChanged, a version that is none InvalidParameters`() async throws {
        let test = try await TestEngine()
        let engine = test.engine
        let stale = engine.deviceConfiguration().lastChange.adding(milliseconds: -1)
        #expect(await code { _ = try cookie(engine, try authorization(engine), lastChange: stale) } == .configChanged)
        #expect(await code { _ = try cookie(engine, try authorization(engine), version: "two") } == .invalidParameters)
    }

    @Test func `a report of a device that is being forgotten is RegistrationRequired, and nothing of it is kept`() async throws {
        let test = try await TestEngine()
        let cookie = try await registered(test.engine)
        // As where the row goes while the report is on its way.
        _ = try await test.engine.store.forget([try #require(DeviceID(Self.deviceID))])
        let request = ReportEventBatch.Request(clientTime: test.clock.now, events: [], droppedEvents: 0)
        #expect(await code { try await test.engine.report(try test.engine.open(cookie), request) } == .registrationRequired)
        #expect(await code { _ = try scan(test.engine, cookie) } == .registrationRequired)
    }

    @Test(arguments: [
        ("", name), (deviceID, "a\u{202e}b"), (deviceID, "a\u{9b}b"), ("not an id!", name), (deviceID, ""), (deviceID, "two words"),
        (deviceID, String(repeating: "x", count: 256)),
    ])
    func `a device without an id or a name gets no authorization`(id: String, name: String) async throws {
        let test = try await TestEngine()
        #expect(await code { _ = try authorization(test.engine, id: id, name: name) } == .invalidParameters)
    }

    @Test func `a scan before registration is RegistrationRequired, and so is one after the device was forgotten`() async throws {
        let test = try await TestEngine()
        let fresh = try cookie(test.engine, try authorization(test.engine))
        #expect(await code { _ = try scan(test.engine, fresh) } == .registrationRequired)
        let known = try await registered(test.engine)
        _ = try scan(test.engine, known)
        _ = try await test.engine.forget([Self.name])
        #expect(await code { _ = try scan(test.engine, known) } == .registrationRequired)
    }

    @Test func `a device registers under the name it authorised with, in any case of letters`() async throws {
        let test = try await TestEngine()
        let session = try test.engine.open(try cookie(test.engine, try authorization(test.engine)))
        #expect(
            await code {
                try await test.engine.register(
                    session, RegisterComputer.Request(facts: DeviceFacts(dnsName: "other.example.test")), from: "192.0.2.1")
            } == .invalidParameters)
        #expect(try await test.engine.devices(inGroup: nil).isEmpty)
        try await test.engine.register(session, RegisterComputer.Request(facts: DeviceFacts(dnsName: "DESK-1.example.TEST")), from: "192.0.2.1")
        #expect(try await test.engine.devices(inGroup: nil).count == 1)
    }

    @Test func `too many new devices of one address are ServerBusy, a known one is not`() async throws {
        let test = try await TestEngine()
        let known = try await registered(test.engine)
        test.engine.registrations.withLock { limit in
            for _ in 0..<2000 { _ = limit.admits(SourceNetwork("192.0.2.1"), at: test.clock.now, devices: 0) }
        }
        #expect(await code { _ = try await registered(test.engine, id: "another-device") } == .serverBusy)
        try await test.engine.register(
            try test.engine.open(known), RegisterComputer.Request(facts: DeviceFacts(dnsName: Self.name)), from: "192.0.2.1")
    }

    @Test func `a device that was named before it was seen gets its groups when it registers`() async throws {
        let test = try await TestEngine()
        _ = try await test.engine.createGroup(name: "Lab", parent: nil)
        _ = try await test.engine.assign([DeviceAssignment(device: "Desk-1.Example.test", group: "lab")])
        #expect(try await test.engine.devices(inGroup: "Lab").map(\.id) == [nil])
        _ = try await registered(test.engine)
        let devices = try await test.engine.devices(inGroup: "Lab")
        #expect(devices.map(\.id?.text) == [Self.deviceID])
        #expect(devices.map(\.groups) == [["Lab"]])
    }

    @Test func `a name is a name, though a stranger calls itself so by its id`() async throws {
        let test = try await TestEngine()
        _ = try await test.engine.createGroup(name: "Lab", parent: nil)
        _ = try await registered(test.engine, id: "wks-77")
        _ = try await test.engine.assign([DeviceAssignment(device: "wks-77", group: "Lab")])
        #expect(try await test.engine.devices(inGroup: "Lab").map(\.name) == ["wks-77"])
        #expect(try await test.engine.devices(inGroup: "Lab").map(\.id) == [nil])
    }

    // MARK: - Scans and reports

    @Test func `a device that comes back after a day with an expired cookie is told of what changed since, and of nothing else`() async throws {
        let test = try await TestEngine()
        try await test.importing(DocumentText(.numbered(2)), DocumentText(.numbered(3)))
        let first = try await registered(test.engine)
        let answer = try scan(test.engine, first)
        #expect(answer.answer.newUpdates.count == 2)
        let cached = answer.answer.newUpdates.map(\.id)
        test.clock.advance(seconds: 22 * 3600)
        let quiet = try scan(test.engine, try cookie(test.engine, try authorization(test.engine), old: answer.cookie), cached: cached)
        #expect(quiet.answer.changedUpdates.isEmpty)
        _ = try await test.engine.apply(
            .approve(groups: ["All Computers"], action: .install, deadline: nil), to: .ids([UpdateID.numbered(3).description]), isDryRun: false)
        let told = try scan(test.engine, try cookie(test.engine, try authorization(test.engine), old: answer.cookie), cached: cached)
        #expect(told.answer.newUpdates.isEmpty)
        #expect(told.answer.changedUpdates.map(\.deployment.action) == [.install])
        let after = try scan(test.engine, told.cookie, cached: cached)
        #expect(after.answer.changedUpdates.isEmpty)
    }

    @Test func `a report in another device's name is refused and changes nothing`() async throws {
        let test = try await TestEngine()
        let cookie = try await registered(test.engine)
        try await test.importing(DocumentText(.numbered(2)))
        func report(_ id: String, _ needed: UpdateID) async throws {
            let event = Event(
                instanceID: .random(), deviceID: try #require(DeviceID(id)), timeAtTarget: test.clock.now, namespaceID: 1, eventID: .clientStatus,
                sourceID: 101, update: nil, win32HResult: 0, appName: "test", replacementStrings: [],
                miscData: ["U=\(needed.description.uppercased())"])
            try await test.engine.report(
                try test.engine.open(cookie), ReportEventBatch.Request(clientTime: test.clock.now, events: [event], droppedEvents: 0))
        }
        #expect(await code { try await report("someone-else", .numbered(2)) } == .invalidParameters)
        #expect(try await test.engine.deviceDetails(Self.name).updates.isEmpty)
        try await report(Self.deviceID, .numbered(2))
        #expect(try await test.engine.deviceDetails(Self.name).updates.map(\.state) == ["needed"])
        let details = try await test.engine.update(UpdateID.numbered(2).description)
        #expect(details.status.needed == 1)
        #expect(details.devices.map(\.device) == [Self.deviceID])
    }

    @Test func `extended information is given for what is delivered, the rest is out of scope`() async throws {
        let test = try await TestEngine()
        var file = DocumentText(.numbered(2))
        file.files = [
            UpdateFile(
                sha1: try #require(SHA1Digest(hexadecimal: "a9993e364706816aba3e25717850c26c9cd0d89d")),
                sha256: SHA256Digest(bytes: [UInt8](repeating: 7, count: 32)), name: "never held.CAB", size: 3)
        ]
        try await test.importing(file, DocumentText(.numbered(3)))
        let cookie = try await registered(test.engine)
        _ = try await test.engine.apply(.decline, to: .ids([UpdateID.numbered(3).description]), isDryRun: false)
        let ids = try [2, 3].map { try #require(test.engine.catalog.current(.numbered($0))).id } + [RevisionID(rawValue: 9999)]
        let info = try test.engine.extendedUpdateInfo(
            try test.engine.open(cookie),
            GetExtendedUpdateInfo.Request(revisionIDs: ids, infoTypes: [.extended, .localizedProperties], locales: ["en-US", "en"]),
            baseURL: "https://server.example.test:8531")
        #expect(info.pieces.map(\.kind) == [.extended, .localizedProperties(language: "en")])
        #expect(info.outOfScope == Array(ids.dropFirst()))
        #expect(info.fileLocations.map(\.url) == ["https://server.example.test:8531/Content/9D/A9993E364706816ABA3E25717850C26C9CD0D89D.CAB"])
    }
}
