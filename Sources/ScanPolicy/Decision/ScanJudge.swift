/// Says what a device will do, from its facts. A pure function; what it keeps is what it found for devices in the same situation.
///
/// Source of every rule: docs/scan-policy.md.
public struct ScanJudge: Sendable {
    /// What stands beside a device's own facts.
    public struct Circumstances: Sendable, Hashable {
        /// `nil`: nobody said. A device without any proxy is then taken to reach the server without one.
        public var network: NetworkRequirement?
        /// What the server presents, for the rows on pins.
        public var certificate: ServerCertificate?
        /// Where a server on TLS stands, for remedies; `nil`: the same host, port 8531.
        public var target: ServerURL?

        public init(network: NetworkRequirement? = nil, certificate: ServerCertificate? = nil, target: ServerURL? = nil) {
            self.network = network
            self.certificate = certificate
            self.target = target
        }
    }

    private struct Finding {
        var judgement: ScanSituation.Judgement
        var remedies: [RemedySearch.Found]
    }

    private struct Question: Hashable {
        var situation: ScanSituation
        var level: EnforcementLevel
    }

    public let circumstances: Circumstances
    private var findings: [Question: Finding] = [:]

    public init(_ circumstances: Circumstances = Circumstances()) {
        self.circumstances = circumstances
    }

    /// What the device will do on each channel at each level.
    public mutating func verdicts(of device: DeviceFacts) -> DeviceVerdicts {
        let reading = JudgedFacts(device, circumstances)
        var verdicts = DeviceVerdicts()
        var settings = RemedySettings(device: device, reading: reading, target: circumstances.target)
        let reporting = reading.reporting()
        let download = reading.download(&settings)
        for level in EnforcementLevel.allCases {
            verdicts[level, .detection] = detection(reading, level, &settings)
            verdicts[level, .reporting] = reporting
            verdicts[level, .download] = download
        }
        return verdicts
    }

    private mutating func detection(_ reading: JudgedFacts, _ level: EnforcementLevel, _ settings: inout RemedySettings) -> Verdict {
        guard let situation = reading.situation else { return reading.unreadable(.wuServer) }
        let finding = finding(situation, level)
        let answer = finding.judgement.answer
        var verdict = Verdict(
            outcome: answer.outcome, path: answer.path, row: answer.row, furtherRows: answer.furtherRows, evidence: answer.evidence,
            assumed: reading.assumed)
        if answer.outcome == .fails { verdict.errors = ScanError.codes(of: answer.row) }
        if answer.outcome == .unknown {
            verdict.missing = finding.judgement.open.map(reading.missing)
            if verdict.missing.isEmpty { verdict.missing = [.undocumentedWithoutUser] }
        }
        verdict.remedies = finding.remedies.map { Remedy(kinds: $0.kinds, settings: settings.lines(for: $0.kinds), outcome: $0.outcome) }
        verdict.notes = reading.notes(on: answer, at: level)
        return verdict
    }

    private mutating func finding(_ situation: ScanSituation, _ level: EnforcementLevel) -> Finding {
        let question = Question(situation: situation, level: level)
        if let known = findings[question] { return known }
        let finding = Finding(judgement: situation.judgement(at: level), remedies: RemedySearch.remedies(for: situation, at: level))
        findings[question] = finding
        return finding
    }
}

/// A device's verdicts by level and channel.
public struct DeviceVerdicts: Sendable, Hashable {
    private var verdicts: [Verdict]

    init() {
        let nothing = Verdict(outcome: .unknown, path: [], row: MatrixRow(20), evidence: .inferred)
        verdicts = Array(repeating: nothing, count: EnforcementLevel.allCases.count * ScanChannel.allCases.count)
    }

    public internal(set) subscript(level: EnforcementLevel, channel: ScanChannel) -> Verdict {
        get { verdicts[Self.place(level, channel)] }
        set { verdicts[Self.place(level, channel)] = newValue }
    }

    private static func place(_ level: EnforcementLevel, _ channel: ScanChannel) -> Int {
        let row =
            switch level {
            case .before: 0
            case .september2020: 1
            case .january2021: 2
            }
        return switch channel {
        case .detection: row * 3
        case .reporting: row * 3 + 1
        case .download: row * 3 + 2
        }
    }
}

extension ScanError {
    /// What a device shows where this row fails. That these codes belong to these causes is concluded from their meanings.
    static func codes(of row: MatrixRow) -> [ScanError] {
        row == MatrixRow(17) ? pinCodes : unreachableCodes
    }

    private static let unreachableCodes = [
        ScanError("0x8024402C", .inferred, "the name of proxy or server is not resolved"),
        ScanError("0x80072EE2", .inferred, "time is up before the server answers"),
        ScanError("0x80072EFD", .inferred, "no connection to the server"),
        ScanError("0x80072EE7", .inferred, "the server's name is not resolved"),
    ]

    private static let pinCodes = [
        ScanError("0x80072F8F", .inferred, "the server's certificate is not accepted"),
        ScanError("0x80240437", .inferred, "the security of the connection cannot be verified"),
    ]
}

extension MissingFact {
    static let undocumentedWithoutUser = MissingFact(
        "behaviour before September 2020", "what a device did then while nobody was signed in is not documented")
}
