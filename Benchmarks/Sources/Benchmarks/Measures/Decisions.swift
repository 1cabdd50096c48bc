import UpdateEngine
import UpdateProtocols
import Updates

/// From an administrator's word to the first answer that shows it to a device.
enum Decisions {
    static func approval(_ bench: Bench) async throws -> [Row] {
        try await bench.withServer(20_000) { server, catalogue in
            let delta = try await Delta.request(server, catalogue)
            let chosen = catalogue.plan.updates.filter { $0.kind == .bundle && $0.reach == .fresh }.suffix(10).map(\.id.description)
            var walls: [Double] = []
            var cpus: [Double] = []
            for id in chosen {
                let change = UpdateChange.approve(groups: ["All Computers"], action: .install, deadline: nil)
                let (seen, wall, cpu) = try await timed { try await answer(to: delta, after: change, [id], server) }
                guard seen.changedUpdates.contains(where: { $0.deployment.action == .install }) else {
                    throw Child.Failure(description: "an approval is not visible")
                }
                walls.append(wall)
                cpus.append(cpu)
            }
            return [.atMost(0.05, .milliseconds, "approval until a device sees it", walls.median, note: "CPU \(milliseconds(cpus.median))")]
        }
    }

    static func decline(_ bench: Bench) async throws -> [Row] {
        try await bench.withServer(20_000) { server, catalogue in
            let delta = try await Delta.request(server, catalogue)
            // First those of the device that looks, then others.
            let chosen = catalogue.plan.updates.filter { $0.kind == .rules || $0.kind == .manifest }
                .sorted { ($0.reach, $0.number) < ($1.reach, $1.number) }.prefix(10_000).map(\.id.description)
            let (seen, wall, cpu) = try await timed { try await answer(to: delta, after: .decline, Array(chosen), server) }
            guard seen.outOfScope.count > 1000 else { throw Child.Failure(description: "declines are not visible") }
            return [.atMost(1, .seconds, "decline of \(chosen.count) updates until a device sees it", wall, note: "CPU \(milliseconds(cpu))")]
        }
    }

    private static func answer(
        to request: RecordedRequest, after change: UpdateChange, _ updates: [String], _ server: InProcessServer
    ) async throws -> SyncUpdates.Response {
        _ = try await server.engine.apply(change, to: .ids(updates), isDryRun: false)
        return try SyncUpdates.decodeResponse(try await server.clearAnswer(request).clear)
    }

    private static func milliseconds(_ seconds: Double) -> String { Row.Unit.milliseconds.text(seconds) }
}
