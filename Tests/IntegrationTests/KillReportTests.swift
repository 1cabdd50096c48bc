import Foundation
import Logging
import Storage
import Synchronization
import TestSupport
import Testing
import TrustedTransport
import UpdateAgent
import UpdateEngine
import UpdateProtocols
import Updates

/// A server is killed (SIGKILL) while devices register and report over TLS: every registration and every batch that was answered is there.
///
/// A tenth as many kills as `MARTLET_KILLS` says (20 unless told); the seed is printed and `MARTLET_SEED` sets it.
struct KillReportTests {
    static let devicesAtOnce = 8

    @Test(.enabled(if: KillTests.program != nil, "the program is not built beside the tests"))
    func `every report that was acknowledged is there after a kill, once`() async throws {
        let environment = ProcessInfo.processInfo.environment
        let kills = max(1, (environment["MARTLET_KILLS"].flatMap(Int.init) ?? 200) / 10)
        let seed = environment["MARTLET_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 0..<1_000_000)
        print("kill test of reports: \(kills) kills, seed \(seed)")
        var random = SplitMix(seed: seed)
        let folder = try TemporaryFolder()
        let home = Home(path: folder.path + "/home")
        try await UpdateEngine.create(home, hosts: ["localhost", "127.0.0.1"], at: .now, log: KillTests.log)
        let expected = Expected()
        for round in 0..<kills {
            let server = try ServerProcess(home: home, program: try #require(KillTests.program))
            let delay = Int.random(in: 100..<700, using: &random)
            async let kill: Void = server.kill(afterMilliseconds: delay)
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<Self.devicesAtOnce {
                    group.addTask {
                        // Ends with an error when the server is gone.
                        try? await Self.reportEndlessly("device-\(round)-\(number)", home, server.port, expected)
                    }
                }
            }
            await kill
            try await expected.check(home, round: round)
        }
        let counts = expected.counts
        print("kill test of reports: \(counts.devices) registrations and \(counts.events) events were acknowledged, none lost")
        #expect(counts.events > kills)
    }

    private static func reportEndlessly(_ name: String, _ home: Home, _ port: Int, _ expected: Expected) async throws {
        var network = AgentNetwork()
        network.roots = .pemFile(home.caFile)
        let transport = try HTTPSTransport(server: try ServerAddress("https://localhost:\(port)"), network: network)
        do {
            let device = try await WireDevice(name, transport, port)
            expected.acknowledge(device.id)
            while true {
                let instances = (0..<3).map { _ in UpdateID.random() }
                expected.send(instances, of: device.id)
                // What was not answered may be there or not; sent again it is stored once.
                try await device.report(instances)
                expected.acknowledge(instances, of: device.id)
                try await device.report(instances)
            }
        } catch {
            await transport.shutdown()
            throw error
        }
    }

    /// What was sent, and what the server said it had.
    private final class Expected: Sendable {
        private struct State {
            var devices: Set<DeviceID> = []
            var acknowledged: [DeviceID: Set<UpdateID>] = [:]
            var sent: [DeviceID: Set<UpdateID>] = [:]
            var counts = (devices: 0, events: 0)
        }

        private let state = Mutex(State())

        var counts: (devices: Int, events: Int) { state.withLock { $0.counts } }

        func acknowledge(_ device: DeviceID) { state.withLock { _ = $0.devices.insert(device) } }

        func send(_ instances: [UpdateID], of device: DeviceID) { state.withLock { $0.sent[device, default: []].formUnion(instances) } }

        func acknowledge(_ instances: [UpdateID], of device: DeviceID) {
            state.withLock { $0.acknowledged[device, default: []].formUnion(instances) }
        }

        /// Compares what this round's devices were told with what is there.
        func check(_ home: Home, round: Int) async throws {
            let lock = try await home.lockWhenFree()
            let store = try await SQLiteStore.open(home: home.path, log: KillTests.log)
            let taken = state.withLock { state in
                defer { state = State(counts: state.counts) }
                return state
            }
            let held = Set(try await store.devices().map(\.id))
            #expect(held.isSuperset(of: taken.devices), "round \(round): a registration that was acknowledged is gone")
            for (device, sent) in taken.sent {
                let instances = try await store.events(of: device, limit: 2000).map(\.event.instanceID)
                let acknowledged = taken.acknowledged[device] ?? []
                #expect(Set(instances).count == instances.count, "round \(round): an event is there twice")
                #expect(Set(instances).isSuperset(of: acknowledged), "round \(round): an event that was acknowledged is gone")
                #expect(sent.isSuperset(of: instances), "round \(round): an event is there that nobody sent")
            }
            let events = taken.acknowledged.values.reduce(0) { $0 + $1.count }
            state.withLock { $0.counts = ($0.counts.devices + taken.devices.count, $0.counts.events + events) }
            try await store.close()
            withExtendedLifetime(lock) {}
        }
    }
}

/// A registered device that speaks over TLS, call by call.
struct WireDevice {
    let id: DeviceID
    private let transport: HTTPSTransport
    private let origin: String
    private let cookie: CookieElement

    struct Refused: Error {
        let status: Int
    }

    init(_ name: String, _ transport: HTTPSTransport, _ port: Int) async throws {
        id = try #require(DeviceID(name))
        self.transport = transport
        let origin = "https://127.0.0.1:\(port)"
        self.origin = origin
        func call(_ path: String, _ body: [UInt8]) async throws -> [UInt8] { try await Self.call(transport, origin, path, body) }
        let client = "/ClientWebService/client.asmx"
        let configuration = try GetConfig.decodeResponse(await call(client, GetConfig.encodeRequest(.init(protocolVersion: "2.90"))))
        let authorization = try GetAuthorizationCookie.decodeResponse(
            await call(
                "/SimpleAuthWebService/SimpleAuth.asmx",
                GetAuthorizationCookie.encodeRequest(.init(clientID: name, targetGroupName: nil, dnsName: "\(name).example.test"))))
        cookie = try GetCookie.decodeResponse(
            await call(
                client,
                GetCookie.encodeRequest(
                    .init(
                        authorizationCookies: [authorization], oldCookie: nil, lastChange: configuration.lastChange, currentTime: .now,
                        protocolVersion: "2.90"))))
        let registration = RegisterComputer.encodeRequest(.init(facts: DeviceFacts(dnsName: "\(name).example.test")), cookie: cookie)
        try RegisterComputer.decodeResponse(await call(client, registration))
    }

    /// Returns when the server has answered `true`.
    func report(_ instances: [UpdateID]) async throws {
        let events = instances.map { instance in
            Event(
                instanceID: instance, deviceID: id, timeAtTarget: .now, namespaceID: 1, eventID: .downloadStarted, sourceID: 101,
                update: UpdateIdentity(updateID: UpdateID(high: 1, low: 2), revisionNumber: RevisionNumber(rawValue: 100)), win32HResult: 0,
                appName: "test", replacementStrings: ["An update"], miscData: [])
        }
        let body = ReportEventBatch.encodeRequest(clientTime: .now, events: events, computer: ReportingComputer(), cookie: cookie)
        let answer = try await Self.call(transport, origin, "/ReportingWebService/ReportingWebService.asmx", body)
        guard try ReportEventBatch.decodeResponse(answer) else { throw Refused(status: 200) }
    }

    private static func call(_ transport: HTTPSTransport, _ origin: String, _ path: String, _ body: [UInt8]) async throws -> [UInt8] {
        let answer = try await transport.post(url: origin + path, headers: [("Content-Type", "text/xml; charset=utf-8")], body: body)
        guard answer.status == 200 else { throw Refused(status: answer.status) }
        return answer.body
    }
}
