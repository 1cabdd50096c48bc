import NIOCore
import NIOEmbedded
import NIOHTTP1
import TestSupport
import Testing
import UpdateProtocols

@testable import UpdateServer

@Suite struct DeviceConnectionTests {
    static let get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"

    static func answer(_ body: String, close: Bool = false) -> String {
        "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n" + (close ? "Connection: close\r\n" : "") + "\r\n" + body
    }

    static func refusal(_ status: HTTPResponseStatus, _ headers: String = "") -> String {
        "HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n\(headers)Content-Type: text/plain\r\nX-Content-Type-Options: nosniff\r\n"
            + "Content-Length: \(status.reasonPhrase.utf8.count + 1)\r\nConnection: close\r\n\r\n\(status.reasonPhrase)\n"
    }

    // MARK: - Answers

    @Test func `requests are answered in order on one connection`() throws {
        let connection = try TestConnection()
        try connection.send(Self.get)
        #expect(try connection.received() == Self.answer("GET /a "))
        try connection.send("POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi")
        #expect(try connection.received() == Self.answer("POST /b hi"))
        #expect(connection.isOpen)
        #expect(connection.held.count == 0)
    }

    @Test func `an answer has a date`() throws {
        let connection = try TestConnection()
        try connection.send(Self.get)
        let text = try #require(try connection.channel.readOutbound(as: ByteBuffer.self)).readableBytesView
        #expect(String(decoding: text, as: UTF8.self).contains(/\r\nDate: [A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT\r\n/))
    }

    @Test func `requests sent without waiting are answered in order, however many`() throws {
        let connection = try TestConnection()
        let count = 5000
        try connection.send((0..<count).map { "GET /\($0) HTTP/1.1\r\nHost: h\r\n\r\n" }.joined())
        #expect(try connection.received() == (0..<count).map { Self.answer("GET /\($0) ") }.joined())
    }

    @Test func `a request that ends the connection is answered first`() throws {
        let connection = try TestConnection()
        try connection.send("GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" + Self.get)
        #expect(try connection.received() == Self.answer("GET /a ", close: true))
        #expect(!connection.isOpen)
    }

    @Test func `HEAD has the length and not the bytes, of refusals too`() throws {
        let connection = try TestConnection { request in
            request.target == "/ok" ? TestConnection.echo(request) : .ready(.refusal(.notFound, "nowhere"))
        }
        try connection.send("HEAD /ok HTTP/1.1\r\nHost: h\r\n\r\nHEAD /no HTTP/1.1\r\nHost: h\r\n\r\n")
        let refusal = "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nX-Content-Type-Options: nosniff\r\nContent-Length: 10\r\n\r\n"
        let expected = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" + refusal
        #expect(try connection.received() == expected)
        #expect(connection.isOpen)
    }

