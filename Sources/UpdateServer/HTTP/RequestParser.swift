import Glibc
import NIOCore
import NIOHTTP1

/// Reads the requests of one connection off its bytes: HTTP/1.1 (RFC 9112) without the tolerances that let two readers see two requests.
///
/// It holds back nothing it was given: every byte is taken, or belongs to the next request. No channel, no clock.
struct RequestParser {
    enum Phase: Equatable {
        /// No byte of the next request yet.
        case idle
        case header
        case body
    }

    enum Step {
        /// All bytes are taken, and the request is not whole.
        case more
        /// The peer waits to be told to send the body (`Expect: 100-continue`).
        case goOn
        case request(HTTPRequest, keepsAlive: Bool)
    }

    /// Why a request is not read. The connection cannot be used after it.
    struct Refusal: Error, Equatable {
        let status: HTTPResponseStatus
        let reason: String

        init(_ status: HTTPResponseStatus, _ reason: String) {
            self.status = status
            self.reason = reason
        }
    }

    private enum State {
        case requestLine
        case fields
        case sizedBody(remaining: Int)
        case chunkSize
        case chunk(remaining: Int)
        case chunkEnd
        case trailers
    }

    /// Of a chunk's size and extension; agents send none of the latter.
    static let chunkLineBytes = 128

    private let limits: DeviceLimits
    private var state = State.requestLine
    private var reader = LineReader()
    private var head: RequestHead?
    private var body = ByteBuffer()
    private var headerBytes = 0
    private var fields = 0
    private var skippedEmptyLine = false

    init(limits: DeviceLimits) {
        self.limits = limits
    }

    var phase: Phase {
        switch state {
        case .requestLine: headerBytes == 0 ? .idle : .header
        case .fields: .header
        default: .body
        }
    }

    /// What of the body has come.
    var bodyBytes: Int { body.readableBytes }

    /// Takes bytes until a request is whole or they are all taken.
    mutating func parse(_ input: inout ByteBuffer) throws(Refusal) -> Step {
        while input.readableBytes > 0 {
            switch state {
            case .requestLine:
                guard let line = try headerLine(&input) else { return .more }
                if line.isEmpty, !skippedEmptyLine {
                    // One is allowed for (RFC 9112 section 2.2): some end a body with it.
                    skippedEmptyLine = true
                    continue
                }
                head = try RequestHead(requestLine: line)
                state = .fields
            case .fields:
                guard let line = try headerLine(&input) else { return .more }
                guard line.isEmpty else {
                    let field = try field(line)
                    try head?.add(field.name, field.value)
                    continue
                }
                if let step = try endHeader(input) { return step }
            case .sizedBody(let remaining):
                let count = take(remaining, of: &input)
                state = .sizedBody(remaining: remaining - count)
                if count == remaining { return try finish() }
            case .chunkSize:
                guard let line = try reader.line(&input, limit: Self.chunkLineBytes, beyond: .badRequest) else { return .more }
                let size = try Self.chunkSize(line)
                guard size <= limits.bodyBytes - body.readableBytes else { throw Refusal(.payloadTooLarge, "body") }
                state = size == 0 ? .trailers : .chunk(remaining: size)
            case .chunk(let remaining):
                let count = take(remaining, of: &input)
                state = count == remaining ? .chunkEnd : .chunk(remaining: remaining - count)
            case .chunkEnd:
                guard let line = try reader.line(&input, limit: Self.chunkLineBytes, beyond: .badRequest) else { return .more }
                guard line.isEmpty else { throw Refusal(.badRequest, "chunk") }
                state = .chunkSize
            case .trailers:
                guard let line = try headerLine(&input) else { return .more }
                if line.isEmpty { return try finish() }
                _ = try field(line)
            }
        }
        return .more
    }

    private mutating func endHeader(_ input: ByteBuffer) throws(Refusal) -> Step? {
        guard let head else { throw Refusal(.badRequest, "request") }
        switch try head.framing() {
        case .none: return try finish()
        case .length(let length):
            guard length <= limits.bodyBytes else { throw Refusal(.payloadTooLarge, "body") }
            if length == 0 { return try finish() }
            state = .sizedBody(remaining: length)
        case .chunked: state = .chunkSize
        }
        // A peer that sends the body without waiting is not told.
        return try head.expectsContinue() && input.readableBytes == 0 ? .goOn : nil
    }

