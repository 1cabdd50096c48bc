import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import Synchronization

/// One connection that sends some bytes and reads what comes back, within a time and a size.
struct Probe<Reader: ProbeReader>: Sendable {
    struct Outcome: Sendable {
        var reader: Reader
        var ending = ProbeEnding.silent
        /// TCP stood.
        var isConnected = false
        /// Bytes from the server; over TLS those of the answer.
        var size = 0
    }

    let address: SocketAddress
    var tls: ProbeTLS?
    let request: [UInt8]
    let reader: Reader
    /// For all of it.
    let timeout: TimeAmount

    func run() async -> Outcome {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let promise = loop.makePromise(of: Outcome.self)
        let (request, tls, timeout, reader) = (request, tls, timeout, reader)
        ClientBootstrap(group: loop)
            .connectTimeout(timeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(tls.handler()) }
                    let handler = ProbeHandler(
                        request: request, isSecured: tls == nil, outcome: Outcome(reader: reader), timeout: timeout, promise: promise)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .connect(to: address)
            // Without effect where the handler knows better: a promise is kept once.
            .whenFailure { promise.succeed(Outcome(reader: reader, ending: ProbeEnding(of: $0))) }
        return (try? await promise.futureResult.get()) ?? Outcome(reader: reader)
    }
}

/// How a probe ended.
enum ProbeEnding: Sendable, Hashable {
    /// The reader has what it wants.
    case finished
    /// The server closed the connection.
    case closed
    /// It closed it with a reset, or TLS came to nothing.
    case broken(String)
    /// Nothing listens.
    case refused
    /// Time was over.
    case silent
    /// What came cannot be read.
    case unreadable(String)

    init(of error: any Error) {
        switch error {
        case let error as IOError where error.errnoCode == ECONNREFUSED: self = .refused
        case let error as IOError where error.errnoCode == ECONNRESET || error.errnoCode == EPIPE: self = .broken("the connection was reset")
        case let error as IOError where error.errnoCode == ETIMEDOUT: self = .silent
        case let error as IOError where error.errnoCode == EHOSTUNREACH || error.errnoCode == ENETUNREACH: self = .broken("there is no way there")
        case ChannelError.connectTimeout: self = .silent
        case NIOSSLError.uncleanShutdown: self = .closed
        case is NIOSSLError, is BoringSSLError: self = .broken("TLS came to nothing: \(Self.short(error))")
        default: self = .broken("the connection failed: \(Self.short(error))")
        }
    }

    /// BoringSSL's word for what went wrong, where there is one: `TLSV1_ALERT_PROTOCOL_VERSION`.
    private static func short(_ error: any Error) -> String {
        let text = "\(error)"
        if let word = text.firstMatch(of: /:([A-Z][A-Z0-9_]{4,}) at/) { return String(word.1) }
        return String(text.prefix(120))
    }
}

/// TLS beneath what a probe sends. Any certificate is taken, for it is what is looked at; nothing secret is ever sent over it.
struct ProbeTLS: Sendable {
    let context: NIOSSLContext
    /// `nil` for an address.
    let serverName: String?
    /// The chain that the server showed last, DER.
    let chain = Chain()

    final class Chain: Sendable {
        let certificates = Mutex<[[UInt8]]>([])
    }

    /// Every version and suite that the library still has.
    init(serverName: String?) throws {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv1
        configuration.cipherSuites = "ALL"
        configuration.renegotiationSupport = .none
        configuration.certificateVerification = .noHostnameVerification
        configuration.shutdownTimeout = .milliseconds(200)
        context = try NIOSSLContext(configuration: configuration)
        self.serverName = serverName
    }

    func handler() throws -> NIOSSLClientHandler {
        let chain = chain
        return try NIOSSLClientHandler(context: context, serverHostname: serverName) { certificates, verdict in
            let bytes = certificates.compactMap { try? $0.toDERBytes() }
            chain.certificates.withLock { $0 = bytes }
            verdict.succeed(.certificateVerified)
        }
    }
}

private final class ProbeHandler<Reader: ProbeReader>: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let request: [UInt8]
    private var isSecured: Bool
    private var outcome: Probe<Reader>.Outcome
    private let timeout: TimeAmount
    private let promise: EventLoopPromise<Probe<Reader>.Outcome>
    private var timer: Scheduled<Void>?
    private var isOver = false

    init(
        request: [UInt8], isSecured: Bool, outcome: Probe<Reader>.Outcome, timeout: TimeAmount, promise: EventLoopPromise<Probe<Reader>.Outcome>
    ) {
        self.request = request
        self.isSecured = isSecured
        self.outcome = outcome
        self.timeout = timeout
        self.promise = promise
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: timeout) { bound.value.0.end(.silent, bound.value.1) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
    }

    func channelActive(context: ChannelHandlerContext) {
        outcome.isConnected = true
        if isSecured { send(context) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case TLSUserEvent.handshakeCompleted = event else { return }
        isSecured = true
        send(context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        let bytes = Array(unwrapInboundIn(data).readableBytesView)
        outcome.size += bytes.count
        do {
            if try outcome.reader.take(bytes) { end(.finished, context) }
        } catch {
            end(.unreadable("\(error)"), context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(.closed, context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(ProbeEnding(of: error), context)
    }

    private func send(_ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: request)), promise: nil)
    }

    private func end(_ ending: ProbeEnding, _ context: ChannelHandlerContext) {
        guard !isOver else { return }
        isOver = true
        outcome.ending = ending
        promise.succeed(outcome)
        timer?.cancel()
        context.close(promise: nil)
    }
}
