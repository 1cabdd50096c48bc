import ArgumentParser
import Foundation
import UpdateAgent
import Updates

struct StormCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "storm",
        abstract: "Be many devices at once: load a server of yours, and measure it.",
        discussion: """
            Devices are registered first where check-ins or reports need them; they stay on the server until someone removes them. A kind of \
            device is recorded by one real first scan; the others of the kind repeat it with ids and cookies of their own. Prints rates, latencies \
            and errors. Ends with 2 where anything failed but for being told to come again later.
            """)

    @Argument(help: ArgumentHelp("The server, https://HOST:PORT.", valueName: "url"))
    var server: String
    @Option(help: ArgumentHelp("The CA certificate to trust, and no other (PEM).", valueName: "file"))
    var ca: String
    @Option(help: ArgumentHelp("check-in, first-scan, report, download, registration; or shares: check-in=90,report=10.", valueName: "tasks"))
    var mix = "check-in"
    @Option(help: "Registered devices to have; with first-scan alone, new devices that scan.")
    var devices = 100
    @Option(help: "Tasks under way at once.")
    var concurrency: Int?
    @Option(help: ArgumentHelp("Tasks begun a second; without it one begins whenever another ended.", valueName: "number"))
    var rate: Double?
    @Flag(help: "Raise the rate until the server is saturated, then measure at half of it.")
    var ramp = false
    @Option(help: ArgumentHelp("How long the storm, or each step of a ramp, begins tasks.", valueName: "seconds"))
    var duration = 10.0
    @Option(help: ArgumentHelp("At most this many tasks.", valueName: "number"))
    var count: Int?
    @Option(help: "Kinds of devices to record.")
    var kinds = 1
    @Option(help: ArgumentHelp("Addresses of 127.0.0.0/8 to come from, where the server is there; 0 for the system's choice.", valueName: "number"))
    var sourceAddresses = 1000
    @Option(help: ArgumentHelp("Keep the devices in this file from storm to storm. It holds cookies: keep it to yourself.", valueName: "file"))
    var fleet: String?
    @Option(help: ArgumentHelp("Take the kinds of devices from this file.", valueName: "file"))
    var profile: String?
    @Option(help: ArgumentHelp("Write the recorded kinds of devices to this file.", valueName: "file"))
    var record: String?
    @Flag(help: "Register the devices, and no more.")
    var registerOnly = false
    @Flag(help: "Each check-in gets a new cookie first, as after the 22 hours between two scans.")
    var renewCookies = false
    @Option(help: "Times a task asks again, after the time it was told, where the server is busy.")
    var retries = 0
    @Option(help: ArgumentHelp("Of the answers, decode this many whole.", valueName: "percent"))
    var verify = 0.0
    @Option(help: ArgumentHelp("Begin nothing more after this many megabytes.", valueName: "MB"))
    var mostTraffic = 20_000
    @Option(help: ArgumentHelp("Makes the ids of the devices.", valueName: "number"))
    var seed: UInt64?
    @Option(
        help: ArgumentHelp(
            "Measure check-ins quiet, then beside: \(StormAbuse.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "kind"))
    var abuse: String?
    @Option(help: ArgumentHelp("Connections of the abuse.", valueName: "number"))
    var abuseConnections = 200
    @Option(
        help: ArgumentHelp(
            "Addresses the abuse comes from, other than the devices'. (default: 1 for handshakes, forged-cookies and registrations; else as many)",
            valueName: "number"))
    var abuseAddresses: Int?
    @Flag(name: .customLong("i-own-this-server"), help: "The server is not on this machine, and it is yours.")
    var ownsServer = false
    @OptionGroup var output: JSONOption

    func run() async throws {
        var options = StormOptions()
        options.weights = try weights()
        options.devices = devices
        options.concurrency = concurrency
        options.rate = rate
        options.isRamp = ramp
        options.seconds = duration
        options.count = count
        options.kinds = kinds
        options.sourceAddresses = sourceAddresses
        options.fleetFile = fleet
        options.profileFile = profile
        options.recordFile = record
        options.registersOnly = registerOnly
        options.renewsCookies = renewCookies
        options.retries = retries
        options.verifiedShare = verify / 100
        let bytes = Int64(clamping: mostTraffic).multipliedReportingOverflow(by: 1_000_000)
        options.mostBytes = bytes.overflow ? .max : bytes.partialValue
        options.seed = seed
        options.abuse = try abuse.map { name in
            guard let abuse = StormAbuse(rawValue: name) else { throw ValidationError("--abuse: \(name) is not a kind of abuse") }
            return abuse
        }
        options.abuseConnections = abuseConnections
        options.abuseAddresses = abuseAddresses
        options.ownsServer = ownsServer
        let storm = try Storm(server: server, options: options) { Self.show($0) }
        let report = try await storm.run(caFile: ca)
        if output.json { try Terminal.json(report) } else { show(report) }
        for note in report.notes { Terminal.complain("note: \(note)") }
        if !report.isClean { throw ExitCode(2) }
    }

    private func weights() throws -> [StormTask: Double] {
        var weights: [StormTask: Double] = [:]
        for part in mix.split(separator: ",") {
            let words = part.split(separator: "=", maxSplits: 1)
            guard let task = words.first.flatMap({ StormTask(rawValue: String($0)) }), weights[task] == nil,
                let weight = words.count == 2 ? Double(words[1]) : 1, weight >= 0, weight <= 1e6
            else { throw ValidationError("--mix: \(part) is no task with a share") }
            weights[task] = weight
        }
        guard weights.values.contains(where: { $0 > 0 }) else { throw ValidationError("--mix: no task has a share") }
        return weights
    }

    private static func show(_ progress: Storm.Progress) {
        switch progress {
        case .recording(let kind): Terminal.complain("recording a device: \(kind)")
        case .phase(let name, let rate): Terminal.complain("\(name)\(rate.map { ", \(Int($0.rounded())) a second" } ?? "")")
        }
    }

    private func show(_ report: StormReport) {
        for phase in report.phases {
            Terminal.print(
                "\n\(phase.name): \(phase.seconds) s\(phase.rate.map { ", \(Int($0.rounded())) a second asked for" } ?? ""), "
                    + "\(phase.bytesSent) bytes sent, \(phase.bytesReceived) received")
            let columns = ["", "done", "failed", "per s", "mean ms", "p50", "p95", "p99", "longest"]
            let tasks = phase.tasks.map { [$0.task.rawValue, "\($0.done)", "\($0.failed)", "\($0.perSecond)"] + Self.cells($0.latency) }
            let operations = phase.operations.map { ["  \($0.operation)", "\($0.latency.count)", "", ""] + Self.cells($0.latency) }
            Terminal.table(columns, tasks + operations)
            for failure in phase.failures { Terminal.print("  \(failure.count) × \(failure.operation): \(failure.kind)") }
            if phase.notBegun > 0 { Terminal.print("  \(phase.notBegun) were due and not begun") }
        }
        Terminal.print("")
        Terminal.fields([
            ("Devices", "\(report.devices) registered, from \(report.sourceAddresses) addresses"),
            (
                "Saturation",
                report.ramp.map { ramp in
                    "\(ramp.mostPerSecond) a second; p99 at half of it \(ramp.p99AtHalfRate.map { "\($0) ms" } ?? "unknown")"
                } ?? ""
            ),
            ("Restored", report.restoredAfterMilliseconds.map { "\(Int($0)) ms after the overload" } ?? ""),
            (
                "Abuse",
                report.abuse.map { abuse in
                    "\(abuse.kind.rawValue): p95 \(abuse.quietP95) ms quiet, \(abuse.abusedP95) ms beside it, ratio \(abuse.ratio); "
                        + "\(abuse.counts.begun) connections, \(abuse.counts.mostAtOnce) at once, \(abuse.counts.ended) ended by the server; "
                        + abuse.counts.answers.map { "\($0.count) × \($0.kind)" }.joined(separator: ", ")
                } ?? ""
            ),
        ])
    }

    private static func cells(_ latency: StormReport.Latency) -> [String] {
        [latency.mean, latency.p50, latency.p95, latency.p99, latency.longest].map { "\($0)" }
    }
}
