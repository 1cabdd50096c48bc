import ArgumentParser
import Logging
import TrustedTransport
import UnixSignals
import UpdateEngine
import UpdateServer
import Updates

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve devices over TLS until told to end (SIGTERM, SIGINT).",
        discussion: "Prints `ready https://HOST:PORT` once it accepts connections. Logs go to standard error.")

    @Option(help: ArgumentHelp("The server's home.", valueName: "dir"))
    var home: String
    @Option(help: "The port; 0 picks a free one.")
    var port = 8531
    @Option(help: ArgumentHelp("The address to bind; all of them if none is given.", valueName: "addr"))
    var bind: String?
    @Option(
        help: ArgumentHelp("Refuse and note who comes by plain HTTP on this port; off by default.", valueName: "port|addr:port"))
    var watchHttp: String?
    @Option(help: ArgumentHelp("trace, debug, info, notice, warning or error.", valueName: "level"))
    var logLevel = "info"

    func validate() throws {
        guard (0...65535).contains(port) else { throw ValidationError("\(port) is not a port") }
        if let watchHttp { _ = try ListenAddress(watchHttp) }
        guard Logger.Level(rawValue: logLevel) != nil else { throw ValidationError("\(logLevel) is not a log level") }
    }

    func run() async throws {
        let home = Home(path: home)
        try home.assumeOwner()
        let log = Log.make(level: Logger.Level(rawValue: logLevel) ?? .info)
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let lock = try home.lock()
        let engine = try await UpdateEngine.open(home, log: log)
        let identity = try engine.loadIdentity()
        if identity.wasRenewed { log.notice("the server certificate was changed, until \(identity.notAfter.text(.seconds))") }
        let control = try ControlServer(engine: engine, log: log)
        var limits = DeviceLimits()
        if let connections = engine.configuration.connections { limits.connections = connections }
        if let connections = engine.configuration.connectionsPerAddress { limits.connectionsPerAddress = connections }
        if let handshakes = engine.configuration.handshakesPerSecond { limits.handshakesPerSecond = handshakes }
        let listener = try await DeviceListener.start(
            engine: engine, files: engine.files, identity: identity, address: bind, port: port, publicPort: engine.configuration.publicPort,
            limits: limits, log: log)
        var watch: PlainWatch?
        if let watched = try watchHttp.map({ try ListenAddress($0) }) {
            do {
                let started = try await PlainWatch.start(address: watched.address ?? bind, port: watched.port, log: log) { engine.note($0) }
                watch = started
                log.notice("whoever comes by plain HTTP on port \(started.port) is refused and noted (martlet devices list --insecure)")
            } catch {
                await listener.shutdown()
                try? await engine.close()
                throw error
            }
        }
        engine.shows(identity) { try listener.replaceIdentity($0) }
        control.start()
        let host = identity.names.first.map(\.urlHost) ?? "localhost"
        let url = "https://\(host):\(engine.configuration.publicPort ?? listener.port)"
        // The first name may be known to the fleet's name server only; every home has localhost.
        let local = bind == nil && identity.names.contains { $0.description == "localhost" } ? "https://localhost:\(listener.port)" : url
        Terminal.print(StartScreen.text(url: url, localURL: local, home: home, identity: identity))
        Terminal.print("ready https://\(host):\(listener.port)")
        let readying = Task { await engine.makeFragmentsReady() }
        let watching = Task { await engine.watchCertificates() }
        for await signal in signals {
            log.notice("ending: \(signal)")
            break
        }
        watching.cancel()
        readying.cancel()
        await readying.value
        await control.stop()
        await watch?.shutdown()
        await listener.shutdown()
        try await engine.close()
        withExtendedLifetime(lock) {}
        log.notice("ended")
    }
}
