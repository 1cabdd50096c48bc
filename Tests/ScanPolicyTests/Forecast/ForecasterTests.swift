import Testing

@testable import ScanPolicy

@Suite struct ForecasterTests {
    static let asOf = CalendarDay("2020-08-20") ?? CalendarDay(number: 0)

    static func forecast(_ device: DeviceFacts, asOf day: String = "2020-08-20", _ change: (inout Forecaster.Options) -> Void = { _ in })
        -> DeviceForecast
    {
        var options = Forecaster.Options(asOf: CalendarDay(day) ?? asOf)
        change(&options)
        var forecaster = Forecaster(options)
        return forecaster.forecast(device)
    }

    /// Scans until the update of September 2020.
    static func doomed(_ windows: String?) -> DeviceFacts {
        var device = ScanMatrixTests.device("http", user: ScanMatrixTests.proxy)
        device.windows = windows.flatMap { WindowsVersion($0) }
        return device
    }

    @Test func `a device that will fail misses the update Tuesday after the update that makes it fail`() {
        let forecast = Self.forecast(Self.doomed("10.0.19041.388")) { $0.network = .proxyRequired }
        #expect(forecast.schedule.current == .before)
        #expect(forecast.schedule[.september2020] == EnforcementSchedule.Entry(state: .pending, day: EnforcementSchedule.september))
        #expect(forecast.firstMissed?.description == "2020-10-13")
        #expect(forecast.leading.level == .september2020)
        #expect(forecast.leading.verdict.row == MatrixRow(3))
    }

    @Test(arguments: [
        ("10.0.19041.508", "2020-08-20", "2020-10-13"), ("10.0.19041.508", "2026-11-23", "2020-10-13"),
        ("10.0.19041.388", "2026-11-23", "2026-12-08"),
        ("10.0.19045.1", "2026-11-23", "2026-12-08"), ("10.0.10586.1", "2026-11-23", nil), (nil, "2026-11-23", nil),
    ])
    func `what is missed first follows from build and day`(windows: String?, asOf: String, missed: String?) {
        let forecast = Self.forecast(Self.doomed(windows), asOf: asOf) { $0.network = .proxyRequired }
        #expect(forecast.firstMissed?.description == missed)
    }

    @Test func `a stated level goes before the version of Windows`() {
        var device = Self.doomed("10.0.19041.746")
        device.level = .before
        let schedule = EnforcementSchedule(of: device)
        #expect(schedule.current == .before)
        #expect(schedule[.january2021].state == .pending)
    }

    @Test(arguments: [
        ("10.0.19041.508", "2020-09", "in-effect", "pending"), ("10.0.19041.746", "2021-01", "in-effect", "in-effect"),
        ("10.0.22631.1", "2021-01", "always", "always"), ("10.0.15063.2500", "unknown", "in-effect", "unknown"),
        ("10.0.15063.1", "before-2020-09", "pending", "unknown"), ("6.3.9600.20000", "unknown", "unknown", "unknown"),
        ("10.0.19041", "unknown", "unknown", "unknown"),
    ])
    func `the schedule of a build says what is in effect`(windows: String, current: String, september: String, january: String) {
        let schedule = EnforcementSchedule(of: Self.doomed(windows))
        #expect(schedule.current?.rawValue ?? "unknown" == current)
        #expect(schedule[.september2020].state.rawValue == september)
        #expect(schedule[.january2021].state.rawValue == january)
    }

    @Test(arguments: [
        ([RemedyKind.tls], "interceptable", "fails"), ([.systemProxy], "interceptable", "interceptable"),
        ([.userProxyFallback], "interceptable", "interceptable"), ([.tls, .systemProxy], "interceptable", "scans"),
    ])
    func `what is supposed is recomputed, and what was is kept beside it`(assumed: [RemedyKind], september: String, january: String) {
        let forecast = Self.forecast(Self.doomed("10.0.19041.388")) {
            $0.network = .proxyRequired
            $0.assumed = assumed
        }
        #expect(forecast.verdicts[.september2020, .detection].outcome.rawValue == september)
        #expect(forecast.verdicts[.january2021, .detection].outcome.rawValue == january)
        #expect(forecast.baseline?[.september2020, .detection].outcome == .fails)
    }

