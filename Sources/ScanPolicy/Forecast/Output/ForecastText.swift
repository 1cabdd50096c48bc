extension Evidence {
    /// What stands after something that is concluded from sources and not stated by one.
    public var mark: String { self == .inferred ? " (i)" : "" }
}

extension ScanError {
    /// The code, with its mark.
    public var marked: String { code + evidence.mark }
}

extension Verdict {
    /// The outcome, with its mark.
    public var marked: String { outcome.rawValue + evidence.mark }
}

extension MissingFact {
    /// For people: `not known: machine roots: whether ...`.
    public var text: String { "not known: \(fact): \(reason)" }
}

extension ForecastSummary.Group {
    /// How many of the group are inferred, where any is.
    public var mark: String { inferred == 0 ? "" : inferred == count ? " (i)" : " (\(inferred) of them (i))" }
}

extension TLSMove {
    /// The answer with its causes and with what is not known: `stops (tls-1.2-off; not known: machine roots)`.
    public var text: String {
        let parts = [
            reasons.map(\.cause.rawValue).joined(separator: ", "),
            missing.isEmpty ? "" : "not known: \(missing.map(\.fact).joined(separator: ", "))",
        ].filter { !$0.isEmpty }
        let reports = detection != .stops && reporting == .stops ? ", reports stop" : ""
        return detection.rawValue + reports + (parts.isEmpty ? "" : " (\(parts.joined(separator: "; ")))")
    }

    /// The codes of all reasons, each once.
    public var errors: [ScanError] {
        reasons.flatMap(\.errors).reduce(into: []) { errors, error in
            if !errors.contains(where: { $0.code == error.code }) { errors.append(error) }
        }
    }

    /// The settings that mend it, each once, then what is to be found out.
    public var toDo: [String] {
        let settings = reasons.map(\.mending).filter { !$0.isEmpty }
        return settings.reduce(into: []) { if !$0.contains($1) { $0.append($1) } } + missing.map(\.text)
    }
}
