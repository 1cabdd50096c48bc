import Storage
import Synchronization
import TestSupport
import TrustedTransport
import UpdateEngine
import UpdateProtocols
import UpdateServer
import Updates

/// A server on loopback over TLS, and a client that posts whatever it is given.
final class WireSite: Sendable {
    let folder: TemporaryFolder
    let home: Home
    let engine: UpdateEngine
    let clock: TurnedClock
    private let listener: DeviceListener
    private let client: HTTPSClient

    /// On a new home, or on that of an earlier site that has ended.
    init(after earlier: WireSite? = nil) async throws {
        let folder = try earlier?.folder ?? TemporaryFolder()
        let home = Home(path: folder.path + "/home")
        if earlier == nil { try await UpdateEngine.create(home, hosts: ["localhost", "127.0.0.1"], at: .now, log: KillTests.log) }
        let clock = earlier?.clock ?? TurnedClock()
        self.folder = folder
        self.home = home
        self.clock = clock
        engine = try await UpdateEngine.open(home, clock: { clock.now }, log: KillTests.log)
        listener = try await DeviceListener.start(
            engine: engine, files: engine.files, identity: try engine.loadIdentity(), address: "127.0.0.1", port: 0, publicPort: nil,
            log: KillTests.log)
        client = try HTTPSClient(roots: .pemFile(home.caFile))
    }

    func post(_ service: DeviceService, _ body: [UInt8], contentType: String = "text/xml; charset=utf-8") async throws -> HTTPSResponse {
        try await client.post(
            "https://127.0.0.1:\(listener.port)\(service.path)", headers: [("Content-Type", contentType)], body: body, limit: 64 << 20)
    }

    func end() async throws {
        await client.shutdown()
        await listener.shutdown()
        try await engine.close()
    }
}

/// The system's time of day, turned forward by what a test says.
final class TurnedClock: Sendable {
    private let seconds = Mutex<Int64>(0)

    var now: Timestamp { Timestamp.now.adding(seconds: seconds.withLock { $0 }) }

    func advance(seconds more: Int64) {
        seconds.withLock { $0 += more }
    }
}
