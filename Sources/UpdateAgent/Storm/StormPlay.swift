import NIOCore
import TrustedTransport
import UpdateProtocols
import Updates

/// The phases of a storm, one after the other.
struct StormPlay {
    let options: StormOptions
    let site: StormSite
    let bound: NIOLoopBound<StormLoop>
    let templates: StormTemplates
    var report: StormReport
    let progress: @Sendable (Storm.Progress) -> Void

    /// A step is kept up with where this share of what was due was done in time.
    private static let keptShare = 0.95
    private static let rampFactor = 1.3
    private static let firstRampRate = 100.0
    private static let mostRampSteps = 24
    /// A check-in no slower than this counts as served again.
    private static let restoredMicroseconds: UInt64 = 100_000

    mutating func run() async throws {
        try await register()
        if options.registersOnly { return }
        if options.weights[.download, default: 0] > 0, site.profiles.allSatisfy(\.files.isEmpty) {
            throw AgentError(.badStorm, "no kind of device has anything to download: approve updates whose files are held, then record again")
        }
        if let abuse = options.abuse {
            try await runAbuse(abuse)
        } else if options.isRamp {
            try await runRamp()
        } else {
            try await run("storm", phase(rate: options.rate))
            let isOverload = report.phases.contains { $0.failures.contains { $0.kind.hasPrefix("HTTP 503") || $0.kind == "fault ServerBusy" } }
            if isOverload { try await awaitRestoration() }
        }
    }

    /// Check-ins need someone who checks in.
    private var needsDevices: Bool {
        options.registersOnly || options.abuse != nil || options.weights[.checkIn, default: 0] > 0 || options.weights[.report, default: 0] > 0
    }

    private mutating func register() async throws {
        guard needsDevices else { return }
        let held = try await bound.eventLoop.submit { [bound] in bound.value.fleet.registered }.get()
        guard held < options.devices else { return }
        var phase = phase(rate: nil)
        phase.weights = [(.registration, 1)]
        phase.count = options.devices - held
        phase.duration = 3_600_000_000_000
        phase.concurrency = min(options.concurrency ?? 64, allowedConnections)
        phase.retries = max(10, options.retries)
        phase.mostBytes = .max
        phase.verifiedShare = 0
        try await run("registration", phase)
        let registered = try await bound.eventLoop.submit { [bound] in bound.value.fleet.registered }.get()
        guard registered > 0 else {
            let why = report.phases.last?.failures.first.map { "\($0.operation): \($0.kind)" } ?? "the server took none"
            throw AgentError(.connectionFailed, "no device could be registered: \(why)")
        }
        if registered < options.devices { report.notes.append("only \(registered) of \(options.devices) devices could be registered") }
    }

    private mutating func runRamp() async throws {
        var rate = options.rate ?? Self.firstRampRate
        var most = 0.0
        var lastKept: Double?
        for _ in 0..<Self.mostRampSteps {
            let step = try await run("ramp", phase(rate: rate))
            let done = step.tasks.reduce(0) { $0 + $1.perSecond }
            most = max(most, done)
            guard done >= Self.keptShare * rate, step.failed == 0 else { break }
            lastKept = rate
            rate *= Self.rampFactor
        }
        try await awaitRestoration()
        let half = max(0.1, most / 2)
        let quiet = try await run("half", phase(rate: half))
        report.ramp = .init(mostPerSecond: most, lastRateKept: lastKept, halfRate: half, p99AtHalfRate: quiet.latency(of: mainTask)?.p99)
    }

    private mutating func runAbuse(_ abuse: StormAbuse) async throws {
        let quiet = try await run("quiet", phase(rate: options.rate ?? Self.firstRampRate))
        progress(.phase("abuse begins: \(abuse.rawValue)", rate: nil))
        let (counts, abused) = try await beside(abuse)
        guard let before = quiet.latency(of: mainTask), let during = abused.latency(of: mainTask), before.count > 0, during.count > 0 else {
            throw AgentError(.connectionFailed, "no device was served")
        }
        report.abuse = .init(
            kind: abuse, connections: options.abuseConnections, quietP95: before.p95, abusedP95: during.p95,
            ratio: before.p95 > 0 ? (during.p95 / before.p95 * 100).rounded() / 100 : 0, counts: counts)
    }

