import NIOCore

/// Lets handshakes begin a few in each round of an event loop, so that between them those who have a connection get on: each handshake costs half
/// a millisecond and more (docs/adr/0012). Source addresses take turns, and each has a pace: a flood from one delays its own.
final class HandshakeTurns: Sendable {
    static let perRound = 2
    /// Long enough for the loop to look at its other connections.
    static let pause = TimeAmount.microseconds(100)
    /// Handshakes that may come from one address at once, beyond its pace.
    static let burst = 50
    /// Whoever would wait longer is closed at once: what is let in then has time left for its first request.
    static let longestWait = TimeAmount.seconds(5)

    private let lines: [ObjectIdentifier: NIOLoopBoundBox<HandshakeLine>]

    /// - Parameter perSecond: handshakes from one address, on all loops together; not bounded if nothing.
    init(_ loops: [any EventLoop], perSecond: Int? = nil) {
        let interval = perSecond.map { TimeAmount.nanoseconds(1_000_000_000 * Int64(max(1, loops.count)) / Int64(max(1, $0))) }
        lines = Dictionary(
            uniqueKeysWithValues: loops.map { (ObjectIdentifier($0), .makeBoxSendingValue(HandshakeLine(interval), eventLoop: $0)) })
    }

    /// Stands before TLS in the pipeline of a connection on `loop`.
    func makeHandler(on loop: any EventLoop) -> FirstBytes? {
        lines[ObjectIdentifier(loop)].map { FirstBytes($0) }
    }

    /// Holds a connection's first record until its turn, and lets all that follows by.
    final class FirstBytes: ChannelDuplexHandler {
        typealias InboundIn = ByteBuffer
        typealias InboundOut = ByteBuffer
        typealias OutboundIn = ByteBuffer

        private enum State {
            /// Bytes of a record that is not whole yet cost nobody anything.
            case collecting
            case waiting
            case begun
            case gone
        }

        private let line: NIOLoopBoundBox<HandshakeLine>
        private var state = State.collecting
        private var held = ByteBuffer()
        private var isReadWanted = false
        private var context: ChannelHandlerContext?
        private(set) var address = ""

        fileprivate init(_ line: NIOLoopBoundBox<HandshakeLine>) {
            self.line = line
        }

        var isWaiting: Bool { state == .waiting }

        func handlerAdded(context: ChannelHandlerContext) {
            self.context = context
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard state != .begun else { return context.fireChannelRead(data) }
            guard state != .gone else { return }
            var bytes = unwrapInboundIn(data)
            held.writeBuffer(&bytes)
            guard state == .collecting else { return }
            switch ClientHelloRecord(held) {
            case .incomplete: return
            case .refused:
                state = .gone
                context.close(promise: nil)
            case .whole:
                state = .waiting
                address = SourceAddress.network(of: context.remoteAddress)
                if !line.value.lineUp(self, line, context.eventLoop) {
                    state = .gone
                    context.close(promise: nil)
                }
            }
        }

        func read(context: ChannelHandlerContext) {
            if state == .waiting { isReadWanted = true } else { context.read() }
        }

        /// Its turn has come.
        func begin() {
            guard state == .waiting, let context else { return }
            state = .begun
            let bytes = held
            held = ByteBuffer()
            context.fireChannelRead(wrapInboundOut(bytes))
            context.fireChannelReadComplete()
            if isReadWanted { context.read() }
        }

        func handlerRemoved(context: ChannelHandlerContext) { leave() }

        func channelInactive(context: ChannelHandlerContext) {
            leave()
            context.fireChannelInactive()
        }

        private func leave() {
            if state == .waiting { line.value.leave(address) }
            state = .gone
            held = ByteBuffer()
            context = nil
        }
    }
}

/// Whether a connection's first bytes are a TLS record with a whole ClientHello ([RFC 8446] 4, 5.1).
enum ClientHelloRecord: Equatable {
    case incomplete
    case whole
    /// No handshake, or one that comes in several records: no client of ours does that, and the rest would pass without a turn.
    case refused

    static let longest = 1 << 14

    init(_ bytes: ByteBuffer) {
        let start = bytes.readerIndex
        guard let type: UInt8 = bytes.getInteger(at: start) else {
            self = .incomplete
            return
        }
        guard type == 22 else {
            self = .refused
            return
        }
        guard let length: UInt16 = bytes.getInteger(at: start + 3) else {
            self = .incomplete
            return
        }
        guard (4...Self.longest).contains(Int(length)) else {
            self = .refused
            return
        }
        guard let message: UInt32 = bytes.getInteger(at: start + 5) else {
            self = .incomplete
            return
        }
        guard message >> 24 == 1, Int(message & 0xff_ffff) + 4 <= Int(length) else {
            self = .refused
            return
        }
        self = bytes.readableBytes >= 5 + Int(length) ? .whole : .incomplete
    }
}
