import NIOCore
import NIOSSL

/// Contexts that are alike but for the suite of TLS 1.2 they take, in the order the server prefers them.
///
/// BoringSSL follows the client's order unless it is told not to, and NIOSSL has no way to tell it. So a connection gets the context of the
/// first suite that its ClientHello names. With TLS 1.3 all are equally good, and the client's order stands.
struct OrderedContexts: Sendable {
    /// A suite for the certificate's kind of key, by its number, and the context that takes it.
    let choices: [(suite: UInt16, context: NIOSSLContext)]

    func context(for offered: Set<UInt16>) -> NIOSSLContext? {
        (choices.first { offered.contains($0.suite) } ?? choices.first)?.context
    }
}

/// Stands in TLS's place until the ClientHello is there, then puts TLS there with the context for it. Nothing passes it in the clear.
final class SuiteOrder: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer

    private let contexts: OrderedContexts
    private var held = ByteBuffer()

    init(_ contexts: OrderedContexts) {
        self.contexts = contexts
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        held.writeBuffer(&bytes)
        let offered: Set<UInt16>
        switch OfferedSuites.read(held) {
        case .more: return
        case .suites(let suites): offered = suites
        case .unknown: offered = []
        }
        guard let tls = contexts.context(for: offered) else { return context.close(promise: nil) }
        do {
            try context.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls), position: .after(self))
        } catch {
            context.fireErrorCaught(error)
            return context.close(promise: nil)
        }
        context.fireChannelRead(wrapInboundOut(held))
        held.clear()
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    /// Who goes before the hello is there has failed as with TLS in place.
    func channelInactive(context: ChannelHandlerContext) {
        context.fireErrorCaught(NIOSSLError.uncleanShutdown)
        context.fireChannelInactive()
    }

    /// Before there is TLS there is nobody to answer; after it, what TLS writes passes.
    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard (try? context.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self)) != nil else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        context.write(data, promise: promise)
    }
}

/// The suites that a ClientHello names (RFC 8446 section 4.1.2), as far as they stand in its first record (section 5.1).
enum OfferedSuites: Equatable {
    /// The record is not whole.
    case more
    case suites(Set<UInt16>)
    /// It is none, or lies about its lengths: TLS will say so.
    case unknown

    static func read(_ bytes: ByteBuffer) -> OfferedSuites {
        let start = bytes.readerIndex
        func byte(_ offset: Int) -> Int? { bytes.getInteger(at: start + offset, as: UInt8.self).map(Int.init) }
        func short(_ offset: Int) -> Int? { bytes.getInteger(at: start + offset, as: UInt16.self).map(Int.init) }
        if let type = byte(0), type != 22 { return .unknown }
        guard bytes.readableBytes >= 5, let length = short(3) else { return .more }
        guard byte(1) == 3, (1...1 << 14).contains(length) else { return .unknown }
        let end = 5 + length
        guard bytes.readableBytes >= end else { return .more }
        // Handshake type and length, version and random stand before the session.
        guard byte(5) == 1, end > 44, let session = byte(43), session <= 32, let count = short(44 + session), count % 2 == 0,
            46 + session + count <= end
        else { return .unknown }
        var suites: Set<UInt16> = []
        for index in 0..<count / 2 { if let suite = short(46 + session + 2 * index) { suites.insert(UInt16(suite)) } }
        return .suites(suites)
    }
}
