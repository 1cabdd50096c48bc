import ArgumentParser
import UpdateEngine
import Updates

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Import update documents (*.xml), and the payloads beside them that they name.",
        discussion: """
            A document whose prerequisites, bundled updates or payloads are not held is imported and listed as incomplete. It is not \
            delivered until its prerequisites and bundled updates are held.
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
        try Outcome.check(refused: report.refused.count, done: report.imported.count + report.alreadyHeld + report.filesAdded)
    }

    private func show(_ report: ImportReport) {
        Terminal.print(
            "imported \(report.imported.count), already held \(report.alreadyHeld), refused \(report.refused.count); "
                + "payloads added \(report.filesAdded)"
                + (report.filesIgnored > 0 ? ", files that no update names \(report.filesIgnored)" : ""))
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
