import Glibc
public import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
public import Storage
import Synchronization
public import TrustedTransport
public import UpdateEngine

/// The HTTPS listener for devices: their services and content, and nothing else. There is no listener without TLS (docs/adr/0007).
public final class DeviceListener: Sendable {
    /// The port bound.
    public let port: Int
    private let tls: ListenerTLS
    private let loops: MultiThreadedEventLoopGroup
    private let threads: Threads
    private let channel: any Channel
    private let connections: ConnectionSet
    private let admission: Admission
    private let limits: DeviceLimits
    private let log: Logger
    private let end = Mutex<Task<Void, Never>?>(nil)

    private init(
        port: Int, tls: ListenerTLS, loops: MultiThreadedEventLoopGroup, threads: Threads, channel: any Channel, connections: ConnectionSet,
        admission: Admission, limits: DeviceLimits, log: Logger
    ) {
        self.port = port
        self.tls = tls
        self.loops = loops
        self.threads = threads
        self.channel = channel
        self.connections = connections
        self.admission = admission
        self.limits = limits
        self.log = log
    }

    /// Binds, and accepts connections when it returns.
    ///
    /// - Parameters:
    ///   - address: every address, of both families, if nothing.
    ///   - port: 0 picks a free one.
    ///   - publicPort: what URLs for devices have, where it is not the port bound.
    ///   - eventLoops: threads that serve connections; one for each processor if nothing.
    /// - Throws: ``EngineError`` where it cannot bind; ``TrustError`` for an identity that cannot be shown.
    public static func start(
        engine: any DeviceOperations, files: any FileStore, identity: ServerIdentity, address: String?, port: Int, publicPort: Int?,
        eventLoops: Int? = nil, limits: DeviceLimits = DeviceLimits(), log: Logger
    ) async throws -> DeviceListener {
        let tls = try ListenerTLS(identity)
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: max(1, eventLoops ?? System.coreCount))
        let threads = Threads(pagesAtOnce: limits.pagesAtOnce, log: log)
        let bounded = BoundedLog(log)
        let site = Site()
        // Each connection may have a payload open; the rest is for the database, the home and the control socket.
        let possible = max(1, (Descriptors.raiseLimit() - 256) / 2)
        if possible < limits.connections { log.notice("the limit on open files (ulimit -Hn) allows \(possible) connections at a time") }
        let connections = ConnectionSet(
            limits: .init(all: min(limits.connections, possible), perAddress: limits.connectionsPerAddress, unproven: limits.handshakes))
        let admission = Admission(width: limits.pagesAtOnce, limit: limits.pagesWaiting, threads: threads.pages)
        let turns = HandshakeTurns(Array(loops.makeIterator()), perSecond: limits.handshakesPerSecond)
        let environment = ConnectionEnvironment(
            limits: limits, held: HeldBytes(limit: limits.heldBytes), threads: threads.work, admission: admission, log: bounded,
            isProven: { connections.prove($0) }, answer: { site.answer($0) })
        let bootstrap = ServerBootstrap(group: loops)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // Nothing is accepted before the port is known that answers tell.
            .serverChannelOption(.autoRead, value: false)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { channel in
                let peer = Self.peer(channel.remoteAddress)
                let network = SourceAddress.network(of: channel.remoteAddress)
                if let refusal = connections.admit(channel, from: network) {
                    if refusal != .ending {
                        bounded.record(
                            refusal.rawValue, level: .warning, "\(refusal.rawValue); this one is closed", metadata: ["peer": "\(peer)"], lines: 1)
                    }
                    return channel.close()
                }
                return channel.eventLoop.makeCompletedFuture {
                    if let first = turns.makeHandler(on: channel.eventLoop) { try channel.pipeline.syncOperations.addHandler(first) }
                    let observer = HandshakeObserver()
                    try channel.pipeline.syncOperations.addHandler(observer)
                    try tls.addHandler(to: channel)
                    let connection = DeviceConnection(environment, peer: peer, network: network, handshake: observer.facts)
                    try channel.pipeline.syncOperations.addHandler(connection)
                }
            }
        do {
            let channel = try await bind(bootstrap, address, port)
            let actual = channel.localAddress?.port ?? port
            let verification = ContentVerification(files: files, threads: threads.verification, log: log)
            site.open(
                DeviceEndpoint(operations: engine, address: PublicAddress(names: identity.names, port: publicPort ?? actual), log: bounded),
                ContentEndpoint(files: files, verification: verification, log: log))
            try await channel.setOption(.autoRead, value: true).get()
            return DeviceListener(
                port: actual, tls: tls, loops: loops, threads: threads, channel: channel, connections: connections, admission: admission,
                limits: limits, log: log)
        } catch {
            await threads.shutdown()
            try? await loops.shutdownGracefully()
            throw bindFailure(error, address, port)
        }
    }

    static func bindFailure(_ error: any Error, _ address: String?, _ port: Int) -> EngineError {
        let reason = (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
        return EngineError(.failed, "cannot listen on \(address ?? "any address"), port \(port): \(reason)")
    }

    /// Both families where the machine has IPv6, else IPv4.
    static func bind(_ bootstrap: ServerBootstrap, _ address: String?, _ port: Int) async throws -> any Channel {
        if let address { return try await bootstrap.bind(host: address, port: port).get() }
        do {
            return try await bootstrap.bind(host: "::", port: port).get()
        } catch let error as IOError where error.errnoCode == EAFNOSUPPORT || error.errnoCode == EADDRNOTAVAIL {
            return try await bootstrap.bind(host: "0.0.0.0", port: port).get()
        }
    }

    /// An IPv4 peer of a socket for both families is called by its IPv4 address.
    static func peer(_ address: SocketAddress?) -> String {
        let text = address?.ipAddress ?? "?"
        return text.hasPrefix("::ffff:") && text.contains(".") ? String(text.dropFirst(7)) : text
    }

    /// Shows a renewed certificate, of the same names, on connections from now on.
    public func replaceIdentity(_ identity: ServerIdentity) throws {
        try tls.replace(with: identity)
    }

    /// Accepts no more, lets requests in progress finish for a while (``DeviceLimits/drain``), and closes. Returns when that is done, to
    /// everyone who calls it.
    public func shutdown() async {
        let end = end.withLock { end in
            let task = end ?? Task { await self.drain() }
            end = task
            return task
        }
        await end.value
    }

    private func drain() async {
        try? await channel.close()
        connections.quiesce()
        if await !connections.waitUntilEmpty(atMost: limits.drain) { log.notice("connections were cut: their requests took too long") }
        admission.end()
        await threads.shutdown()
        try? await loops.shutdownGracefully()
    }
}
