/// What the rows of the matrix turn on, drawn from a device's facts: few values, so that all of it can be enumerated. A field that holds
/// several values holds what is possible where the facts leave it open.
struct ScanSituation: Sendable, Hashable {
    /// A way that the facts leave open.
    struct Case: Sendable, Hashable {
        var network: NetworkRequirement
        var allowsUserProxy: Bool
        var pins: Pins
        var enforcesPins: Bool
    }

    enum Pins: Sendable, Hashable {
        case empty, matching, other
    }

    /// What may be left open.
    enum OpenFact: CaseIterable, Sendable, Hashable {
        case network, policy, pins, enforcement
    }

    /// Whether the device turns to the server at all (A2-20).
    var asks = true
    var scheme: ServerURL.Scheme
    var systemProxyApplies = false
    var userProxyApplies = false
    var isSignedIn = true
    var networks: [NetworkRequirement] = [.direct]
    var allowsUserProxy: [Bool] = [false]
    var pins: [Pins] = [.empty]
    var enforcesPins: [Bool] = [true]

    func need(_ network: NetworkRequirement) -> ScanMatrix.Need {
        if network == .direct { return .nothing }
        return switch (systemProxyApplies, userProxyApplies) {
        case (true, true): .either
        case (true, false): .systemProxy
        // No proxy at all: what is left is one that a user sets.
        case (false, _): .userProxy
        }
    }

    var cases: [Case] {
        networks.flatMap { network in
            allowsUserProxy.flatMap { policy in
                pins.flatMap { pins in enforcesPins.map { Case(network: network, allowsUserProxy: policy, pins: pins, enforcesPins: $0) } }
            }
        }
    }

    struct Answer: Sendable, Hashable {
        var outcome: ScanOutcome
        var path: [ScanPath]
        var row: MatrixRow
        var furtherRows: [MatrixRow] = []
        var evidence: Evidence
    }

    /// The matrix's answer where nothing is open.
    func answer(_ one: Case, at level: EnforcementLevel) -> Answer {
        guard asks else { return Answer(outcome: .doesNotAsk, path: [], row: MatrixRow(20), evidence: .sourced) }
        let need = need(one.network)
        let row = ScanMatrix.row(scheme, need, allowsUserProxy: one.allowsUserProxy)
        let cell = row[level]
        var answer = Answer(outcome: cell.outcome, path: cell.path, row: MatrixRow(row.number), evidence: cell.evidence)
        // A network that would let the device through does not keep it from the proxy it is told to use.
        if need == .nothing, systemProxyApplies { answer.path = answer.path.map { $0 == .direct ? .system : $0 } }
        if one.allowsUserProxy, !isSignedIn, need == .userProxy {
            answer.furtherRows = [answer.row]
            answer.row = MatrixRow(21)
            answer.outcome = level == .before ? .unknown : .fails
            // Nobody is there whose proxy could be tried.
            if level > .before { answer.path.removeAll { $0 == .user } }
            answer.evidence = .inferred
        }
        apply(one, at: level, to: &answer)
        return answer
    }

    /// Rows A2-15 to A2-19. A certificate is judged only where the server is reached.
    private func apply(_ one: Case, at level: EnforcementLevel, to answer: inout Answer) {
        guard scheme == .https else {
            if one.pins != .empty { answer.furtherRows.append(MatrixRow(19)) }
            return
        }
        switch one.pins {
        case .empty: answer.furtherRows.append(MatrixRow(15))
        case _ where !one.enforcesPins: answer.furtherRows.append(MatrixRow(18))
        case .matching:
            guard level == .january2021, answer.outcome != .fails else { return answer.furtherRows.append(MatrixRow(16)) }
            answer.furtherRows.append(answer.row)
            answer.row = MatrixRow(16)
            answer.outcome = .scans
            answer.evidence = .sourced
        case .other:
            guard level == .january2021, answer.outcome != .fails else { return answer.furtherRows.append(MatrixRow(17)) }
            answer.furtherRows.append(answer.row)
            answer.row = MatrixRow(17)
            answer.outcome = .fails
            answer.evidence = .sourced
        }
    }

    struct Judgement: Sendable, Hashable {
        var answer: Answer
        /// What decides and is not known; empty unless the outcome is `unknown`.
        var open: [OpenFact]
    }

    /// The one answer that all that is possible leads to; `unknown` where they differ, with what they differ by.
    func judgement(at level: EnforcementLevel) -> Judgement {
        let answers = cases.map { ($0, answer($0, at: level)) }
        // `cases` is never empty: every field holds a value at least.
        guard var answer = answers.first?.1 else {
            return Judgement(answer: Answer(outcome: .unknown, path: [], row: MatrixRow(20), evidence: .inferred), open: OpenFact.allCases)
        }
        guard answers.contains(where: { $0.1.outcome != answer.outcome }) else { return Judgement(answer: answer, open: []) }
        for row in answers.flatMap({ [$0.1.row] + $0.1.furtherRows }) where row != answer.row && !answer.furtherRows.contains(row) {
            answer.furtherRows.append(row)
        }
        if answers.contains(where: { $0.1.evidence == .inferred }) { answer.evidence = .inferred }
        answer.outcome = .unknown
        let open = OpenFact.allCases.filter { fact in
            answers.contains { one in answers.contains { $0.1.outcome != one.1.outcome && Self.differs(one.0, $0.0, by: fact) } }
        }
        return Judgement(answer: answer, open: open.isEmpty ? OpenFact.allCases.filter(isOpen) : open)
    }

    private func isOpen(_ fact: OpenFact) -> Bool {
        switch fact {
        case .network: networks.count > 1
        case .policy: allowsUserProxy.count > 1
        case .pins: pins.count > 1
        case .enforcement: enforcesPins.count > 1
        }
    }

    /// Whether two cases differ by this fact only.
    private static func differs(_ one: Case, _ other: Case, by fact: OpenFact) -> Bool {
        var changed = one
        switch fact {
        case .network: changed.network = other.network
        case .policy: changed.allowsUserProxy = other.allowsUserProxy
        case .pins: changed.pins = other.pins
        case .enforcement: changed.enforcesPins = other.enforcesPins
        }
        return changed == other && one != other
    }
}