    private mutating func finish() throws(Refusal) -> Step {
        guard let head else { throw Refusal(.badRequest, "request") }
        let request = HTTPRequest(method: head.method, target: head.target, headers: head.headers, body: body)
        self = RequestParser(limits: limits)
        return .request(request, keepsAlive: head.keepsAlive)
    }

    private mutating func take(_ wanted: Int, of input: inout ByteBuffer) -> Int {
        let count = min(wanted, input.readableBytes)
        if var part = input.readSlice(length: count) { body.writeBuffer(&part) }
        return count
    }

    private mutating func headerLine(_ input: inout ByteBuffer) throws(Refusal) -> [UInt8]? {
        let before = input.readableBytes
        let line = try reader.line(&input, limit: limits.headerLineBytes, beyond: .requestHeaderFieldsTooLarge)
        headerBytes += before - input.readableBytes
        guard headerBytes <= limits.headerBytes else { throw Refusal(.requestHeaderFieldsTooLarge, "header") }
        return line
    }

    private mutating func field(_ line: [UInt8]) throws(Refusal) -> (name: String, value: String) {
        fields += 1
        guard fields <= limits.headerFields else { throw Refusal(.requestHeaderFieldsTooLarge, "fields") }
        guard line[0] != UInt8(ascii: " "), line[0] != UInt8(ascii: "\t") else { throw Refusal(.badRequest, "folded field") }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0, line[..<colon].allSatisfy(\.isToken) else {
            throw Refusal(.badRequest, "field name")
        }
        let value = line[(colon + 1)...]
        guard value.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == UInt8(ascii: "\t") }) else { throw Refusal(.badRequest, "field value") }
        let isSpace = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        let start = value.firstIndex { !isSpace($0) } ?? value.endIndex
        let end = (value[start...].lastIndex { !isSpace($0) } ?? start - 1) + 1
        return (String(decoding: line[..<colon], as: UTF8.self), String(decoding: value[start..<end], as: UTF8.self))
    }

    /// 1 to 8 hexadecimal digits, and an extension that is ignored.
    private static func chunkSize(_ line: [UInt8]) throws(Refusal) -> Int {
        let digits = line.prefix { $0 != UInt8(ascii: ";") }
        guard (1...8).contains(digits.count), digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let size = Int(String(decoding: digits, as: UTF8.self), radix: 16),
            line.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == UInt8(ascii: "\t") })
        else { throw Refusal(.badRequest, "chunk size") }
        return size
    }
}

/// Collects a line until its CRLF. A CR or LF that stands alone ends nothing here: it is an error, and so is a NUL.
private struct LineReader {
    private var bytes: [UInt8] = []
    private var endsWithCR = false

    /// The next line where all of it is there and nothing is wrong with it, as with nearly all.
    private func wholeLine(_ input: inout ByteBuffer, limit: Int) -> [UInt8]? {
        guard bytes.isEmpty, !endsWithCR else { return nil }
        let line = input.withUnsafeReadableBytes { readable -> [UInt8]? in
            let reach = min(readable.count, limit + 2)
            guard let start = readable.baseAddress, let found = memchr(start, Int32(UInt8(ascii: "\n")), reach) else { return nil }
            let end = start.distance(to: found) - 1
            guard end >= 0, readable[end] == UInt8(ascii: "\r") else { return nil }
            let line = UnsafeRawBufferPointer(rebasing: readable[..<end])
            return line.contains { $0 == UInt8(ascii: "\r") || $0 == 0 } ? nil : Array(line)
        }
        if let line { input.moveReaderIndex(forwardBy: line.count + 2) }
        return line
    }

