import ArgumentParser
import Foundation
import UpdateEngine
import Updates

struct DevicesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "devices", abstract: "See devices and put them into groups.",
        subcommands: [List.self, Show.self, Assign.self, Accept.self, Reject.self, Forget.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List devices. What they say of themselves is self-reported.")
        @OptionGroup var options: HomeOptions
        @OptionGroup var output: JSONOption
        @Option(help: ArgumentHelp("Only the devices of this group and of those beneath it.", valueName: "name"))
        var group: String?
        @Flag(help: "Only devices whose identity is disputed.")
        var disputed = false
        @Flag(help: "Only devices that ask for a group that does not exist.")
        var requestedUnknown = false
        @Flag(help: "Who still comes by plain HTTP (serve --watch-http), and devices by TLS version.")
        var insecure = false
        @Option(help: ArgumentHelp("With --insecure: how far back.", valueName: "number"))
        var days = 30
        @Flag(help: "With --insecure: who comes by HTTP, as CSV.")
        var csv = false

        func validate() throws {
            guard !insecure || group == nil && !disputed && !requestedUnknown else { throw ValidationError("--insecure stands alone") }
            guard insecure || !csv else { throw ValidationError("--csv goes with --insecure") }
            guard !(csv && output.json) else { throw ValidationError("--csv or --json") }
            guard (0...36_500).contains(days) else { throw ValidationError("--days must be 0 to 36500") }
        }

        func run() async throws {
            if insecure { return try await DevicesCommand.showInsecure(days: days, isCSV: csv, options, output) }
            let filter = DeviceFilter(group: group, isDisputed: disputed, asksForUnknown: requestedUnknown)
            guard case .devices(let devices) = try await options.perform(.listDevices(filter)) else { throw Outcome.unexpected() }
            if output.json { return try Terminal.json(devices) }
            Terminal.print(DevicesCommand.selfReported)
            Terminal.table(
                [
                    "DEVICE", "NAME", "GROUPS", "ASKS FOR", "OS BUILD", "NEEDED", "INSTALLED", "FAILED", "LAST SEEN", "LAST REPORT", "DISPUTED",
                    "FROM",
                ],
                devices.map { device in
                    let isKnown = device.lastReported != nil && !device.isDisputed
                    return [
                        device.id?.text ?? "(not seen yet)", device.name ?? "(not seen yet)", device.groups.joined(separator: ", "),
                        device.requestedGroups.map { device.unknownGroups.contains($0) ? "\($0) (unknown)" : $0 }.joined(separator: ", "),
                        device.osVersion ?? "-", isKnown ? String(device.status.needed) : "?", isKnown ? String(device.status.installed) : "?",
                        isKnown ? String(device.status.failed) : "?", device.lastSeen?.text(.seconds) ?? "-",
                        device.lastReported?.text(.seconds) ?? "never", device.disputes.joined(separator: ", "), device.disputeNetwork ?? "",
                    ]
                })
        }
    }

    private static let selfReported = "What a device says of itself is self-reported: its name, system, groups asked for and status."

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show one device and its updates.")
        @OptionGroup var options: HomeOptions
        @OptionGroup var output: JSONOption
        @Argument(help: "The device's id or DNS name.")
        var device: String

        func run() async throws {
            guard case .device(let details) = try await options.perform(.showDevice(device)) else { throw Outcome.unexpected() }
            if output.json { return try Terminal.json(details) }
            let summary = details.summary
            Terminal.print(DevicesCommand.selfReported)
            Terminal.fields([
                (
                    "DISPUTED",
                    summary.disputes.isEmpty
                        ? ""
                        : "\(summary.disputes.joined(separator: ", ")), since \(details.disputedSince?.description ?? "?"), from \(summary.disputeNetwork ?? "?")"
                ), ("Device", summary.id?.text ?? ""), ("Name", summary.name ?? "(not seen yet)"), ("Groups", summary.groups.joined(separator: ", ")),
                ("Asks for groups", summary.requestedGroups.joined(separator: ", ")),
                ("Unknown of these", summary.unknownGroups.joined(separator: ", ")), ("OS build", summary.osVersion ?? ""),
                ("OS description", summary.osDescription ?? ""),
                ("Manufacturer", details.facts?.manufacturer ?? ""), ("Model", details.facts?.model ?? ""),
                ("Architecture", details.facts?.processorArchitecture ?? ""), ("Agent", details.facts?.clientVersion ?? ""),
                ("First seen", details.firstSeen?.description ?? ""), ("Last seen", summary.lastSeen?.description ?? "never"),
                ("Came by", summary.transport.map(DevicesCommand.words) ?? ""), ("Claimed proxies", summary.transport?.proxies.words ?? ""),
                ("Last report", summary.lastReported?.description ?? "never"),
                (
                    "Updates",
                    summary.isDisputed
                        ? "unknown: disputed"
                        : "needed \(summary.status.needed), installed \(summary.status.installed), failed \(summary.status.failed), "
                            + "not applicable \(summary.status.notApplicable), unknown \(summary.status.unknown)"
                ),
            ])
            for state in details.updates {
                Terminal.fields([
                    ("  \(state.state)", "\(state.update.title ?? state.update.id.description) (\(state.update.id)), since \(state.since)")
                ])
            }
            if summary.isDisputed { Terminal.print("Reported before the dispute, counted nowhere: \(details.heldApart.count) updates") }
            if let claim = details.claim { Self.show(claim) }
            if !details.history.isEmpty { Terminal.print("History, the newest first:") }
            for change in details.history {
                let source = change.address.isEmpty ? "" : " from \(change.address)"
                let what = change.field == .session ? "its sessions begin anew" : "\(change.field.rawValue): \"\(change.old)\" to \"\(change.new)\""
                Terminal.fields([("  \(change.time) \(change.outcome.rawValue)", what + source)])
            }
            guard !details.events.isEmpty else { return }
            Terminal.print("Events, the newest first:")
            for event in details.events {
                let code = event.win32HResult == 0 ? "" : " 0x\(String(UInt32(bitPattern: event.win32HResult), radix: 16, uppercase: true))"
                let source = event.disputedFrom.map { " (disputed, from \($0))" } ?? ""
                Terminal.fields([("  \(event.time) \(event.eventID)\(code)\(source)", event.text.joined(separator: ", "))])
            }
        }

        private static func show(_ claim: DeviceDetails.ClaimSummary) {
            Terminal.print("Claimed and not taken; see martlet devices accept, reject:")
            Terminal.fields([
                ("  From", "\(claim.address) at \(claim.time)"), ("  Name", claim.facts.dnsName), ("  OS build", claim.facts.osVersion),
                ("  Manufacturer", claim.facts.manufacturer), ("  Model", claim.facts.model), ("  Architecture", claim.facts.processorArchitecture),
                ("  Asks for groups", claim.requestedGroups?.joined(separator: ", ") ?? ""),
            ])
        }
    }

    struct Assign: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put devices into groups, instead of those they were in.",
            discussion: """
                A device that was not seen yet is named by its DNS name or by its id (SusClientId): it gets the groups when it first registers. \
                A device on several lines is put into several groups.
                """)
        @OptionGroup var options: HomeOptions
        @OptionGroup var output: JSONOption
        @Option(help: ArgumentHelp("The group; repeat for several.", valueName: "name"))
        var group: [String] = []
        @Option(help: ArgumentHelp("A file of lines name,group; a first line of just those words is skipped.", valueName: "csv"))
        var from: String?
        @Argument(help: "Devices by id or DNS name.")
        var devices: [String] = []

        func run() async throws {
            var assignments = devices.flatMap { device in group.map { DeviceAssignment(device: device, group: $0) } }
            guard devices.isEmpty == group.isEmpty else {
                throw ValidationError("name devices and a group: martlet devices assign DEVICE --group NAME")
            }
            if let from { assignments += try Self.read(from) }
            guard !assignments.isEmpty else { throw ValidationError("name devices and --group, or a file with --from") }
            try await DevicesCommand.change(.assignDevices(assignments), "assigned", options, output)
        }

        private static func read(_ path: String) throws -> [DeviceAssignment] {
            guard let data = FileManager.default.contents(atPath: path) else { throw ValidationError("\(path) cannot be read") }
            guard let text = String(validating: data, as: UTF8.self) else { throw ValidationError("\(path) is not UTF-8") }
            var assignments: [DeviceAssignment] = []
            let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            for (number, line) in lines.enumerated() {
                let line = line.trimmingCharacters(in: CharacterSet(charactersIn: " \t\u{feff}"))
                if line.isEmpty || line.hasPrefix("#") { continue }
                guard let fields = CSVLine.fields(line), fields.count == 2, !fields[0].isEmpty, !fields[1].isEmpty else {
                    throw ValidationError("\(path), line \(number + 1): expected name,group")
                }
                if number == 0, fields.map({ $0.lowercased() }) == ["name", "group"] { continue }
                assignments.append(DeviceAssignment(device: fields[0], group: fields[1]))
            }
            return assignments
        }
    }

    struct Accept: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End the dispute about devices: what was said last under their ids is true.",
            discussion: "Their status counts again from their next report. Where two machines share an id, give one of them a new one first.")
        @OptionGroup var options: HomeOptions
        @OptionGroup var output: JSONOption
        @Argument(help: "Devices by id or DNS name.")
        var devices: [String]

        func run() async throws { try await DevicesCommand.change(.resolveDevices(devices, accepting: true), "accepted", options, output) }
    }

    struct Reject: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End the dispute about devices: what is held is true.",
            discussion: "Their status counts again from their next report. A second caller that goes on makes them disputed again.")
        @OptionGroup var options: HomeOptions
        @OptionGroup var output: JSONOption
        @Option(help: ArgumentHelp("Instead: all devices whose dispute came from this address or IPv6 network.", valueName: "address"))
        var from: String?
        @Argument(help: "Devices by id or DNS name.")
        var devices: [String] = []

        func validate() throws {
            guard (from == nil) != devices.isEmpty else { throw ValidationError("name devices, or an address with --from") }
        }

        func run() async throws {
            let request = from.map { ControlRequest.rejectDevices(from: $0) } ?? .resolveDevices(devices, accepting: false)
            try await DevicesCommand.change(request, "rejected", options, output)
        }
    }

    struct Forget: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Remove devices with all they reported. One that still runs registers again.")
        @OptionGroup var options: HomeOptions
        @OptionGroup var output: JSONOption
        @Option(help: ArgumentHelp("Instead: all devices last seen before this day or time (UTC).", valueName: "date"))
        var notSeenSince: String?
        @Flag(help: "With --not-seen-since: do it. Without it they are listed and counted.")
        var yes = false
        @Argument(help: "Devices by id or DNS name.")
        var devices: [String] = []

        func validate() throws {
            guard (notSeenSince == nil) != devices.isEmpty else { throw ValidationError("name devices, or a day with --not-seen-since") }
            if let notSeenSince, Timestamp(notSeenSince) == nil {
                throw ValidationError("--not-seen-since: \(notSeenSince) is no date such as 2026-01-31, and no time such as 2026-01-31T12:00:00Z")
            }
        }

        func run() async throws {
            guard let time = notSeenSince.flatMap({ Timestamp($0) }) else {
                try await DevicesCommand.change(.forgetDevices(devices), "forgotten", options, output)
                return
            }
            let count = try await DevicesCommand.change(
                .forgetUnseenDevices(since: time, isDryRun: !yes), yes ? "forgotten" : "would be forgotten", options, output)
            if !output.json {
                let words = "\(count) \(count == 1 ? "device" : "devices") last seen before \(time.text(.seconds))"
                Terminal.print(yes ? "\(words): forgotten" : "\(words); nothing is changed, --yes forgets them")
            }
        }
    }

    @discardableResult
    private static func change(_ request: ControlRequest, _ word: String, _ options: HomeOptions, _ output: JSONOption) async throws -> Int {
        guard case .devicesChanged(let report) = try await options.perform(request) else { throw Outcome.unexpected() }
        if output.json {
            try Terminal.json(report)
        } else {
            for device in report.changed { Terminal.fields([(word, device + (report.notSeenYet.contains(device) ? " (not seen yet)" : ""))]) }
        }
        for refused in report.refused { Terminal.complain("refused: \(DisplayText.escaped(refused.id)): \(DisplayText.escaped(refused.message))") }
        try Outcome.check(refused: report.refused.count, done: report.changed.count)
        return report.changed.count
    }
}
