import Logging
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOPosix
import TestSupport
import UpdateEngine

@testable import UpdateServer

/// A connection without network, TLS and clock: what it reads, writes and waits for is in the test's hands.
final class TestConnection {
    let channel = EmbeddedChannel()
    let network = Network()
    let held: HeldBytes
    let log = LogRecorder()

    init(limits: DeviceLimits = DeviceLimits(), answer: @escaping @Sendable (HTTPRequest) -> Outcome = { TestConnection.echo($0) }) throws {
        held = HeldBytes(limit: limits.heldBytes)
        let environment = ConnectionEnvironment(
            limits: limits, held: held, threads: .singleton, admission: Admission(width: 1, limit: 1, threads: .singleton),
            log: BoundedLog(log.logger), isProven: { _ in }, answer: answer)
        try channel.pipeline.syncOperations.addHandlers([network, DeviceConnection(environment, peer: "192.0.2.7", network: "192.0.2.7")])
        try channel.connect(to: SocketAddress(ipAddress: "192.0.2.7", port: 1)).wait()
    }

    /// Method, target and body.
    static func echo(_ request: HTTPRequest) -> Outcome {
        .ready(HTTPAnswer(status: .ok, body: .bytes(Array("\(request.method) \(request.target) \(String(buffer: request.body))".utf8))))
    }

    var isOpen: Bool { channel.isActive }

    func send(_ text: String) throws { try channel.writeInbound(ByteBuffer(string: text)) }

    /// What was written since this was last asked, without dates.
    func received() throws -> String {
        var text = ""
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: buffer) }
        return text.replacing(/Date: [^\r]*\r\n/, with: "")
    }

    func pass(_ time: TimeAmount) { channel.embeddedEventLoop.advanceTime(by: time) }

    func quiesce() { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }

    /// Stands where TLS would: holds writes back when it is told to, and counts reads.
    final class Network: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer

        var isStuck = false
        private(set) var reads = 0
        private(set) var stuckBytes = 0
        private var stuck: [(count: Int, promise: EventLoopPromise<Void>)] = []

        func read(context: ChannelHandlerContext) {
            reads += 1
            context.read()
        }

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            guard isStuck else { return context.write(data, promise: promise) }
            let count = unwrapOutboundIn(data).readableBytes
            stuckBytes += count
            if let promise { stuck.append((count, promise)) }
        }

        /// The peer takes what is on its way.
        func taken() {
            let promises = stuck
            stuck = []
            stuckBytes = 0
            for (_, promise) in promises { promise.succeed() }
        }

        var nextBytes: Int { stuck.first?.count ?? 0 }

        /// It takes one write, of so many bytes.
        func takenOne() -> Int {
            guard !stuck.isEmpty else { return 0 }
            let (count, promise) = stuck.removeFirst()
            stuckBytes -= count
            promise.succeed()
            return count
        }
    }
}
