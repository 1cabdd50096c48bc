import ArgumentParser
import ScanPolicy
import TrustedTransport
import UpdateEngine

/// `martlet remedy tls|system-proxy|user-proxy-fallback`: material for group policy, written into a folder.
struct RemedyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remedy", abstract: "Write group policy material that keeps devices scanning, safest first.",
        discussion: """
            tls points devices at this server over TLS. system-proxy gives them a proxy of the system. user-proxy-fallback lets the user's proxy \
            stand in, which is dangerous and never a default. Each file's purpose, whether it stays behind, how to undo it and what it risks \
            is shown and stands in README.txt.
            """, subcommands: [TLS.self, SystemProxy.self, UserProxyFallback.self])

    struct TLS: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "tls", abstract: "Detection and reports over TLS, from this server.")
        @OptionGroup var server: RemedyServer
        @OptionGroup var output: RemedyOutput
        @Option(help: ArgumentHelp("With --url: the certificate authority for the computer's Trusted Root store (PEM).", valueName: "file"))
        var ca: String?

        func validate() throws {
            if ca != nil, server.home != nil { throw ValidationError("--ca goes with --url: a home has its own") }
        }

        func run() async throws {
            let site = try server.read()
            let file = ca ?? site.authority
            let certificates = try file.map { try CertificateFile.texts($0) } ?? []
            try output.write(try RemedyMaterial.tls(server: site.url, certificates: certificates))
            if certificates.isEmpty { Terminal.print("no certificate was given (--ca): devices must trust the server's authority already") }
        }
    }

    struct SystemProxy: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "system-proxy", abstract: "A proxy of the system, and detection through no other.")
        @OptionGroup var server: RemedyServer
        @OptionGroup var output: RemedyOutput
        @Option(help: ArgumentHelp("The proxy.", valueName: "host:port"))
        var proxy: String
        @Option(help: ArgumentHelp("A name that is reached without it, * and <local> included; repeat for several.", valueName: "name"))
        var bypass: [String] = []
        @Flag(help: "Reach this server without the proxy: its name joins the bypass list.")
        var bypassServer = false

        func run() async throws {
            let site = try server.read()
            let separator = proxy.lastIndex(of: ":")
            guard let separator, let port = UInt16(proxy[proxy.index(after: separator)...]), port > 0 else {
                throw ValidationError("--proxy is HOST:PORT")
            }
            var host = proxy[..<separator]
            if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
            let name = try ServerName(host)
            let text = "\(name.isAddress && host.contains(":") ? "[\(name)]" : "\(name)"):\(port)"
            let list = bypass + (bypassServer ? [site.url.host] : [])
            try output.write(try RemedyMaterial.systemProxy(StaticProxy(text, bypass: list.joined(separator: ";")), server: site.url))
        }
    }

    struct UserProxyFallback: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "user-proxy-fallback", abstract: "DANGEROUS: let the user's proxy stand in where the system's fails.")
        @OptionGroup var server: RemedyServer
        @OptionGroup var output: RemedyOutput

        func run() async throws { try output.write(try RemedyMaterial.userProxyFallback(server: try server.read().url)) }
    }
}

/// Which server the material is for.
struct RemedyServer: ParsableArguments {
    @Option(help: ArgumentHelp("The server's home: its first name, its port and its certificate authority.", valueName: "dir"))
    var home: String?
    @Option(help: ArgumentHelp("The server's URL, where the home is elsewhere.", valueName: "https://host:port"))
    var url: String?
    @Option(help: "With --home: the port that devices use, where the home does not say it.")
    var port: UInt16 = 8531

    func validate() throws {
        guard (home == nil) != (url == nil) else { throw ValidationError("give the server by --home or by --url") }
    }

    func read() throws -> (url: ServerURL, authority: String?) {
        if let home {
            let home = Home(path: home)
            try home.assumeOwner()
            let configuration = try Configuration.load(from: home)
            let host = configuration.hosts.first ?? "localhost"
            let port = configuration.publicPort.flatMap { UInt16(exactly: $0) } ?? port
            return (ServerURL(scheme: .https, host: "\(try ServerName(host))", port: port), home.caFile)
        }
        guard let parsed = ServerURL(url ?? ""), parsed.scheme == .https else { throw ValidationError("--url is https://HOST:PORT") }
        return (ServerURL(scheme: .https, host: "\(try ServerName(parsed.host))", port: parsed.port), nil)
    }
}

/// Where the material goes.
struct RemedyOutput: ParsableArguments {
    @Option(help: ArgumentHelp("The folder to write; it is made where it is not there.", valueName: "dir"))
    var out: String
    @Flag(help: "Write over files of the same names, and say which.")
    var force = false

    func write(_ material: RemedyMaterial) throws {
        let files = material.artefacts.map { ($0.name, $0.bytes) } + [("README.txt", material.readme)]
        let replaced = try NewFiles.write(files, into: out, replacing: force)
        if let warning = material.warning { Terminal.complain("WARNING: \(warning)") }
        Terminal.print("\(material.remedy.rawValue) for \(material.server), in \(out)")
        Terminal.table(
            ["FILE", "KIND", "STAYS BEHIND", "UNDO"],
            material.artefacts.map { [$0.name, $0.kind.rawValue, String($0.stays.prefix { $0 != ":" }), $0.undo] })
        Terminal.print("\nWhat each of them risks (README.txt says how to use them):")
        Terminal.fields(material.artefacts.map { ($0.name, $0.risk) })
        if !replaced.isEmpty { Terminal.print("written over: \(replaced.joined(separator: ", "))") }
    }
}
