/// Finds what would make a verdict better by trying the remedies, alone and together.
enum RemedySearch {
    struct Found: Sendable, Hashable {
        var kinds: [RemedyKind]
        var outcome: ScanOutcome
    }

    /// The smallest sets of remedies that better the outcome, the safest outcome first, then the safest means; at most `limit`.
    static func remedies(for situation: ScanSituation, at level: EnforcementLevel, limit: Int = 6) -> [Found] {
        let now = situation.judgement(at: level).answer.outcome
        var found: [Found] = []
        for kinds in sets {
            guard let changed = apply(kinds, to: situation, at: level) else { continue }
            let outcome = changed.situation.judgement(at: changed.level).answer.outcome
            guard rank(outcome) > rank(now) else { continue }
            let isCovered = found.contains { $0.kinds.allSatisfy(kinds.contains) && rank($0.outcome) >= rank(outcome) }
            if !isCovered { found.append(Found(kinds: kinds, outcome: outcome)) }
        }
        let sorted = found.sorted { one, other in
            let ranks = (rank(other.outcome), rank(one.outcome))
            return ranks.0 == ranks.1 ? danger(one.kinds) < danger(other.kinds) : ranks.0 < ranks.1
        }
        return Array(sorted.prefix(limit))
    }

    /// Every set of up to four, the small ones first. The last resort stands alone: nothing that is proposed first builds on it.
    private static let sets: [[RemedyKind]] = {
        let all = RemedyKind.allCases
        let every = (1..<(1 << all.count)).map { bits in all.indices.filter { bits & (1 << $0) != 0 }.map { all[$0] } }
        return every.filter { $0.count <= 4 && ($0.count == 1 || !$0.contains(.userProxyFallback)) }.sorted { $0.count < $1.count }
    }()

    private static func rank(_ outcome: ScanOutcome) -> Int {
        switch outcome {
        case .fails, .doesNotAsk: 0
        case .unknown: 1
        case .interceptable: 2
        case .scans: 3
        }
    }

    /// The most dangerous means decides, then how many there are.
    private static func danger(_ kinds: [RemedyKind]) -> Int {
        let last = RemedyKind.allCases.lastIndex { kinds.contains($0) } ?? 0
        return last * 8 + kinds.count
    }

    /// The situation after the remedies; nothing where one of them would change nothing.
    private static func apply(
        _ kinds: [RemedyKind], to situation: ScanSituation, at level: EnforcementLevel
    ) -> (situation: ScanSituation, level: EnforcementLevel)? {
        var changed = situation
        var level = level
        for kind in kinds {
            switch kind {
            case .use:
                guard !changed.asks else { return nil }
                changed.asks = true
            case .update:
                guard level < .january2021 else { return nil }
                level = .january2021
            case .tls:
                guard changed.scheme == .http else { return nil }
                changed.scheme = .https
            case .pins:
                guard changed.scheme == .https, changed.pins != [.matching] || changed.enforcesPins != [true] else { return nil }
                changed.pins = [.matching]
                changed.enforcesPins = [true]
            case .systemProxyOnly:
                guard changed.allowsUserProxy.contains(true) else { return nil }
                changed.allowsUserProxy = [false]
            case .systemProxy:
                guard !changed.systemProxyApplies else { return nil }
                changed.systemProxyApplies = true
            case .userProxyFallback:
                guard changed.allowsUserProxy.contains(false) else { return nil }
                changed.allowsUserProxy = [true]
            }
        }
        return (changed, level)
    }
}