    @Test func `who waits with the body is told to go on`() throws {
        let connection = try TestConnection()
        try connection.send("POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        #expect(try connection.received() == "HTTP/1.1 100 Continue\r\n\r\n")
        try connection.send("hi")
        #expect(try connection.received() == Self.answer("POST /a hi"))
    }

    // MARK: - Refusals

    @Test(arguments: [
        ("a header that is none", "GET / HTTP/1.1\nHost: h\r\n\r\n", HTTPResponseStatus.badRequest),
        ("a body too large", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4194305\r\n\r\n", .payloadTooLarge),
        ("a header too large", "GET /" + String(repeating: "a", count: 9000), .requestHeaderFieldsTooLarge),
        ("another coding", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", .notImplemented),
    ])
    func `a refused request ends the connection, after what it still sends was let by`(
        name: String, text: String, status: HTTPResponseStatus
    ) throws {
        let connection = try TestConnection()
        try connection.send(text)
        #expect(try connection.received() == Self.refusal(status))
        #expect(connection.isOpen)
        try connection.send(Self.get)
        connection.pass(.seconds(2) - .nanoseconds(1))
        #expect(connection.isOpen)
        connection.pass(.nanoseconds(1))
        #expect(!connection.isOpen)
        #expect(try connection.received() == "")
        #expect(connection.held.count == 0)
        let lines = connection.log.lines.filter { $0.contains("refused") }
        #expect(lines.count == 1)
        #expect(lines.first?.contains("peer=192.0.2.7") == true)
        #expect(lines.first?.contains("status=\(status.code)") == true)
        #expect(lines.first?.contains(/request=[0-9a-f-]{36}/) == true)
    }

    @Test func `what was asked before a broken request is answered`() throws {
        let connection = try TestConnection()
        try connection.send(Self.get + "broken\r\n")
        #expect(try connection.received() == Self.answer("GET /a ") + Self.refusal(.badRequest))
    }

    @Test func `a log line holds no control character of the request`() throws {
        let connection = try TestConnection { .ready(.refusal(.notFound, "\u{1b}[2J\u{202e}" + $0.target)) }
        try connection.send("GET /\u{1b}x HTTP/1.1\r\nHost: h\r\n\r\n")
        try connection.send(Self.get)
        let other = try TestConnection { .ready(.refusal(.notFound, "\u{1b}[2J\u{202e}" + $0.target)) }
        try other.send(Self.get)
        for line in connection.log.lines + other.log.lines {
            #expect(!line.unicodeScalars.contains { $0.value < 32 || $0.value == 0x202e })
        }
        #expect(other.log.lines.contains { $0.contains("message=\\u{1B}[2J\\u{202E}/a") })
    }

    // MARK: - Time

    @Test func `a connection that asks nothing ends after 10 s`() throws {
        let connection = try TestConnection()
        connection.pass(.seconds(10) - .nanoseconds(1))
        #expect(connection.isOpen)
        #expect(try connection.received() == "")
        connection.pass(.nanoseconds(1))
        #expect(!connection.isOpen)
        #expect(try connection.received() == Self.refusal(.requestTimeout))
    }

    @Test func `a header that takes longer than 10 s is refused, however it trickles`() throws {
        let connection = try TestConnection()
        connection.pass(.seconds(9))
        for byte in "GET /abcd" {
            try connection.send(String(byte))
            connection.pass(.seconds(1))
        }
        connection.pass(.seconds(1) - .nanoseconds(1))
        #expect(try connection.received() == "")
        connection.pass(.nanoseconds(1))
        #expect(try connection.received() == Self.refusal(.requestTimeout))
        connection.pass(.seconds(2))
        #expect(!connection.isOpen)
    }

    static let post = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n"

    @Test func `a body that does not come is refused after 10 s`() throws {
        let connection = try TestConnection()
        try connection.send(Self.post)
        connection.pass(.seconds(10) - .nanoseconds(1))
        #expect(try connection.received() == "")
        connection.pass(.nanoseconds(1))
        #expect(try connection.received() == Self.refusal(.requestTimeout))
    }

    @Test func `each 1,024 bytes of a body earn it a second`() throws {
        for (bytes, seconds) in [(1024, 11), (10 * 1024, 20), (49 * 1024, 59)] as [(Int, Int64)] {
            let connection = try TestConnection()
            try connection.send(Self.post)
            try connection.send(String(repeating: "a", count: bytes))
            connection.pass(.seconds(seconds) - .nanoseconds(1))
            #expect(try connection.received() == "", "\(bytes)")
            connection.pass(.nanoseconds(1))
            #expect(try connection.received() == Self.refusal(.requestTimeout), "\(bytes)")
        }
    }

    @Test func `a body that comes at the least rate is refused after 60 s`() throws {
        let connection = try TestConnection()
        try connection.send(Self.post)
        for _ in 0..<59 {
            try connection.send(String(repeating: "a", count: 2048))
            connection.pass(.seconds(1))
        }
        try connection.send(String(repeating: "a", count: 100_000))
        connection.pass(.seconds(1) - .nanoseconds(1))
        #expect(try connection.received() == "")
        connection.pass(.nanoseconds(1))
        #expect(try connection.received() == Self.refusal(.requestTimeout))
        #expect(connection.held.count == 0)
    }

    @Test func `a kept connection ends in silence after 75 s without a request`() throws {
        let connection = try TestConnection()
        for _ in 0..<3 {
            try connection.send(Self.get)
            #expect(try connection.received() == Self.answer("GET /a "))
            connection.pass(.seconds(75) - .nanoseconds(1))
            #expect(connection.isOpen)
        }
        connection.pass(.nanoseconds(1))
        #expect(!connection.isOpen)
        #expect(try connection.received() == "")
    }

    @Test func `the header of a second request has 10 s of its own`() throws {
        let connection = try TestConnection()
        try connection.send(Self.get + "GET /b")
        #expect(try connection.received() == Self.answer("GET /a "))
        connection.pass(.seconds(10) - .nanoseconds(1))
        #expect(try connection.received() == "")
        connection.pass(.nanoseconds(1))
        #expect(try connection.received() == Self.refusal(.requestTimeout))
    }

    @Test func `a peer that does not take its answer is left after 30 s, and a second for each KiB`() throws {
        let connection = try TestConnection()
        connection.network.isStuck = true
        try connection.send(Self.get)
        let earned = TimeAmount.milliseconds(Int64(connection.network.stuckBytes) * 1000 / 1024)
        connection.pass(.seconds(30) + earned - .nanoseconds(1))
        #expect(connection.isOpen)
        connection.pass(.nanoseconds(1))
        #expect(!connection.isOpen)
        #expect(connection.held.count == 0)
    }

    @Test func `a reader slower than 1 KiB a second is left, one that is not is served to the end`() throws {
        for (grace, isServed) in [(29, true), (31, false)] as [(Int64, Bool)] {
            let body = AnswerBody(pieces: [.bytes([UInt8](repeating: 7, count: 3 << 20))], isXpress: false)
            let connection = try TestConnection { _ in .ready(HTTPAnswer(status: .ok, body: .pieces(body))) }
            connection.network.isStuck = true
            try connection.send(Self.get)
            var taken = 0
            while connection.isOpen, connection.network.stuckBytes > 0 {
                connection.pass(.seconds(grace) + .milliseconds(Int64(connection.network.nextBytes) * 1000 / 1024))
                taken += connection.network.takenOne()
            }
            #expect(connection.isOpen == isServed)
            #expect((taken > 3 << 20) == isServed)
            #expect(connection.held.count == 0)
        }
    }

    // MARK: - Slow peers

    @Test func `nothing is read while an answer is on its way`() throws {
        let connection = try TestConnection()
        connection.network.isStuck = true
        try connection.send(Self.get)
        let reads = connection.network.reads
        connection.channel.read()
        connection.channel.read()
        #expect(connection.network.reads == reads)
        try connection.send("GET /b HTTP/1.1\r\nHost: h\r\n\r\n")
        connection.network.isStuck = false
        connection.network.taken()
        #expect(connection.network.reads == reads + 1)
        #expect(try connection.received() == Self.answer("GET /b "))
    }

    @Test func `a large answer goes piece by piece, as the peer takes them`() throws {
        let body = [UInt8](repeating: 7, count: 5 << 20 + 1)
        let connection = try TestConnection { _ in .ready(HTTPAnswer(status: .ok, body: .bytes(body))) }
        connection.network.isStuck = true
        try connection.send(Self.get)
        var pieces: [Int] = []
        while connection.network.stuckBytes > 0 {
            // All of it, and the copy that is on its way.
            #expect((body.count...body.count + 1 << 20).contains(connection.held.count))
            pieces.append(connection.network.stuckBytes)
            connection.network.taken()
        }
        #expect(pieces.count == body.count / (1 << 20) + 1)
        #expect(pieces.dropFirst().allSatisfy { $0 <= 1 << 20 })
        #expect(pieces.reduce(0, +) > body.count)
        #expect(connection.held.count == 0)
        #expect(connection.isOpen)
    }

    @Test func `an answer beyond what may be held is a 503`() throws {
        var limits = DeviceLimits()
        limits.heldBytes = 100
        for (count, isAllowed) in [(99, true), (100, true), (101, false)] {
            let connection = try TestConnection(limits: limits) { _ in
                .ready(HTTPAnswer(status: .ok, body: .bytes([UInt8](repeating: 65, count: count))))
            }
            try connection.send(Self.get)
            let text = try connection.received()
            let answer = Self.answer(String(repeating: "A", count: count))
            #expect(text == (isAllowed ? answer : Self.refusal(.serviceUnavailable, "Retry-After: 30\r\n")))
            #expect(connection.held.count == 0)
        }
    }

    @Test func `a body beyond what may be held is a 503, before it has come whole`() throws {
        var limits = DeviceLimits()
        limits.heldBytes = 100
        let connection = try TestConnection(limits: limits)
        try connection.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n" + String(repeating: "a", count: 100))
        #expect(connection.held.count == 100)
        #expect(try connection.received() == "")
        try connection.send("a")
        #expect(try connection.received() == Self.refusal(.serviceUnavailable, "Retry-After: 30\r\n"))
        #expect(connection.held.count == 0)
    }

    @Test func `what a connection holds is given back when it breaks off`() throws {
        let connection = try TestConnection()
        try connection.send(Self.post + "some")
        #expect(connection.held.count == 4)
        _ = try connection.channel.finish(acceptAlreadyClosed: true)
        #expect(connection.held.count == 0)
    }

    // MARK: - Ends

    @Test func `an idle connection ends when the server does`() throws {
        let fresh = try TestConnection()
        fresh.quiesce()
        #expect(!fresh.isOpen)
        let kept = try TestConnection()
        try kept.send(Self.get)
        _ = try kept.received()
        kept.quiesce()
        #expect(!kept.isOpen)
    }

    @Test func `a request that has begun is answered before the server ends`() throws {
        let connection = try TestConnection()
        try connection.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Le")
        connection.quiesce()
        try connection.send("ngth: 2\r\n\r\nh")
        #expect(connection.isOpen)
        try connection.send("i")
        #expect(try connection.received() == Self.answer("POST /a hi", close: true))
        #expect(!connection.isOpen)
    }

    @Test func `an answer on its way is finished before the server ends`() throws {
        let connection = try TestConnection()
        connection.network.isStuck = true
        try connection.send(Self.get + Self.get)
        connection.quiesce()
        #expect(connection.isOpen)
        connection.network.taken()
        #expect(!connection.isOpen)
    }

    @Test func `an error of TLS or the network ends the connection`() throws {
        let connection = try TestConnection()
        connection.channel.pipeline.fireErrorCaught(IOError(errnoCode: 104, reason: "reset"))
        #expect(!connection.isOpen)
        #expect(try connection.received() == "")
    }
}