    /// The next line without its end; nothing where it has not ended yet.
    mutating func line(
        _ input: inout ByteBuffer, limit: Int, beyond status: HTTPResponseStatus
    ) throws(RequestParser.Refusal) -> [UInt8]? {
        if let whole = wholeLine(&input, limit: limit) { return whole }
        var taken = 0
        var refusal: RequestParser.Refusal?
        let isWhole = input.withUnsafeReadableBytes { readable -> Bool in
            for byte in readable {
                taken += 1
                switch byte {
                case UInt8(ascii: "\n"):
                    if !endsWithCR { refusal = .init(.badRequest, "bare LF") }
                    return true
                case _ where endsWithCR:
                    refusal = .init(.badRequest, "bare CR")
                    return true
                case UInt8(ascii: "\r"): endsWithCR = true
                case 0:
                    refusal = .init(.badRequest, "NUL")
                    return true
                default:
                    guard bytes.count < limit else {
                        refusal = .init(status, "line")
                        return true
                    }
                    bytes.append(byte)
                }
            }
            return false
        }
        input.moveReaderIndex(forwardBy: taken)
        if let refusal { throw refusal }
        guard isWhole else { return nil }
        defer {
            bytes = []
            endsWithCR = false
        }
        return bytes
    }
}

extension UInt8 {
    /// A `tchar` of RFC 9110 section 5.6.2.
    fileprivate var isToken: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "*"),
            UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"),
            UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: false
        }
    }
}

/// A request's line and fields.
private struct RequestHead {
    let method: HTTPMethod
    let target: String
    let isHTTP10: Bool
    var headers = HTTPHeaders()

    enum Framing {
        case none
        case length(Int)
        case chunked
    }

    /// `METHOD SP TARGET SP HTTP/1.1`, or 1.0: single spaces, and a target of visible ASCII.
    init(requestLine line: [UInt8]) throws(RequestParser.Refusal) {
        let parts = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .init(.badRequest, "request line") }
        guard !parts[0].isEmpty, parts[0].allSatisfy(\.isToken) else { throw .init(.badRequest, "method") }
        guard !parts[1].isEmpty, parts[1].allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { throw .init(.badRequest, "target") }
        switch String(decoding: parts[2], as: UTF8.self) {
        case "HTTP/1.1": isHTTP10 = false
        case "HTTP/1.0": isHTTP10 = true
        default: throw .init(.badRequest, "version")
        }
        method = HTTPMethod(rawValue: String(decoding: parts[0], as: UTF8.self))
        target = String(decoding: parts[1], as: UTF8.self)
    }

    mutating func add(_ name: String, _ value: String) throws(RequestParser.Refusal) {
        switch name.utf8.count {
        case 4, 14, 17:
            guard ["content-length", "transfer-encoding", "host"].contains(name.lowercased()) else { break }
            guard !headers.contains(name: name) else { throw .init(.badRequest, "repeated \(name)") }
        default: break
        }
        headers.add(name: name, value: value)
    }

    /// How the body is delimited. Both ways at once is an attack on somebody (RFC 9112 section 6.1).
    func framing() throws(RequestParser.Refusal) -> Framing {
        guard isHTTP10 || headers.contains(name: "Host") else { throw .init(.badRequest, "no Host") }
        let length = headers.first(name: "Content-Length")
        if let coding = headers.first(name: "Transfer-Encoding") {
            guard length == nil, !isHTTP10 else { throw .init(.badRequest, "Transfer-Encoding") }
            guard coding.lowercased() == "chunked" else { throw .init(.notImplemented, "Transfer-Encoding") }
            return .chunked
        }
        guard let length else { return .none }
        guard !length.isEmpty, length.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            throw .init(.badRequest, "Content-Length")
        }
        return .length(Int(length) ?? Int.max)
    }

    func expectsContinue() throws(RequestParser.Refusal) -> Bool {
        guard !isHTTP10, let expectation = headers.first(name: "Expect") else { return false }
        guard expectation.lowercased() == "100-continue" else { throw .init(.expectationFailed, "Expect") }
        return true
    }

    var keepsAlive: Bool { !isHTTP10 && !headers[canonicalForm: "Connection"].contains { $0.lowercased() == "close" } }
}
