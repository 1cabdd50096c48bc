import TestSupport
import Testing
import UpdateAgent
import UpdateEngine
import UpdateServer
import Updates

/// A storm over TLS against a whole server, in this process.
struct StormTests {
    @Test func `a storm registers, checks in and says so as documented`() async throws {
        let site = try await ScanTests.Site()
        var options = StormOptions()
        options.devices = 10
        options.weights = [.checkIn: 3, .report: 1]
        options.count = 20
        options.concurrency = 5
        options.seconds = 60
        options.verifiedShare = 1
        options.kinds = 2
        let report = try await Storm(server: "https://127.0.0.1:\(site.listener.port)", options: options).run(caFile: site.home.caFile)
        #expect(report.isClean)
        #expect(report.devices == 10)
        #expect(report.kinds.count == 2)
        #expect(report.phases.map(\.name) == ["registration", "storm"])
        let storm = try #require(report.phases.last)
        #expect(storm.tasks.map(\.task) == [.checkIn, .report])
        #expect(storm.tasks.map(\.done) == [15, 5])
        #expect(storm.failures.isEmpty)
        #expect(storm.verified == 20)
        #expect(storm.answersWithUpdates == 0)
        #expect(try #require(JSONSchema.documented()["storm"]).problems(printing: report) == [])
        // The two that were recorded are devices as well.
        #expect(try await site.engine.devices(inGroup: nil).count == 12)
        try await site.end()
    }

    @Test func `check-ins go on beside a flood of new devices from one address`() async throws {
        let site = try await ScanTests.Site()
        var options = StormOptions()
        options.devices = 5
        options.weights = [.checkIn: 1]
        options.rate = 20
        options.seconds = 1
        options.abuse = .registrations
        options.abuseConnections = 3
        let report = try await Storm(server: "https://127.0.0.1:\(site.listener.port)", options: options).run(caFile: site.home.caFile)
        #expect(report.isClean)
        let abuse = try #require(report.abuse)
        #expect(abuse.counts.answers.contains { $0.kind == "registered" && $0.count > 0 })
        #expect(abuse.quietP95 > 0 && abuse.abusedP95 > 0)
        #expect(try #require(JSONSchema.documented()["storm"]).problems(printing: report) == [])
        try await site.end()
    }

    @Test func `a device that cannot trust the server stops the storm before it begins`() async throws {
        let site = try await ScanTests.Site()
        // The authority does not vouch for 127.0.0.2.
        await #expect(throws: AgentError.self) {
            try await Storm(server: "https://127.0.0.2:\(site.listener.port)", options: StormOptions()).run(caFile: site.home.caFile)
        }
        try await site.end()
    }
}
