import ArgumentParser
import Foundation
import TrustedTransport
import UpdateAgent
import Updates

struct ScanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scan",
        abstract: "Be one device: scan a server, and download and report if told to.",
        discussion: """
            The device evaluates no applicability rule: by default categories and detectoids are installed and software is not. It installs \
            nothing. Its id, cookie and cache live in the state folder, so that the next scan is a delta.
            """)

    @Option(help: ArgumentHelp("The server, https://HOST:PORT.", valueName: "url"))
    var server: String
    @Option(help: ArgumentHelp("The CA certificates to trust, and no other (PEM); the system's own if none are named.", valueName: "file"))
    var ca: String?
    @Option(help: ArgumentHelp("Where the device keeps its state.", valueName: "dir"))
    var state: String?
    @OptionGroup(title: "The way to the server") var network: NetworkOptions
    @Option(help: ArgumentHelp("The groups the device asks for (client-side targeting), separated by semicolons.", valueName: "name"))
    var group: String?
    @Option(
        help: ArgumentHelp(
            "What is installed: all, none, or a file with one UpdateID a line.", valueName: "all|none|file"))
    var installed: String?
    @Option(help: ArgumentHelp("The hardware it lists, as JSON (docs/operations.md): without it the device has none.", valueName: "file"))
    var hardware: String?
    @Option(help: ArgumentHelp("Download what is to be installed, and verify it.", valueName: "dir"))
    var download: String?
    @Option(
        help: ArgumentHelp(
            "Microsoft's roots (PEM or DER, known by fingerprint): files without a SHA-256 must be signed by whom they vouch for.", valueName: "file")
    )
    var roots: [String] = []
    @Option(help: ArgumentHelp("Certificates of your own publishers, likewise.", valueName: "file"))
    var publishers: [String] = []
    @Option(help: ArgumentHelp("An update to believe whatever it starts; repeat for several.", valueName: "update-id"))
    var allow: [String] = []
    @Flag(help: "Tell the server the outcome.")
    var report = false
    @OptionGroup var output: JSONOption

    func validate() throws {
        guard network.isPlain(server) else {
            guard state != nil else { throw ValidationError("name a folder with --state") }
            return
        }
        guard state == nil, download == nil else {
            throw ValidationError("over plain HTTP nothing is written to disk: leave --state and --download away")
        }
    }

    func run() async throws {
        let options = ScanOptions(
            rule: try rule(), targetGroup: group, system: try system(), downloadFolder: download, isReporting: report, allowed: try allowed(),
            trust: try trust())
        let agent: UpdateAgent
        if network.isPlain(server) {
            Terminal.complain("WARNING: \(server) has no TLS. Whoever is on the way decides what this device is told. For a laboratory only;")
            Terminal.complain("WARNING: nothing is kept: no state, no downloads.")
            agent = try UpdateAgent(plainServer: server, network: try network.make(ca: ca))
        } else {
            agent = try UpdateAgent(server: server, network: try network.make(ca: ca), stateFolder: state ?? "")
        }
        let result: ScanResult
        do {
            result = try await agent.scan(options) { Self.show($0) }
            await agent.shutdown()
            Terminal.endProgress()
        } catch {
            await agent.shutdown()
            Terminal.endProgress()
            throw error
        }
        if output.json { try Terminal.json(result) } else { show(result) }
        for warning in result.warnings { Terminal.complain("warning: \(DisplayText.escaped(warning))") }
        if !result.isComplete { throw ExitCode(2) }
    }

    private func allowed() throws -> Set<UpdateID> {
        Set(
            try allow.map { text in
                guard let id = UpdateID(text) else { throw ValidationError("--allow: \(text) is not an UpdateID") }
                return id
            })
    }

    private func trust() throws -> SigningTrust {
        func certificates(_ files: [String], _ role: TrustedCertificate.Role) throws -> [TrustedCertificate] {
            try files.flatMap { path in
                guard let data = FileManager.default.contents(atPath: path) else { throw ValidationError("\(path) cannot be read") }
                return try SigningTrust.certificates(of: Array(data), named: path).map { TrustedCertificate(role: role, der: $0) }
            }
        }
        return SigningTrust(try certificates(roots, .microsoftRoot) + certificates(publishers, .publisher), table: .microsoft)
    }

    private func system() throws -> SystemSpec? {
        guard let hardware else { return nil }
        guard let data = FileManager.default.contents(atPath: hardware) else { throw ValidationError("--hardware: \(hardware) cannot be read") }
        return try HardwareFile.read(data, named: hardware)
    }

    private func rule() throws -> EvaluationRule {
        switch installed {
        case nil: return .fresh
        case "all": return .all
        case "none": return .none
        case .some(let path):
            guard let data = FileManager.default.contents(atPath: path), let text = String(validating: data, as: UTF8.self) else {
                throw ValidationError("--installed: \(path) cannot be read as text")
            }
            var ids: Set<UpdateID> = []
            for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
                let word = line.trimmingCharacters(in: .whitespaces)
                if word.isEmpty || word.hasPrefix("#") { continue }
                guard let id = UpdateID(word) else { throw ValidationError("\(path), line \(number + 1): not an UpdateID") }
                ids.insert(id)
            }
            return .list(ids)
        }
    }

    private static func show(_ progress: ScanProgress) {
        switch progress {
        case .downloading(let files, _): Terminal.progress(done: 0, total: files, what: "files")
        case .fileEnded(_, _, let done, let all): Terminal.progress(done: done, total: all, what: "files")
        case .asking, .waiting, .fileAdvanced: break
        }
    }

    private func show(_ result: ScanResult) {
        let counts = result.counts
        Terminal.fields([
            ("Device", "\(result.dnsName) (\(result.deviceID))"), ("Server", result.server), ("Way", result.way ?? ""),
            ("Scan", "\(result.isFullScan ? "full" : "delta"), \(result.trips) trips, \(result.bytesReceived) bytes received"),
            ("Updates", "\(counts.known) known, \(counts.new) new, \(counts.changed) changed, \(counts.outOfScope) out of scope"),
            ("Software", "\(counts.needed) needed, \(counts.offered) of them to be installed, \(counts.installed) installed"),
            ("Drivers", hardware == nil ? "" : "\(result.drivers.count) for the hardware listed"),
            (
                "Files",
                download == nil
                    ? ""
                    : "\(counts.filesDownloaded) downloaded (\(counts.bytesDownloaded) bytes), \(counts.filesPresent) held already, \(counts.filesFailed) failed"
            ),
            ("Reported", result.isReported.map { $0 ? "yes" : "no" } ?? ""),
        ])
        for driver in result.drivers {
            Terminal.fields([("driver \(driver.identity)", "\(driver.action.rawValue) for \(driver.hardwareIDs.joined(separator: ", "))")])
        }
        for update in result.updates where update.isOffered {
            Terminal.fields([
                ("to install \(update.identity)", (update.title ?? "") + (update.deadline.map { ", deadline \($0)" } ?? ""))
            ])
            for file in update.files { Terminal.fields([("  \(file.name)", file.error ?? file.path ?? "\(file.size) bytes")]) }
            for error in update.errors { Terminal.fields([("  note", error)]) }
        }
    }
}
