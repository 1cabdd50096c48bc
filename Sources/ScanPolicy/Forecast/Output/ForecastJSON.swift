/// `martlet forecast --json` (docs/cli-json.md, schema `forecast`), in pieces: a head, devices, and the summary at the end.
public enum ForecastJSON {
    public static let head = Array("{\"devices\":[".utf8)

    /// One device; every one but the first begins with a comma.
    public static func bytes(_ device: DeviceForecast, asOf day: CalendarDay, isFirst: Bool) -> [UInt8] {
        var json = JSONText(capacity: 8192)
        json.object { json in
            json.string("name", device.name)
            json.object("levels") { json in
                for level in EnforcementLevel.allCases {
                    json.object(named: level.rawValue) { json in
                        for channel in ScanChannel.allCases {
                            json.object(named: channel.rawValue) { write(device.verdicts[level, channel], to: &$0) }
                        }
                    }
                }
            }
            json.object("enforcement") { write(device, asOf: day, to: &$0) }
            if let missed = device.firstMissed {
                json.string("firstMissedUpdateTuesday", missed.description)
                json.number("daysLeft", missed.number - day.number)
            }
            if !device.assumed.isEmpty { json.strings("assumed", device.assumed.map(\.text)) }
            if let before = device.baseline {
                json.object("withoutAssumed") { json in
                    for level in EnforcementLevel.allCases { json.string(named: level.rawValue, before[level, .detection].outcome.rawValue) }
                }
            }
            if case .notSeen(let asksIt) = device.sighting { json.object("notSeen") { $0.flag("policyHasThisServer", asksIt) } }
            if let move = device.move { json.object("target") { write(move, to: &$0) } }
            if let observed = device.observed {
                json.object("observed") { json in
                    write(observed, to: &json)
                    json.flag("contradictsForecast", device.isContradicted)
                }
            }
        }
        return (isFirst ? [] : [UInt8(ascii: ","), 10]) + json.bytes
    }

    /// What follows the devices.
    public static func tail(_ summary: ForecastSummary, _ options: Forecaster.Options) -> [UInt8] {
        var json = JSONText()
        json.object { write(summary, options, to: &$0) }
        return Array("],\"summary\":".utf8) + json.bytes + Array("}\n".utf8)
    }

    private static func write(_ verdict: Verdict, to json: inout JSONText) {
        json.string("outcome", verdict.outcome.rawValue)
        json.strings("path", verdict.path.map(\.rawValue))
        json.string("row", verdict.row.rawValue)
        json.string("evidence", verdict.evidence.rawValue)
        json.array("errors") { json in
            for error in verdict.errors { json.object { write(error, to: &$0) } }
        }
        json.array("remedies") { json in
            for remedy in verdict.remedies {
                json.object { json in
                    json.strings("remedy", remedy.kinds.map(\.rawValue))
                    json.string("outcome", remedy.outcome.rawValue)
                    json.strings("settings", remedy.settings)
                }
            }
        }
        json.string("cause", verdict.row.cause)
        if !verdict.furtherRows.isEmpty { json.strings("furtherRows", verdict.furtherRows.map(\.rawValue)) }
        json.strings("assumed", verdict.assumed.map(\.text))
        if !verdict.missing.isEmpty { write(verdict.missing, to: &json) }
        if !verdict.notes.isEmpty { json.strings("notes", verdict.notes) }
    }

    private static func write(_ error: ScanError, to json: inout JSONText) {
        json.string("code", error.code)
        json.string("evidence", error.evidence.rawValue)
        json.string("meaning", error.meaning)
    }

    private static func write(_ missing: [MissingFact], to json: inout JSONText) {
        json.array("missing") { json in
            for fact in missing {
                json.object { json in
                    json.string("fact", fact.fact)
                    json.string("reason", fact.reason)
                }
            }
        }
    }

    private static func write(_ device: DeviceForecast, asOf today: CalendarDay, to json: inout JSONText) {
        json.string("current", device.schedule.current?.rawValue ?? "unknown")
        json.string("windows", ifAny: device.windows?.description)
        json.object("takesEffect") { json in
            for level in [EnforcementLevel.september2020, .january2021] {
                let entry = device.schedule[level]
                json.object(named: level.rawValue) { json in
                    json.string("state", entry.state.rawValue)
                    guard let day = entry.day else { return }
                    json.string("day", day.description)
                    json.number("daysLeft", day.number - today.number)
                }
            }
        }
    }

    private static func write(_ move: TLSMove, to json: inout JSONText) {
        json.string("detection", move.detection.rawValue)
        json.string("reporting", move.reporting.rawValue)
        json.array("reasons") { json in
            for reason in move.reasons {
                json.object { json in
                    json.string("cause", reason.cause.rawValue)
                    json.string("channel", reason.channel.rawValue)
                    json.string("text", reason.text)
                    json.array("errors") { json in
                        for error in reason.errors { json.object { write(error, to: &$0) } }
                    }
                    json.string("setting", reason.mending)
                }
            }
        }
        if !move.missing.isEmpty { write(move.missing, to: &json) }
        json.strings("assumed", move.assumed.map(\.text))
    }

