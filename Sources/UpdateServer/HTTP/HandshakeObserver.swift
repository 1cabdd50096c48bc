import NIOCore
import Updates

/// What a connection's handshake said in the clear. Of one connection, used on its event loop only.
final class HandshakeFacts {
    fileprivate(set) var parameters: TLSParameters?
}

/// Reads the two hellos of a TLS handshake as they pass in front of TLS, and leaves the pipeline once it has them or knows that it never will.
/// It changes nothing and delays nothing (docs/adr/0022).
final class HandshakeObserver: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    /// A ClientHello was let by in one record; a ServerHello is some hundred bytes, 1.2 KB with a hybrid key share.
    static let clientBytes = 1 << 14
    static let serverBytes = 1 << 12

    let facts = HandshakeFacts()
    private var client = FirstHandshakeMessage(limit: clientBytes)
    private var server = FirstHandshakeMessage(limit: serverBytes)
    private var serverName: String?

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard client.state == .more else { return context.fireChannelRead(data) }
        client.take(unwrapInboundIn(data).readableBytesView)
        if case .whole(let message) = client.state {
            serverName = ClientHello(message)?.serverName.map { ProxyClaims.claim(String(decoding: $0, as: UTF8.self)) }
        }
        context.fireChannelRead(data)
        // Only once all is passed on: a handler that is gone hands nothing on.
        if client.state == .other { context.pipeline.syncOperations.removeHandler(self, promise: nil) }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if server.state == .more {
            server.take(unwrapOutboundIn(data).readableBytesView)
            if case .whole(let message) = server.state {
                facts.parameters = ServerHello(message).map {
                    TLSParameters(version: $0.version, cipherSuite: $0.cipherSuite, serverName: serverName)
                }
            }
        }
        context.write(data, promise: promise)
    }

    /// A write and the flush after it may be one call through this handler: it leaves after both.
    func flush(context: ChannelHandlerContext) {
        context.flush()
        if server.state != .more { context.pipeline.syncOperations.removeHandler(self, promise: nil) }
    }
}
