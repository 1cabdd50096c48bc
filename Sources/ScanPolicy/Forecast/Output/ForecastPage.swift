/// `martlet forecast --html`: one page that needs nothing else. No script, no picture from elsewhere; its content security policy says so, and
/// every text in it is escaped.
public struct ForecastPage: Sendable {
    private let options: Forecaster.Options
    private let devices: ForecastSelection

    public init(_ options: Forecaster.Options, devices: ForecastSelection) {
        self.options = options
        self.devices = devices
    }

    public func bytes(_ summary: ForecastSummary) -> [UInt8] {
        var page = HTMLText()
        page.raw(
            """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" \
            content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Scan forecast</title><style>\(Self.style)</style></head><body><main>

            """)
        head(summary, &page)
        bars(summary, &page)
        dates(summary, &page)
        if let target = options.target { move(summary, target, &page) }
        missed(summary, &page)
        causes(summary, &page)
        list(&page)
        page.raw("</main></body></html>\n")
        return page.bytes
    }

    // MARK: Parts

    private func head(_ summary: ForecastSummary, _ page: inout HTMLText) {
        page.raw("<h1>Scan forecast</h1><p class=\"lead\">")
        page.text("\(summary.devices) device\(summary.devices == 1 ? "" : "s"), as of \(options.asOf)")
        page.text(options.network.map { ", network: \($0.rawValue)" } ?? ", network not stated")
        if !options.assumed.isEmpty { page.text(", supposing \(options.assumed.map(\.rawValue).joined(separator: " and "))") }
        page.raw(".</p><p class=\"note\">")
        page.text(ForecastSummary.note)
        page.raw("</p>\n")
        if summary.problems > 0 {
            page.raw("<p class=\"note fails\">")
            page.text("\(summary.problems) device\(summary.problems == 1 ? "" : "s") could not be read: not counted below.")
            page.raw("</p>\n<table><thead><tr><th>not read</th><th>why</th></tr></thead><tbody>\n")
            for refusal in summary.refused { row([refusal.name, refusal.reason], &page, numbers: 0) }
            page.raw("</tbody></table>\n")
            if summary.problems > summary.refused.count {
                page.raw("<p>")
                page.text("... and \(summary.problems - summary.refused.count) more")
                page.raw("</p>\n")
            }
        }
        if let text = summary.observedText {
            page.raw("<p>")
            page.text(text)
            page.raw("</p>\n")
        }
    }

    private func bars(_ summary: ForecastSummary, _ page: inout HTMLText) {
        page.raw("<h2>Finding updates, by what is installed</h2>\n")
        var rows = EnforcementLevel.allCases.map { (Self.title($0), summary.count($0, .detection)) }
        rows.append(("as installed now", summary.now))
        if summary.hasBaseline {
            rows += EnforcementLevel.allCases.map { ("\(Self.title($0)), without what is supposed", summary.baseline($0)) }
        }
        let width = 960
        let labelled = 250
        let height = 34
        page.raw("<svg viewBox=\"0 0 \(width) \(rows.count * height)\" role=\"img\" aria-label=\"Devices by outcome at each level\">\n")
        for (index, row) in rows.enumerated() {
            let top = index * height
            page.raw("<text class=\"label\" x=\"0\" y=\"\(top + 20)\">")
            page.text(row.0)
            page.raw("</text>")
            var x = labelled
            for (outcome, part) in Self.widths(row.1, total: width - labelled) where part > 0 {
                page.raw("<rect class=\"\(outcome.rawValue)\" x=\"\(x)\" y=\"\(top + 4)\" width=\"\(part)\" height=\"\(height - 10)\"><title>")
                page.text("\(row.1[outcome]) \(outcome.rawValue)")
                page.raw("</title></rect>")
                let count = String(row.1[outcome])
                if part >= count.count * 9 + 8 { page.raw("<text class=\"count\" x=\"\(x + part / 2)\" y=\"\(top + 20)\">\(count)</text>") }
                x += part
            }
            page.raw("\n")
        }
        page.raw("</svg>\n<ul class=\"legend\">")
        for outcome in ScanOutcome.allCases {
            page.raw("<li><span class=\"key \(outcome.rawValue)\"></span><b>\(outcome.rawValue)</b> ")
            page.text(Self.meaning(outcome))
            page.raw("</li>")
        }
        page.raw("</ul>\n<table><thead><tr><th>channel</th><th>level</th>")
        for outcome in ScanOutcome.allCases { page.raw("<th class=\"number\">\(outcome.rawValue)</th>") }
        page.raw("</tr></thead><tbody>\n")
        for channel in ScanChannel.allCases {
            for level in EnforcementLevel.allCases {
                page.raw("<tr><td>\(channel.rawValue)</td><td>")
                page.text(Self.title(level))
                page.raw("</td>")
                let counts = summary.count(level, channel)
                for outcome in ScanOutcome.allCases { page.raw("<td class=\"number\">\(counts[outcome])</td>") }
                page.raw("</tr>\n")
            }
        }
        page.raw("</tbody></table>\n")
    }

