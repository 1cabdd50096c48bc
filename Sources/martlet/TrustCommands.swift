import ArgumentParser
import TrustedTransport
import UpdateEngine
import Updates

/// Microsoft's roots, which signatures on updates may lead to.
struct RootsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "roots", abstract: "Microsoft's root certificates: what signatures on updates may lead to.",
        discussion: """
            The certificates are Microsoft's and do not come with the program; their fingerprints do. A certificate counts only if its \
            SHA-256 is one of those. docs/operations.md says where Microsoft publishes them.
            """,
        subcommands: [Import.self, List.self, Remove.self])

    static let roles: [TrustedCertificate.Role] = [.microsoftRoot]

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take those of a file's certificates that are roots of Microsoft's.")
        @OptionGroup var options: HomeOptions
        @OptionGroup var output: JSONOption
        @Argument(help: "Files with certificates, PEM or DER.")
        var files: [String]

        func run() async throws { try await Trusted.add(files, .microsoftRoot, options, output) }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the roots that are held.")
        @OptionGroup var options: HomeOptions
        @OptionGroup var output: JSONOption

        func run() async throws { try await Trusted.list(RootsCommand.roles, options, output) }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let signatures lead to a root no more.")
        @OptionGroup var options: HomeOptions
        @OptionGroup var output: JSONOption
        @Argument(help: ArgumentHelp("The certificate's SHA-256, or eight digits of it or more.", valueName: "sha256"))
        var fingerprint: String

        func run() async throws { try await Trusted.remove(fingerprint, RootsCommand.roles, options, output) }
    }
}

/// The home's own publishers.
struct PublishersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publishers", abstract: "Your own publishers: certificates that signatures on updates may lead to.",
        subcommands: [Add.self, List.self, Remove.self])

    static let roles: [TrustedCertificate.Role] = [.publisher, .timestampRoot]

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Trust the signatures of a publisher.",
            discussion: "The certificate is the signer's own, or that of a CA: then everybody whom the CA lets sign programs is trusted.")
        @OptionGroup var options: HomeOptions
        @OptionGroup var output: JSONOption
        @Flag(help: "It is the root of the timestamps on what publishers sign, and vouches for no program.")
        var timestamps = false
        @Argument(help: "Files with certificates, PEM or DER.")
        var files: [String]

        func run() async throws { try await Trusted.add(files, timestamps ? .timestampRoot : .publisher, options, output) }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the publishers that are trusted.")
        @OptionGroup var options: HomeOptions
        @OptionGroup var output: JSONOption

        func run() async throws { try await Trusted.list(PublishersCommand.roles, options, output) }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Trust a publisher no more, nor its timestamps.")
        @OptionGroup var options: HomeOptions
        @OptionGroup var output: JSONOption
        @Argument(help: ArgumentHelp("The certificate's SHA-256, or eight digits of it or more.", valueName: "sha256"))
        var fingerprint: String

        func run() async throws { try await Trusted.remove(fingerprint, PublishersCommand.roles, options, output) }
    }
}

/// What both commands do alike.
private enum Trusted {
    static func add(_ files: [String], _ role: TrustedCertificate.Role, _ options: HomeOptions, _ output: JSONOption) async throws {
        let request = ControlRequest.addCertificates(files: try AbsolutePath.of(files), role: role)
        guard case .trusted(let report) = try await options.perform(request) else { throw Outcome.unexpected() }
        if output.json {
            try Terminal.json(report)
        } else {
            for certificate in report.added { Terminal.fields([("added \(certificate.sha256)", certificate.name)]) }
            for certificate in report.unchanged { Terminal.fields([("unchanged \(certificate.sha256)", certificate.name)]) }
            if report.ignored > 0 { Terminal.print("certificates that are not among Microsoft's roots for signatures: \(report.ignored)") }
        }
        for problem in report.refused { Terminal.complain("refused: \(DisplayText.escaped(problem.message))") }
        try Outcome.check(refused: report.refused.count, done: report.added.count + report.unchanged.count)
    }

    static func list(_ roles: [TrustedCertificate.Role], _ options: HomeOptions, _ output: JSONOption) async throws {
        guard case .trustedCertificates(let certificates) = try await options.perform(.listCertificates(roles)) else { throw Outcome.unexpected() }
        if output.json { return try Terminal.json(certificates) }
        Terminal.table(
            ["SHA-256", "ROLE", "ADDED", "NAME"], certificates.map { [$0.sha256.description, $0.role, $0.added.text(.seconds), $0.name] })
        Terminal.complain("\(certificates.count) certificates")
    }

    static func remove(_ fingerprint: String, _ roles: [TrustedCertificate.Role], _ options: HomeOptions, _ output: JSONOption) async throws {
        let request = ControlRequest.removeCertificate(fingerprint, roles)
        guard case .trustedCertificates(let removed) = try await options.perform(request) else { throw Outcome.unexpected() }
        if output.json { return try Terminal.json(removed) }
        for certificate in removed { Terminal.fields([("removed \(certificate.sha256) (\(certificate.role))", certificate.name)]) }
    }
}
