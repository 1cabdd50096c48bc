import Foundation
import Logging
import Synchronization
import TestSupport
import Testing
import TrustedTransport
import Updates

@testable import UpdateEngine

/// Changes of certificate in an engine as a server has it, with a clock that the tests turn.
struct CertificateTests {
    private static let hour: Int64 = 3600
    private static let day: Int64 = 86_400

    /// An engine that shows its certificates, as a server would.
    private final class Showing: Sendable {
        let test: TestEngine
        let engine: UpdateEngine
        let log = LogRecorder()
        let shown = Mutex<[SHA256Digest]>([])
        private let uptime = Mutex<Int64>(0)

        init() async throws {
            test = try await TestEngine()
            try await test.engine.close()
            let clock = test.clock
            engine = try await UpdateEngine.open(test.home, clock: { clock.now }, log: log.logger)
            let identity = try engine.loadIdentity()
            shown.withLock { $0.append(identity.certificate.sha256) }
            engine.shows(identity) { [weak self] identity in self?.shown.withLock { $0.append(identity.certificate.sha256) } }
            await engine.checkCertificates(uptime: 0)
        }

        /// Time goes on for both clocks, in hours, and the server looks after each.
        func pass(hours: Int64) async {
            for _ in 0..<hours {
                test.clock.advance(seconds: CertificateTests.hour)
                await look(after: CertificateTests.hour)
            }
        }

        /// Days go by while the server looks once in a while.
        func pass(days: Int64) async {
            test.clock.advance(seconds: days * CertificateTests.day)
            await look(after: days * CertificateTests.day)
        }

        func look(after seconds: Int64) async {
            let now = uptime.withLock { uptime in
                uptime += seconds * 1000
                return uptime
            }
            await engine.checkCertificates(uptime: now)
        }

        var changes: Int { shown.withLock { $0.count - 1 } }

        func status() async throws -> CertificateStatus {
            guard case .status(let status) = try await engine.perform(.status) else { throw EngineError(.failed, "no status") }
            return status
        }

        func export() async throws {
            guard case .pins(let pins, _) = try await engine.perform(.beginPins) else { throw EngineError(.failed, "no pins") }
            _ = try await engine.perform(.publishPins(pins.map(\.sha256.description), time: nil))
        }

        func renew(_ options: RenewalOptions = RenewalOptions(), _ consent: CertificateConsent = CertificateConsent()) async throws
            -> CertificateChange
        {
            guard case .changed(let change) = try await engine.perform(.renew(options, issued: [], consent)) else {
                throw EngineError(.failed, "no change")
            }
            return change
        }
    }

    @Test func `a running server changes to the next certificate thirty days ahead and says so`() async throws {
        let server = try await Showing()
        let next = try await server.status().next[0].sha256
        await server.pass(days: 366)
        #expect(server.changes == 0)
        await server.pass(days: 2)
        #expect(server.changes == 1)
        #expect(server.shown.withLock { $0.last?.description } == next)
        let status = try await server.status()
        #expect(status.current.sha256 == next)
        #expect(status.isServed == true)
        #expect(status.next.count == 2)
        #expect(server.log.lines.contains { $0.contains("changed by itself") && $0.contains(next) })
        try await server.engine.close()
    }

    @Test func `with pins that were not exported for it, it waits, warns, and in the last week calls it an error`() async throws {
        let server = try await Showing()
        _ = try await server.engine.perform(.beginPins)
        await server.pass(days: 368)
        #expect(server.changes == 0)
        #expect(try await server.status().warnings.contains { $0.code == .blocked && $0.level == .warning })
        #expect(server.log.lines.contains { $0.hasPrefix("warning") && $0.contains("due to be changed") })
        await server.pass(days: 23)
        #expect(try await server.status().warnings.contains { $0.code == .blocked && $0.level == .error })
        #expect(server.log.lines.contains { $0.hasPrefix("error") && $0.contains("due to be changed") })
        #expect(server.changes == 0)
        try await server.export()
        await server.pass(hours: 1)
        #expect(server.changes == 1)
        try await server.engine.close()
    }

    @Test func `an end that nothing could avert is said as an error every day`() async throws {
        let server = try await Showing()
        _ = try await server.engine.perform(.beginPins)
        for _ in 0..<400 { await server.pass(days: 1) }
        let errors = server.log.lines.filter { $0.hasPrefix("error") && $0.contains("every device refuses it") }
        #expect((3...5).contains(errors.count), "\(errors.count)")
        #expect(server.changes == 0)
        #expect(throws: TrustError.self) { try server.engine.loadIdentity() }
        try await server.engine.close()
    }

