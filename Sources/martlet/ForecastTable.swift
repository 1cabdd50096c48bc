import ScanPolicy
import Updates

/// The forecast for a person at a terminal.
struct ForecastTable {
    let options: Forecaster.Options
    let summary: ForecastSummary
    let selection: ForecastSelection
    let mostShown: Int

    func print() {
        let network = options.network.map { "network: \($0.rawValue)" } ?? "network not stated"
        let supposed = options.assumed.isEmpty ? "" : ", supposing \(options.assumed.map(\.rawValue).joined(separator: " and "))"
        Terminal.print("\(summary.devices) device\(summary.devices == 1 ? "" : "s"), as of \(options.asOf), \(network)\(supposed). Predictions.")
        Terminal.print("")
        counts()
        dates()
        if let text = summary.observedText { Terminal.print(text) }
        missed()
        causes()
        move()
        devices()
        Terminal.print("")
        Terminal.print("(i): inferred, not stated by a source.\(options.target == nil ? "" : " CODES and MENDS IT are those of the move.")")
        Terminal.print("Values are under HKLM\\\(PolicyKey.windowsUpdate.rawValue). --json has all remedies, in full.")
        Terminal.print(ForecastSummary.note)
        if summary.problems > 0 {
            Terminal.print("\(summary.problems) more could not be read; standard error names each with the reason.")
        }
    }

    private func counts() {
        var rows: [[String]] = []
        for channel in ScanChannel.allCases {
            for level in EnforcementLevel.allCases { rows.append([channel.rawValue, level.rawValue] + cells(summary.count(level, channel))) }
        }
        rows.append(["detection", "as installed now"] + cells(summary.now))
        if summary.hasBaseline {
            for level in EnforcementLevel.allCases {
                rows.append(["detection", "\(level.rawValue), nothing supposed"] + cells(summary.baseline(level)))
            }
        }
        Terminal.table(["CHANNEL", "LEVEL"] + ScanOutcome.allCases.map { $0.rawValue.uppercased() }, rows)
    }

    private func cells(_ counts: ForecastSummary.Counts) -> [String] { ScanOutcome.allCases.map { String(counts[$0]) } }

    private func dates() {
        for (day, count) in summary.firstMissed.sorted(by: { $0.key < $1.key }) {
            let left = day.number - options.asOf.number
            let when = left < 0 ? "past" : "\(left) day\(left == 1 ? "" : "s") left"
            Terminal.print("\(count) device\(count == 1 ? " misses its" : "s miss their") first update Tuesday on \(day) (\(when)).")
        }
    }

    private func missed() {
        for (title, list) in summary.missed {
            let rest = list.count - min(mostShown, list.names.count)
            let more = rest > 0 ? ", and \(rest) more in --csv and --json" : ""
            Terminal.print("\(title) (\(list.count)): \(list.names.prefix(mostShown).map(DisplayText.escaped).joined(separator: ", "))\(more)")
        }
    }

    private func causes() {
        Terminal.print("")
        var rows: [[String]] = []
        for level in EnforcementLevel.allCases {
            for (cause, group) in summary.causes(at: level) {
                let missing = cause.missing.isEmpty ? "" : "; not known: \(cause.missing.joined(separator: ", "))"
                rows.append([level.rawValue, cause.outcome.rawValue + group.mark, String(group.count), cause.row.rawValue, cause.row.cause + missing])
            }
        }
        Terminal.table(["LEVEL", "OUTCOME", "DEVICES", "ROW", "WHY"], rows)
    }

    private func move() {
        guard let target = options.target else { return }
        Terminal.print("")
        Terminal.print(
            "Moved to \(target): \(summary.moves[.stops] ?? 0) stop, \(summary.moves[.continues] ?? 0) go on, of \(summary.moves[.unknown] ?? 0) "
                + "it is not known; \(summary.reportsStop) of those that do not stop, stop reporting.")
        Terminal.table(
            ["REASON", "DEVICES"],
            TLSMove.Cause.allCases.compactMap { cause in summary.moveReasons[cause].map { [cause.rawValue, String($0)] } })
    }

    private func devices() {
        Terminal.print("")
        var rows: [[String]] = []
        for outcome in ForecastSelection.order {
            for device in selection[outcome].prefix(mostShown) {
                rows.append(row(device))
            }
        }
        var headings = ["DEVICE", "NOW"] + EnforcementLevel.allCases.map { $0.rawValue.uppercased() } + ["MISSES", "ROW", "CODES", "MENDS IT"]
        if options.target != nil { headings.insert("ON TLS", at: 5) }
        if options.joinedNames != nil { headings.insert("SEEN", at: 2) }
        Terminal.table(headings, rows)
        for outcome in ForecastSelection.order {
            let rest = selection.rest(outcome) + max(0, selection[outcome].count - mostShown)
            if rest > 0 { Terminal.print("... and \(rest) more: \(outcome.rawValue)") }
        }
    }

    /// A setting without the key that all of them share.
    private static func short(_ setting: String) -> String {
        for (key, prefix) in [(PolicyKey.windowsUpdate, ""), (.automaticUpdates, "AU\\")] where setting.hasPrefix("HKLM\\\(key.rawValue): ") {
            return prefix + setting.dropFirst("HKLM\\\(key.rawValue): ".count)
        }
        return setting
    }

    private func row(_ device: DeviceForecast) -> [String] {
        let (_, verdict) = device.leading
        var errors = verdict.errors
        var toDo = verdict.missing.map { "not known: \($0.fact)" }.joined(separator: ", ")
        if let remedy = verdict.remedies.first {
            toDo = "\(remedy.kinds.map(\.rawValue).joined(separator: " + ")): \(remedy.settings.map(Self.short).joined(separator: "; "))"
        }
        if options.target != nil {
            errors = device.move?.errors ?? []
            toDo = device.move?.toDo.map(Self.short).joined(separator: "; ") ?? ""
        }
        var cells =
            [device.name, device.schedule.current?.rawValue ?? "unknown"]
            + EnforcementLevel.allCases.map { device.verdicts[$0, .detection].marked } + [
                device.firstMissed?.description ?? "-", verdict.row.rawValue, errors.map(\.marked).joined(separator: ", "), toDo,
            ]
        if options.target != nil { cells.insert(device.move?.text ?? "asks no server of one's own", at: 5) }
        if let text = device.sightingText { cells.insert(text, at: 2) }
        return cells
    }
}
