import ArgumentParser
import Foundation
import ScanPolicy
import TrustedTransport
import UpdateEngine
import Updates

struct ForecastCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forecast", abstract: "Say which devices stop scanning, when, why, and what mends it (a prediction).",
        discussion: """
            A PATH is a policy file (one device, named after it), a folder of such files (one device), a folder of such folders (one device each), or \
            an .ndjson file (one device a line). Verdicts on Windows devices are predictions from what is published; docs/forecast.md is the guide, \
            docs/scan-policy.md has the rules and their sources.
            """)

    @Argument(help: "Policy files of devices.")
    var paths: [String]
    @Flag(help: "Print JSON (docs/cli-json.md).")
    var json = false
    @Flag(help: "Print CSV, safe to open in a spreadsheet.")
    var csv = false
    @Option(help: ArgumentHelp("Write a report for people, one self-contained page.", valueName: "file"))
    var html: String?
    @Flag(help: "Write the report over one that is there.")
    var force = false
    @Option(help: "What the network demands: direct or proxy-required. Without it a device without any proxy is taken as direct.")
    var network: StatedNetwork?
    @Option(help: "Suppose a remedy: tls, system-proxy or user-proxy-fallback; repeat for several.")
    var assume: [AssumedRemedy] = []
    @Option(help: ArgumentHelp("Forecast the move to this server on TLS.", valueName: "https://HOST:8531"))
    var target: String?
    @Option(help: ArgumentHelp("The certificates that the target presents (PEM), its own first; with --home that home's.", valueName: "file"))
    var certificate: String?
    @Option(help: ArgumentHelp("The root that they end in, where the file lacks it.", valueName: "file"))
    var ca: String?
    @Option(help: ArgumentHelp("Join with what this server has seen of the devices.", valueName: "dir"))
    var home: String?
    @Option(help: ArgumentHelp("The day from which is counted; today if none is given.", valueName: "yyyy-mm-dd"))
    var asOf: String?

    func validate() throws {
        guard !paths.isEmpty else { throw ValidationError("name a policy file or a folder of them") }
        guard !(json && csv) else { throw ValidationError("--json and --csv cannot both be printed") }
        if let target, ServerURL(target)?.scheme != .https { throw ValidationError("--target is an address such as https://HOST:8531") }
        if let asOf, CalendarDay(asOf) == nil { throw ValidationError("--as-of is a day such as 2020-09-08") }
        guard html != "" else { throw ValidationError("--html names a file") }
        guard !force || html != nil else { throw ValidationError("--force goes with --html") }
        if ca != nil, certificate == nil { throw ValidationError("--ca goes with --certificate") }
    }

    func run() async throws {
        var options = Forecaster.Options(asOf: asOf.flatMap { CalendarDay($0) } ?? CalendarDay(number: Int(Date().timeIntervalSince1970) / 86_400))
        options.network = network?.requirement
        options.assumed = assume.map(\.kind)
        options.target = target.flatMap { ServerURL($0) }
        if let home { _ = try Home(path: home).owner() }
        let own = try home.map { try Home(path: $0).presentedCertificate() }
        options.certificate = try certificate.map { try ServerCertificate.read($0, authorityFile: ca) } ?? own
        options.joinedNames = own?.names
        let seen = try await readSeen()
        // After the home, whose owner the command has become.
        let page = try html.map { try NewPage($0, replacing: force) }
        let run = ForecastRun(options: options, form: json ? .json : csv ? .csv : .table, seen: seen)
        try run.read(paths)
        try run.finish()
        if let page { try run.write(page) }
        try Outcome.check(refused: run.problems, done: run.devices)
    }

    private func readSeen() async throws -> SeenByServer? {
        guard let home else { return nil }
        let options = try HomeOptions.parse(["--home", home])
        // First who came: that writes down what the server has in hand of the devices' connections too.
        guard case .insecure(let report) = try await options.perform(.insecure(days: 30)) else { throw Outcome.unexpected() }
        guard case .devices(let devices) = try await options.perform(.listDevices(DeviceFilter())) else { throw Outcome.unexpected() }
        let seen = SeenByServer(devices, report)
        if !seen.claimedTwice.isEmpty {
            let names = seen.claimedTwice.prefix(10).joined(separator: ", ") + (seen.claimedTwice.count > 10 ? ", ..." : "")
            Terminal.complain("martlet: names that several devices claim, joined with none (\(seen.claimedTwice.count)): \(names)")
        }
        return seen
    }
}

/// What the caller says of the network.
enum StatedNetwork: String, ExpressibleByArgument, CaseIterable {
    case direct
    case proxyRequired = "proxy-required"

    var requirement: NetworkRequirement {
        switch self {
        case .direct: .direct
        case .proxyRequired: .proxyRequired
        }
    }
}

/// The remedies that can be supposed.
enum AssumedRemedy: String, ExpressibleByArgument, CaseIterable {
    case tls
    case systemProxy = "system-proxy"
    case userProxyFallback = "user-proxy-fallback"

    var kind: RemedyKind {
        switch self {
        case .tls: .tls
        case .systemProxy: .systemProxy
        case .userProxyFallback: .userProxyFallback
        }
    }
}
