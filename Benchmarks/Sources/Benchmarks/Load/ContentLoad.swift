import NIOCore
import NIOPosix
import NIOSSL

/// Downloads over several kept connections and throws the bytes away: the same for every server that is measured.
struct ContentLoad {
    let port: Int
    /// The PEM file of the CA to trust.
    let ca: String
    /// `/Content/...`
    let path: String
    let size: Int
    /// Aligned ranges of 1 MiB in shuffled order, each once before any again; else whole files.
    let inRanges: Bool
    let count: Int
    let connections: Int

    static let rangeBytes = 1 << 20

    /// Returns the bytes of all bodies.
    func run() async throws -> Int {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .file(ca)
        tls.minimumTLSVersion = .tlsv13
        let context = try NIOSSLContext(configuration: tls)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        // One loop has them all, so the queue needs no lock.
        let queue = NIOLoopBoundBox.makeBoxSendingValue(RequestQueue(requests()), eventLoop: loop)
        let bootstrap = ClientBootstrap(group: loop)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 256 << 10))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: context, serverHostname: "localhost"))
                    try channel.pipeline.syncOperations.addHandler(DownloadHandler(queue))
                }
            }
        for channel in try await open(bootstrap) { try await channel.closeFuture.get() }
        let (bytes, failure) = try await loop.submit { (queue.value.bytes, queue.value.failure) }.get()
        try await group.shutdownGracefully()
        if let failure { throw Child.Failure(description: failure) }
        return bytes
    }

    private func open(_ bootstrap: ClientBootstrap) async throws -> [any Channel] {
        var channels: [any Channel] = []
        for _ in 0..<connections { channels.append(try await bootstrap.connect(host: "127.0.0.1", port: port).get()) }
        return channels
    }

    private func requests() -> [RequestQueue.Request] {
        let head = "GET \(path) HTTP/1.1\r\nHost: localhost:\(port)\r\n"
        guard inRanges else { return Array(repeating: .init(text: head + "\r\n", bytes: size), count: count) }
        var random = SplitMix(seed: 7)
        var requests: [RequestQueue.Request] = []
        while requests.count < count {
            for range in (0..<size / Self.rangeBytes).shuffled(using: &random).prefix(count - requests.count) {
                let start = range * Self.rangeBytes
                requests.append(.init(text: "\(head)Range: bytes=\(start)-\(start + Self.rangeBytes - 1)\r\n\r\n", bytes: Self.rangeBytes))
            }
        }
        return requests
    }
}

/// What is still to be asked, and what came.
private struct RequestQueue {
    struct Request {
        let text: String
        /// Of the body that must come.
        let bytes: Int
    }

    private var waiting: [Request]
    var bytes = 0
    var failure: String?

    init(_ requests: [Request]) {
        waiting = requests.reversed()
    }

    mutating func next() -> Request? { failure == nil ? waiting.popLast() : nil }
}

/// One connection: a request, its answer read to the end, the next.
private final class DownloadHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let queue: NIOLoopBoundBox<RequestQueue>
    private var head: [UInt8] = []
    private var remaining = 0
    private var request: RequestQueue.Request?

    init(_ queue: NIOLoopBoundBox<RequestQueue>) {
        self.queue = queue
    }

    func channelActive(context: ChannelHandlerContext) {
        ask(context)
    }

    private func ask(_ context: ChannelHandlerContext) {
        request = queue.value.next()
        guard let request else { return context.close(promise: nil) }
        head = []
        context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(string: request.text)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        while buffer.readableBytes > 0, let request {
            if remaining == 0 {
                // Byte by byte: a head is 300 bytes of a megabyte.
                guard let byte = buffer.readInteger(as: UInt8.self) else { return }
                head.append(byte)
                guard head.suffix(4) == [13, 10, 13, 10] else { continue }
                let text = String(decoding: head, as: UTF8.self).lowercased()
                guard text.hasPrefix("http/1.1 20"), text.contains("content-length: \(request.bytes)\r\n") else {
                    return fail("answered: \(text)", context)
                }
                remaining = request.bytes
            }
            let taken = min(remaining, buffer.readableBytes)
            buffer.moveReaderIndex(forwardBy: taken)
            remaining -= taken
            queue.value.bytes += taken
            if remaining == 0 { ask(context) }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // How the connection ends after the last answer is of no concern.
        if request != nil { fail("\(error)", context) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if request != nil { queue.value.failure = queue.value.failure ?? "the server closed a connection within an answer" }
    }

    private func fail(_ reason: String, _ context: ChannelHandlerContext) {
        queue.value.failure = reason
        request = nil
        context.close(promise: nil)
    }
}