    @Test func `a network that nobody states leaves open what depends on it`() {
        let verdict = Self.forecast(Self.doomed(nil)).verdicts[.september2020, .detection]
        #expect(verdict.outcome == .unknown)
        #expect(verdict.missing.map(\.fact) == ["network"])
        #expect(Set([verdict.row] + verdict.furtherRows) == [MatrixRow(1), MatrixRow(3)])
        #expect(Self.forecast(ScanMatrixTests.device("http")).verdicts[.september2020, .detection].assumed.contains(Assumption("network", "direct")))
    }

    @Test func `a system proxy that is supposed leads to the server, whatever lists there are`() {
        let around = ProxySettings.static("proxy:80", bypass: "<local>;*.example.net")
        for (system, user) in [(nil, around), (around, nil), (around, around)] as [(ProxySettings?, ProxySettings?)] {
            let forecast = Self.forecast(ScanMatrixTests.device("https", system: system, user: user)) {
                $0.network = .proxyRequired
                $0.assumed = [.systemProxy]
            }
            #expect(ScanMatrixTests.text(forecast.verdicts[.january2021, .detection]) == "scans [system]")
            #expect(forecast.baseline?[.january2021, .detection].outcome == .fails)
        }
    }

    @Test func `what is assumed is listed`() {
        let verdict = Self.forecast(ScanMatrixTests.device("https")).verdicts[.january2021, .detection]
        #expect(
            verdict.assumed.map(\.fact) == [
                "AU\\NoAutoUpdate", "SetProxyBehaviorForUpdateDetection", "system proxy", "user proxy", "network", "pin store",
            ])
    }

    @Test func `values that mean nothing are not guessed`() {
        var device = ScanMatrixTests.device("https", policy: 7)
        #expect(Self.forecast(device).verdicts[.january2021, .detection].missing.map(\.fact) == ["SetProxyBehaviorForUpdateDetection"])
        device = ScanMatrixTests.device("https", pins: .unknown)
        #expect(Self.forecast(device).verdicts[.january2021, .detection].missing.map(\.fact) == ["pin store"])
        #expect(Self.forecast(device).verdicts[.september2020, .detection].outcome == .interceptable)
        device = ScanMatrixTests.device("https", pins: ScanMatrixTests.ownPin)
        #expect(Self.forecast(device).verdicts[.january2021, .detection].missing.map(\.fact) == ["server certificate"])
        device.policy[.wuServer] = "wsus"
        for channel in ScanChannel.allCases where channel != .reporting {
            let verdict = Self.forecast(device).verdicts[.january2021, channel]
            #expect(verdict.outcome == .unknown && verdict.missing.map(\.fact) == ["WUServer"])
        }
    }

    @Test func `what the server saw fills in what the files lack`() {
        var forecaster = Forecaster(Forecaster.Options(asOf: Self.asOf))
        let observed = ObservedDevice(id: "x", windows: WindowsVersion("10.0.19041.508"), lastSeen: "2020-09-20T00:00:00Z")
        let forecast = forecaster.forecast(Self.doomed(nil), observed: observed)
        #expect(forecast.schedule.current == .september2020)
        #expect(forecast.assumed.map(\.fact) == ["Windows version"])
        #expect(forecaster.forecast(Self.doomed("10.0.19041.1"), observed: observed).schedule.current == .before)
        var disputed = observed
        disputed.isDisputed = true
        #expect(forecaster.forecast(Self.doomed(nil), observed: disputed).assumed.isEmpty, "a stranger may have said it")
    }

    @Test func `counts of parts add up to those of the whole`() {
        var forecaster = Forecaster(Forecaster.Options(asOf: Self.asOf))
        let devices = (0..<40).map { number in
            var device = number % 3 == 0 ? Self.doomed("10.0.19041.1") : ScanMatrixTests.device(number % 2 == 0 ? "http" : "https")
            device.name = "device-\(number)"
            return forecaster.forecast(device)
        }
        var whole = ForecastSummary()
        for device in devices { whole.add(device) }
        var parts = ForecastSummary()
        for start in stride(from: 0, to: 40, by: 7) {
            var part = ForecastSummary()
            for device in devices.dropFirst(start).prefix(7) { part.add(device) }
            parts.add(part)
        }
        #expect(parts == whole)
        #expect(whole.devices == 40)
        for level in EnforcementLevel.allCases {
            for channel in ScanChannel.allCases {
                #expect(ScanOutcome.allCases.reduce(0) { $0 + whole.count(level, channel)[$1] } == 40)
            }
            #expect(whole.causes(at: level).reduce(0) { $0 + $1.group.count } == 40)
        }
    }
}
