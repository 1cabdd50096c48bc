import NIOCore
import TrustedTransport

/// Who uses a connection: told of each answer, and once of its end. All on the connection's event loop.
protocol StormConnectionUser: AnyObject {
    /// TLS stands: requests may be sent.
    func secured(_ connection: StormConnection)
    func answered(_ connection: StormConnection, _ answer: HTTPAnswer)
    /// Never after ``StormConnection/close()``.
    func failed(_ connection: StormConnection, _ kind: String)
}

/// A device's connection: one request at a time, one answer to each.
final class StormConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var user: (any StormConnectionUser)?
    private var context: ChannelHandlerContext?
    private var reader = HTTPAnswerReader()
    private var isSecured = false
    private var isAsked = false
    private var keepsBody = true
    private var limit = AgentResponse.longestBody
    /// Bytes inside TLS.
    private(set) var bytesReceived: Int64 = 0

    init(user: any StormConnectionUser) {
        self.user = user
    }

    /// - Parameters:
    ///   - keepsBody: false where the answer's body is only counted.
    func send(_ request: ByteBuffer, keepsBody: Bool = true, limit: Int = AgentResponse.longestBody) {
        isAsked = true
        self.keepsBody = keepsBody
        self.limit = limit
        context?.writeAndFlush(wrapOutboundOut(request), promise: nil)
    }

    /// The user hears nothing more.
    func close() {
        user = nil
        context?.close(promise: nil)
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if HTTPSDialer.isSecured(event), !isSecured {
            isSecured = true
            user?.secured(self)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        bytesReceived += Int64(bytes.readableBytes)
        do {
            guard isAsked else { throw HTTPAnswerReader.Malformed.unasked }
            guard let answer = try reader.feed(&bytes, keepsBody: keepsBody, limit: limit) else { return }
            isAsked = false
            user?.answered(self, answer)
        } catch {
            end("no HTTP that is understood")
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(Self.kind(of: HTTPSDialer.meaning(of: error), isSecured: isSecured))
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(isSecured ? "connection cut" : "connection cut before TLS stood")
    }

    private func end(_ kind: String) {
        let user = user
        close()
        user?.failed(self, kind)
    }

    /// For people and for counting: no text of the libraries, which may differ each time.
    static func kind(of error: HTTPSError, isSecured: Bool) -> String {
        switch error.code {
        case .untrusted: "TLS"
        case .timedOut: "timeout"
        case .cut: isSecured ? "connection cut" : "connection cut before TLS stood"
        case .unreachable: "not reached"
        default: "connection failed"
        }
    }
}
