public import ArgumentParser
import Foundation
public import UpdateEngine
public import Updates

struct UpdatesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "updates", abstract: "See updates and decide about them.",
        subcommands: [List.self, Show.self, Approve.self, Unapprove.self, Decline.self, Undecline.self, Allow.self, Disallow.self])

    /// The filters of `list`, which choose for the other commands too.
    struct Filters: ParsableArguments {
        @Option(help: ArgumentHelp("A part of a product's, product family's or company's title.", valueName: "name"))
        var product: String?
        @Option(help: ArgumentHelp("A part of a classification's title.", valueName: "name"))
        var classification: String?
        @Option(help: "approved, unapproved, declined or quarantined.")
        var state: UpdateApprovalState?
        @Flag(help: "Superseded by another update.")
        var superseded = false
        @Flag(help: "Expired by the publisher.")
        var expired = false
        @Option(help: ArgumentHelp("sample, local, upstream:HOST, cabinet or microsoft.", valueName: "name"))
        var source: String?
        @Option(help: ArgumentHelp("Words of the title, description or KB number.", valueName: "words"))
        var text: String?
        @Flag(help: "Categories, detectoids and the members of bundles too.")
        var all = false

        var filter: UpdateFilter {
            UpdateFilter(
                product: product, classification: classification, state: state, isSuperseded: superseded, isExpired: expired,
                source: source, text: text, includesEverything: all)
        }
    }

    /// Updates by name, from standard input, or by filter.
    struct Selection: ParsableArguments {
        @Argument(help: "UpdateIDs or KB numbers.")
        var ids: [String] = []
        @Flag(help: "Read ids from standard input, one a line.")
        var stdin = false
        @OptionGroup var filters: Filters

        func resolve() throws -> UpdateSelection {
            var ids = ids
            if stdin {
                while let line = readLine() {
                    let id = line.trimmingCharacters(in: .whitespaces)
                    if !id.isEmpty, !id.hasPrefix("#") { ids.append(id) }
                }
            }
            let filter = filters.filter
            guard ids.isEmpty || filter.isEmpty else { throw ValidationError("name updates or filter them, not both") }
            if !ids.isEmpty { return .ids(ids) }
            guard !stdin else { throw ValidationError("standard input named no updates") }
            guard !filter.isEmpty else { throw ValidationError("name updates, or give --stdin or a filter") }
            return .filter(filter)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List updates; all filters given must hold.")
        @OptionGroup var options: HomeOptions
        @OptionGroup var output: JSONOption
        @OptionGroup var filters: Filters

        func run() async throws {
            guard case .updates(let updates) = try await options.perform(.listUpdates(filters.filter)) else { throw Outcome.unexpected() }
            if output.json { return try Terminal.json(updates) }
            Terminal.table(
                ["UPDATE ID", "REV", "STATE", "KB", "CLASSIFICATION", "NOTES", "TITLE"],
                updates.map {
                    [
                        $0.id.description, String($0.revision.rawValue), $0.state.rawValue, $0.kbArticles.joined(separator: ","),
                        $0.classification ?? "-", UpdatesCommand.notes($0), $0.title,
                    ]
                })
            Terminal.complain("\(updates.count) updates")
        }
    }

    static func notes(_ update: UpdateSummary) -> String {
        let notes = [
            (update.isSuperseded, "superseded"), (update.isExpired, "expired"), (update.isIncomplete, "incomplete"),
            (update.type == .driver, "driver"), (!update.isVerified, "unverified"),
        ]
        let text = notes.filter(\.0).map(\.1).joined(separator: ",")
        return text.isEmpty ? "-" : text
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show one update, or exactly the bytes of one of its fragments.")
        @OptionGroup var options: HomeOptions
        @OptionGroup var output: JSONOption
        @Option(help: ArgumentHelp("core, extended, localized-LANG, eula or document.", valueName: "kind"))
        var fragment: String?
        @Argument(help: "UpdateID, UpdateID:REVISION or KB number.")
        var id: String

        func run() async throws {
            if let fragment {
                _ = try await options.perform(.fragment(update: id, kind: fragment)) { Terminal.write($0) }
                return
            }
            guard case .update(let update) = try await options.perform(.showUpdate(id)) else { throw Outcome.unexpected() }
            if output.json { return try Terminal.json(update) }
            UpdatesCommand.show(update)
        }
    }

    private static func show(_ update: UpdateDetails) {
        let summary = update.summary
        func names(_ updates: [NamedUpdate]) -> String { updates.map { $0.title ?? $0.id.description }.joined(separator: " or ") }
        Terminal.fields([
            ("Title", summary.title), ("UpdateID", summary.id.description), ("Revision", String(summary.revision.rawValue)),
            ("Type", summary.type.rawValue), ("State", summary.state.rawValue), ("Notes", notes(summary)),
            ("KB articles", summary.kbArticles.joined(separator: ", ")), ("Security bulletins", update.securityBulletins.joined(separator: ", ")),
            ("Severity", summary.msrcSeverity ?? ""), ("Products", summary.products.joined(separator: ", ")),
            ("Classification", summary.classification ?? ""), ("Description", update.description ?? ""),
            ("Created", update.created?.description ?? ""), ("Imported", update.imported.description),
            ("Languages", update.languages.joined(separator: ", ")), ("Handler", update.handler ?? ""), ("EULA", update.eulaID ?? ""),
            ("Source", "\(summary.source)\(summary.isVerified ? " (verified)" : " (not verified)"), held as \(update.origin)"),
            (
                "Revisions",
                update.revisions.map { "\($0.revision.rawValue) from \($0.source)\($0.isCurrent ? " (current)" : "")" }.joined(separator: ", ")
            ),
            ("Member of", names(update.memberOf)), ("Supersedes", update.supersedes.map { $0.title ?? $0.id.description }.joined(separator: ", ")),
            ("Superseded by", update.supersededBy.map { $0.title ?? $0.id.description }.joined(separator: ", ")),
        ])
        for clause in update.prerequisites { Terminal.fields([("Prerequisite", names(clause))]) }
        for group in update.bundledUpdates { Terminal.fields([("Bundled", names(group))]) }
        for file in update.files {
            Terminal.fields([("File", "\(file.name ?? "?"), \(file.size) bytes, \(file.isHeld ? "held" : "not held"), SHA-1 \(file.sha1)")])
        }
        if let lacking = update.incomplete {
            for clause in lacking.missingPrerequisites {
                Terminal.print("Missing: prerequisite \(clause.map(\.description).joined(separator: " or "))")
            }
            for group in lacking.missingBundledUpdates {
                Terminal.print("Missing: bundled update \(group.map(\.description).joined(separator: " or "))")
            }
        }
        for reason in update.quarantine {
            let part = reason.update.id == summary.id ? "" : "its part \(reason.update.id): "
            Terminal.fields([("Quarantined", "\(part)\(reason.message)")])
        }
        if let allowance = update.allowance {
            Terminal.fields([("Allowed", "revision \(allowance.revision.rawValue) since \(allowance.since.text(.seconds)): \(allowance.reason)")])
        }
        for approval in update.approvals {
            Terminal.fields([
                (
                    "Approval",
                    "\(approval.action.rawValue) for \(approval.group)" + (approval.deadline.map { ", deadline \($0.text(.seconds))" } ?? "")
                )
            ])
        }
        let status = update.status
        Terminal.print(
            "Status (self-reported): needed \(status.needed), installed \(status.installed), failed \(status.failed), "
                + "not applicable \(status.notApplicable), unknown \(status.unknown)"
                + (status.disputed > 0 ? ", of disputed devices \(status.disputed)" : ""))
        for device in update.devices { Terminal.fields([("  \(device.name ?? device.device)", "\(device.state) since \(device.since)")]) }
    }

    struct Approve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Approve updates for groups of devices.",
            discussion: "An approval follows the update's newer revisions of the same or a more trusted source.")
        @OptionGroup var options: HomeOptions
        @OptionGroup var output: JSONOption
        @OptionGroup var selection: Selection
        @Option(help: ArgumentHelp("A group; repeat for several. The whole fleet is \"All Computers\".", valueName: "name"))
        var group: [String] = []
        @Option(help: "install or uninstall.")
        var action: ApprovalAction?
        @Option(help: ArgumentHelp("Install at the latest then, RFC 3339 in UTC: 2027-01-31T18:00:00Z.", valueName: "time"))
        var deadline: String?
        @Flag(help: "Withhold it from the group, though a group above has it approved.")
        var block = false
        @Flag(help: "Say what would be done, and do nothing.")
        var dryRun = false

        func run() async throws {
            guard !group.isEmpty else { throw ValidationError("name a group with --group; the whole fleet is --group \"All Computers\"") }
            guard !(block && (action != nil || deadline != nil)) else { throw ValidationError("--block takes neither --action nor --deadline") }
            guard action != .block else { throw ValidationError("--action takes install or uninstall; to withhold an update use --block") }
            let time = try deadline.map(UpdatesCommand.time)
            try await UpdatesCommand.change(
                .approve(groups: group, action: block ? .block : action ?? .install, deadline: time), selection, options, output, dryRun: dryRun,
                word: block ? "blocked" : "approved")
        }
    }

    struct Unapprove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Withdraw approvals; the groups above count again.",
            discussion: "Without --group, every group's. With --block, groups are kept from inheriting the approval of a group above.")
        @OptionGroup var options: HomeOptions
        @OptionGroup var output: JSONOption
        @OptionGroup var selection: Selection
        @Option(help: ArgumentHelp("A group; repeat for several.", valueName: "name"))
        var group: [String] = []
        @Flag(help: "Override an approval inherited from a group above.")
        var block = false
        @Flag(help: "Say what would be done, and do nothing.")
        var dryRun = false

        func run() async throws {
            guard !block || !group.isEmpty else { throw ValidationError("--block needs --group") }
            try await UpdatesCommand.change(
                block ? .approve(groups: group, action: .block, deadline: nil) : .unapprove(groups: group), selection, options, output,
                dryRun: dryRun, word: block ? "blocked" : "withdrawn")
        }
    }

    struct Decline: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Withhold updates from every device, and withdraw their approvals.")
        @OptionGroup var options: HomeOptions
        @OptionGroup var output: JSONOption
        @OptionGroup var selection: Selection
        @Flag(help: "Say what would be done, and do nothing.")
        var dryRun = false

        func run() async throws {
            try await UpdatesCommand.change(.decline, selection, options, output, dryRun: dryRun, word: "declined")
        }
    }

    struct Undecline: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take declines back: the updates are unapproved then.")
        @OptionGroup var options: HomeOptions
        @OptionGroup var output: JSONOption
        @OptionGroup var selection: Selection
        @Flag(help: "Say what would be done, and do nothing.")
        var dryRun = false

        func run() async throws {
            try await UpdatesCommand.change(.undecline, selection, options, output, dryRun: dryRun, word: "undeclined")
        }
    }

    struct Allow: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Allow updates that are quarantined, by name.",
            discussion: """
                What such an update starts is not one of its own files, or is a program that starts whatever it is told to; updates show says \
                which. An allowance is for the revision that is held now and for no newer one. It approves nothing.
                """)
        @OptionGroup var options: HomeOptions
        @OptionGroup var output: JSONOption
        @Argument(help: "UpdateIDs or KB numbers.")
        var ids: [String]
        @Option(help: ArgumentHelp("Why; it is recorded.", valueName: "text"))
        var reason: String

        func run() async throws { try await UpdatesCommand.allow(ids, true, reason, options, output, "allowed") }
    }

    struct Disallow: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take allowances back: the updates are quarantined again.")
        @OptionGroup var options: HomeOptions
        @OptionGroup var output: JSONOption
        @Argument(help: "UpdateIDs or KB numbers.")
        var ids: [String]

        func run() async throws { try await UpdatesCommand.allow(ids, false, "", options, output, "quarantined again") }
    }

    private static func allow(
        _ ids: [String], _ isAllowed: Bool, _ reason: String, _ options: HomeOptions, _ output: JSONOption, _ word: String
    ) async throws {
        let request = ControlRequest.allowUpdates(ids, isAllowed: isAllowed, reason: reason)
        guard case .changed(let report) = try await options.perform(request) else { throw Outcome.unexpected() }
        try show(report, output, dryRun: false, word: word)
    }

    /// RFC 3339 in UTC, whole seconds: what a deadline is on the wire.
    static func time(_ text: String) throws -> Timestamp {
        guard text.utf8.count >= 20, text.hasSuffix("Z"), text.contains("T"), let time = Timestamp(text) else {
            throw ValidationError("\(text) is not a time: RFC 3339 in UTC, for instance 2027-01-31T18:00:00Z")
        }
        guard time.millisecondsSince1970 % 1000 == 0 else { throw ValidationError("\(text): a deadline has whole seconds") }
        return time
    }

    private static func change(
        _ change: UpdateChange, _ selection: Selection, _ options: HomeOptions, _ output: JSONOption, dryRun: Bool, word: String
    ) async throws {
        let request = ControlRequest.changeUpdates(try selection.resolve(), change, isDryRun: dryRun)
        guard case .changed(let report) = try await options.perform(request) else { throw Outcome.unexpected() }
        try show(report, output, dryRun: dryRun, word: word)
    }

    private static func show(_ report: UpdateChangeReport, _ output: JSONOption, dryRun: Bool, word: String) throws {
        if output.json {
            try Terminal.json(report)
        } else {
            for update in report.changed { Terminal.fields([("\(dryRun ? "would be " : "")\(word) \(update.id)", update.title ?? "")]) }
            for update in report.unchanged { Terminal.fields([("unchanged \(update.id)", update.title ?? "")]) }
            if report.changed.isEmpty && report.unchanged.isEmpty && report.refused.isEmpty { Terminal.print("no update was chosen") }
        }
        for note in report.notes { Terminal.complain("note: \(note.id): \(note.message)") }
        for refused in report.refused { Terminal.complain("refused: \(DisplayText.escaped(refused.id)): \(DisplayText.escaped(refused.message))") }
        try Outcome.check(refused: report.refused.count, done: report.changed.count + report.unchanged.count)
    }
}

extension UpdateApprovalState: ExpressibleByArgument {}
extension ApprovalAction: ExpressibleByArgument {
    /// A block is a flag of its own.
    public static var allValueStrings: [String] { ["install", "uninstall"] }
}
