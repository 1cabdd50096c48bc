import NIOCore
import NIOPosix
import NIOSSL

/// A client's connection whose bytes are in the test's hands.
final class TLSConnection {
    struct Response {
        var status = 0
        var headers: [String: String] = [:]
        var body: [UInt8] = []

        var text: String { String(decoding: body, as: UTF8.self) }
    }

    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var buffer = ByteBuffer()

    private init(_ inbound: NIOAsyncChannelInboundStream<ByteBuffer>, _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>) {
        self.inbound = inbound.makeAsyncIterator()
        self.outbound = outbound
    }

    /// - Parameter tls: nothing for bytes as they are.
    static func open<Result>(port: Int, tls: NIOSSLContext?, _ body: (TLSConnection) async throws -> Result) async throws -> Result {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 65536))
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(try NIOSSLClientHandler(context: tls, serverHostname: "localhost"))
                    }
                    return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        var result: Result?
        do {
            try await channel.executeThenClose { result = try await body(TLSConnection($0, $1)) }
        } catch {
            // That the other side closed first is no failure of the test.
            guard result != nil else { throw error }
        }
        guard let result else { throw ChannelError.eof }
        return result
    }

    func send(_ text: String) async throws { try await outbound.write(ByteBuffer(string: text)) }

    func send(_ bytes: [UInt8]) async throws { try await outbound.write(ByteBuffer(bytes: bytes)) }

    /// Everything until the other side ends.
    func rest() async -> String {
        while await more() {}
        return String(buffer: buffer)
    }

    /// The next answer.
    func response(toHEAD isHead: Bool = false) async throws -> Response {
        var response = try await head()
        let isBare = isHead || response.status == 304 || response.status == 100
        let length = isBare ? 0 : Int(response.headers["content-length"] ?? "") ?? 0
        while buffer.readableBytes < length {
            guard await more() else { throw ChannelError.eof }
        }
        response.body = buffer.readBytes(length: length) ?? []
        buffer.discardReadBytes()
        return response
    }

    /// The next answer but for its body.
    func head() async throws -> Response {
        while true {
            let text = String(decoding: buffer.readableBytesView.prefix(20_000), as: UTF8.self)
            guard let end = text.firstRange(of: "\r\n\r\n") else {
                guard await more() else { throw ChannelError.eof }
                continue
            }
            var response = Response()
            let lines = text[..<end.lowerBound].split(separator: "\r\n")
            let words = lines.first?.split(separator: " ") ?? []
            guard words.count > 1, words[0] == "HTTP/1.1", let status = Int(words[1]) else { throw ChannelError.unknownLocalAddress }
            response.status = status
            for line in lines.dropFirst() {
                let parts = line.split(separator: ":", maxSplits: 1)
                response.headers[parts[0].lowercased()] = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
            }
            buffer.moveReaderIndex(forwardBy: text[..<end.upperBound].utf8.count)
            return response
        }
    }

    func get(_ path: String, _ headers: [String] = [], method: String = "GET") async throws -> Response {
        try await send("\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n" + headers.map { $0 + "\r\n" }.joined() + "\r\n")
        return try await response(toHEAD: method == "HEAD")
    }

    func post(_ path: String, _ body: [UInt8], _ headers: [String] = []) async throws -> Response {
        try await send(
            Array("POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.count)\r\n\(headers.map { $0 + "\r\n" }.joined())\r\n".utf8)
                + body)
        return try await response()
    }

    /// False at the end, however the other side came to it.
    private func more() async -> Bool {
        guard var part = try? await inbound.next() else { return false }
        buffer.writeBuffer(&part)
        return true
    }
}
