import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import TrustedTransport

/// A server on a loopback port that reads HTTP/1.1 requests and answers with whatever bytes a test says.
final class ScriptedServer: Sendable {
    struct Request: Sendable {
        let method: String
        let path: String
        /// Names in lower case.
        let headers: [String: String]
        let body: [UInt8]
        /// The connection it came over, from 0.
        let connection: Int
    }

    enum Step: Sendable {
        case send(String)
        case sendBytes([UInt8])
        /// The same bytes again and again until the client goes.
        case sendWithoutEnd([UInt8])
        /// Ends the connection.
        case close
        /// Ends the connection once this is so.
        case closeWhen(@Sendable () -> Bool)
    }

    enum Security: Sendable {
        case none
        case listener(ListenerTLS)
        case context(NIOSSLContext)
    }

    struct Record: Sendable {
        var connections = 0
        var requests: [Request] = []
        var bytesSent = 0
    }

    let port: Int
    private let channel: any Channel
    private let record: RecordBox

    final class RecordBox: Sendable {
        let value = Mutex(Record())
    }

    var connections: Int { record.value.withLock { $0.connections } }
    var requests: [Request] { record.value.withLock { $0.requests } }
    var bytesSent: Int { record.value.withLock { $0.bytesSent } }

    /// - Parameter script: is given a request and its number, from 0.
    init(_ security: Security, script: @escaping @Sendable (Request, Int) -> [Step] = { _, _ in [] }) async throws {
        let record = RecordBox()
        self.record = record
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let number = record.value.withLock { record in
                        record.connections += 1
                        return record.connections - 1
                    }
                    switch security {
                    case .none: break
                    case .listener(let listener): try listener.addHandler(to: channel)
                    case .context(let context): try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    }
                    try channel.pipeline.syncOperations.addHandler(Handler(number: number, record: record, script: script))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    func stop() async {
        try? await channel.close()
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let number: Int
        private let record: RecordBox
        private let script: @Sendable (Request, Int) -> [Step]
        private var received: [UInt8] = []

        init(number: Int, record: RecordBox, script: @escaping @Sendable (Request, Int) -> [Step]) {
            self.number = number
            self.record = record
            self.script = script
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received.append(contentsOf: unwrapInboundIn(data).readableBytesView)
            while let request = nextRequest() {
                let index = record.value.withLock { record in
                    record.requests.append(request)
                    return record.requests.count - 1
                }
                perform(script(request, index)[...], context)
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }

        private func perform(_ steps: ArraySlice<Step>, _ context: ChannelHandlerContext) {
            guard let step = steps.first else { return }
            switch step {
            case .send(let text): send(Array(text.utf8), context) { self.perform(steps.dropFirst(), $0) }
            case .sendBytes(let bytes): send(bytes, context) { self.perform(steps.dropFirst(), $0) }
            case .sendWithoutEnd(let bytes): send(bytes, context) { self.perform(steps, $0) }
            case .close: context.close(promise: nil)
            case .closeWhen(let isTime):
                if isTime() { return context.close(promise: nil) }
                let bound = NIOLoopBound((self, context, steps), eventLoop: context.eventLoop)
                context.eventLoop.scheduleTask(in: .milliseconds(1)) { bound.value.0.perform(bound.value.2, bound.value.1) }
            }
        }

        private func send(_ bytes: [UInt8], _ context: ChannelHandlerContext, then: @escaping (ChannelHandlerContext) -> Void) {
            let bound = NIOLoopBound((self, context, then), eventLoop: context.eventLoop)
            let eventLoop = context.eventLoop
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes))).whenSuccess {
                // Not at once: a write that ends at once would call back deeper and deeper.
                eventLoop.execute {
                    let (handler, context, then) = bound.value
                    handler.record.value.withLock { $0.bytesSent += bytes.count }
                    then(context)
                }
            }
        }

        private func nextRequest() -> Request? {
            guard let end = received.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
            let lines = String(decoding: received[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
            let words = lines[0].split(separator: " ")
            var headers: [String: String] = [:]
            for line in lines.dropFirst() {
                let parts = line.split(separator: ":", maxSplits: 1)
                headers[parts[0].lowercased()] = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
            }
            let length = headers["content-length"].flatMap { Int($0) } ?? 0
            guard received.count >= end.upperBound + length else { return nil }
            let body = Array(received[end.upperBound..<(end.upperBound + length)])
            received.removeFirst(end.upperBound + length)
            return Request(method: String(words[0]), path: String(words[1]), headers: headers, body: body, connection: number)
        }
    }
}

extension ScriptedServer.Step {
    /// A whole answer.
    static func answer(_ status: String, _ headers: [String] = [], _ body: [UInt8] = []) -> Self {
        head(status, headers + ["Content-Length: \(body.count)"], body)
    }

    /// A head with exactly these headers, and what follows it.
    static func head(_ status: String, _ headers: [String], _ rest: [UInt8] = []) -> Self {
        .sendBytes(Array((["HTTP/1.1 \(status)"] + headers).joined(separator: "\r\n").utf8) + Array("\r\n\r\n".utf8) + rest)
    }
}