    @Test func `a clock that jumps changes nothing until it went evenly for an hour, and never makes a storm`() async throws {
        let server = try await Showing()
        // To where the next certificate would be due, and back, again and again.
        for _ in 0..<50 {
            server.test.clock.advance(seconds: 380 * Self.day)
            await server.look(after: 60)
            server.test.clock.advance(seconds: -380 * Self.day + 120)
            await server.look(after: 60)
        }
        #expect(server.changes == 0)
        #expect(server.log.lines.contains { $0.hasPrefix("warning") && $0.contains("the clock jumped") })
        // Ahead for good: what it does then is one change.
        server.test.clock.advance(seconds: 380 * Self.day)
        await server.look(after: 60)
        #expect(server.changes == 0)
        #expect(try await server.status().warnings.contains { $0.code == .expires })
        await server.pass(hours: 1)
        await server.pass(hours: 30)
        #expect(server.changes == 1)
        // And back: what was shown before is shown again, once the clock is believed.
        server.test.clock.advance(seconds: -380 * Self.day)
        await server.pass(hours: 30)
        #expect(server.changes == 2)
        #expect(server.shown.withLock { $0.first == $0.last })
        try await server.engine.close()
    }

    @Test func `before a change devices not seen since the publication are listed, and without consent nothing happens`() async throws {
        let server = try await Showing()
        for (name, number) in [("early", "01"), ("late", "02")] {
            var device = TestDevice(server.test, engine: server.engine)
            device.id = "e1da06a3-5601-43c9-bac3-52d5db7014\(number)"
            device.facts.dnsName = "\(name).example.test"
            try await device.arrive()
            if name == "early" {
                server.test.clock.advance(seconds: 1)
                _ = try await server.renew(RenewalOptions(prepares: true))
                try await server.export()
                server.test.clock.advance(seconds: 1)
            }
        }
        let before = try await server.status()
        let plan = try await server.renew(RenewalOptions(), CertificateConsent(isDryRun: true))
        #expect(plan.devicesNotSeen.map(\.name) == ["early.example.test"])
        #expect(plan.shown == before.next[0].sha256)
        let error = await #expect(throws: EngineError.self) { try await server.renew() }
        #expect(error?.code == .refused)
        #expect(error?.message.contains("early.example.test") == true)
        #expect(error?.message.contains("late.example.test") == false)
        #expect(server.changes == 0)
        #expect(try await server.status().current.sha256 == before.current.sha256)
        let done = try await server.renew(RenewalOptions(), CertificateConsent(acceptsUnseen: true))
        #expect(done.status.current.sha256 == before.next[0].sha256)
        #expect(server.changes == 1)
        try await server.engine.close()
    }

    @Test func `force passes the gate and is in the log`() async throws {
        let server = try await Showing()
        try await server.export()
        await #expect(throws: TrustError.self) { try await server.renew() }
        #expect(server.changes == 0)
        let forced = try await server.renew(RenewalOptions(isForced: true))
        #expect(forced.isForced)
        #expect(server.changes == 1)
        #expect(server.log.lines.contains { $0.hasPrefix("warning") && $0.contains("forced") })
        try await server.engine.close()
    }

    @Test func `a time of publication that is past is refused, and one to come keeps the gate shut until then`() async throws {
        let server = try await Showing()
        _ = try await server.renew(RenewalOptions(prepares: true))
        guard case .pins(let pins, _) = try await server.engine.perform(.beginPins) else { throw EngineError(.failed, "no pins") }
        let digests = pins.map(\.sha256.description)
        let now = server.test.clock.now
        await #expect(throws: EngineError.self) { try await server.engine.perform(.publishPins(digests, time: now.adding(seconds: -1))) }
        await #expect(throws: TrustError.self) { try await server.renew() }
        _ = try await server.engine.perform(.publishPins(digests, time: now.adding(seconds: Self.day)))
        server.test.clock.advance(seconds: Self.day)
        await #expect(throws: TrustError.self) { try await server.renew() }
        server.test.clock.advance(seconds: 1)
        #expect(try await server.renew().shown == pins[1].sha256.description)
        try await server.engine.close()
    }

    @Test func `a backup has the certificates made ahead and what was published`() async throws {
        let server = try await Showing()
        try await server.export()
        let before = try await server.status()
        try await server.engine.close()
        let (home, path) = (server.test.home, server.test.folder.path + "/backup")
        _ = try await home.backUp(to: path, BackupOptions(), at: server.test.clock.now, log: TestEngine.log) { _ in }
        let restored = Home(path: server.test.folder.path + "/restored")
        _ = try await restored.restore(try OpenBackup(path: path), passphrase: nil, log: TestEngine.log) { _ in }
        let clock = server.test.clock
        let engine = try await UpdateEngine.open(restored, clock: { clock.now }, log: TestEngine.log)
        guard case .status(let after) = try await engine.perform(.status) else { throw EngineError(.failed, "no status") }
        #expect(after.current.sha256 == before.current.sha256)
        #expect(after.next.map(\.sha256) == before.next.map(\.sha256))
        #expect(after.next.map(\.publishedAt) == before.next.map(\.publishedAt))
        #expect(after.pinsSince == before.pinsSince && after.pinsSince != nil)
        #expect(!after.authority.hasKey)
        // The gate is shut there too.
        await #expect(throws: TrustError.self) { try await engine.perform(.renew(RenewalOptions(), issued: [], CertificateConsent())) }
        try await engine.close()
    }
}
