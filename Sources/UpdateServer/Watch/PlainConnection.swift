import NIOCore
import Updates

/// One connection without TLS: its head is read and noted, it is refused, and what it still sends is let go by for a while.
final class PlainConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Read of a connection in all; then it is closed.
    static let bytesAtMost = 64 << 10

    private let peer: String
    private let limits: DeviceLimits
    private let record: @Sendable (PlainCaller) -> Void
    private var head: [UInt8] = []
    private var end = PlainRequestHead.End()
    private var count = 0
    private var isAnswered = false
    private var timer: Scheduled<Void>?

    init(peer: String, limits: DeviceLimits, record: @escaping @Sendable (PlainCaller) -> Void) {
        self.peer = peer
        self.limits = limits
        self.record = record
    }

    func handlerAdded(context: ChannelHandlerContext) { setTimer(limits.header, context) }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        count += bytes.readableBytes
        if !isAnswered {
            let new = bytes.readableBytesView.prefix(PlainRequestHead.limit - head.count)
            head.append(contentsOf: new)
            if let end = end.take(new) {
                answer(PlainRequestHead(head.prefix(end)), context)
            } else if head.count == PlainRequestHead.limit || head.first.map({ !(UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }) == true {
                answer(nil, context)
            }
        }
        if count >= Self.bytesAtMost { context.close(promise: nil) }
    }

    private func answer(_ request: PlainRequestHead?, _ context: ChannelHandlerContext) {
        isAnswered = true
        head = []
        let proxies = ProxyClaims(via: request?.via ?? "", forwarded: request?.forwarded ?? "", forwardedFor: request?.forwardedFor ?? "")
        record(PlainCaller(address: peer, agent: request?.agent ?? "", proxies: proxies, path: request?.target ?? ""))
        setTimer(limits.linger, context)
        let answer = context.channel.allocator.buffer(bytes: PlainAnswer.bytes(for: request))
        // It stays open for a while unless the other side ends it: closed at once, the answer could be lost on its way.
        context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
    }

    private func setTimer(_ time: TimeAmount, _ context: ChannelHandlerContext) {
        timer?.cancel()
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: time) { bound.value.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