    private func dates(_ summary: ForecastSummary, _ page: inout HTMLText) {
        page.raw("<h2>When</h2><table><thead><tr><th>what</th><th>day</th><th class=\"number\">days left</th><th class=\"number\">devices</th>")
        page.raw("</tr></thead><tbody>\n")
        for (level, day) in ForecastSummary.days {
            row(["the update of \(level.rawValue) is published", day.description, left(day), ""], &page)
        }
        for (day, count) in summary.firstMissed.sorted(by: { $0.key < $1.key }) {
            row(["first update Tuesday missed", day.description, left(day), String(count)], &page)
        }
        page.raw("</tbody></table><p>")
        page.text("A device changes on the day it installs the update. Enforced now: ")
        let levels = EnforcementLevel.allCases.map { "\($0.rawValue) \(summary.current[$0] ?? 0)" } + ["unknown \(summary.current[nil] ?? 0)"]
        page.text(levels.joined(separator: ", ") + ".")
        page.raw("</p>\n")
    }

    private func move(_ summary: ForecastSummary, _ target: ServerURL, _ page: inout HTMLText) {
        page.raw("<h2>")
        page.text("Moved to \(target)")
        page.raw("</h2><p>")
        page.text("\(summary.moves[.stops] ?? 0) stop, \(summary.moves[.continues] ?? 0) go on, of \(summary.moves[.unknown] ?? 0) it is not known. ")
        page.text("Of those that do not stop, \(summary.reportsStop) stop reporting.")
        page.raw("</p><table><thead><tr><th>reason</th><th class=\"number\">devices</th></tr></thead><tbody>\n")
        for cause in TLSMove.Cause.allCases {
            if let count = summary.moveReasons[cause] { row([cause.rawValue, String(count)], &page, numbers: 1) }
        }
        page.raw("</tbody></table>\n")
    }

    private func missed(_ summary: ForecastSummary, _ page: inout HTMLText) {
        for (title, list) in summary.missed {
            page.raw("<h2>")
            page.text("\(title): \(list.count)")
            page.raw("</h2><p>")
            page.text(list.names.joined(separator: ", "))
            if list.count > list.names.count { page.text(", and \(list.count - list.names.count) more in the output of --json and --csv") }
            page.raw("</p>\n")
        }
    }

    private func causes(_ summary: ForecastSummary, _ page: inout HTMLText) {
        page.raw("<h2>Why</h2>\n")
        for level in EnforcementLevel.allCases {
            page.raw("<h3>")
            page.text(Self.title(level))
            page.raw("</h3><table><thead><tr><th>outcome</th><th>row</th><th>cause</th><th class=\"number\">devices</th><th>such as</th>")
            page.raw("</tr></thead><tbody>\n")
            for (cause, group) in summary.causes(at: level) {
                page.raw("<tr><td>")
                chip(cause.outcome, &page)
                page.text(group.mark)
                let missing = cause.missing.isEmpty ? "" : "; not known: \(cause.missing.joined(separator: ", "))"
                page.raw("</td><td class=\"day\">\(cause.row.rawValue)</td><td>")
                page.text(cause.row.cause + missing)
                page.raw("</td><td class=\"number\">\(group.count)</td><td>")
                page.text(group.examples.prefix(3).joined(separator: ", ") + (group.count > 3 ? ", ..." : ""))
                page.raw("</td></tr>\n")
            }
            page.raw("</tbody></table>\n")
        }
    }

