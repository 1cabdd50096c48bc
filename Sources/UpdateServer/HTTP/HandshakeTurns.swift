import NIOCore

/// Lets handshakes begin a few in each round of an event loop, so that between them those who have a connection get on: each handshake costs half
/// a millisecond and more (docs/adr/0012). Who waits is taken by source addresses in turn, so a flood from one delays its own first.
final class HandshakeTurns: Sendable {
    static let perRound = 2
    /// Long enough for the loop to look at its other connections.
    static let pause = TimeAmount.microseconds(100)

    /// Of one event loop, and used on it only.
    fileprivate final class Line {
        /// Bounded by the connections that may be in their handshake (``ConnectionSet``).
        var waiting = TurnQueue<ChannelHandlerContext>(limit: .max)
        var pace: HandshakePace?
        var begun = 0
        var isPausing = false

        init(_ pace: HandshakePace?) {
            self.pace = pace
        }
    }

    private let lines: [ObjectIdentifier: NIOLoopBoundBox<Line>]

    /// - Parameter perSecond: handshakes from one address, on all loops together; not bounded if nothing.
    init(_ loops: [any EventLoop], perSecond: Int? = nil) {
        let pace = perSecond.map { HandshakePace(perSecond: Double($0) / Double(max(1, loops.count))) }
        lines = Dictionary(uniqueKeysWithValues: loops.map { (ObjectIdentifier($0), .makeBoxSendingValue(Line(pace), eventLoop: $0)) })
    }

    /// Stands before TLS in the pipeline of a connection on `loop`.
    func makeHandler(on loop: any EventLoop) -> FirstBytes? {
        lines[ObjectIdentifier(loop)].map { FirstBytes($0) }
    }

    /// Holds a connection's first bytes until its turn, and lets all the others by.
    final class FirstBytes: ChannelDuplexHandler {
        typealias InboundIn = ByteBuffer
        typealias InboundOut = ByteBuffer
        typealias OutboundIn = ByteBuffer

        private let line: NIOLoopBoundBox<Line>
        private var hasBegun = false
        private var first: ByteBuffer?
        private var isReadWanted = false

        fileprivate init(_ line: NIOLoopBoundBox<Line>) {
            self.line = line
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            if hasBegun { return context.fireChannelRead(data) }
            var bytes = unwrapInboundIn(data)
            guard first == nil else {
                first?.writeBuffer(&bytes)
                return
            }
            first = bytes
            let address = SourceAddress.network(of: context.remoteAddress)
            let wait = line.value.pace?.wait(of: address, at: context.eventLoop.now) ?? .zero
            guard wait > .zero else { return lineUp(context, address) }
            context.eventLoop.assumeIsolated().scheduleTask(in: wait) {
                // One that has gone meanwhile costs nothing.
                if self.first != nil { self.lineUp(context, address) }
            }
        }

        private func lineUp(_ context: ChannelHandlerContext, _ address: String) {
            if line.value.begun < HandshakeTurns.perRound, line.value.waiting.count == 0 {
                begin(context)
            } else {
                _ = line.value.waiting.append(context, address: address, device: "")
            }
        }

        func read(context: ChannelHandlerContext) {
            if first == nil { context.read() } else { isReadWanted = true }
        }

        private func begin(_ context: ChannelHandlerContext) {
            line.value.begun += 1
            pause(context.eventLoop)
            give(context)
        }

        fileprivate func give(_ context: ChannelHandlerContext) {
            guard let bytes = first else { return }
            hasBegun = true
            first = nil
            context.fireChannelRead(wrapInboundOut(bytes))
            context.fireChannelReadComplete()
            if isReadWanted { context.read() }
        }

        private func pause(_ loop: any EventLoop) {
            if line.value.isPausing { return }
            line.value.isPausing = true
            loop.scheduleTask(in: HandshakeTurns.pause) { [line] in Self.nextRound(line) }
        }

        private static func nextRound(_ line: NIOLoopBoundBox<Line>) {
            line.value.isPausing = false
            line.value.begun = 0
            while line.value.begun < HandshakeTurns.perRound, let context = line.value.waiting.popFirst() {
                // One that has gone meanwhile costs nothing.
                if let handler = context.handler as? FirstBytes, handler.first != nil { handler.begin(context) }
            }
        }

        func handlerRemoved(context: ChannelHandlerContext) { first = nil }

        func channelInactive(context: ChannelHandlerContext) {
            first = nil
            context.fireChannelInactive()
        }
    }
}
