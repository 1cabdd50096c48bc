import Testing

@testable import TrustedTransport

/// Handshake messages and records as a server writes them.
enum Wire {
    static func number(_ value: Int, _ bytes: Int) -> [UInt8] { (0..<bytes).reversed().map { UInt8(value >> ($0 * 8) & 0xff) } }
    static func record(_ type: UInt8, _ content: [UInt8]) -> [UInt8] { [type, 3, 3] + number(content.count, 2) + content }
    static func message(_ type: UInt8, _ body: [UInt8]) -> [UInt8] { [type] + number(body.count, 3) + body }

    static func hello(
        version: Int = 0x0303, suite: Int = 0xc02b, extensions: [(Int, [UInt8])]? = [(0xff01, [0])], random: [UInt8] = Array(repeating: 7, count: 32)
    ) -> [UInt8] {
        let list = extensions.map { $0.flatMap { number($0.0, 2) + number($0.1.count, 2) + $0.1 } }
        return message(2, number(version, 2) + random + [0] + number(suite, 2) + [0] + (list.map { number($0.count, 2) + $0 } ?? []))
    }

    static func certificates(_ chain: [[UInt8]]) -> [UInt8] {
        let list = chain.flatMap { number($0.count, 3) + $0 }
        return message(11, number(list.count, 3) + list)
    }

    static let request = message(13, [1, 1, 0, 0, 0, 0])
    static let done = message(14, [])
}

@Suite struct ServerFlightTests {
    static let flight =
        Wire.record(22, Wire.hello()) + Wire.record(22, Wire.certificates([[1, 2, 3], [4]]) + Wire.request) + Wire.record(22, Wire.done)

    private func read(_ bytes: [UInt8], upTo end: ServerFlight.End = .flight) throws -> (flight: ServerFlight, isEnded: Bool) {
        var flight = ServerFlight(upTo: end)
        let isEnded = try flight.take(bytes)
        return (flight, isEnded)
    }

    @Test func `a whole flight is read`() throws {
        let (flight, isEnded) = try read(Self.flight)
        #expect(isEnded && flight.isComplete)
        #expect(flight.version == 0x0303)
        #expect(flight.cipherSuite == 0xc02b)
        #expect(flight.hasSecureRenegotiation)
        #expect(flight.certificates == [[1, 2, 3], [4]])
        #expect(flight.asksForCertificate)
    }

    @Test func `a flight is read alike in pieces of any size, and cut at any byte it is not at its end`() throws {
        for size in 1..<Self.flight.count {
            var flight = ServerFlight(upTo: .flight)
            var isEnded = false
            for start in stride(from: 0, to: Self.flight.count, by: size) {
                #expect(!isEnded)
                isEnded = try flight.take(Self.flight[start..<min(start + size, Self.flight.count)])
            }
            #expect(isEnded && flight.certificates == [[1, 2, 3], [4]] && flight.asksForCertificate)
            #expect(try !read(Array(Self.flight.prefix(size))).isEnded)
        }
    }

    @Test func `messages may be split over records and share one`() throws {
        let messages = Wire.hello() + Wire.certificates([[9]]) + Wire.done
        for place in 1..<messages.count {
            let bytes = Wire.record(22, Array(messages[..<place])) + Wire.record(22, Array(messages[place...]))
            #expect(try read(bytes).flight.certificates == [[9]])
        }
    }

    @Test func `the hello alone is enough where no more is wanted, and in TLS 1.3`() throws {
        #expect(try read(Wire.record(22, Wire.hello()), upTo: .serverHello).isEnded)
        let modern = try read(Wire.record(22, Wire.hello(suite: 0x1301, extensions: [(43, [3, 4])])))
        #expect(modern.isEnded && modern.flight.version == 0x0304 && modern.flight.cipherSuite == 0x1301)
        #expect(!modern.flight.isComplete && !modern.flight.isRetryRequest)
    }

    @Test func `SSL 3.0 has no extensions`() throws {
        let flight = try read(Wire.record(22, Wire.hello(version: 0x0300, suite: 5, extensions: nil) + Wire.done)).flight
        #expect(flight.version == 0x0300 && flight.cipherSuite == 5 && !flight.hasSecureRenegotiation && !flight.asksForCertificate)
    }

