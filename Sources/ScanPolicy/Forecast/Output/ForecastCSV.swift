/// `martlet forecast --csv`: a line a device (RFC 4180, UTF-8), safe to open in a spreadsheet.
public enum ForecastCSV {
    public static let head = line([
        "device", "windows", "level now", "before-2020-09", "2020-09", "2021-01", "row", "reason", "path", "error codes", "evidence",
        "mending setting",
        "mending outcome", "first missed update Tuesday", "days left", "reporting", "download", "not known", "assumed", "stops on TLS", "why",
        "evidence before-2020-09", "evidence 2020-09", "evidence 2021-01", "inferred codes", "reports on TLS", "reasons on TLS",
        "error codes on TLS", "inferred codes on TLS", "mending setting on TLS", "not known on TLS",
        "observed", "policy has this server", "last seen", "last reported", "TLS version", "cipher suite", "HTTP at its address",
        "contrary to the forecast",
    ])

    public static func bytes(_ device: DeviceForecast, asOf day: CalendarDay) -> [UInt8] {
        let verdict = device.leading.verdict
        let remedy = verdict.remedies.first
        let left = device.firstMissed.map { $0.number - day.number }
        let cells: [String] =
            [
                device.name, device.windows?.description ?? "", device.schedule.current?.rawValue ?? "unknown",
                device.verdicts[.before, .detection].outcome.rawValue, device.verdicts[.september2020, .detection].outcome.rawValue,
                device.verdicts[.january2021, .detection].outcome.rawValue, verdict.row.rawValue, verdict.row.cause,
                verdict.path.map(\.rawValue).joined(separator: " "), verdict.errors.map(\.code).joined(separator: " "), verdict.evidence.rawValue,
                remedy?.settings.joined(separator: "; ") ?? "", remedy?.outcome.rawValue ?? "", device.firstMissed?.description ?? "",
                left.map { $0 < 0 ? "past" : String($0) } ?? "", device.verdicts[device.level, .reporting].outcome.rawValue,
                device.verdicts[device.level, .download].outcome.rawValue, verdict.missing.map(\.fact).joined(separator: "; "),
                (device.assumed + verdict.assumed).map(\.text).joined(separator: "; "), device.move?.detection.rawValue ?? "",
                device.move.map { ($0.reasons.map(\.text) + $0.missing.map(\.text)).joined(separator: "; ") } ?? "",
            ]
        let evidence = EnforcementLevel.allCases.map { device.verdicts[$0, .detection].evidence.rawValue }
        return line(cells + evidence + [inferred(verdict.errors)] + onTLS(device.move) + sighting(device))
    }

    private static func onTLS(_ move: TLSMove?) -> [String] {
        guard let move else { return Array(repeating: "", count: 6) }
        return [
            move.reporting.rawValue, move.reasons.map(\.cause.rawValue).joined(separator: " "),
            move.errors.map(\.code).joined(separator: " "), inferred(move.errors),
            move.reasons.map(\.mending).filter { !$0.isEmpty }.joined(separator: "; "), move.missing.map(\.fact).joined(separator: "; "),
        ]
    }

    private static func sighting(_ device: DeviceForecast) -> [String] {
        guard let observed = device.observed else {
            guard case .notSeen(let asksIt) = device.sighting else { return Array(repeating: "", count: 8) }
            return ["no", asksIt ? "yes" : "no"] + Array(repeating: "", count: 6)
        }
        return [
            "yes", "", observed.lastSeen ?? "", observed.lastReported ?? "", observed.tlsVersion ?? "", observed.cipherSuite ?? "",
            observed.lastSeenOnHTTP ?? "", device.isContradicted ? "yes" : "no",
        ]
    }

    private static func inferred(_ errors: [ScanError]) -> String {
        errors.filter { $0.evidence == .inferred }.map(\.code).joined(separator: " ")
    }

    static func line(_ fields: [String]) -> [UInt8] {
        var line: [UInt8] = []
        for (index, field) in fields.enumerated() {
            if index > 0 { line.append(UInt8(ascii: ",")) }
            line += Array(CSVCell.text(field).utf8)
        }
        return line + [13, 10]
    }
}
