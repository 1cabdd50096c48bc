import ArgumentParser
import UpdateEngine
import Updates

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Import update documents (*.xml), the payloads beside them that they name, and offline scan cabinets (wsusscn2.cab).",
        discussion: """
            A document whose prerequisites, bundled updates or payloads are not held is imported and listed as incomplete. It is not \
            delivered until its prerequisites and bundled updates are held.

            An offline scan cabinet is known by its content. It has no documents and no payloads; its updates are listed with the \
            source cabinet, whatever --source says: as verified where Microsoft's own signature on the cabinet is found right (martlet roots), \
            and else as not verified.

            An update is quarantined, held and given to nobody, if it starts a program that is not one of its own files, or one that starts \
            whatever it is told to: martlet updates list --state quarantined.
            """)

    @OptionGroup var options: HomeOptions
    @OptionGroup var output: JSONOption
    @Option(help: ArgumentHelp("What the documents are: local, or sample for the sample catalogue, which is trusted least.", valueName: "source"))
    var source = "local"
    @Argument(help: "Documents, or folders of documents and payloads.")
    var paths: [String]

    func run() async throws {
        let absolute = try AbsolutePath.of(paths)
        guard case .imported(let report) = try await options.perform(.importUpdates(paths: absolute, source: source)) else {
            throw Outcome.unexpected()
        }
        if output.json { try Terminal.json(report) } else { show(report) }
        for problem in report.refused { Terminal.complain("refused: \(DisplayText.escaped(problem.message))") }
        let inCabinets = report.cabinets.reduce(0) { $0 + $1.imported + $1.alreadyHeld }
        try Outcome.check(refused: report.refused.count, done: report.imported.count + report.alreadyHeld + report.filesAdded + inCabinets)
    }

    private func show(_ report: ImportReport) {
        for cabinet in report.cabinets {
            Terminal.fields([("offline scan cabinet", cabinet.path)])
            Terminal.print(
                "  made \(cabinet.created?.text(.seconds) ?? "at an unknown time"), names \(cabinet.revisions) revisions: "
                    + "imported \(cabinet.imported), already held \(cabinet.alreadyHeld), refused \(cabinet.refused), "
                    + "without Core fragment \(cabinet.incomplete), quarantined \(cabinet.quarantined)")
            Terminal.fields([(cabinet.isVerified ? "  verified" : "  not verified", cabinet.signature)])
        }
        Terminal.print(
            "imported \(report.imported.count), already held \(report.alreadyHeld), refused \(report.refused.count); "
                + "payloads added \(report.filesAdded)"
                + (report.filesIgnored > 0 ? ", files that no update names \(report.filesIgnored)" : ""))
        for update in report.quarantined { Terminal.fields([("quarantined \(update.id)", update.title ?? "")]) }
        guard !report.incomplete.isEmpty else { return }
        Terminal.print("incomplete:")
        for update in report.incomplete {
            Terminal.fields([("  \(update.id)", update.title)])
            for clause in update.missingPrerequisites {
                Terminal.print("    prerequisite not held: \(clause.map(\.description).joined(separator: " or "))")
            }
            for group in update.missingBundledUpdates {
                Terminal.print("    bundled update not held: \(group.map(\.description).joined(separator: " or "))")
            }
            for file in update.missingFiles { Terminal.fields([("    payload not held", "\(file.name) (\(file.size) bytes)")]) }
        }
    }
}
