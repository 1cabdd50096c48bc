import ArgumentParser
import Logging
import UpdateEngine
import Updates

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Write a backup of the home to one new file, beside a running server or without one.",
        discussion: """
            It has the database, documents, fragments, configuration, server certificate, its key and the token keys of one moment: keep it \
            like those keys, or seal it with a passphrase. Of payloads it has the list only.
            """)

    @OptionGroup var options: HomeOptions
    @OptionGroup var output: JSONOption
    @Flag(help: "The payloads too.")
    var withContent = false
    @Flag(help: "The key of the certificate authority too: who has it can make servers that devices trust.")
    var withCAKey = false
    @Flag(help: "Seal it with a passphrase, asked for at the terminal.")
    var seal = false
    @Option(help: ArgumentHelp("Seal it with the passphrase in the first line of a file.", valueName: "file"))
    var passphraseFile: String?
    @Argument(help: "The new file, in a folder that the home's owner can write to.")
    var file: String

    func run() async throws {
        let path = try AbsolutePath.of([file])[0]
        // Read as the caller, before becoming the home's owner.
        let passphrase = try passphraseFile.map { try Passphrase.read(from: $0) } ?? (seal ? Passphrase.ask(isNew: true) : nil)
        let home = Home(path: options.home)
        try home.assumeOwner()
        let chosen = BackupOptions(includesCAKey: withCAKey, includesContent: withContent, passphrase: passphrase)
        let report = try await home.backUp(to: path, chosen, at: .now, log: Log.make(level: .warning)) {
            Terminal.progress(done: $0.done, total: $0.total, what: $0.what)
        }
        Terminal.endProgress()
        if output.json { return try Terminal.json(report) }
        Terminal.fields([
            ("backup", "\(report.path) (\(report.bytes) bytes\(report.isSealed ? ", sealed" : ""))"),
            ("change", String(report.generation.rawValue)),
            ("payloads", "\(report.payloads) (\(report.payloadBytes) bytes), \(report.hasContent ? "in it" : "their list only")"),
            ("key of the authority", report.hasCAKey ? "in it" : "not in it"),
        ])
        if !report.isSealed { Terminal.print("It holds private keys and is not sealed: whoever reads it can pose as this server.") }
    }
}
