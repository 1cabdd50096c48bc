/// Some devices of each outcome, for what a person reads: a fleet of fifty thousand is not read device by device. Those that somebody has to see
/// to go before the others: who stops on the move, and who should have come to the server and did not.
public struct ForecastSelection: Sendable {
    /// What is shown first.
    public static let order: [ScanOutcome] = [.fails, .unknown, .interceptable, .scans, .doesNotAsk]

    public let mostOfEach: Int
    private var urgent: [ScanOutcome: [DeviceForecast]] = [:]
    private var others: [ScanOutcome: [DeviceForecast]] = [:]
    private var counts: [ScanOutcome: Int] = [:]

    public init(mostOfEach: Int) { self.mostOfEach = mostOfEach }

    public mutating func add(_ device: DeviceForecast) {
        let outcome = device.leading.verdict.outcome
        counts[outcome, default: 0] += 1
        if device.move?.detection == .stops || device.sighting == .notSeen(asksIt: true) {
            Self.add([device], to: &urgent[outcome, default: []], mostOfEach)
        } else {
            Self.add([device], to: &others[outcome, default: []], mostOfEach)
        }
    }

    /// Adds what was chosen of later devices.
    public mutating func add(_ other: ForecastSelection) {
        counts.merge(other.counts, uniquingKeysWith: +)
        for (outcome, devices) in other.urgent { Self.add(devices, to: &urgent[outcome, default: []], mostOfEach) }
        for (outcome, devices) in other.others { Self.add(devices, to: &others[outcome, default: []], mostOfEach) }
    }

    private static func add(_ devices: [DeviceForecast], to list: inout [DeviceForecast], _ most: Int) {
        list += devices.prefix(most - list.count)
    }

    /// The first devices whose line is about this outcome.
    public subscript(outcome: ScanOutcome) -> [DeviceForecast] {
        Array(((urgent[outcome] ?? []) + (others[outcome] ?? [])).prefix(mostOfEach))
    }

    /// How many more there are of it.
    public func rest(_ outcome: ScanOutcome) -> Int { (counts[outcome] ?? 0) - self[outcome].count }
}
