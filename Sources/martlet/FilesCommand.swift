import ArgumentParser
import UpdateEngine
import Updates

struct FilesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "files", abstract: "Keep payloads in the content store.", subcommands: [Add.self, Verify.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take payloads that updates name, verified by size, SHA-1 and SHA-256.")

        @OptionGroup var options: HomeOptions
        @OptionGroup var output: JSONOption
        @Argument(help: "Files, or folders of them.")
        var paths: [String]

        func run() async throws {
            let absolute = try AbsolutePath.of(paths)
            guard case .files(let report) = try await options.perform(.addFiles(paths: absolute)) else { throw Outcome.unexpected() }
            if output.json {
                try Terminal.json(report)
            } else {
                Terminal.print("added \(report.added.count), refused \(report.refused.count), files that no update names \(report.ignored)")
            }
            for problem in report.refused { Terminal.complain("refused: \(DisplayText.escaped("\(problem.path): \(problem.message)"))") }
            try Outcome.check(refused: report.refused.count, done: report.added.count)
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check that every payload is there with its size.",
            discussion: "A corrupt payload is moved aside, is not served any more, and is named. Add it again with: martlet files add")

        @OptionGroup var options: HomeOptions
        @OptionGroup var output: JSONOption
        @Flag(help: "Read every file and compare its digests too.")
        var deep = false

        func run() async throws {
            guard case .files(let report) = try await options.perform(.verifyFiles(deep: deep)) else { throw Outcome.unexpected() }
            if output.json {
                try Terminal.json(report)
            } else {
                Terminal.print("verified \(report.verified), corrupt \(report.corrupt.count)")
            }
            for file in report.corrupt {
                Terminal.complain(
                    "corrupt or missing, not served until it is added again: \(DisplayText.escaped(file.name ?? "?")) (SHA-1 \(file.sha1))")
            }
            for problem in report.refused { Terminal.complain("\(problem.path): \(problem.message)") }
            // What was corrupt was moved aside: something was done even where nothing was sound.
            if !(report.corrupt.isEmpty && report.refused.isEmpty) { throw ExitCode(2) }
        }
    }
}