    @Test func `a fatal alert ends it, a warning does not`() throws {
        let (flight, isEnded) = try read(Wire.record(21, [2, 70]))
        #expect(isEnded && flight.alert == ServerFlight.Alert(isFatal: true, number: 70))
        #expect(try read(Wire.record(21, [1, 112]) + Wire.record(22, Wire.hello()), upTo: .serverHello).flight.version == 0x0303)
    }

    @Test(arguments: [
        ("a record too long", [22, 3, 3] + Wire.number(18_433, 2)),
        ("an alert of three bytes", Wire.record(21, [2, 70, 0])),
        ("a hello of another type first", Wire.record(22, Wire.certificates([[1]]))),
        ("two hellos", Wire.record(22, Wire.hello() + Wire.hello())),
        ("two lists of certificates", Wire.record(22, Wire.hello() + Wire.certificates([[1]]) + Wire.certificates([[1]]))),
        (
            "a session id of 33 bytes",
            Wire.record(22, Wire.message(2, [3, 3] + Array(repeating: 0, count: 32) + [33] + Array(repeating: 0, count: 40)))
        ),
        ("extensions with a lying length", Wire.record(22, Wire.message(2, [3, 3] + Array(repeating: 0, count: 33) + [0, 5, 0, 0, 9, 1]))),
        ("bytes after the hello", Wire.record(22, Wire.message(2, [3, 3] + Array(repeating: 0, count: 33) + [0, 5, 0, 0, 0, 1]))),
        ("a hello of version 2", Wire.record(22, Wire.hello(version: 0x0200))),
        ("a list of certificates with a lying length", Wire.record(22, Wire.hello() + Wire.message(11, [0, 0, 9, 0, 0, 1, 1]))),
        ("33 certificates", Wire.record(22, Wire.hello() + Wire.certificates(Array(repeating: [1], count: 33)))),
        ("a message of a megabyte", Wire.record(22, Wire.hello() + [11, 0x10, 0, 0])),
        ("1,025 records", Array(repeating: Wire.record(22, []), count: 1_025).flatMap(\.self)),
    ])
    func `what lies is refused`(_ name: String, _ bytes: [UInt8]) {
        #expect(throws: ServerFlight.Failure.self, "\(name)") { try read(bytes) }
    }

    @Test func `limits are met exactly`() throws {
        #expect(try !read([22, 3, 3] + Wire.number(18_432, 2)).isEnded)
        #expect(try read(Wire.record(22, Wire.hello() + Wire.certificates(Array(repeating: [1], count: 32)))).flight.certificates.count == 32)
        #expect(try !read(Array(repeating: Wire.record(22, []), count: 1_024).flatMap(\.self)).isEnded)
        // Messages that say nothing, up to the size of all.
        let filler = Wire.record(22, Wire.message(4, Array(repeating: 0, count: 16_000)))
        var bytes = Wire.record(22, Wire.hello())
        while bytes.count + filler.count <= ServerFlight.maximumSize { bytes += filler }
        bytes += Array(filler.prefix(ServerFlight.maximumSize - bytes.count))
        #expect(try !read(bytes).isEnded)
        #expect(throws: ServerFlight.Failure.self) { try read(bytes + [0]) }
    }

    @Test(arguments: [
        ("HTTP/1.1 400 Bad Request\r\n", "the port speaks HTTP, not TLS"),
        ("SSH-2.0-OpenSSH_9\r\n", "the port speaks something else than TLS: its answer begins with \"SSH-2.0-OpenSSH_\""),
        ("\u{16}\u{4}\u{1}", "the port speaks something else than TLS: its answer begins with \"...\""),
    ])
    func `other protocols are named`(_ text: String, _ message: String) {
        var flight = ServerFlight(upTo: .flight)
        do throws(ServerFlight.Failure) {
            _ = try flight.take(Array(text.utf8)[...])
            Issue.record("it was read")
        } catch {
            #expect(error.code == .notTLS && error.description == message && flight.isOtherProtocol)
        }
    }

