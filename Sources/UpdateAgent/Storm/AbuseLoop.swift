import Glibc
import NIOCore
import TrustedTransport
import UpdateProtocols

/// Keeps a number of connections that mean no good. It lives on an event loop of its own, apart from the devices that are measured.
final class AbuseLoop {
    let loop: any EventLoop
    private let site: StormSite
    private let kind: StormAbuse
    private let wanted: Int
    private let sources: SourceAddresses
    /// What slow readers and forgers send, header and body.
    private let request: ByteBuffer
    private(set) var counts = StormReport.Abuse.Counts()
    private var connections: [ObjectIdentifier: AbuseConnection] = [:]
    /// Those that do something once a second, in turn: all at one moment they would be a storm of their own.
    private var beats = CircularBuffer<AbuseConnection>()
    private var securedNow = 0
    private var number = 0
    private var isEnding = false

    /// Handshakes begun in a hundredth of a second, so that making 10,000 connections does not itself look like a handshake flood.
    private static let mostPerTick = 4

    init(loop: any EventLoop, site: StormSite, kind: StormAbuse, connections: Int, sources: SourceAddresses, request: ByteBuffer) {
        self.loop = loop
        self.site = site
        self.kind = kind
        wanted = connections
        self.sources = sources
        self.request = request
    }

    func begin() { tick() }

    /// Lets the calling thread have only the processor time that the server and the devices that are measured leave: abusers are elsewhere, and
    /// would take none of it. On Linux a priority is a thread's own.
    static func yieldToOthers() {
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
    }

    /// Whether all that are wanted were there at once, or connections come and go by intent.
    var isEstablished: Bool { kind == .handshakes || counts.mostAtOnce >= wanted || (kind == .forgedCookies && counts.secured > 0) }

    func end() -> StormReport.Abuse.Counts {
        isEnding = true
        for connection in connections.values { connection.close() }
        connections = [:]
        return counts
    }

    private func tick() {
        guard !isEnding else { return }
        var begun = 0
        while connections.count < wanted, begun < Self.mostPerTick {
            connect()
            begun += 1
        }
        for _ in 0..<(beats.count + 99) / 100 {
            let connection = beats.removeFirst()
            guard connections[ObjectIdentifier(connection)] != nil else { continue }
            connection.beat()
            beats.append(connection)
        }
        loop.assumeIsolated().scheduleTask(in: .milliseconds(10)) { [weak self] in self?.tick() }
    }

    private func connect() {
        counts.begun += 1
        number += 1
        let connection = AbuseConnection(kind, request: request, host: site.host, owner: self)
        connections[ObjectIdentifier(connection)] = connection
        if [.slowHeaders, .slowBodies, .slowReads].contains(kind) { beats.append(connection) }
        let bound = NIOLoopBound(connection, eventLoop: loop)
        let isSlowReader = kind == .slowReads
        site.dialer.connect(on: loop, from: sources.address(of: number), timeout: .seconds(30)) { channel in
            try channel.pipeline.syncOperations.addHandler(bound.value)
            if isSlowReader, let options = channel.syncOptions { try options.setOption(.socketOption(.so_rcvbuf), value: 4096) }
        }.assumeIsolated().whenFailure { [weak self] _ in self?.ended(connection) }
    }

    func secured(_ connection: AbuseConnection) {
        counts.secured += 1
        securedNow += 1
        counts.mostAtOnce = max(counts.mostAtOnce, securedNow)
        guard kind == .handshakes else { return }
        connection.close()
        ended(connection, byUs: true)
        if !isEnding { connect() }
    }

    func answered(_ text: String) {
        counts.answered(text)
    }

    func ended(_ connection: AbuseConnection, byUs: Bool = false) {
        guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        if connection.isSecured { securedNow -= 1 }
        if !byUs { counts.ended += 1 }
    }
}

/// One connection that means no good.
final class AbuseConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let kind: StormAbuse
    private let request: ByteBuffer
    private let host: String
    private var owner: AbuseLoop?
    private var context: ChannelHandlerContext?
    private var reader = HTTPAnswerReader()
    private(set) var isSecured = false
    private var sent = 0

    init(_ kind: StormAbuse, request: ByteBuffer, host: String, owner: AbuseLoop) {
        self.kind = kind
        self.request = request
        self.host = host
        self.owner = owner
    }

    func close() {
        owner = nil
        context?.close(promise: nil)
    }

    /// Once a second.
    func beat() {
        guard isSecured else { return }
        switch kind {
        case .slowHeaders:
            // A header that never ends: each byte is a valid part of it.
            let head = Array("POST /ClientWebService/client.asmx HTTP/1.1\r\nHost: \(host)\r\nX-Slow: ".utf8)
            send(ByteBuffer(bytes: [sent < head.count ? head[sent] : UInt8(ascii: "a")]))
            sent += 1
        case .slowBodies: send(ByteBuffer(bytes: [UInt8(ascii: " ")]))
        // Short answers fill no buffer at once.
        case .slowReads where context?.channel.isWritable == true: send(request)
        default: break
        }
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard HTTPSDialer.isSecured(event), !isSecured else { return }
        isSecured = true
        switch kind {
        case .slowBodies:
            send(
                ByteBuffer(
                    string: "POST /ClientWebService/client.asmx HTTP/1.1\r\nHost: \(host)\r\nContent-Type: text/xml; charset=utf-8\r\n"
                        + "Content-Length: 1000000\r\n\r\n"))
        case .slowReads:
            send(request)
            context.channel.setOption(.autoRead, value: false).whenFailure { _ in }
        case .idle, .forgedCookies: send(request)
        case .slowHeaders, .handshakes, .registrations: break
        }
        owner?.secured(self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        guard let answer = try? reader.feed(&bytes, keepsBody: kind == .forgedCookies, limit: 1 << 30) else { return }
        owner?.answered(AnswerScan.fault(answer).map { "fault \($0.rawValue)" } ?? "HTTP \(answer.status)")
        if kind == .forgedCookies, !answer.isClosing { send(request) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { end() }

    func channelInactive(context: ChannelHandlerContext) { end() }

    private func end() {
        let owner = owner
        close()
        owner?.ended(self)
    }

    private func send(_ bytes: ByteBuffer) { context?.writeAndFlush(wrapOutboundOut(bytes), promise: nil) }
}
