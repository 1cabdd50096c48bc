import NIOCore
import NIOHTTP1
import Testing

@testable import UpdateServer

/// What a parser makes of bytes that are given to it in pieces.
struct Parsing: Equatable {
    struct Request: Equatable {
        var method: String
        var target: String
        var headers: [String]
        var body: String
        var keepsAlive: Bool
    }

    var requests: [Request] = []
    var continues = 0
    var status: UInt?
    var reason: String?

    init(_ pieces: [some Collection<UInt8>], limits: DeviceLimits = DeviceLimits()) {
        var parser = RequestParser(limits: limits)
        do {
            for piece in pieces {
                var input = ByteBuffer(bytes: piece)
                loop: while true {
                    switch try parser.parse(&input) {
                    case .more: break loop
                    case .goOn: continues += 1
                    case .request(let request, let keepsAlive):
                        requests.append(
                            Request(
                                method: request.method.rawValue, target: request.target, headers: request.headers.map { "\($0.name)=\($0.value)" },
                                body: String(buffer: request.body), keepsAlive: keepsAlive))
                    }
                }
                #expect(input.readableBytes == 0)
            }
        } catch {
            status = error.status.code
            reason = error.reason
        }
    }

    init(_ text: String, limits: DeviceLimits = DeviceLimits()) {
        self.init([Array(text.utf8)], limits: limits)
    }
}

