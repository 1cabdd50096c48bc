import ArgumentParser
import UpdateEngine
import Updates

struct FilesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "files", abstract: "Keep payloads in the content store.", subcommands: [Add.self, List.self, Verify.self])

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

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the payloads that updates name, with what vouches for their bytes.",
            discussion: """
                sha256: the update's metadata have it. signature: they have not, and the payload is signed by someone who is trusted (martlet \
                roots, martlet publishers). sha1-only: neither; whoever can make two files of one SHA-1 can exchange it.
                """)

        @OptionGroup var options: HomeOptions
        @OptionGroup var output: JSONOption
        @Flag(help: "Only those for which nothing but a SHA-1 vouches.")
        var sha1Only = false

        func run() async throws {
            guard case .payloads(var payloads) = try await options.perform(.listPayloads) else { throw Outcome.unexpected() }
            if sha1Only { payloads.removeAll { $0.proof != .sha1Only } }
            if output.json { return try Terminal.json(payloads) }
            Terminal.table(
                ["SHA-1", "BYTES", "HELD", "PROOF", "SIGNATURE", "NAME"],
                payloads.map {
                    [
                        $0.file.sha1, String($0.file.size), $0.file.isHeld ? "yes" : "no", $0.proof.rawValue, Self.words($0.signature),
                        $0.file.name ?? "?",
                    ]
                })
            Terminal.complain("\(payloads.count) payloads")
        }

        private static func words(_ signature: SignatureSummary?) -> String {
            guard let signature else { return "-" }
            let said = signature.signer.isEmpty ? signature.detail : signature.signer
            return said.isEmpty ? signature.standing : "\(signature.standing): \(said)"
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check that every payload is there with its size.",
            discussion: "A corrupt payload is moved aside, is not served any more, and is named. Add it again with: martlet files add")

        @OptionGroup var options: HomeOptions
        @OptionGroup var output: JSONOption
        @Flag(help: "Read every file, compare its digests and judge its signature anew.")
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
