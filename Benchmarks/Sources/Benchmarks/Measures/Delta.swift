import UpdateProtocols
import Updates

/// SyncUpdates of a device that has 100 installed and 5,000 cached, to which nothing is new: bytes of the request to bytes of the answer.
enum Delta {
    struct Figures {
        var first: Double
        var median: Double
        var request: Int
        var cached: Int
    }

    static func rows(_ bench: Bench) async throws -> [Row] {
        let figures = try await measure(bench, count: 20_000)
        return [
            .atMost(
                0.001, .milliseconds, "delta SyncUpdates, 100 installed, \(figures.cached) cached, CPU", figures.median,
                note: "\(figures.request / 1000) KB asked"),
            .told("the same, the first after a start", Row.Unit.milliseconds.text(figures.first)),
        ]
    }

    /// The rows of 300,000 revisions.
    static func large(_ bench: Bench) async throws -> [Row] {
        let start = try await ColdStart.rows(bench, count: 300_000, seconds: 10, bytes: 1.5e9)
        let small = try await measure(bench, count: 20_000)
        let large = try await measure(bench, count: 300_000)
        return start + [
            .atMost(
                2 * small.median, .milliseconds, "delta SyncUpdates at 300,000 revisions, against twice that at 20,000", large.median)
        ]
    }

    static func measure(_ bench: Bench, count: Int) async throws -> Figures {
        try await bench.withCopy(count) { home, catalogue in
            var server = try await InProcessServer.open(home)
            let request = try await Self.request(server, catalogue)
            // Anew, so that the first is one.
            try await server.close()
            server = try await InProcessServer.open(home)
            let first = try await timed { try await answer(request, server) }.cpu
            var times: [Double] = []
            for _ in 0..<bench.rounds(2000) { times.append(try await timed { try await answer(request, server) }.cpu) }
            try await server.close()
            let cached = catalogue.plan.entitled(.workstation) - catalogue.plan.installed(on: .workstation).count
            return Figures(first: first, median: times.median, request: request.body.count, cached: cached)
        }
    }

    /// A workstation's whole first scan, and what it asks after it. Throws where that is no delta.
    static func request(_ server: InProcessServer, _ catalogue: CatalogueHome) async throws -> RecordedRequest {
        var device = SimulatedDevice(server, installedIDs: catalogue.plan.installed(on: .workstation))
        try await device.scan()
        let request = device.deltaRequest()
        let response = try SyncUpdates.decodeResponse(try await server.clearAnswer(request).clear)
        guard response.newUpdates.isEmpty, response.changedUpdates.isEmpty, response.outOfScope.isEmpty, !response.isTruncated else {
            throw Child.Failure(description: "\(response.newUpdates.count) new, \(response.outOfScope.count) out of scope: no delta")
        }
        let (installed, cached) = (device.installed.count, device.cached.count)
        guard installed == 100, (4900...5100).contains(cached) else {
            throw Child.Failure(description: "\(installed) installed and \(cached) cached: the catalogue is another than planned")
        }
        return request
    }

    private static func answer(_ request: RecordedRequest, _ server: InProcessServer) async throws {
        try await server.answer(request) { _ in }
    }
}
