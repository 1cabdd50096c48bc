extension MatrixRow {
    /// Why a device in this row fares as it does, in a few words.
    public var cause: String { Self.causes[rawValue] ?? rawValue }

    private static let causes = [
        "A2-01": "server on HTTP, reached directly: metadata can be altered on the way",
        "A2-02": "server on HTTP, reached through the system's proxy: metadata can be altered on the way",
        "A2-03": "server on HTTP, reached only through the user's proxy, which the policy does not allow",
        "A2-04": "server on HTTP, reached only through the user's proxy, which the policy allows",
        "A2-05": "server on HTTP, reached through the system's proxy, a user's proxy set too",
        "A2-06": "server on HTTP, either proxy, and the policy allows the user's",
        "A2-07": "server on HTTPS, reached directly",
        "A2-08": "server on HTTPS, reached directly, but the policy allows the user's proxy",
        "A2-09": "server on HTTPS, reached through the system's proxy",
        "A2-10": "server on HTTPS, reached through the system's proxy, but the policy allows the user's",
        "A2-11": "server on HTTPS, reached only through the user's proxy, which the policy does not allow",
        "A2-12": "server on HTTPS, reached only through the user's proxy, which the policy allows",
        "A2-13": "server on HTTPS, reached through the system's proxy, a user's proxy set too",
        "A2-14": "server on HTTPS, either proxy, and the policy allows the user's",
        "A2-16": "server on HTTPS with the certificate that the device pins",
        "A2-17": "server on HTTPS with another certificate than the device pins",
        "A2-20": "the policy does not point the device at a server of one's own",
        "A2-21": "the user's proxy is needed and allowed, but nobody is signed in",
        "A2b-1": "reports try the user's proxy first",
        "A2b-2": "downloads have proxy rules of their own",
    ]
}

/// Counts of what is forecast of a fleet; devices are added one after another.
public struct ForecastSummary: Sendable, Hashable {
    /// Devices by outcome, in the order of `ScanOutcome`.
    public struct Counts: Sendable, Hashable {
        private var counts = [Int](repeating: 0, count: ScanOutcome.allCases.count)

        public subscript(outcome: ScanOutcome) -> Int {
            get { counts[Self.place(outcome)] }
            set { counts[Self.place(outcome)] = newValue }
        }

        mutating func add(_ other: Counts) {
            for outcome in ScanOutcome.allCases { self[outcome] += other[outcome] }
        }

        private static func place(_ outcome: ScanOutcome) -> Int {
            switch outcome {
            case .scans: 0
            case .interceptable: 1
            case .fails: 2
            case .doesNotAsk: 3
            case .unknown: 4
            }
        }
    }

    /// What devices have in common that fare alike for the same reason.
    public struct Cause: Sendable, Hashable {
        public var level: EnforcementLevel
        public var outcome: ScanOutcome
        public var row: MatrixRow
        /// For `unknown`: the facts that are missing.
        public var missing: [String]
    }

    public struct Group: Sendable, Hashable {
        public var count = 0
        /// How many of them are inferred.
        public var inferred = 0
        /// The first names of it.
        public var examples: [String] = []
        public static let mostExamples = 10
    }

    public struct Refusal: Sendable, Hashable {
        public var name: String
        public var reason: String
    }

    private struct Place: Hashable {
        var level: EnforcementLevel
        var channel: ScanChannel
    }

    public private(set) var devices = 0
    private var counts: [Place: Counts] = [:]
    private var baseline: [EnforcementLevel: Counts] = [:]
    public private(set) var hasBaseline = false
    /// Devices by the level they enforce; `nil`: not known.
    public private(set) var current: [EnforcementLevel?: Int] = [:]
    /// What devices do at the level they enforce now.
    public private(set) var now = Counts()
    public private(set) var causes: [Cause: Group] = [:]
    public private(set) var firstMissed: [CalendarDay: Int] = [:]
    /// Of a move to a target.
    public private(set) var moves: [TLSMove.Answer: Int] = [:]
    public private(set) var reportsStop = 0
    public private(set) var moveReasons: [TLSMove.Cause: Int] = [:]
    /// Devices that the server has seen, and those of them that came over HTTP.
    public private(set) var observed = 0
    public private(set) var observedOnHTTP = 0
    /// Devices that the server has seen although they are predicted to fail or not to ask.
    public private(set) var contradicted = 0
    /// Devices that the server has not seen although their policy has its address, and others that it has not seen.
    public private(set) var awaited = NameList()
    public private(set) var unseen = NameList()
    /// Addresses from which somebody came over plain HTTP; `nil` where no server was asked.
    public var addressesOnHTTP: Int?
    /// Devices and files that could not be read.
    public private(set) var problems = 0
    /// The first of them, with what was wrong.
    public private(set) var refused: [Refusal] = []