    private func list(_ page: inout HTMLText) {
        page.raw("<h2>Devices</h2>\n")
        for outcome in ForecastSelection.order where !devices[outcome].isEmpty {
            page.raw("<h3>\(outcome.rawValue)</h3><table class=\"devices\"><thead><tr><th>device</th><th>now</th><th>before</th><th>2020-09</th>")
            page.raw("<th>2021-01</th>")
            if options.target != nil { page.raw("<th>on TLS</th>") }
            if options.joinedNames != nil { page.raw("<th>seen</th>") }
            page.raw("<th>why, what mends it</th><th>misses</th></tr></thead><tbody>\n")
            for device in devices[outcome] { write(device, &page) }
            page.raw("</tbody></table>\n")
            let rest = devices.rest(outcome)
            if rest > 0 {
                page.raw("<p class=\"note\">")
                page.text("\(rest) more are in the output of --json and --csv.")
                page.raw("</p>\n")
            }
        }
    }

    private func write(_ device: DeviceForecast, _ page: inout HTMLText) {
        let verdict = device.leading.verdict
        page.raw("<tr><td>")
        page.text(device.name)
        page.raw("</td><td class=\"day\">")
        page.text(device.schedule.current?.rawValue ?? "unknown")
        page.raw(device.windows == nil ? "" : "<br><small>")
        if let windows = device.windows {
            page.text(windows.description)
            page.raw("</small>")
        }
        page.raw("</td>")
        for level in EnforcementLevel.allCases {
            page.raw("<td>")
            chip(device.verdicts[level, .detection].outcome, &page)
            page.text(device.verdicts[level, .detection].evidence.mark)
            page.raw("</td>")
        }
        if options.target != nil { onTLS(device.move, &page) }
        if let text = device.sightingText {
            page.raw("<td>")
            page.text(text)
            page.raw("</td>")
        }
        page.raw("<td>")
        page.text("\(verdict.row): \(verdict.row.cause)")
        if !verdict.errors.isEmpty {
            page.raw("<br><small>")
            page.text(verdict.errors.map(\.marked).joined(separator: ", "))
            page.raw("</small>")
        }
        if let remedy = verdict.remedies.first {
            page.raw("<br><b>mends it:</b> ")
            page.text("\(remedy.kinds.map(\.rawValue).joined(separator: " + ")) (then \(remedy.outcome.rawValue))")
        }
        details(device, verdict, &page)
        page.raw("</td><td class=\"day\">")
        page.text(device.firstMissed?.description ?? "")
        page.raw("</td></tr>\n")
    }

    private func onTLS(_ move: TLSMove?, _ page: inout HTMLText) {
        page.raw("<td>")
        guard let move else {
            page.text("asks no server of one's own")
            return page.raw("</td>")
        }
        let colour: ScanOutcome =
            switch move.detection {
            case .stops: .fails
            case .continues: .scans
            case .unknown: .unknown
            }
        page.raw("<span class=\"chip \(colour.rawValue)\">\(move.detection.rawValue)</span>")
        page.text(move.text.dropFirst(move.detection.rawValue.count).description)
        for text in [move.errors.map(\.marked).joined(separator: ", ")] + move.toDo where !text.isEmpty {
            page.raw("<br><small>")
            page.text(text)
            page.raw("</small>")
        }
        page.raw("</td>")
    }

