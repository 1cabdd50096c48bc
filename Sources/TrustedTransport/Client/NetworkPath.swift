import NIOCore
import NIOPosix

/// An HTTP proxy, `http://HOST:PORT` or `HOST:PORT`.
public struct ProxyAddress: Hashable, Sendable, CustomStringConvertible {
    /// An IPv6 address without its brackets.
    public let host: String
    public let port: Int

    /// Nothing for another scheme (TLS to the proxy itself, SOCKS), a user name, a path, or no port.
    public init?(_ text: String) {
        var rest = Substring(text)
        if rest.lowercased().hasPrefix("http://") { rest = rest.dropFirst(7) }
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        guard let colon = rest.lastIndex(of: ":") else { return nil }
        let digits = rest[rest.index(after: colon)...]
        var host = rest[..<colon]
        guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(digits),
            (1...65535).contains(port)
        else { return nil }
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard host.contains(":") else { return nil }
        } else {
            guard !host.contains(":") else { return nil }
        }
        guard (1...253).contains(host.utf8.count),
            host.utf8.allSatisfy({ byte in
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte) || "-._:".utf8.contains(byte)
            })
        else { return nil }
        self.host = String(host)
        self.port = port
    }

    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// How a server is reached.
public enum NetworkPath: Hashable, Sendable {
    case direct
    case proxy(ProxyAddress)

    /// Finds out whether the way is open: whether the server can be connected to, or the proxy connects to it. Nothing is sent to the server.
    ///
    /// - Parameter isTunnel: whether the proxy is asked for a tunnel (CONNECT); with plain HTTP it need only be there.
    /// - Throws: ``HTTPSError`` of code `unreachable`, `timedOut` or `proxy`: the way is not open. Whether the server at its end can be
    ///   trusted is not known then nor when it returns.
    public func probe(host: String, port: Int, isTunnel: Bool, timeout: Duration = .seconds(10)) async throws(HTTPSError) {
        let (name, number) =
            switch self {
            case .direct: (host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host, port)
            case .proxy(let proxy): (proxy.host, proxy.port)
            }
        let what: String
        let request: String?
        switch self {
        case .direct: (what, request) = ("the server", nil)
        case .proxy(let proxy):
            what = "the proxy \(proxy)"
            request = isTunnel ? "CONNECT \(host):\(port) HTTP/1.1\r\nHost: \(host):\(port)\r\n\r\n" : nil
        }
        let state: ProxyAnswer.State
        do {
            state = try await Self.exchange(name, number, request, TimeAmount(timeout))
        } catch {
            let reason = HTTPSError.of(error)
            let code: HTTPSError.Code = reason.code == .timedOut || reason.code == .cancelled ? reason.code : .unreachable
            throw HTTPSError(code, "\(what) cannot be reached: \(HTTPSError.connectionWords(error) ?? reason.message)")
        }
        switch state {
        case .status(200..<300): return
        case .status(407):
            throw HTTPSError(
                .proxy, "\(what) wants a user name and a password (status 407), which a device's system account has none of", status: 407)
        case .status(let status):
            throw HTTPSError(.proxy, "\(what) does not connect to the server: it answered with status \(status)", status: status)
        case .notHTTP: throw HTTPSError(.proxy, "\(what) does not speak HTTP")
        case .tooLong: throw HTTPSError(.proxy, "\(what) sent a header without end")
        case .more where request == nil: return
        case .more: throw HTTPSError(.proxy, "\(what) ended or kept silent before it answered")
        }
    }

    /// Connects, sends the request if there is one, and reads until the answer is understood, the other side ends, or time is up.
    private static func exchange(_ host: String, _ port: Int, _ request: String?, _ timeout: TimeAmount) async throws -> ProxyAnswer.State {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let answer = loop.makePromise(of: ProxyAnswer.State.self)
        let channel: any Channel
        do {
            channel = try await ClientBootstrap(group: loop)
                .connectTimeout(timeout)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(AnswerHandler(answer)) }
                }
                .connect(host: host, port: port).get()
        } catch {
            answer.fail(error)
            throw error
        }
        guard let request else {
            try? await channel.close()
            return try await answer.futureResult.get()
        }
        let deadline = loop.scheduleTask(in: timeout) { channel.close(promise: nil) }
        channel.writeAndFlush(ByteBuffer(string: request), promise: nil)
        let state = try await answer.futureResult.get()
        deadline.cancel()
        try? await channel.close()
        return state
    }

    /// Gives a proxy's answer to its parser.
    private final class AnswerHandler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let promise: EventLoopPromise<ProxyAnswer.State>
        private var answer = ProxyAnswer()
        private var isDone = false

        init(_ promise: EventLoopPromise<ProxyAnswer.State>) {
            self.promise = promise
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            answer.take(unwrapInboundIn(data).readableBytesView)
            if answer.state != .more { finish() }
        }

        func channelInactive(context: ChannelHandlerContext) { finish() }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        func handlerRemoved(context: ChannelHandlerContext) { finish() }

        private func finish() {
            guard !isDone else { return }
            isDone = true
            promise.succeed(answer.state)
        }
    }
}