    /// Runs a phase while the abuse goes on, on the other event loop.
    private mutating func beside(_ abuse: StormAbuse) async throws -> (StormReport.Abuse.Counts, StormReport.Phase) {
        let loop = site.dialer.loop(1)
        try await loop.submit { AbuseLoop.yieldToOthers() }.get()
        if abuse == .registrations { return try await besideRegistrations(on: loop) }
        let request = try await abuseRequest(abuse)
        let (site, connections, sources) = (site, options.abuseConnections, abuseSources(abuse))
        let abuser = try await loop.submit {
            let abuser = AbuseLoop(loop: loop, site: site, kind: abuse, connections: connections, sources: sources, request: request)
            abuser.begin()
            return NIOLoopBound(abuser, eventLoop: loop)
        }.get()
        // Making many connections takes its time; it is not what is measured.
        for _ in 0..<300 {
            if try await loop.submit({ abuser.value.isEstablished }).get() { break }
            try await Task.sleep(for: .milliseconds(100))
        }
        // Nor are the first bytes of the answers that slow readers have just asked for.
        if abuse == .slowReads { try await Task.sleep(for: .seconds(1)) }
        let phase = try await run(abuse.rawValue, phase(rate: options.rate ?? Self.firstRampRate))
        return (try await loop.submit { abuser.value.end() }.get(), phase)
    }

    /// Addresses of its own: what a server allows an address is not taken from the devices.
    private func abuseSources(_ abuse: StormAbuse) -> SourceAddresses {
        let isFlood = [.handshakes, .forgedCookies, .registrations].contains(abuse)
        let count = options.abuseAddresses ?? (isFlood ? 1 : options.sourceAddresses)
        return SourceAddresses(count: options.sourceAddresses == 0 ? 0 : count, network: 101)
    }

    private mutating func besideRegistrations(on loop: any EventLoop) async throws -> (StormReport.Abuse.Counts, StormReport.Phase) {
        var flood = phase(rate: nil)
        flood.weights = [(.registration, 1)]
        flood.concurrency = options.abuseConnections
        flood.duration = UInt64((options.seconds + 1) * 1e9)
        flood.retries = 0
        let floodSite = StormSite(
            dialer: site.dialer, sources: abuseSources(.registrations), profiles: site.profiles, seed: site.seed &+ 1, host: site.host)
        let (templates, phaseOfFlood) = (templates, flood)
        let outcome = loop.flatSubmit { () -> EventLoopFuture<StormOutcome> in
            guard let flooder = StormLoop(loop: loop, site: floodSite, templates: templates, fleet: Fleet()) else {
                return loop.makeFailedFuture(AgentError(.badStorm, "no task has a share"))
            }
            let future = flooder.run(phaseOfFlood)
            // It lives as long as it runs.
            return future.assumeIsolated().map { outcome in withExtendedLifetime(flooder) { outcome } }.nonisolated()
        }
        let phase = try await run(StormAbuse.registrations.rawValue, phase(rate: options.rate ?? Self.firstRampRate))
        let statistics = try await outcome.get().statistics
        var counts = StormReport.Abuse.Counts()
        counts.begun = statistics[StormTask.registration].count + statistics.failed(of: .registration)
        counts.secured = statistics[StormOperation.connection].count
        counts.answered("registered", times: statistics[StormTask.registration].count)
        for (failure, number) in statistics.failures { counts.answered(failure.kind, times: number) }
        return (counts, phase)
    }

