import ArgumentParser
import ScanPolicy
import TrustedTransport
import UpdateEngine
import Updates

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Look at any WSUS-compatible server from outside, and grade what it lets be seen.",
        discussion: """
            Nothing that is sent changes the server: TLS hellos, GET, HEAD, GetConfig and GetAuthConfig. Only its host is contacted, one connection \
            at a time. With an address of port 8530, 8531, 80 or 443 the other port of the pair is looked at too; with a name alone 8531 and 8530, \
            and if neither is open 443 and 80. What it says of devices is a prediction. Ends with 2 where something could not be seen.
            """)

    @Argument(help: ArgumentHelp("The server: https://HOST[:PORT], http://HOST[:PORT] or HOST.", valueName: "url"))
    var url: String
    @Option(help: ArgumentHelp("The authorities that devices trust (PEM); without it those of this machine.", valueName: "file"))
    var ca: String?
    @Option(help: ArgumentHelp("The server's HTTP port, where it is not the usual one.", valueName: "port"))
    var httpPort: UInt16?
    @Option(help: ArgumentHelp("The server's TLS port, where it is not the usual one.", valueName: "port"))
    var httpsPort: UInt16?
    @Option(help: ArgumentHelp("Seconds that one connection may take, 1 to 60.", valueName: "seconds"))
    var timeout = 5
    @Option(help: ArgumentHelp("Write the report as one page, too.", valueName: "file"))
    var html: String?
    @Flag(help: "Write the page over a file that is there.")
    var force = false
    @OptionGroup var output: JSONOption

    func validate() throws {
        guard 1...60 ~= timeout else { throw ValidationError("--timeout is 1 to 60 seconds") }
        guard httpPort != 0, httpsPort != 0 else { throw ValidationError("a port is 1 to 65535") }
        guard html != "" else { throw ValidationError("a path is empty") }
        guard html != nil || !force else { throw ValidationError("--force is for --html, which names no file") }
    }

    func run() async throws {
        guard let target = AuditTarget(url, https: httpsPort, http: httpPort) else {
            throw ValidationError("the server must have the form https://HOST[:PORT], http://HOST[:PORT] or HOST")
        }
        // The look takes minutes: a page that could not be written is refused before it.
        let page = try html.map { try NewPage($0, replacing: force) }
        var limits = ServerAudit.Limits()
        limits.probe = timeout
        let audit = try ServerAudit(target, caFile: ca, limits: limits, now: .now)
        let report = AuditGrading.report(try await audit.observe())
        if output.json { try Terminal.json(report) } else { show(report) }
        try page?.write(AuditPage.bytes(report))
        if !report.isComplete { throw ExitCode(2) }
    }

    private func show(_ report: AuditReport) {
        Terminal.fields([
            ("Server", report.host + (report.address.map { $0 == report.host ? "" : " (\($0))" } ?? "")),
            ("Ports", report.ports.map { "\($0.port) \($0.scheme) \($0.state)" }.joined(separator: ", ")), ("Grade", report.grade.rawValue),
        ])
        Terminal.print("")
        Terminal.table(["GRADE", "WHAT", "SEEN"], report.sortedFindings.map { [$0.grade.rawValue, $0.id.title, $0.seen] })
        for finding in report.sortedFindings where !finding.mend.isEmpty {
            Terminal.print("")
            Terminal.fields([(finding.id.title, finding.why ?? finding.seen)])
            for (number, step) in finding.mend.enumerated() { Terminal.fields([("  \(number + 1)", step)]) }
        }
        if !report.predictions.isEmpty {
            Terminal.print("\nWhat stock Windows devices without proxies will do (a prediction):")
            Terminal.table(
                ["ADDRESS", "LEVEL", "OUTCOME", "ROW", "SHOWS", ""],
                report.predictions.map { [$0.url, $0.level, $0.outcome, $0.row, $0.errors.joined(separator: ", "), $0.note ?? ""] })
        }
        Terminal.print("")
        for remark in report.remarks { Terminal.fields([("Beyond this", remark)]) }
        for line in report.notAsked { Terminal.fields([("Not asked", line)]) }
        Terminal.fields([("Cost", "\(report.connections) connections, \(report.bytesReceived) bytes received")])
    }
}