@Suite struct RequestParserTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let text: String
        let status: UInt
        let reason: String

        init(_ name: String, _ text: String, _ status: UInt, _ reason: String) {
            (testDescription, self.text, self.status, self.reason) = (name, text, status, reason)
        }
    }

    /// The start of a request with a body.
    static let post = "POST / HTTP/1.1\r\nHost: h\r\n"
    static let native =
        "POST /ClientWebService/client.asmx HTTP/1.1\r\nCache-Control: no-cache\r\nConnection: Keep-Alive\r\nContent-Type: text/xml; charset=utf-8\r\n"
        + "Accept-Encoding: xpress\r\nSOAPAction: \"a\"\r\nContent-Length: 5\r\nHost: updates.example:8531\r\n\r\nhello"
    static let chunked =
        "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n5;x=\"y\"\r\nhello\r\nA\r\n0123456789\r\n000\r\nTrailer: t\r\n\r\n"

    @Test func `a native request is read`() {
        let parsing = Parsing(Self.native)
        #expect(parsing.status == nil)
        #expect(
            parsing.requests == [
                .init(
                    method: "POST", target: "/ClientWebService/client.asmx",
                    headers: [
                        "Cache-Control=no-cache", "Connection=Keep-Alive", "Content-Type=text/xml; charset=utf-8", "Accept-Encoding=xpress",
                        "SOAPAction=\"a\"", "Content-Length=5", "Host=updates.example:8531",
                    ], body: "hello", keepsAlive: true)
            ])
    }

    @Test func `a chunked body is joined, its extensions and trailers dropped`() {
        let parsing = Parsing(Self.chunked)
        #expect(parsing.requests.map(\.body) == ["hello0123456789"])
        #expect(parsing.requests.first?.headers == ["Host=h", "Transfer-Encoding=Chunked"])
    }

    @Test(arguments: [
        ("a Content-Length of nothing", "GET /c HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", true),
        ("white space around a value", "GET /c HTTP/1.1\r\nHost: \t h \t\r\n\r\n", true),
        ("an empty value", "GET /c HTTP/1.1\r\nHost:\r\nX:\r\n\r\n", true),
        ("a value of Latin-1", "GET /c HTTP/1.1\r\nHost: h\r\nX: caf\u{e9}\r\n\r\n", true),
        ("one empty line before it", "\r\nGET /c HTTP/1.1\r\nHost: h\r\n\r\n", true),
        ("Connection: close", "GET /c HTTP/1.1\r\nHost: h\r\nConnection: x, CLOSE\r\n\r\n", false),
        ("HTTP/1.0, which is not kept", "GET /c HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false),
        ("an unknown method", "BREW /c HTTP/1.1\r\nHost: h\r\n\r\n", true),
    ])
    func `what is allowed is read`(name: String, text: String, keepsAlive: Bool) {
        let parsing = Parsing(text)
        #expect(parsing.status == nil, "\(name): \(parsing.reason ?? "")")
        #expect(parsing.requests.count == 1)
        #expect(parsing.requests.first?.keepsAlive == keepsAlive)
        #expect(parsing.requests.first?.target == "/c")
    }

    static let refused = [
        Row("a bare LF after the request line", "GET / HTTP/1.1\nHost: h\r\n\r\n", 400, "bare LF"),
        Row("a bare LF after a field", "GET / HTTP/1.1\r\nHost: h\n\r\n", 400, "bare LF"),
        Row("a bare LF as the empty line", "GET / HTTP/1.1\r\nHost: h\r\n\n", 400, "bare LF"),
        Row("a bare CR in a value", "GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n", 400, "bare CR"),
        Row("two CR", "GET / HTTP/1.1\r\r\nHost: h\r\n\r\n", 400, "bare CR"),
        Row("NUL in a value", "GET / HTTP/1.1\r\nHost: h\u{0}\r\n\r\n", 400, "NUL"),
        Row("NUL in the target", "GET /\u{0} HTTP/1.1\r\nHost: h\r\n\r\n", 400, "NUL"),
        Row("a control character in a value", "GET / HTTP/1.1\r\nHost: h\u{b}\r\n\r\n", 400, "field value"),
        Row("DEL in a value", "GET / HTTP/1.1\r\nHost: h\u{7f}\r\n\r\n", 400, "field value"),
        Row("a folded field", "GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", 400, "folded field"),
        Row("a field folded by a tab", "GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n\tb\r\n\r\n", 400, "folded field"),
        Row("white space before the first field", "GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400, "folded field"),
        Row("a space before the colon", "GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400, "field name"),
        Row("a tab before the colon", "GET / HTTP/1.1\r\nHost\t: h\r\n\r\n", 400, "field name"),
        Row("no colon", "GET / HTTP/1.1\r\nHost\r\n\r\n", 400, "field name"),
        Row("no name", "GET / HTTP/1.1\r\n: h\r\n\r\n", 400, "field name"),
        Row("a name that is no token", "GET / HTTP/1.1\r\nHo(st: h\r\n\r\n", 400, "field name"),
        Row("a name that is not ASCII", "GET / HTTP/1.1\r\nH\u{f6}st: h\r\n\r\n", 400, "field name"),
        Row("Content-Length twice", post + "Content-Length: 1\r\ncontent-length: 2\r\n\r\nab", 400, "repeated content-length"),
        Row(
            "Content-Length twice, the same", post + "Content-Length: 1\r\nContent-Length: 1\r\n\r\na", 400,
            "repeated Content-Length"),
        Row("Content-Length as a list", post + "Content-Length: 1, 1\r\n\r\na", 400, "Content-Length"),
        Row("Content-Length with a sign", post + "Content-Length: +1\r\n\r\na", 400, "Content-Length"),
        Row("a negative Content-Length", post + "Content-Length: -1\r\n\r\na", 400, "Content-Length"),
        Row("an empty Content-Length", post + "Content-Length:\r\n\r\na", 400, "Content-Length"),
        Row("a hexadecimal Content-Length", post + "Content-Length: 0x1\r\n\r\na", 400, "Content-Length"),
        Row("a Content-Length beyond 64 bits", post + "Content-Length: 99999999999999999999\r\n\r\n", 413, "body"),
        Row(
            "Content-Length before Transfer-Encoding", post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
            "Transfer-Encoding"),
        Row(
            "Transfer-Encoding before Content-Length", post + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", 400,
            "Transfer-Encoding"),
        Row(
            "Transfer-Encoding twice", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", 400,
            "repeated Transfer-Encoding"),
        Row("another coding", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501, "Transfer-Encoding"),
        Row("a coding that looks like chunked", post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501, "Transfer-Encoding"),
        Row("Transfer-Encoding in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "Transfer-Encoding"),
        Row("no Host", "GET / HTTP/1.1\r\n\r\n", 400, "no Host"),
        Row("two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHOST: b\r\n\r\n", 400, "repeated HOST"),
        Row("HTTP/2's preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "version"),
        Row("a later version", "GET / HTTP/1.2\r\nHost: h\r\n\r\n", 400, "version"),
        Row("a version in small letters", "GET / http/1.1\r\nHost: h\r\n\r\n", 400, "version"),
        Row("no version", "GET /\r\nHost: h\r\n\r\n", 400, "request line"),
        Row("two spaces", "GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400, "request line"),
        Row("a space at the end", "GET / HTTP/1.1 \r\nHost: h\r\n\r\n", 400, "request line"),
        Row("a space in the target", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400, "request line"),
        Row("a tab for a space", "GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n", 400, "request line"),
        Row("no method", " / HTTP/1.1\r\nHost: h\r\n\r\n", 400, "method"),
        Row("a method that is no token", "G@T / HTTP/1.1\r\nHost: h\r\n\r\n", 400, "method"),
        Row("a target that is not ASCII", "GET /\u{e9} HTTP/1.1\r\nHost: h\r\n\r\n", 400, "target"),
        Row("two empty lines before it", "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", 400, "request line"),
        Row("another expectation", post + "Expect: miracles\r\nContent-Length: 1\r\n\r\na", 417, "Expect"),
        Row("a chunk size that is none", post + "Transfer-Encoding: chunked\r\n\r\nx\r\n", 400, "chunk size"),
        Row("an empty chunk size", post + "Transfer-Encoding: chunked\r\n\r\n\r\n", 400, "chunk size"),
        Row("a chunk size with a sign", post + "Transfer-Encoding: chunked\r\n\r\n+1\r\na\r\n", 400, "chunk size"),
        Row("a chunk size in C's spelling", post + "Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n", 400, "chunk size"),
        Row("a space after a chunk size", post + "Transfer-Encoding: chunked\r\n\r\n1 \r\na\r\n", 400, "chunk size"),
        Row("nine digits of chunk size", post + "Transfer-Encoding: chunked\r\n\r\n000000001\r\na\r\n", 400, "chunk size"),
        Row("a bare LF after a chunk size", post + "Transfer-Encoding: chunked\r\n\r\n1\na\r\n", 400, "bare LF"),
        Row("no line end after a chunk", post + "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", 400, "chunk"),
        Row("a trailer that is folded", post + "Transfer-Encoding: chunked\r\n\r\n0\r\n a\r\n\r\n", 400, "folded field"),
    ]

    @Test(arguments: refused)
    func `what two readers could read differently is refused`(row: Row) {
        let parsing = Parsing([Array(row.text.unicodeScalars.map { UInt8($0.value) })])
        #expect(parsing.status == row.status)
        #expect(parsing.reason == row.reason)
        #expect(parsing.requests.isEmpty)
    }

    @Test(arguments: [native, chunked, "\r\n" + native, native + chunked + native] + refused.map(\.text))
    func `bytes split anywhere are read alike`(text: String) {
        let bytes = text.unicodeScalars.map { UInt8($0.value) }
        let whole = Parsing([bytes])
        #expect(Parsing(bytes.map { [$0] }) == whole)
        for split in bytes.indices {
            #expect(Parsing([bytes[..<split], bytes[split...]]) == whole, "split at \(split)")
        }
    }

    @Test(arguments: [native, chunked])
    func `a request cut short anywhere is no request, and no error`(text: String) {
        let bytes = Array(text.utf8)
        for end in bytes.indices {
            let parsing = Parsing([bytes[..<end]])
            #expect(parsing.requests.isEmpty)
            #expect(parsing.status == nil)
        }
    }

    @Test func `requests one after another are read apart`() {
        let parsing = Parsing(Self.native + Self.chunked + "GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(parsing.requests.map(\.body) == ["hello", "hello0123456789", ""])
        #expect(parsing.requests.map(\.target) == ["/ClientWebService/client.asmx", "/a", "/x"])
    }

    /// What this parser accepts, another one must read alike: else something before or behind us could be led astray.
    @Test(arguments: [native, chunked, native + chunked + native])
    func `the parser of swift-nio sees the same requests`(text: String) throws {
        let channel = Decoded()
        try channel.feed(text)
        #expect(channel.requests == Parsing(text).requests.map { "\($0.method) \($0.target) \($0.body)" })
    }

    @Test func `mutated requests, however they are split, are read alike`() {
        var random = Xorshift(state: 0x5eed)
        let seeds = [Self.native, Self.chunked] + Self.refused.map(\.text)
        let parts = [
            "\r\n", "\n", "\r", " ", ":", "0", "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n", "\u{0}", "HTTP/1.1", "5\r\nhello\r\n",
        ]
        for round in 0..<3000 {
            var bytes = seeds[random.below(seeds.count)].unicodeScalars.map { UInt8($0.value) }
            for _ in 0...random.below(4) {
                let place = random.below(bytes.count + 1)
                switch random.below(4) {
                case 0: bytes.insert(contentsOf: parts[random.below(parts.count)].utf8, at: place)
                case 1: bytes.removeSubrange(place..<min(bytes.count, place + random.below(6)))
                case 2 where place < bytes.count: bytes[place] = UInt8(random.below(256))
                default: bytes.append(contentsOf: seeds[random.below(seeds.count)].utf8)
                }
            }
            let first = random.below(bytes.count + 1)
            let second = first + random.below(bytes.count - first + 1)
            let whole = Parsing([bytes])
            #expect(Parsing([bytes[..<first], bytes[first..<second], bytes[second...]]) == whole, "round \(round): \(bytes)")
        }
    }

    private struct Xorshift {
        var state: UInt64

        mutating func below(_ limit: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(max(limit, 1)))
        }
    }

    // MARK: - Limits

    struct Limit: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let status: UInt
        /// A request that is so many bytes or fields over the limit.
        let request: @Sendable (_ over: Int) -> String
    }

    @Test(arguments: [
        Limit(testDescription: "the request line", status: 431) {
            "GET /\(String(repeating: "a", count: 8192 - 14 + $0)) HTTP/1.1\r\nHost: h\r\n\r\n"
        },
        Limit(testDescription: "a field", status: 431) { "GET / HTTP/1.1\r\nHost: h\r\nX: \(String(repeating: "a", count: 8192 - 3 + $0))\r\n\r\n" },
        Limit(testDescription: "the header", status: 431) {
            let half = String(repeating: "a", count: 5000)
            let start = "GET / HTTP/1.1\r\nHost: h\r\nX: \(half)\r\nY: \(half)\r\nZ: "
            return start + String(repeating: "b", count: 16384 - 4 - start.utf8.count + $0) + "\r\n\r\n"
        },
        Limit(testDescription: "fields", status: 431) {
            "GET / HTTP/1.1\r\nHost: h\r\n" + String(repeating: "A: b\r\n", count: 99 + $0) + "\r\n"
        },
        Limit(testDescription: "trailer fields, with those of the header", status: 431) {
            Self.post + "Transfer-Encoding: chunked\r\n\r\n0\r\n" + String(repeating: "A: b\r\n", count: 98 + $0) + "\r\n"
        },
        Limit(testDescription: "a body", status: 413) {
            let count = (4 << 20) + $0
            return Self.post + "Content-Length: \(count)\r\n\r\n" + String(repeating: "a", count: count)
        },
        Limit(testDescription: "a body in one chunk", status: 413) {
            let count = (4 << 20) + $0
            return Self.post + "Transfer-Encoding: chunked\r\n\r\n\(String(count, radix: 16))\r\n"
                + String(repeating: "a", count: count) + "\r\n0\r\n\r\n"
        },
        Limit(testDescription: "a body in two chunks", status: 413) {
            let count = (2 << 20) + $0
            return Self.post + "Transfer-Encoding: chunked\r\n\r\n200000\r\n\(String(repeating: "a", count: 2 << 20))\r\n"
                + "\(String(count, radix: 16))\r\n" + String(repeating: "a", count: count) + "\r\n0\r\n\r\n"
        },
        Limit(testDescription: "a chunk's extension", status: 400) {
            Self.post + "Transfer-Encoding: chunked\r\n\r\n0;\(String(repeating: "a", count: 126 + $0))\r\n\r\n"
        },
    ])
    func `a limit holds to the byte`(limit: Limit) {
        for over in [-1, 0] {
            let parsing = Parsing(limit.request(over))
            #expect(parsing.status == nil, "\(parsing.reason ?? "")")
            #expect(parsing.requests.count == 1)
        }
        let parsing = Parsing(limit.request(1))
        #expect(parsing.status == limit.status)
        #expect(parsing.requests.isEmpty)
    }

    @Test func `a body too large is refused at its header, not at its end`() {
        #expect(Parsing(Self.post + "Content-Length: 4194305\r\n\r\n").status == 413)
        #expect(Parsing(Self.post + "Transfer-Encoding: chunked\r\n\r\n400001\r\n").status == 413)
    }

    @Test func `a line without an end is refused at its limit`() {
        #expect(Parsing(String(repeating: "a", count: 8192)).status == nil)
        #expect(Parsing(String(repeating: "a", count: 8193)).status == 431)
    }

    // MARK: - Expect

    @Test func `who waits to be told to go on is told, once`() {
        let head = Self.post + "Expect: 100-Continue\r\nContent-Length: 2\r\n\r\n"
        let waiting = Parsing([Array(head.utf8), Array("a".utf8), Array("b".utf8)])
        #expect(waiting.continues == 1)
        #expect(waiting.requests.map(\.body) == ["ab"])
        let hasty = Parsing(head + "ab")
        #expect(hasty.continues == 0)
        #expect(hasty.requests.map(\.body) == ["ab"])
        let chunked = Parsing([
            Array((Self.post + "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n").utf8), Array("0\r\n\r\n".utf8),
        ])
        #expect(chunked.continues == 1)
        #expect(chunked.requests.count == 1)
    }

    @Test func `who waits to send a body too large is refused instead`() {
        let parsing = Parsing(Self.post + "Expect: 100-continue\r\nContent-Length: 4194305\r\n\r\n")
        #expect(parsing.continues == 0)
        #expect(parsing.status == 413)
    }
}
