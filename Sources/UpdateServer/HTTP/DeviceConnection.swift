import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOTLS
import Synchronization
import TrustedTransport
import UpdateEngine
import UpdateProtocols
import Updates

/// What the connections of a listener have in common.
struct ConnectionEnvironment: Sendable {
    let limits: DeviceLimits
    let held: HeldBytes
    /// For what must not run on an event loop.
    let threads: NIOThreadPool
    let admission: Admission
    let log: BoundedLog
    /// Called once a connection's handshake is done.
    let isProven: @Sendable (any Channel) -> Void
    let answer: @Sendable (HTTPRequest) -> Outcome
}

/// One connection behind TLS: requests in, answers out, one at a time, within the limits.
///
/// It does not read while it answers, and it writes a piece when the one before was taken: a peer's pace is ours. All of it runs on the
/// connection's event loop.
final class DeviceConnection: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State {
        case reading
        case answering
        /// The last answer is out; what still comes is dropped.
        case lingering
        case closed
    }

    /// What is left to write of an answer.
    private enum Rest: Sendable {
        case none
        case body(BodyReader)
        case file(ContentFile, Range<Int64>)
    }

    /// What of content is sent at a time where memory is short.
    static let smallPiece = 64 << 10
    /// What is given to TLS in one write, and what a slow reader's time is measured by.
    static let slice = 64 << 10

    private let environment: ConnectionEnvironment
    private let peer: String
    /// Seen from other threads: what is made for it is in vain when it has gone.
    private final class Standing: Sendable {
        let isStanding = Atomic(true)
    }

    private let standing = Standing()
    /// For limits and turns.
    private let network: String
    private var state = State.reading
    private var parser: RequestParser
    /// What has come and belongs to the next request.
    private var input = ByteBuffer()
    private var isProcessing = false
    private var isReadWanted = false
    private var isDraining = false

    private var isHead = false
    private var isLast = false
    /// The request was refused before its end.
    private var isUnread = false
    private var target = ""
    private var rest = Rest.none
    /// Bytes of each write that the peer has not taken yet.
    private var slices = CircularBuffer<Int>()
    private var heldBytes = 0

    private var phase: RequestParser.Phase?
    private var phaseBegan = NIODeadline.uptimeNanoseconds(0)
    private var hasAnswered = false
    private var deadline = NIODeadline.distantFuture
    private var timer: (at: NIODeadline, scheduled: Scheduled<Void>)?

    private let handshake: HandshakeFacts?

    init(_ environment: ConnectionEnvironment, peer: String, network: String, handshake: HandshakeFacts? = nil) {
        self.handshake = handshake
        self.environment = environment
        self.peer = peer
        self.network = network
        parser = RequestParser(limits: environment.limits)
    }

    private var limits: DeviceLimits { environment.limits }

    // MARK: - Requests

    func handlerAdded(context: ChannelHandlerContext) {
        awaitBytes(context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard state == .reading || state == .answering else { return }
        var bytes = unwrapInboundIn(data)
        if input.readableBytes == 0 { input = bytes } else { input.writeBuffer(&bytes) }
        process(context)
    }

    /// Answers what has come, request after request.
    private func process(_ context: ChannelHandlerContext) {
        // An answer that is out at once comes back here; the loop goes on then.
        guard !isProcessing else { return }
        isProcessing = true
        defer { isProcessing = false }
        while state == .reading {
            do throws(RequestParser.Refusal) {
                switch try parser.parse(&input) {
                case .more:
                    input = ByteBuffer()
                    guard hold(parser.bodyBytes) else { throw Self.busy }
                    return awaitBytes(context)
                case .goOn: context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")), promise: nil)
                case .request(var request, let keepsAlive):
                    request.peer = peer
                    request.tls = handshake?.parameters
                    state = .answering
                    isHead = request.method == .HEAD
                    isLast = !keepsAlive
                    target = request.target
                    guard hold(request.body.readableBytes) else { throw Self.busy }
                    // Whoever answers bounds its own time.
                    deadline = .distantFuture
                    carryOut(environment.answer(request), context)
                }
            } catch {
                refuse(error, context)
            }
        }
    }

    private func carryOut(_ outcome: Outcome, _ context: ChannelHandlerContext) {
        let loop = context.eventLoop
        let bound = NIOLoopBound((self, context), eventLoop: loop)
        switch outcome {
        case .ready(let answer): send(answer, context)
        case .work(let work):
            environment.threads.submit { state in
                let outcome = state == .active ? work() : .ready(.refusal(.serviceUnavailable, "ending", isLast: true))
                loop.execute {
                    let (connection, context) = bound.value
                    connection.carryOut(outcome, context)
                }
            }
        case .costly(let device, let work):
            let answer = { @Sendable (answer: HTTPAnswer) in
                loop.execute {
                    let (connection, context) = bound.value
                    connection.send(answer, context)
                }
            }
            let refusal = HTTPAnswer.refusal(.serviceUnavailable, "too much work waits", headers: [("Retry-After", "30")])
            environment.admission.submit(
                .init(run: { answer(work()) }, refuse: { answer(refusal) }, isWanted: { [standing] in standing.isStanding.load(ordering: .relaxed) }),
                address: network, device: device)
        case .pending(let work):
            Task {
                let answer = await work()
                loop.execute {
                    let (connection, context) = bound.value
                    connection.send(answer, context)
                }
            }
        }
    }

    private static let busy = RequestParser.Refusal(.serviceUnavailable, "too much held")

    private func refuse(_ refusal: RequestParser.Refusal, _ context: ChannelHandlerContext) {
        if state == .reading {
            // What went before it on this connection is of no concern to its log line.
            (state, isHead, target) = (.answering, false, "-")
            parser = RequestParser(limits: limits)
        }
        let headers = refusal.status == .serviceUnavailable ? [(name: "Retry-After", value: "30")] : []
        input = ByteBuffer()
        isUnread = true
        _ = hold(0)
        send(.refusal(refusal.status, refusal.reason, isLast: true, headers: headers), context)
    }

    // MARK: - Answers

    private func send(_ answer: HTTPAnswer, _ context: ChannelHandlerContext) {
        guard state == .answering else { return }
        var answer = answer
        var body: AnswerBody?
        switch answer.body {
        case .bytes(let bytes): body = AnswerBody(pieces: [.bytes(bytes)], isXpress: false)
        case .pieces(let pieces): body = pieces
        case .file, .length, .none: break
        }
        if let held = body, !hold(held.bytesInMemory) {
            _ = hold(0)
            answer = .refusal(.serviceUnavailable, "too much held", isLast: true, headers: [("Retry-After", "30")])
            if case .bytes(let bytes) = answer.body { body = AnswerBody(pieces: [.bytes(bytes)], isXpress: false) }
        }
        if let reason = answer.reason { logRefusal(answer.status, reason) }
        if isHead, let count = answer.body.count { (answer.body, body) = (.length(count), nil) }
        isLast = isLast || answer.isLast || isDraining
        let head = answer.head(isLast: isLast)
        if let body {
            rest = .body(BodyReader(body))
        } else if case .file(let file, let range) = answer.body {
            rest = .file(file, range)
        } else {
            rest = .none
            return write(ByteBuffer(string: head), context)
        }
        sendRest(context, after: head)
    }

    /// In slices, each flushed: TLS keeps a buffer of the longest write it saw for as long as the connection stands.
    private func write(_ buffer: ByteBuffer, _ context: ChannelHandlerContext) {
        var buffer = buffer
        // All are counted before the first is written: it may be taken at once, and the next piece comes after the last.
        for start in stride(from: 0, to: max(1, buffer.readableBytes), by: Self.slice) {
            slices.append(min(Self.slice, buffer.readableBytes - start))
        }
        awaitTaking(slices.first ?? 0, context)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        repeat {
            let slice = buffer.readSlice(length: min(Self.slice, buffer.readableBytes)) ?? ByteBuffer()
            let promise = context.eventLoop.makePromise(of: Void.self)
            promise.futureResult.whenComplete { result in
                let (connection, context) = bound.value
                guard connection.state == .answering else { return }
                if case .success = result { connection.sliceTaken(context) } else { connection.close(context) }
            }
            context.writeAndFlush(wrapOutboundOut(slice), promise: promise)
        } while buffer.readableBytes > 0 && state == .answering
    }

    private func awaitTaking(_ count: Int, _ context: ChannelHandlerContext) {
        let earned = TimeAmount.milliseconds(Int64(count) * 1000 / Int64(limits.writeBytesPerSecond))
        setDeadline(context.eventLoop.now + limits.writeGrace + earned, context)
    }

    private func sliceTaken(_ context: ChannelHandlerContext) {
        if !slices.isEmpty { slices.removeFirst() }
        if let next = slices.first { awaitTaking(next, context) } else { sendRest(context) }
    }

    /// Sends the next piece, if there is one. A small answer is one write with its head, and one TLS record.
    private func sendRest(_ context: ChannelHandlerContext, after head: String? = nil) {
        switch rest {
        case .none: finish(context)
        case .body(let reader) where reader.count == 0:
            rest = .none
            if let head { write(ByteBuffer(string: head), context) } else { finish(context) }
        case .body(var reader):
            let wanted = holdPiece(of: reader.count, besides: reader.bytesInMemory)
            guard reader.isInMemory(next: wanted) else {
                return read(after: head, wanted, context) { [reader] buffer in
                    var reader = reader
                    try reader.read(into: &buffer, atMost: wanted)
                    return reader.count == 0 ? .none : .body(reader)
                }
            }
            var buffer = context.channel.allocator.buffer(capacity: wanted + (head?.utf8.count ?? 0))
            if let head { buffer.writeString(head) }
            // In memory, so it neither waits nor fails.
            try? reader.read(into: &buffer, atMost: wanted)
            rest = reader.count == 0 ? .none : .body(reader)
            write(buffer, context)
        case .file(_, let range) where range.isEmpty:
            rest = .none
            if let head { write(ByteBuffer(string: head), context) } else { finish(context) }
        case .file(let file, let range):
            let part = range.lowerBound..<range.lowerBound + Int64(holdPiece(of: range.count, besides: 0))
            read(after: head, part.count, context) { buffer in
                try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: part.count) { bytes in
                    try file.read(at: part.lowerBound, into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<part.count]))
                    return part.count
                }
                return part.upperBound == range.upperBound ? .none : .file(file, part.upperBound..<range.upperBound)
            }
        }
    }

    /// How much is sent next: a small piece where memory is short, for who is being answered is carried on with.
    private func holdPiece(of count: Int, besides bytesInMemory: Int) -> Int {
        _ = hold(bytesInMemory)
        let piece = environment.held.take(upTo: min(limits.piece, count), least: min(Self.smallPiece, count))
        heldBytes += piece
        return piece
    }

    /// Reads the next piece on a thread, and sends it.
    private func read(
        after head: String?, _ count: Int, _ context: ChannelHandlerContext, _ work: @escaping @Sendable (inout ByteBuffer) throws -> Rest
    ) {
        let loop = context.eventLoop
        let bound = NIOLoopBound((self, context), eventLoop: loop)
        let allocator = context.channel.allocator
        environment.threads.submit { state in
            let result = Result { () throws in
                guard state == .active else { throw ChannelError.ioOnClosedChannel }
                var buffer = allocator.buffer(capacity: count + (head?.utf8.count ?? 0))
                if let head { buffer.writeString(head) }
                let rest = try work(&buffer)
                return (buffer, rest)
            }
            loop.execute {
                let (connection, context) = bound.value
                guard connection.state == .answering else { return }
                switch result {
                case .success((let buffer, let rest)):
                    connection.rest = rest
                    connection.write(buffer, context)
                case .failure(let error):
                    // The length was promised: all that can still be said is that it is not kept.
                    connection.environment.log.record(
                        "unreadable", level: .error, "what was promised could not be read while it was served: \(error)", metadata: [:])
                    connection.close(context)
                }
            }
        }
    }

    private func finish(_ context: ChannelHandlerContext) {
        _ = hold(0)
        hasAnswered = true
        guard isLast || isDraining else {
            state = .reading
            phase = nil
            process(context)
            return resumeReading(context)
        }
        // Where the request was not read to its end, its rest is let go by for a while.
        guard isUnread else { return close(context) }
        state = .lingering
        setDeadline(context.eventLoop.now + limits.linger, context)
        resumeReading(context)
    }

    private func logRefusal(_ status: HTTPResponseStatus, _ reason: String) {
        let level: Logger.Level =
            switch status {
            case .notFound, .forbidden, .methodNotAllowed, .rangeNotSatisfiable: .info
            default: .notice
            }
        environment.log.record(
            "refused \(status.code)", level: level, "refused",
            metadata: [
                "request": "\(UpdateID.random())", "peer": "\(peer)", "status": "\(status.code)", "target": "\(DisplayText.escaped(target))",
                "message": "\(DisplayText.escaped(reason))",
            ])
    }

    // MARK: - What is held

    /// Counts what this connection holds now; false where the listener's connections hold too much together.
    private func hold(_ count: Int) -> Bool {
        if count > heldBytes {
            guard environment.held.take(count - heldBytes) else { return false }
        } else {
            environment.held.giveBack(heldBytes - count)
        }
        heldBytes = count
        return true
    }

    /// Passed on unless an answer is on its way: then the peer waits, and what it sends stays in the network.
    func read(context: ChannelHandlerContext) {
        if state == .answering { isReadWanted = true } else { context.read() }
    }

    private func resumeReading(_ context: ChannelHandlerContext) {
        guard isReadWanted, state != .answering else { return }
        isReadWanted = false
        context.read()
    }

    // MARK: - Time

    private func awaitBytes(_ context: ChannelHandlerContext) {
        let now = context.eventLoop.now
        if phase != parser.phase {
            phase = parser.phase
            phaseBegan = now
        }
        switch parser.phase {
        case .idle: setDeadline(phaseBegan + (hasAnswered ? limits.idle : limits.firstByte), context)
        case .header: setDeadline(phaseBegan + limits.header, context)
        case .body:
            let earned = TimeAmount.milliseconds(Int64(parser.bodyBytes) * 1000 / Int64(limits.bodyBytesPerSecond))
            setDeadline(phaseBegan + min(limits.body, limits.bodyGrace + earned), context)
        }
    }

    /// A timer that stands is left where it fires early enough: most deadlines move on before they come, and that costs nothing.
    private func setDeadline(_ deadline: NIODeadline, _ context: ChannelHandlerContext) {
        self.deadline = deadline
        if let timer {
            if timer.at <= deadline { return }
            timer.scheduled.cancel()
        }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let scheduled = context.eventLoop.scheduleTask(deadline: deadline) {
            let (connection, context) = bound.value
            connection.timer = nil
            if context.eventLoop.now >= connection.deadline {
                connection.timeOut(context)
            } else if connection.deadline != .distantFuture {
                connection.setDeadline(connection.deadline, context)
            }
        }
        timer = (deadline, scheduled)
    }

    private func timeOut(_ context: ChannelHandlerContext) {
        guard state == .reading else {
            if state == .answering { logRefusal(.requestTimeout, "the answer took too long to be taken") }
            return close(context)
        }
        switch parser.phase {
        case .idle where hasAnswered: close(context)
        case .idle:
            // TLS may not stand yet: then this goes nowhere, and is not waited for.
            logRefusal(.requestTimeout, "no request")
            let answer = HTTPAnswer.refusal(.requestTimeout, "no request")
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer.head(isLast: true) + "\(answer.status.reasonPhrase)\n")), promise: nil)
            close(context)
        case .header: refuse(RequestParser.Refusal(.requestTimeout, "header"), context)
        case .body: refuse(RequestParser.Refusal(.requestTimeout, "body"), context)
        }
    }

    // MARK: - Ends

    private func close(_ context: ChannelHandlerContext) {
        guard state != .closed else { return }
        letGo()
        context.close(promise: nil)
    }

    private func letGo() {
        state = .closed
        standing.isStanding.store(false, ordering: .relaxed)
        timer?.scheduled.cancel()
        timer = nil
        rest = .none
        input = ByteBuffer()
        parser = RequestParser(limits: limits)
        _ = hold(0)
    }

    func channelInactive(context: ChannelHandlerContext) {
        letGo()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        letGo()
    }

    /// What TLS or the network says; a peer that speaks no TLS ends here.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if !hasAnswered, ListenerTLS.isTLSFailure(error) {
            // The commonest trouble with a new server, and nothing else shows it there.
            environment.log.record(
                "handshake", level: .notice,
                "a TLS handshake failed: the peer does not trust the certificate, asks for another version, or speaks no TLS",
                metadata: ["peer": "\(peer)"], lines: 1)
        }
        environment.log.record(
            "connection", level: .debug, "a connection failed", metadata: ["peer": "\(peer)", "message": "\(DisplayText.escaped("\(error)"))"])
        close(context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent {
            isDraining = true
            if state == .reading, parser.phase == .idle, input.readableBytes == 0 { close(context) }
        }
        if case TLSUserEvent.handshakeCompleted? = event as? TLSUserEvent { environment.isProven(context.channel) }
        context.fireUserInboundEventTriggered(event)
    }
}