    public init() {}

    public func count(_ level: EnforcementLevel, _ channel: ScanChannel) -> Counts { counts[Place(level: level, channel: channel)] ?? Counts() }
    public func baseline(_ level: EnforcementLevel) -> Counts { baseline[level] ?? Counts() }

    /// Counts a device that could not be read.
    public mutating func refuse(_ name: String, _ reason: String) {
        problems += 1
        if refused.count < NameList.limit { refused.append(Refusal(name: name, reason: reason)) }
    }

    public mutating func add(_ device: DeviceForecast) {
        devices += 1
        current[device.schedule.current, default: 0] += 1
        for level in EnforcementLevel.allCases {
            for channel in ScanChannel.allCases {
                counts[Place(level: level, channel: channel), default: Counts()][device.verdicts[level, channel].outcome] += 1
            }
            let verdict = device.verdicts[level, .detection]
            if device.schedule.current == level { now[verdict.outcome] += 1 }
            let cause = Cause(level: level, outcome: verdict.outcome, row: verdict.row, missing: verdict.missing.map(\.fact))
            causes[cause, default: Group()].add(device.name, verdict.evidence)
            if let before = device.baseline {
                hasBaseline = true
                baseline[level, default: Counts()][before[level, .detection].outcome] += 1
            }
        }
        if device.schedule.current == nil {
            // What is the same at every level is so at this device's, whichever it has.
            let outcomes = EnforcementLevel.allCases.map { device.verdicts[$0, .detection].outcome }
            now[outcomes.allSatisfy { $0 == outcomes[0] } ? outcomes[0] : .unknown] += 1
        }
        if let day = device.firstMissed { firstMissed[day, default: 0] += 1 }
        if let move = device.move {
            moves[move.detection, default: 0] += 1
            if move.detection != .stops, move.reporting == .stops { reportsStop += 1 }
            for reason in Set(move.reasons.map(\.cause)) { moveReasons[reason, default: 0] += 1 }
        }
        switch device.sighting {
        case .notSought, .seen: break
        case .notSeen(asksIt: true): awaited.add(device.name)
        case .notSeen(asksIt: false): unseen.add(device.name)
        }
        if let seen = device.observed {
            observed += 1
            if seen.lastSeenOnHTTP != nil { observedOnHTTP += 1 }
            if device.isContradicted { contradicted += 1 }
        }
    }

    /// Adds the counts of later devices.
    public mutating func add(_ other: ForecastSummary) {
        devices += other.devices
        problems += other.problems
        refused += other.refused.prefix(NameList.limit - refused.count)
        counts.merge(other.counts) { one, other in
            var sum = one
            sum.add(other)
            return sum
        }
        baseline.merge(other.baseline) { one, other in
            var sum = one
            sum.add(other)
            return sum
        }
        hasBaseline = hasBaseline || other.hasBaseline
        now.add(other.now)
        current.merge(other.current, uniquingKeysWith: +)
        firstMissed.merge(other.firstMissed, uniquingKeysWith: +)
        moves.merge(other.moves, uniquingKeysWith: +)
        moveReasons.merge(other.moveReasons, uniquingKeysWith: +)
        reportsStop += other.reportsStop
        observed += other.observed
        observedOnHTTP += other.observedOnHTTP
        contradicted += other.contradicted
        awaited.add(other.awaited)
        unseen.add(other.unseen)
        addressesOnHTTP = addressesOnHTTP ?? other.addressesOnHTTP
        causes.merge(other.causes) { one, other in
            var group = one
            group.count += other.count
            group.inferred += other.inferred
            group.examples += other.examples.prefix(Group.mostExamples - one.examples.count)
            return group
        }
    }

    /// The causes of one level: what fails first, then the most frequent.
    public func causes(at level: EnforcementLevel) -> [(cause: Cause, group: Group)] {
        let order: [ScanOutcome] = [.fails, .unknown, .interceptable, .scans, .doesNotAsk]
        return causes.filter { $0.key.level == level }.map { ($0.key, $0.value) }.sorted { one, other in
            let places = (order.firstIndex(of: one.0.outcome) ?? 0, order.firstIndex(of: other.0.outcome) ?? 0)
            if places.0 != places.1 { return places.0 < places.1 }
            if one.1.count != other.1.count { return one.1.count > other.1.count }
            return (one.0.row.rawValue, one.0.missing.joined()) < (other.0.row.rawValue, other.0.missing.joined())
        }
    }
}

extension ForecastSummary.Group {
    fileprivate mutating func add(_ name: String, _ evidence: Evidence) {
        count += 1
        if evidence == .inferred { inferred += 1 }
        if examples.count < Self.mostExamples { examples.append(name) }
    }
}
