import ArgumentParser
import Glibc

/// The command line (a contract: scripts rely on it).
///
/// Exit 0: done. 1: refused, failed or wrongly called, and nothing changed. 2: done in part, and it says which.
@main
struct Martlet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "martlet",
        abstract: "A TLS-only update server for Windows fleets.",
        version: Version.text,
        subcommands: [
            InitCommand.self, ServeCommand.self, ImportCommand.self, FilesCommand.self, RootsCommand.self, PublishersCommand.self,
            UpdatesCommand.self, GroupsCommand.self,
            DevicesCommand.self, ForecastCommand.self, RemedyCommand.self, ScanCommand.self, StormCommand.self, AuditCommand.self,
            BackupCommand.self, RestoreCommand.self, CertsCommand.self, PinsCommand.self,
        ])

    static func main() async {
        // A reader that goes away (`martlet ... | head`) must not look like a crash.
        signal(SIGPIPE, SIG_IGN)
        var kind: (any ParsableCommand.Type)?
        do {
            var command = try parseAsRoot()
            kind = type(of: command)
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let code as ExitCode {
            Glibc.exit(code.rawValue)
        } catch {
            // ArgumentParser's own code for a wrong call is 64; the contract's is 1.
            let isHelp = exitCode(for: error) == .success
            let text = isHelp ? fullMessage(for: error) : Self.message(of: error, in: kind)
            if !text.isEmpty { if isHelp { Terminal.print(text) } else { Terminal.complain(text) } }
            Glibc.exit(isHelp ? 0 : 1)
        }
    }

    /// - Parameter command: the one that ran, if parsing came so far: what it finds wrong in its options is followed by its own usage.
    private static func message(of error: any Error, in command: (any ParsableCommand.Type)?) -> String {
        if let error = error as? ValidationError, let command {
            let usage = usageString(for: command)
            let words = usage.split(separator: " ").prefix { $0.first?.isLetter ?? false }
            return "Error: \(error.message)\nUsage: \(usage)\n  See '\(words.joined(separator: " ")) --help' for more information."
        }
        if exitCode(for: error) == .validationFailure { return fullMessage(for: error) }
        return "martlet: \(error)"
    }
}

enum Version {
    static let text = "0.1.0"
}