    private func details(_ device: DeviceForecast, _ verdict: Verdict, _ page: inout HTMLText) {
        page.raw("<details><summary>details</summary><dl>")
        for fact in verdict.missing { entry("not known", "\(fact.fact): \(fact.reason)", &page) }
        for remedy in verdict.remedies {
            entry("\(remedy.kinds.map(\.rawValue).joined(separator: " + ")), then \(remedy.outcome.rawValue)", remedy.settings, &page)
        }
        if let move = device.move {
            for reason in move.reasons { entry("on TLS: \(reason.cause.rawValue)", [reason.text, reason.mending], &page) }
            for fact in move.missing { entry("on TLS, not known", "\(fact.fact): \(fact.reason)", &page) }
        }
        for note in verdict.notes { entry("note", note, &page) }
        let assumed = device.assumed + verdict.assumed
        if !assumed.isEmpty { entry("assumed", assumed.map(\.text).joined(separator: "; "), &page) }
        entry("reporting", device.verdicts[device.level, .reporting].outcome.rawValue, &page)
        entry("download", device.verdicts[device.level, .download].outcome.rawValue, &page)
        if let observed = device.observed {
            let facts = [
                observed.lastSeen.map { "last seen \($0)" }, observed.lastReported.map { "last report \($0)" },
                observed.lastSeenOnHTTP.map { "somebody from its address over HTTP \($0)" }, observed.tlsVersion, observed.cipherSuite,
                device.isContradicted ? "contrary to the forecast" : nil,
            ]
            entry("observed", facts.compactMap(\.self).joined(separator: ", "), &page)
        }
        page.raw("</dl></details>")
    }

    // MARK: Pieces

    private func entry(_ name: String, _ text: String, _ page: inout HTMLText) { entry(name, [text], &page) }

    private func entry(_ name: String, _ texts: [String], _ page: inout HTMLText) {
        page.raw("<dt>")
        page.text(name)
        page.raw("</dt>")
        for text in texts {
            page.raw("<dd>")
            page.text(text)
            page.raw("</dd>")
        }
    }

    private func row(_ cells: [String], _ page: inout HTMLText, numbers: Int = 2) {
        page.raw("<tr>")
        for (index, cell) in cells.enumerated() {
            page.raw(index >= cells.count - numbers ? "<td class=\"number\">" : "<td>")
            page.text(cell)
            page.raw("</td>")
        }
        page.raw("</tr>\n")
    }

    private func chip(_ outcome: ScanOutcome, _ page: inout HTMLText) {
        page.raw("<span class=\"chip \(outcome.rawValue)\">\(outcome.rawValue)</span>")
    }

    private func left(_ day: CalendarDay) -> String {
        let days = day.number - options.asOf.number
        return days < 0 ? "past" : String(days)
    }

    /// Widths that together are the whole, and none lost: what there is of is at least two units wide.
    static func widths(_ counts: ForecastSummary.Counts, total: Int) -> [(ScanOutcome, Int)] {
        let outcomes = ScanOutcome.allCases.filter { counts[$0] > 0 }
        let sum = outcomes.reduce(0) { $0 + counts[$1] }
        guard sum > 0 else { return [] }
        var parts = outcomes.map { ($0, max(2, Int(Double(counts[$0]) / Double(sum) * Double(total)))) }
        let rest = total - parts.reduce(0) { $0 + $1.1 }
        if let widest = parts.indices.max(by: { parts[$0].1 < parts[$1].1 }) { parts[widest].1 += rest }
        return parts
    }

    private static func title(_ level: EnforcementLevel) -> String {
        switch level {
        case .before: "before September 2020"
        case .september2020: "from September 2020"
        case .january2021: "from January 2021"
        }
    }

    private static func meaning(_ outcome: ScanOutcome) -> String {
        switch outcome {
        case .scans: "works, and nobody without rights or a trusted key can alter it"
        case .interceptable: "works, but someone on the way or a user without rights can alter it"
        case .fails: "does not work"
        case .doesNotAsk: "does not turn to a server of one's own"
        case .unknown: "a fact without a default is missing"
        }
    }
}

/// Bytes of a page: markup of our own, and text that is escaped.
struct HTMLText {
    private(set) var bytes: [UInt8] = []

    mutating func raw(_ markup: String) { bytes += Array(markup.utf8) }

    mutating func text(_ text: String) {
        for byte in text.shown.utf8 {
            switch byte {
            case UInt8(ascii: "&"): bytes += Array("&amp;".utf8)
            case UInt8(ascii: "<"): bytes += Array("&lt;".utf8)
            case UInt8(ascii: ">"): bytes += Array("&gt;".utf8)
            case UInt8(ascii: "\""): bytes += Array("&quot;".utf8)
            case UInt8(ascii: "'"): bytes += Array("&#39;".utf8)
            default: bytes.append(byte)
            }
        }
    }
}
