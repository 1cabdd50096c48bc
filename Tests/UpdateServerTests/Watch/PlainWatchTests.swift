import NIOCore
import NIOEmbedded
import Synchronization
import TestSupport
import Testing
import Updates

@testable import UpdateServer

struct PlainWatchTests {
    private final class Callers: Sendable {
        let all = Mutex<[PlainCaller]>([])
    }

    /// A connection whose bytes and time are in the test's hands.
    private struct Watched {
        let channel = EmbeddedChannel()
        let callers = Callers()

        init() throws {
            let callers = callers
            try channel.pipeline.syncOperations.addHandler(
                PlainConnection(peer: "192.0.2.7", limits: DeviceLimits()) { caller in callers.all.withLock { $0.append(caller) } })
            try channel.connect(to: SocketAddress(ipAddress: "192.0.2.7", port: 1)).wait()
        }

        var noted: [PlainCaller] { callers.all.withLock { $0 } }

        func answer() throws -> String? {
            try channel.readOutbound(as: ByteBuffer.self).map { String(buffer: $0) }
        }

        func send(_ text: String) throws { try channel.writeInbound(ByteBuffer(string: text)) }
    }

    static let call = """
        POST /ClientWebService/client.asmx?x HTTP/1.1\r
        Host: updates.example.test:8530\r
        user-agent: Windows-Update-Agent/10.0.10011.16384 Client-Protocol/2.50\r
        Content-Type: text/xml; charset=utf-8\r
        SOAPAction: "http://www.microsoft.com/SoftwareDistribution/Server/ClientWebService/GetConfig"\r
        Via: 1.1 proxy.example.test\r
        X-Forwarded-For: 198.51.100.1\r
        X-Forwarded-For: 198.51.100.2\r
        Content-Length: 100000\r
        \r

        """

    @Test func `the end of a head is found in pieces, without what came before them`() {
        let bytes = Array((Self.call + "rest\r\n\r\n").utf8)
        let whole = PlainRequestHead.end(of: bytes)
        #expect(whole == Self.call.utf8.count)
        for size in 1...bytes.count {
            var end = PlainRequestHead.End()
            var found: Int?
            for start in stride(from: 0, to: bytes.count, by: size) where found == nil {
                found = end.take(bytes[start..<min(start + size, bytes.count)])
            }
            #expect(found == whole, "\(size)")
        }
    }

    @Test func `a SOAP call is refused with a fault, and noted with what it claims`() throws {
        let watched = try Watched()
        try watched.send(Self.call + "<Envelope><secret/>")
        let answer = try #require(try watched.answer())
        #expect(answer.hasPrefix("HTTP/1.1 403 Forbidden\r\n"))
        #expect(answer.contains("Content-Type: text/xml; charset=utf-8\r\n") && answer.contains("Connection: close\r\n"))
        #expect(answer.contains("<faultcode>s:Client</faultcode><faultstring>\(PlainAnswer.line)</faultstring>"))
        #expect(
            watched.noted == [
                PlainCaller(
                    address: "192.0.2.7", agent: "Windows-Update-Agent/10.0.10011.16384 Client-Protocol/2.50",
                    proxies: ProxyClaims(via: "1.1 proxy.example.test", forwardedFor: "198.51.100.1, 198.51.100.2"),
                    path: "/ClientWebService/client.asmx")
            ])
        _ = try? watched.channel.finish()
    }

    @Test func `a call is understood however it is split`() throws {
        for split in Self.call.utf8.indices.dropFirst() {
            let watched = try Watched()
            try watched.send(String(Self.call[..<split]))
            #expect(watched.noted.isEmpty)
            try watched.send(String(Self.call[split...]))
            #expect(watched.noted.count == 1)
            _ = try? watched.channel.finish()
        }
    }

    @Test(arguments: [
        ("GET /Content/AB/CD.cab HTTP/1.1\r\n\r\n", "text/plain", true), ("HEAD / HTTP/1.0\r\n\r\n", "text/plain", false),
        ("POST / HTTP/1.1\r\nContent-Type: application/soap+xml\r\n\r\n", "application/soap+xml", true),
        ("\u{16}\u{3}\u{1}\u{2}\u{0}", "text/plain", true), ("OPTIONS\n\n", "text/plain", true), ("GET / HTTP/1.1\n\n", "text/plain", true),
    ])
    func `everything is refused with one line`(request: String, type: String, hasBody: Bool) throws {
        let watched = try Watched()
        try watched.send(request)
        let answer = try #require(try watched.answer())
        #expect(answer.hasPrefix("HTTP/1.1 403 Forbidden\r\nContent-Type: \(type)"))
        #expect(answer.contains(PlainAnswer.line) == hasBody)
        #expect(watched.noted.count == 1)
        _ = try? watched.channel.finish()
    }

    @Test func `hostile claims are cut and made safe`() throws {
        let watched = try Watched()
        try watched.send(
            "GET /\u{1b}[2J\u{202e}\(String(repeating: "a", count: 4000)) HTTP/1.1\r\nUser-Agent: \u{1b}]0;x\u{7}=cmd|' /C calc'!A0\r\n\r\n")
        let caller = try #require(watched.noted.first)
        #expect(caller.path.hasPrefix("/\\u{1B}[2J\\u{202E}aaa") && caller.path.unicodeScalars.count <= ProxyClaims.lengthLimit)
        #expect(caller.agent == "\\u{1B}]0;x\\u{7}=cmd|' /C calc'!A0")
        _ = try? watched.channel.finish()
    }

    @Test(arguments: [(PlainRequestHead.limit - 1, 0), (PlainRequestHead.limit, 1)])
    func `a head without end is refused at its limit`(length: Int, count: Int) throws {
        let watched = try Watched()
        try watched.send("GET /" + String(repeating: "a", count: length - 5))
        #expect(watched.noted.count == count)
        _ = try? watched.channel.finish()
    }

    @Test(arguments: [(PlainConnection.bytesAtMost - 1, true), (PlainConnection.bytesAtMost, false)])
    func `no more than 64 KiB are read of a connection`(length: Int, isOpen: Bool) throws {
        let watched = try Watched()
        try watched.send(Self.call)
        try watched.channel.writeInbound(ByteBuffer(repeating: 0x41, count: length - Self.call.utf8.count))
        #expect(watched.channel.isActive == isOpen)
        #expect(watched.noted.count == 1)
        _ = try? watched.channel.finish()
    }

    @Test func `who says nothing, and who goes on after the answer, is cut off`() throws {
        let silent = try Watched()
        silent.channel.embeddedEventLoop.advanceTime(by: DeviceLimits().header)
        #expect(!silent.channel.isActive)
        let talkative = try Watched()
        try talkative.send(Self.call)
        talkative.channel.embeddedEventLoop.advanceTime(by: DeviceLimits().linger)
        #expect(!talkative.channel.isActive)
    }

    @Test func `on loopback the answer arrives though the body does not fit`() async throws {
        let callers = Callers()
        let watch = try await PlainWatch.start(address: "127.0.0.1", port: 0, log: LogRecorder().logger) { caller in
            callers.all.withLock { $0.append(caller) }
        }
        try await TLSConnection.open(port: watch.port, tls: nil) { connection in
            try await connection.send(Self.call)
            let answer = await connection.rest()
            #expect(answer.hasPrefix("HTTP/1.1 403 Forbidden\r\n") && answer.contains(PlainAnswer.line))
        }
        await watch.shutdown()
        #expect(callers.all.withLock { $0 }.map(\.address) == ["127.0.0.1"])
    }
}
