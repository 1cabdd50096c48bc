import Foundation
import UpdateEngine
import UpdateProtocols
import Updates

/// The whole first scan of a device, played back: SyncUpdates until nothing is new, the driver pass, GetExtendedUpdateInfo.
enum FirstScan {
    /// What "flat" is held to: scans that send a hundred megabytes may not take more than this.
    static let memoryBound = 64e6

    static func rows(_ bench: Bench) async throws -> [Row] {
        try await bench.withCopy(20_000) { home, catalogue in
            let server = try await InProcessServer.open(home)
            var device = SimulatedDevice(server, installedIDs: catalogue.plan.installed(on: .fresh))
            try await device.scan()
            try await server.close()
            let record = device.record
            guard device.installed.count == 90, (1950...2050).contains(record.updates) else {
                throw Child.Failure(description: "\(device.installed.count) installed of \(record.updates): the catalogue is another than planned")
            }
            let recording = bench.scratch + "/recording.json"
            try Recording.write(record.requests, to: recording)
            let times = try Playback.run(recording, home: home, rounds: bench.isQuick ? 3 : 8, watchesMemory: false)
            let memory = try Playback.run(recording, home: home, rounds: bench.isQuick ? 3 : 20, watchesMemory: true)
            // Cookies differ, and compress by a few bytes more or less.
            let isWhole = (times.bytes + memory.bytes).allSatisfy { abs($0 - record.wireBytes) <= 64 * record.trips }
            guard isWhole else { throw Child.Failure(description: "played back, \(times.bytes) bytes came and not \(record.wireBytes)") }
            let megabytes = Double(record.wireBytes) / 1e6
            let bound = 0.05 + 0.001 * megabytes
            let name = "first scan, fresh Windows 11, CPU"
            return [
                .told(
                    "first scan: what is sent",
                    """
                    \(record.updates) updates on \(record.pages) pages in \(record.trips) trips, \(format(megabytes, 1)) MB of \
                    \(format(Double(record.decodedBytes) / 1e6, 1)) decoded
                    """),
                .atMost(bound, .milliseconds, name, times.later.median, note: "\(format(times.later.median * 1000 / megabytes, 2)) ms/MB"),
                .atMost(bound, .milliseconds, "the same, the first of its kind after a start", times.first),
                .atMost(
                    memoryBound, .bytes, "the same, growth of anonymous memory at its most", Double(memory.growth),
                    note: "\(memory.later.count + 1) scans; \(format(Double(memory.left) / 1e6, 1)) MB are left"),
                .atMost(
                    1.15, .times, "wire bytes against one uniform compression of the same pages",
                    Double(record.pageBytes) / Double(record.uniformBytes)),
            ]
        }
    }

    static func everyProduct(_ bench: Bench) async throws -> [Row] {
        try await bench.withServer(20_000) { server, catalogue in
            var device = SimulatedDevice(server, installedIDs: catalogue.plan.installed(on: .everyProduct))
            try await device.scan()
            let record = device.record
            return [
                .atMost(
                    100, .count, "trips of a device with every product", Double(record.trips),
                    note: """
                        \(record.pages) pages of \(record.updates) updates, \(device.installed.count) installed, \
                        \(format(Double(record.wireBytes) / 1e6, 0)) MB
                        """)
            ]
        }
    }
}