    @Test func `a hello that asks is read by TLS, as one record with its name and suites`() {
        let hello = ProbeHello(version: 0x0303, cipherSuites: [0xc02b, 0x009c], serverName: "wsus.example.test").bytes()
        #expect(hello[0] == 22 && Int(hello[3]) << 8 | Int(hello[4]) == hello.count - 5)
        #expect(hello[5] == 1 && Int(hello[7]) << 8 | Int(hello[8]) == hello.count - 9)
        #expect(hello.firstRange(of: Array("wsus.example.test".utf8)) != nil)
        #expect(hello.firstRange(of: [0, 6, 0xc0, 0x2b, 0, 0x9c, 0, 0xff] as [UInt8]) != nil)
        // SSL 3.0 knows no extensions: version, random, no session, two suites, no compression, and that is all.
        #expect(ProbeHello(version: 0x0300, cipherSuites: [5], serverName: "a").bytes().count == 5 + 4 + 2 + 32 + 1 + 6 + 2)
    }
}

@Suite struct AnswerHeadTests {
    static let answer = Array(
        "HTTP/1.1 302 Found\r\nLocation: https://elsewhere/\r\nX: 1\r\nx: 2\r\nContent-Length: 20\r\n\r\n<GetConfigResponse/>".utf8)

    @Test func `an answer is read alike in pieces of any size`() throws {
        for size in 1...Self.answer.count {
            var head = AnswerHead(lookingFor: "GetConfigResponse")
            var isEnded = false
            for start in stride(from: 0, to: Self.answer.count, by: size) where !isEnded {
                isEnded = try head.take(Array(Self.answer[start..<min(start + size, Self.answer.count)]))
            }
            #expect(isEnded && head.status == 302 && head.hasWords && head.headers["location"] == "https://elsewhere/" && head.headers["x"] == "1")
        }
    }

    @Test func `without words the head is enough`() throws {
        var head = AnswerHead()
        #expect(try head.take(Self.answer))
        #expect(head.status == 302)
    }

    @Test func `a body without the words ends at its length, and at the limit`() throws {
        var head = AnswerHead(lookingFor: "GetConfigResponse")
        #expect(try !head.take(Array("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcd".utf8)))
        #expect(try head.take(Array("e".utf8)))
        #expect(!head.hasWords)
        var endless = AnswerHead(lookingFor: "GetConfigResponse")
        #expect(try !endless.take(Array("HTTP/1.1 200 OK\r\n\r\n".utf8)))
        #expect(try !endless.take(Array(repeating: 65, count: AnswerHead.maximumBody - 1)))
        #expect(try endless.take([65]))
    }

    @Test func `headers end at their limit`() throws {
        let start = Array("HTTP/1.1 200 OK\r\nX: ".utf8)
        let end = Array("\r\n\r\n".utf8)
        var fits = AnswerHead()
        #expect(try fits.take(start + Array(repeating: 65, count: AnswerHead.maximumHead - start.count - end.count) + end))
        var isTooLong = AnswerHead()
        #expect(throws: AnswerHead.Failure.self) {
            try isTooLong.take(start + Array(repeating: 65, count: AnswerHead.maximumHead - start.count - end.count + 1) + end)
        }
    }

    @Test(arguments: [":", "::", ": a", "a", " ", "\u{301}:", ":\u{301}"])
    func `a line that is no field is passed over`(_ line: String) throws {
        var head = AnswerHead()
        #expect(try head.take(Array("HTTP/1.1 200 OK\r\n\(line)\r\nServer: a:b\r\nEmpty:\r\n\r\n".utf8)))
        #expect(head.status == 200 && head.headers["server"] == "a:b" && head.headers["empty"] == "" && head.headers[""] == nil)
    }

    @Test(arguments: [
        "SSH-2.0-x\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "\u{15}\u{3}\u{3}\u{0}\u{2}\u{2}\u{46}",
    ])
    func `what is no answer is refused`(_ text: String) {
        var head = AnswerHead()
        #expect(throws: AnswerHead.Failure.self) { try head.take(Array(text.utf8)) }
    }

    @Test(arguments: [
        ("Mon, 23 Nov 2026 13:00:00 GMT", 1_795_438_800), ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Mon, 23 Nov 2026 13:00 GMT", nil),
        ("Mon, 23 Nov 2026 13:00:00 CET", nil), ("Mon, 23 Not 2026 13:00:00 GMT", nil), ("", nil), ("Mon, 23 Nov 99999 13:00:00 GMT", nil),
    ])
    func `a date is read in its one form`(_ text: String, _ seconds: Int?) {
        #expect(ServerAudit.date(text) == seconds)
    }
}