    /// What a slow reader, a forger or an idler sends.
    private func abuseRequest(_ abuse: StormAbuse) async throws -> ByteBuffer {
        let cookie = try await bound.eventLoop.submit { [bound] () -> [UInt8] in
            let fleet = bound.value.fleet
            return (0..<fleet.count).first { fleet.isRegistered($0) }.map { fleet.cookie(of: $0) } ?? []
        }.get()
        var request = ByteBuffer()
        switch abuse {
        case .slowReads:
            // Whatever is long.
            if let file = site.profiles.flatMap(\.files).max(by: { $0.size < $1.size }), file.size > 1 << 20 {
                request.writeString("GET \(file.path) HTTP/1.1\r\nHost: \(site.host)\r\n\r\n")
                return request
            }
            let pages = templates.kinds.flatMap(\.pages)
            (pages.count > 1 ? pages[pages.count / 2] : templates.config).write(into: &request) { $0 == .cookie ? cookie : [] }
        case .forgedCookies:
            // As long as a real one, and the last of its bytes different.
            let forged = cookie.dropLast(8) + Array("AAAAAAAA".utf8)
            templates.kinds[0].delta.write(into: &request) { $0 == .cookie ? Array(forged) : [] }
        default: templates.config.write(into: &request) { _ in [] }
        }
        return request
    }

    /// Check-ins one after the other until the server serves as before.
    private mutating func awaitRestoration() async throws {
        guard needsDevices, let overload = report.phases.last else { return }
        var probe = phase(rate: nil)
        probe.weights = [(.checkIn, 1)]
        probe.concurrency = 1
        probe.count = 1
        probe.retries = 0
        var spent = UInt64(overload.drainSeconds * 1e9)
        var goodSince: UInt64?
        var good = 0
        for _ in 0..<500 {
            let (phase, before) = (probe, spent)
            let outcome = try await bound.eventLoop.flatSubmit { [bound] in bound.value.run(phase) }.get()
            spent += outcome.nanoseconds
            let histogram = outcome.statistics[StormTask.checkIn]
            if histogram.count == 1, histogram.longest <= Self.restoredMicroseconds {
                goodSince = goodSince ?? before
                good += 1
                if good == 5 { break }
            } else {
                goodSince = nil
                good = 0
                try await Task.sleep(for: .milliseconds(20))
                spent += 20_000_000
            }
        }
        if good == 5, let goodSince { report.restoredAfterMilliseconds = (Double(goodSince) / 1e6).rounded() }
        if good < 5 { report.notes.append("the server did not serve as before within 500 check-ins after the overload") }
    }

    private var mainTask: StormTask { options.weights.max { $0.value < $1.value }?.key ?? .checkIn }

    private var allowedConnections: Int { max(1, report.openFiles - 64) }

    private func phase(rate: Double?) -> StormPhase {
        let areNew = options.weights.allSatisfy { $0.value <= 0 || $0.key == .firstScan || $0.key == .registration }
        let usual = areNew ? options.devices : rate == nil ? 64 : 2000
        let weights = StormTask.allCases.map { (kind: $0, weight: options.weights[$0, default: 0]) }
        let perTask = options.weights[.download, default: 0] > 0 ? DownloadErrand.mostConnections : 1
        var phase = StormPhase(
            weights: weights, rate: rate, concurrency: min(options.concurrency ?? usual, max(1, allowedConnections / perTask)),
            duration: UInt64(options.seconds * 1e9))
        phase.count = options.count ?? (areNew && rate == nil ? options.devices : .max)
        phase.retries = options.retries
        phase.renewsCookies = options.renewsCookies
        phase.verifiedShare = options.verifiedShare
        phase.mostBytes = options.mostBytes
        return phase
    }

    @discardableResult
    private mutating func run(_ name: String, _ phase: StormPhase) async throws -> StormReport.Phase {
        progress(.phase(name, rate: phase.rate))
        let wanted = options.concurrency ?? 0
        if wanted > phase.concurrency, !report.notes.contains(where: { $0.hasPrefix("the limit on open files") }) {
            report.notes.append("the limit on open files (ulimit -Hn) allows \(phase.concurrency) tasks at once, not \(wanted)")
        }
        let outcome = try await bound.eventLoop.flatSubmit { [bound] in bound.value.run(phase) }.get()
        let result = StormReport.Phase(name, phase, outcome)
        report.phases.append(result)
        return result
    }
}
