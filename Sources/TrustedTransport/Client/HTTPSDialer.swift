public import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import Synchronization

/// Opens many connections to one server, as a fleet would, where ``HTTPSClient`` is one device. What is spoken on them is the caller's.
///
/// The roots and the checks are those of ``HTTPSClient``. Every connection is a handshake of its own: the library keeps no TLS sessions for
/// clients, so a server is asked for more than by devices that resume theirs.
public final class HTTPSDialer: Sendable {
    /// Where the server is found.
    public let address: SocketAddress
    private let group: MultiThreadedEventLoopGroup
    private let context: NIOSSLContext
    private let serverName: String?
    private let anchors: TrustAnchors
    /// The last certificate whose addresses were judged, and found permitted.
    private let permitted = Mutex<[UInt8]>([])

    /// - Parameters:
    ///   - host: a name or an address; `localhost` means 127.0.0.1, so that source addresses of that network fit.
    ///   - threads: each is one event loop; see ``loop(_:)``.
    /// - Throws: ``TrustError`` where the roots cannot be used, ``HTTPSError`` where the host has no address.
    public init(roots: TrustRoots, host: String, port: Int, threads: Int) throws {
        let anchors = try TrustAnchors(roots)
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        tls.cipherSuiteValues = TLSConfiguration.authenticatedSuites
        tls.certificateVerification = .fullVerification
        tls.renegotiationSupport = .none
        tls.shutdownTimeout = .milliseconds(200)
        tls.trustRoots = .certificates(anchors.certificates)
        context = try NIOSSLContext(configuration: tls)
        let plain = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        if let literal = try? SocketAddress(ipAddress: plain, port: port) {
            address = literal
            serverName = nil
        } else {
            do {
                address =
                    plain == "localhost"
                    ? try SocketAddress(ipAddress: "127.0.0.1", port: port) : try SocketAddress.makeAddressResolvingHost(plain, port: port)
            } catch {
                throw HTTPSError.of(error)
            }
            serverName = plain
        }
        self.anchors = anchors
        group = MultiThreadedEventLoopGroup(numberOfThreads: max(1, threads))
    }

    /// Whether the server is on this machine's loopback interface, as far as its address tells.
    public var isLoopback: Bool {
        switch address {
        case .v4: address.ipAddress?.hasPrefix("127.") ?? false
        case .v6: address.ipAddress == "::1"
        case .unixDomainSocket: false
        }
    }

    /// The same loop for the same number.
    public func loop(_ number: Int) -> any EventLoop {
        let loops = Array(group.makeIterator())
        return loops[number % loops.count]
    }

    /// Connects; TLS is set up after the future is fulfilled, and said by an event that ``isSecured(_:)`` knows. Nothing may be sent before it.
    ///
    /// - Parameters:
    ///   - source: the address to come from; its port counts too.
    ///   - addHandlers: called on `loop` before anything is sent.
    public func connect(
        on loop: any EventLoop, from source: SocketAddress?, timeout: TimeAmount, addHandlers: @escaping @Sendable (any Channel) throws -> Void
    ) -> EventLoopFuture<any Channel> {
        let (context, serverName) = (context, serverName)
        var bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(timeout)
            .channelOption(.socketOption(.so_reuseaddr), value: 1)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(try NIOSSLClientHandler(context: context, serverHostname: serverName))
                    if self.anchors.haveAddressConstraints { try channel.pipeline.syncOperations.addHandler(AddressCheck(self)) }
                    try addHandlers(channel)
                }
            }
        if let source { bootstrap = bootstrap.bind(to: source) }
        return bootstrap.connect(to: address)
    }

    /// Whether an inbound user event says that TLS stands and the server is the one meant.
    public static func isSecured(_ event: Any) -> Bool {
        if case TLSUserEvent.handshakeCompleted = event { true } else { false }
    }

    /// What an error of a connection means.
    public static func meaning(of error: any Error) -> HTTPSError {
        HTTPSError.of(error)
    }

    public func shutdown() async {
        try? await group.shutdownGracefully()
    }

    fileprivate func check(_ handler: NIOSSLClientHandler) throws {
        let leaf = try handler.peerCertificate?.toDERBytes() ?? []
        if !leaf.isEmpty, permitted.withLock({ $0 == leaf }) { return }
        try anchors.checkAddresses(of: handler)
        permitted.withLock { $0 = leaf }
    }
}

/// Judges the addresses of a server's certificate once TLS stands, and lets it be known only then.
private final class AddressCheck: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let dialer: HTTPSDialer

    init(_ dialer: HTTPSDialer) {
        self.dialer = dialer
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        let isSecured = HTTPSDialer.isSecured(event)
        if isSecured {
            do {
                try dialer.check(context.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self))
            } catch {
                context.fireErrorCaught(error)
                context.close(promise: nil)
                return
            }
        }
        context.fireUserInboundEventTriggered(event)
        // Not before: a handler that is gone hands nothing on.
        if isSecured { context.pipeline.syncOperations.removeHandler(self, promise: nil) }
    }
}
