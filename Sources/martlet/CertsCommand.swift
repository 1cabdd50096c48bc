import ArgumentParser
import TrustedTransport
import UpdateEngine
import Updates

struct CertsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certs", abstract: "The server's certificates: see them, change them.",
        subcommands: [Show.self, Renew.self, Import.self, Request.self])

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the current certificate, those made ahead, and what is to be known of them.")
        @OptionGroup var options: HomeOptions
        @OptionGroup var output: JSONOption
        @Flag(help: "Print the current certificate and those above it as PEM, and nothing else.")
        var pem = false

        func run() async throws {
            guard case .certificates(.status(let status)) = try await options.perform(.certificates(.status)) else { throw Outcome.unexpected() }
            if pem { return Terminal.write(Array(status.current.pem.utf8)) }
            if output.json { return try Terminal.json(status) }
            CertsCommand.show(status)
        }
    }

    struct Renew: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change to a new certificate of the home's own CA; a running server shows it at once.",
            discussion: """
                Without pins the CA makes a certificate and the next two. Once pins were exported the change is to the next certificate, if its \
                pin was published and the time of that is past; devices not seen since are listed first, and nothing is changed before that list \
                is accepted. Connections that stand keep the certificate they began with.
                """)
        @OptionGroup var options: HomeOptions
        @OptionGroup var output: JSONOption
        @OptionGroup var change: ChangeOptions
        @Option(
            name: .customLong("ca-key"),
            help: ArgumentHelp("The CA's key, where it is kept away from the home: PEM, 0600; asks for its passphrase.", valueName: "file"))
        var caKey: String?
        @Flag(help: "Only make another next certificate, valid from now on; for a change before the next one's time.")
        var prepare = false
        @Option(help: ArgumentHelp("The passphrase of the CA's key in the first line of a file.", valueName: "file"))
        var passphraseFile: String?

        func validate() throws {
            if prepare, change.force { throw ValidationError("--prepare changes nothing that --force could pass") }
        }

        func run() async throws {
            let renewal = RenewalOptions(prepares: prepare, isForced: change.force)
            // Read as the caller, before becoming the home's owner.
            let key = try caKey.map { try KeyFileBytes(path: $0) }
            let passphrase = try passphraseFile.map { try Passphrase.read(from: $0) }
            var issued: [HeldCertificateText] = []
            if let key {
                let answer = try await options.perform(.certificates(.plan(renewal)))
                guard case .certificates(.plan(let times, let names)) = answer else { throw Outcome.unexpected() }
                let authority = try CertificateAuthority.load(certificateFile: Home(path: options.home).caFile, keyBytes: key) {
                    try passphrase ?? Passphrase.ask(isNew: false)
                }
                issued = try authority.issue(names: try names.map { try ServerName($0) }, times, now: .now)
            }
            let command = CertificateCommand.renew(renewal, issued: issued, change.consent)
            guard case .certificates(.changed(let done)) = try await options.perform(.certificates(command)) else { throw Outcome.unexpected() }
            if output.json { return try Terminal.json(done) }
            CertsCommand.show(done)
        }
    }

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a certificate of another CA, with its chain and key: PEM or PKCS #12.",
            discussion: """
                Devices must trust that CA. The key may be in the same file, in one of its own, or in the home from `martlet certs request`. \
                Key files must be 0600.
                """)
        @OptionGroup var options: HomeOptions
        @OptionGroup var output: JSONOption
        @OptionGroup var change: ChangeOptions
        @Option(help: ArgumentHelp("The key, if it is in a file of its own.", valueName: "file"))
        var key: String?
        @Flag(help: "Keep it as the next certificate; martlet certs renew changes to it.")
        var next = false
        @Option(help: ArgumentHelp("The passphrase in the first line of a file.", valueName: "file"))
        var passphraseFile: String?
        @Argument(help: "The certificates.")
        var file: String

        func run() async throws {
            let imported = try ImportedCertificate.read(file, keyFile: key) {
                try passphraseFile.map { try Passphrase.read(from: $0) } ?? Passphrase.ask(isNew: false)
            }
            let command = CertificateCommand.importCertificate(imported, asNext: next, isForced: change.force, change.consent)
            guard case .certificates(.changed(let done)) = try await options.perform(.certificates(command)) else { throw Outcome.unexpected() }
            if output.json { return try Terminal.json(done) }
            CertsCommand.show(done)
        }
    }

    struct Request: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a request (PKCS #10) for another CA to sign; its key stays in the home.",
            discussion: "Import what the CA answers with: martlet certs import FILE. Asked again it prints a request with the same key.")
        @OptionGroup var options: HomeOptions
        @Flag(help: "With an RSA key of 3072 bits, for a CA that signs no other. Older Windows finds no suite with it.")
        var rsa = false
        @Flag(help: "With a new key, although one waits for its certificate.")
        var newKey = false

        func run() async throws {
            let command = CertificateCommand.request(isRSA: rsa, isNew: newKey)
            guard case .certificates(.request(let text)) = try await options.perform(.certificates(command)) else { throw Outcome.unexpected() }
            Terminal.write(Array(text.utf8))
            if rsa { Terminal.complain(IdentityFolder.rsaPrediction) }
        }
    }

    /// How a change of certificate is carried out.
    struct ChangeOptions: ParsableArguments {
        @Flag(help: "Change although devices were not seen since the pin was published.")
        var acceptUnseen = false
        @Flag(help: "Change whatever devices have pinned: those with pins for another certificate refuse the server. Said in the log.")
        var force = false
        @Flag(help: "Say what would be done, and which devices were not seen, and do nothing.")
        var dryRun = false

        var consent: CertificateConsent { CertificateConsent(acceptsUnseen: acceptUnseen, isDryRun: dryRun) }
    }

    static func show(_ change: CertificateChange) {
        if !change.devicesNotSeen.isEmpty {
            Terminal.print("\(change.devicesNotSeen.count) devices were not seen since the pin was published:")
            Terminal.table(
                ["  NAME", "DEVICE", "LAST SEEN"],
                change.devicesNotSeen.map { ["  \($0.name ?? "-")", $0.id.text, $0.lastSeen?.text(.seconds) ?? "never"] })
        }
        let verb = change.isDryRun ? "would be" : "is"
        Terminal.print(change.shown.map { "The certificate shown \(verb) \($0.isEmpty ? "a new one" : $0)." } ?? "The certificate shown stays.")
        if change.isForced, !change.isDryRun { Terminal.print("It was forced: devices with pins for another certificate refuse this one.") }
        if let remark = change.remark { Terminal.print("Not made ahead: \(remark)") }
        show(change.status, isDryRun: change.isDryRun)
    }

    static func show(_ status: CertificateStatus, isDryRun: Bool = false) {
        func row(_ role: String, _ certificate: CertificateSummary) -> [String] {
            [
                role, certificate.origin.rawValue, certificate.keyType, certificate.notBefore.text(.date), certificate.notAfter.text(.date),
                certificate.publishedAt?.text(.seconds) ?? (status.pinsSince == nil ? "-" : "no"),
                certificate.sha256.isEmpty ? "to be made" : certificate.thumbprint, certificate.sha256,
            ]
        }
        Terminal.table(
            ["", "FROM", "KEY", "VALID FROM", "UNTIL", "PIN PUBLISHED", "THUMBPRINT (SHA-1)", "SHA-256"],
            [row("current", status.current)] + status.next.map { row("next", $0) })
        Terminal.fields([
            ("Names", status.current.names.joined(separator: ", ")), ("Issuer", status.current.issuer),
            (
                "CA of the home",
                "\(status.authority.subject), until \(status.authority.notAfter.text(.date)); "
                    + "its key is \(status.authority.hasKey ? "here" : "elsewhere")"
            ), ("Pins exported", status.pinsSince.map { "since \($0.text(.seconds))" } ?? "never"),
            ("Shown by the server", isDryRun ? "" : status.isServed.map { $0 ? "yes" : "no: see its log" } ?? "none runs"),
            ("Request", status.hasRequest ? "waits for its certificate" : ""),
        ])
        for warning in status.warnings { Terminal.print("\(warning.level.rawValue): \(DisplayText.escaped(warning.message))") }
    }
}