    private static func write(_ observed: ObservedDevice, to json: inout JSONText) {
        json.string("id", ifAny: observed.id)
        json.string("windows", ifAny: observed.windows?.description)
        json.string("lastSeen", ifAny: observed.lastSeen)
        json.string("lastReported", ifAny: observed.lastReported)
        json.flag("isDisputed", observed.isDisputed)
        json.string("lastSeenOnHTTP", ifAny: observed.lastSeenOnHTTP)
        json.string("tlsVersion", ifAny: observed.tlsVersion)
        json.string("cipherSuite", ifAny: observed.cipherSuite)
        json.string("serverName", ifAny: observed.serverName)
        json.string("address", ifAny: observed.address)
    }

    private static func write(_ summary: ForecastSummary, _ options: Forecaster.Options, to json: inout JSONText) {
        json.number("devices", summary.devices)
        json.number("unreadable", summary.problems)
        json.string("asOf", options.asOf.description)
        json.string("network", ifAny: options.network?.rawValue)
        json.strings("assumed", options.assumed.map(\.rawValue))
        json.object("levels") { json in
            for level in EnforcementLevel.allCases {
                json.object(named: level.rawValue) { json in
                    for channel in ScanChannel.allCases { json.object(named: channel.rawValue) { write(summary.count(level, channel), to: &$0) } }
                }
            }
        }
        if summary.hasBaseline {
            json.object("withoutAssumed") { json in
                for level in EnforcementLevel.allCases { json.object(named: level.rawValue) { write(summary.baseline(level), to: &$0) } }
            }
        }
        json.object("now") { write(summary.now, to: &$0) }
        json.object("current") { json in
            for level in EnforcementLevel.allCases { json.number(named: level.rawValue, summary.current[level] ?? 0) }
            json.number("unknown", summary.current[nil] ?? 0)
        }
        json.array("causes") { json in
            for level in EnforcementLevel.allCases {
                for (cause, group) in summary.causes(at: level) {
                    json.object { json in
                        json.string("level", level.rawValue)
                        json.string("outcome", cause.outcome.rawValue)
                        json.string("row", cause.row.rawValue)
                        json.string("cause", cause.row.cause)
                        json.number("devices", group.count)
                        json.strings("examples", group.examples)
                        if !cause.missing.isEmpty { json.strings("missing", cause.missing) }
                    }
                }
            }
        }
        json.array("takesEffect") { json in
            for (level, day) in ForecastSummary.days {
                json.object { json in
                    json.string("level", level.rawValue)
                    json.string("day", day.description)
                    json.number("daysLeft", day.number - options.asOf.number)
                }
            }
        }
        json.array("firstMissedUpdateTuesdays") { json in
            for (day, count) in summary.firstMissed.sorted(by: { $0.key < $1.key }) {
                json.object { json in
                    json.string("day", day.description)
                    json.number("daysLeft", day.number - options.asOf.number)
                    json.number("devices", count)
                }
            }
        }
        if let target = options.target { json.object("target") { write(summary, target, to: &$0) } }
        if summary.observed > 0 || summary.addressesOnHTTP != nil {
            json.object("observed") { json in
                json.number("devices", summary.observed)
                json.number("onHTTP", summary.observedOnHTTP)
                json.number("contradictForecast", summary.contradicted)
                if options.joinedNames != nil {
                    json.number("notSeen", summary.awaited.count + summary.unseen.count)
                    json.number("notSeenWithThisServer", summary.awaited.count)
                }
                if let addresses = summary.addressesOnHTTP { json.number("addressesOnHTTP", addresses) }
            }
        }
        json.string("note", ForecastSummary.note)
    }

    private static func write(_ summary: ForecastSummary, _ target: ServerURL, to json: inout JSONText) {
        json.string("url", target.description)
        for answer in TLSMove.Answer.allCases { json.number(named: answer.rawValue, summary.moves[answer] ?? 0) }
        json.number("reportsStop", summary.reportsStop)
        json.object("reasons") { json in
            for cause in TLSMove.Cause.allCases {
                if let count = summary.moveReasons[cause] { json.number(named: cause.rawValue, count) }
            }
        }
    }

    private static func write(_ counts: ForecastSummary.Counts, to json: inout JSONText) {
        for outcome in ScanOutcome.allCases { json.number(named: outcome.rawValue, counts[outcome]) }
    }
}

extension Assumption {
    /// For people: `pin store: empty`.
    public var text: String { "\(fact): \(value)" }
}

extension ForecastSummary {
    /// What stands on everything that this forecast says.
    public static let note =
        "Verdicts on Windows devices are predictions from published behaviour (docs/scan-policy.md); what is inferred is marked (i). They say what a user "
        + "without rights could set up, not only what is set now."

    /// What the server has seen, in a sentence or two; `nil` where none was asked.
    public var observedText: String? {
        guard observed > 0 || addressesOnHTTP != nil else { return nil }
        let callers = addressesOnHTTP.map { " In the last 30 days somebody came over plain HTTP from \($0) address\($0 == 1 ? "" : "es")." } ?? ""
        let contrary = contradicted > 0 ? " \(contradicted) were seen contrary to the forecast." : ""
        return "The server has seen \(observed) of them; at the addresses of \(observedOnHTTP) somebody still uses plain HTTP.\(callers)\(contrary)"
    }

    static let days: [(EnforcementLevel, CalendarDay)] = [
        (.september2020, EnforcementSchedule.september), (.january2021, EnforcementSchedule.january),
    ]
}
