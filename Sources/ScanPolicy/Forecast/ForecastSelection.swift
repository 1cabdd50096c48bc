/// Some devices of each outcome, for what a person reads: a fleet of fifty thousand is not read device by device.
public struct ForecastSelection: Sendable {
    /// What is shown first.
    public static let order: [ScanOutcome] = [.fails, .unknown, .interceptable, .scans, .doesNotAsk]

    public let mostOfEach: Int
    private var shown: [ScanOutcome: [DeviceForecast]] = [:]
    private var counts: [ScanOutcome: Int] = [:]

    public init(mostOfEach: Int) { self.mostOfEach = mostOfEach }

    public mutating func add(_ device: DeviceForecast) {
        let outcome = device.leading.verdict.outcome
        counts[outcome, default: 0] += 1
        if shown[outcome, default: []].count < mostOfEach { shown[outcome, default: []].append(device) }
    }

    /// Adds what was chosen of later devices.
    public mutating func add(_ other: ForecastSelection) {
        counts.merge(other.counts, uniquingKeysWith: +)
        for (outcome, devices) in other.shown {
            shown[outcome, default: []] += devices.prefix(mostOfEach - (shown[outcome]?.count ?? 0))
        }
    }

    /// The first devices whose line is about this outcome.
    public subscript(outcome: ScanOutcome) -> [DeviceForecast] { shown[outcome] ?? [] }

    /// How many more there are of it.
    public func rest(_ outcome: ScanOutcome) -> Int { (counts[outcome] ?? 0) - self[outcome].count }
}
