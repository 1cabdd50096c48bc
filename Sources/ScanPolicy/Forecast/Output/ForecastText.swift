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

extension DeviceForecast {
    /// When the server saw the device last, and what is to be known of that; `nil` where no server was asked.
    public var sightingText: String? {
        switch sighting {
        case .notSought: nil
        case .notSeen(let asksIt): asksIt ? "no, though its policy has this server" : "no"
        case .seen:
            [
                observed?.lastSeen.map { String($0.prefix(10)) } ?? "yes", observed?.tlsVersion,
                observed?.lastSeenOnHTTP == nil ? nil : "HTTP at its address", isContradicted ? "contrary to the forecast" : nil,
            ].compactMap(\.self).joined(separator: ", ")
        }
    }
}

extension ForecastSummary {
    /// Who was not seen: what they have in common, and who.
    public var missed: [(title: String, list: NameList)] {
        [
            ("Not seen, though their policy has this server's address", awaited),
            ("Not seen; their policy has no address of this server on TLS", unseen),
        ].filter { $0.1.count > 0 }
    }
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

    /// The codes of all reasons, each once: stated by a source if one reason has it so.
    public var errors: [ScanError] {
        reasons.flatMap(\.errors).reduce(into: []) { errors, error in
            if let place = errors.firstIndex(where: { $0.code == error.code }) {
                if error.evidence == .sourced { errors[place] = error }
            } else {
                errors.append(error)
            }
        }
    }

    /// The settings that mend it, each once, then what is to be found out.
    public var toDo: [String] {
        let settings = reasons.map(\.mending).filter { !$0.isEmpty }
        return settings.reduce(into: []) { if !$0.contains($1) { $0.append($1) } } + missing.map(\.text)
    }
}
