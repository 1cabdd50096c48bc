import ArgumentParser
import Logging
import UpdateEngine
import Updates

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Put a backup in place as a new home.",
        discussion: """
            Everything is verified before any of it is in place. The home gets a new server id, so devices of the old one start anew by \
            themselves. A folder that has anything in it is refused: move an old home away first, and never run both.
            """)

    @Option(help: ArgumentHelp("The new home: a folder that is empty or does not exist.", valueName: "dir"))
    var home: String
    @OptionGroup var output: JSONOption
    @Option(help: ArgumentHelp("The passphrase of a sealed backup is the first line of this file.", valueName: "file"))
    var passphraseFile: String?
    @Argument(help: "The backup.")
    var file: String

    func run() async throws {
        // Opened and read as the caller, before becoming the folder's owner.
        let backup = try OpenBackup(path: try AbsolutePath.of([file])[0])
        var passphrase: [UInt8]?
        if backup.isSealed { passphrase = try passphraseFile.map { try Passphrase.read(from: $0) } ?? Passphrase.ask(isNew: false) }
        let home = Home(path: home)
        try home.assumeOwnerOfNewHome()
        let report = try await home.restore(backup, passphrase: passphrase, log: Log.make(level: .warning)) {
            Terminal.progress(done: $0.done, total: $0.total, what: $0.what)
        }
        Terminal.endProgress()
        if output.json { return try Terminal.json(report) }
        Terminal.fields([
            ("restored", report.home), ("backup of", report.madeAt.text(.seconds)), ("change", String(report.generation.rawValue)),
            ("server id", "\(report.serverID) (new)"),
        ])
        if report.missingPayloads > 0 {
            Terminal.print(
                "missing: \(report.missingPayloads) payloads (\(report.missingPayloadBytes) bytes); "
                    + "add them with: martlet files add --home \(report.home) FOLDER")
        }
        if !report.hasCAKey {
            Terminal.print("missing: the key of the certificate authority; put it back as \(report.home)/tls/ca.key before the certificate ends")
        }
    }
}
