public import Logging
import NIOCore
import NIOPosix
import UpdateEngine
public import Updates

/// A port without TLS that serves nothing: everyone who asks is refused and noted, so that an administrator sees which devices still have an
/// `http://` address (docs/adr/0022). Off by default.
public final class PlainWatch: Sendable {
    /// Connections at a time, and of them from one address: they last for milliseconds.
    static let connections = 512
    static let connectionsPerAddress = 64

    /// The port bound.
    public let port: Int
    private let loops: MultiThreadedEventLoopGroup
    private let channel: any Channel
    private let open: ConnectionSet

    private init(port: Int, loops: MultiThreadedEventLoopGroup, channel: any Channel, open: ConnectionSet) {
        self.port = port
        self.loops = loops
        self.channel = channel
        self.open = open
    }

    /// Binds, and refuses connections' requests when it returns.
    ///
    /// - Parameters:
    ///   - address: every address, of both families, if nothing.
    ///   - port: 0 picks a free one.
    ///   - record: called for each request, on an event loop.
    /// - Throws: ``EngineError`` where it cannot bind.
    public static func start(
        address: String?, port: Int, limits: DeviceLimits = DeviceLimits(), log: Logger, record: @escaping @Sendable (PlainCaller) -> Void
    ) async throws -> PlainWatch {
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let bounded = BoundedLog(log)
        let open = ConnectionSet(limits: .init(all: connections, perAddress: connectionsPerAddress, unproven: connections))
        let bootstrap = ServerBootstrap(group: loops)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { channel in
                let peer = DeviceListener.peer(channel.remoteAddress)
                if let refusal = open.admit(channel, from: SourceAddress.network(of: channel.remoteAddress)) {
                    if refusal != .ending {
                        bounded.record(
                            "plain", level: .warning, "one that came by HTTP is closed unheard: \(refusal.rawValue)", metadata: ["peer": "\(peer)"],
                            lines: 1)
                    }
                    return channel.close()
                }
                return channel.eventLoop.makeCompletedFuture {
                    let connection = PlainConnection(peer: peer, limits: limits) { caller in
                        record(caller)
                        bounded.record(
                            "plain", level: .info, "refused: it came by HTTP",
                            metadata: ["peer": "\(peer)", "agent": "\(caller.agent)", "path": "\(caller.path)"])
                    }
                    try channel.pipeline.syncOperations.addHandler(connection)
                }
            }
        do {
            let channel = try await DeviceListener.bind(bootstrap, address, port)
            return PlainWatch(port: channel.localAddress?.port ?? port, loops: loops, channel: channel, open: open)
        } catch {
            try? await loops.shutdownGracefully()
            throw DeviceListener.bindFailure(error, address, port)
        }
    }

    public func shutdown() async {
        try? await channel.close()
        open.quiesce()
        _ = await open.waitUntilEmpty(atMost: .milliseconds(100))
        try? await loops.shutdownGracefully()
    }
}
