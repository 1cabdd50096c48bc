import ArgumentParser
import Logging
import UpdateEngine
import Updates

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make a server's home.",
        discussion: """
            The home gets a CA whose certificates are good for the given names only, a server certificate from it, a database, and folders \
            for documents and content. localhost and 127.0.0.1 are always among the names. A folder that has anything in it is refused.
            """)

    @Option(help: ArgumentHelp("The new home: a folder that is empty or does not exist.", valueName: "dir"))
    var home: String
    @Option(
        help: ArgumentHelp(
            "A name or address that devices reach the server by; repeat for several. The first is the one they are told.", valueName: "name"))
    var host: [String] = []
    @Option(
        help: ArgumentHelp(
            "Whose word puts a device into groups: server (the administrator's) or client (its own policy's, where it names any).",
            valueName: "side"))
    var targeting = "server"

    func validate() throws {
        guard Targeting(rawValue: targeting) != nil else { throw ValidationError("--targeting is server or client") }
    }

    func run() async throws {
        let home = Home(path: home)
        try home.assumeOwnerOfNewHome()
        var hosts: [String] = []
        for name in host + ["localhost", "127.0.0.1"] where !hosts.contains(where: { $0.lowercased() == name.lowercased() }) { hosts.append(name) }
        try await UpdateEngine.create(
            home, hosts: hosts, targeting: Targeting(rawValue: targeting) ?? .server, at: .now, log: Log.make(level: .warning))
        Terminal.print("made \(home.path)")
        Terminal.print("names: \(hosts.joined(separator: ", "))")
        Terminal.print("CA certificate, to be trusted by devices: \(home.caFile)")
    }
}
