/// Forecasts one device after another, under one set of circumstances.
public struct Forecaster: Sendable {
    public struct Options: Sendable, Hashable {
        public var network: NetworkRequirement?
        /// What is supposed to be done already.
        public var assumed: [RemedyKind] = []
        /// The server on TLS that devices are moved to.
        public var target: ServerURL?
        public var certificate: ServerCertificate?
        /// The names of the server with whose sightings the forecast is joined; `nil` where it is joined with none.
        public var joinedNames: [String]?
        public var asOf: CalendarDay

        public init(asOf: CalendarDay) { self.asOf = asOf }
    }

    public let options: Options
    private var judge: ScanJudge

    public init(_ options: Options) {
        self.options = options
        judge = ScanJudge(ScanJudge.Circumstances(network: options.network, certificate: options.certificate, target: options.target))
    }

    public mutating func forecast(_ device: DeviceFacts, observed: ObservedDevice? = nil) -> DeviceForecast {
        var device = device
        let policy = device
        var seen: [Assumption] = []
        // What a disputed device says may be another's word.
        if device.windows == nil, let observed, !observed.isDisputed, let windows = observed.windows {
            device.windows = windows
            seen.append(Assumption("Windows version", "\(windows), as the device told the server"))
        }
        let baseline = options.assumed.isEmpty ? nil : judge.verdicts(of: device)
        for remedy in options.assumed { assume(remedy, &device) }
        let schedule = EnforcementSchedule(of: device)
        let verdicts = judge.verdicts(of: device)
        var forecast = DeviceForecast(name: device.name, windows: device.windows, schedule: schedule, verdicts: verdicts, observed: observed)
        forecast.assumed = seen
        forecast.sighting = sighting(of: policy, observed)
        forecast.baseline = baseline
        if let level = EnforcementLevel.allCases.first(where: { verdicts[$0, .detection].outcome == .fails }) {
            forecast.firstMissed = schedule.firstMissed(at: level, asOf: options.asOf)
        }
        if let target = options.target { forecast.move = move(device, to: target, schedule) }
        return forecast
    }

    private func sighting(of device: DeviceFacts, _ observed: ObservedDevice?) -> DeviceForecast.Sighting {
        guard let names = options.joinedNames else { return .notSought }
        if observed != nil { return .seen }
        guard device.asksItsServer, let server = device.policy[.wuServer].flatMap({ ServerURL($0) }), server.scheme == .https else {
            return .notSeen(asksIt: false)
        }
        return .notSeen(asksIt: names.contains { TLSMove.matches($0, server.host) })
    }

    private mutating func move(_ device: DeviceFacts, to target: ServerURL, _ schedule: EnforcementSchedule) -> TLSMove? {
        guard device.asksItsServer else { return nil }
        var moved = device
        moved.policy[.wuServer] = target.description
        let verdicts = judge.verdicts(of: moved)
        // Updates go on being installed: what a later level stops, stops then.
        let from = schedule.current ?? .january2021
        func first(_ outcome: ScanOutcome) -> EnforcementLevel? {
            EnforcementLevel.allCases.first { $0 >= from && verdicts[$0, .detection].outcome == outcome }
        }
        let level = first(.fails) ?? first(.unknown) ?? from
        return TLSMove(
            device, to: target, certificate: options.certificate, verdict: verdicts[level, .detection], level: level > from ? level : nil,
            asOf: options.asOf)
    }

    /// Changes the facts as the remedy would.
    private func assume(_ remedy: RemedyKind, _ device: inout DeviceFacts) {
        switch remedy {
        case .tls:
            guard let server = device.policy[.wuServer].flatMap({ ServerURL($0) }) else { return }
            let url = options.target ?? server.onTLS
            device.policy[.wuServer] = url.description
            device.policy[.wuStatusServer] = url.description
        case .systemProxy:
            let server = device.policy[.wuServer].flatMap { ServerURL($0) }
            if let settings = device.systemProxy, server.map({ settings.reach($0).applies }) ?? (settings != .none) { return }
            // Where users have one it is that, without what leads past it; its name is of no concern where they have none.
            device.systemProxy = ProxySettings(fixed: device.proxyForTheSystem(of: server) ?? StaticProxy("proxy"))
        case .userProxyFallback: device.policy[.setProxyBehaviorForUpdateDetection] = 1
        case .systemProxyOnly: device.policy[.setProxyBehaviorForUpdateDetection] = 0
        case .use, .update, .pins: return
        }
    }
}

/// What is forecast of one device.
public struct DeviceForecast: Sendable, Hashable {
    public var name: String
    public var windows: WindowsVersion?
    public var schedule: EnforcementSchedule
    public var verdicts: DeviceVerdicts
    /// The verdicts without what was supposed; `nil` where nothing was.
    public var baseline: DeviceVerdicts?
    /// The first update Tuesday that the device misses, where it will fail.
    public var firstMissed: CalendarDay?
    /// What comes of a move to the target; `nil` without one, and for a device that does not ask its server.
    public var move: TLSMove?
    public var observed: ObservedDevice?
    public var sighting = Sighting.notSought
    /// What was taken from elsewhere.
    public var assumed: [Assumption] = []

    /// Whether a server has seen the device.
    public enum Sighting: Sendable, Hashable {
        /// No server was asked.
        case notSought
        case seen
        /// `asksIt`: its policy has the server's address on TLS, so that it should have come.
        case notSeen(asksIt: Bool)
    }

    init(name: String, windows: WindowsVersion?, schedule: EnforcementSchedule, verdicts: DeviceVerdicts, observed: ObservedDevice?) {
        self.name = name
        self.windows = windows
        self.schedule = schedule
        self.verdicts = verdicts
        self.observed = observed
    }

    /// Whether the server has seen the device although it is predicted to fail or not to ask at what it enforces now.
    public var isContradicted: Bool {
        guard observed?.lastSeen != nil, let current = schedule.current else { return false }
        let outcome = verdicts[current, .detection].outcome
        return outcome == .fails || outcome == .doesNotAsk
    }

    /// The level that the report puts forward: what the device enforces, else the strictest.
    public var level: EnforcementLevel { schedule.current ?? .january2021 }

    /// The verdict that the device's line in a table is about: the first level from now on at which detection fails, else the first at which that
    /// is not known, else what is now.
    public var leading: (level: EnforcementLevel, verdict: Verdict) {
        let from = schedule.current ?? .before
        func first(_ outcome: ScanOutcome) -> EnforcementLevel? {
            EnforcementLevel.allCases.first { $0 >= from && verdicts[$0, .detection].outcome == outcome }
        }
        let level = first(.fails) ?? first(.unknown) ?? level
        return (level, verdicts[level, .detection])
    }
}
