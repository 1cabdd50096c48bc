import NIOCore

/// As much of an HTTP answer as a load generator needs.
struct HTTPAnswer: Hashable, Sendable {
    var status = 0
    var contentLength = 0
    var isXpress = false
    var isClosing = false
    /// Seconds; nothing where absent or a date.
    var retryAfter: Int64?
    var contentRange: String?
    /// As received; empty where it was not to be kept.
    var body: [UInt8] = []
}

/// Reads the answers on a connection one after the other. Only answers with a `Content-Length` are understood: our server makes no others.
struct HTTPAnswerReader: Sendable {
    enum Malformed: Error, Hashable {
        case statusLine
        case field
        case length
        case tooLong
        case unasked
    }

    static let longestHead = 16 << 10

    private var head: [UInt8] = []
    private var answer: HTTPAnswer?
    private var remaining = 0
    private var keepsBody = true

    /// False while a part of an answer is there.
    var isBetweenAnswers: Bool { head.isEmpty && answer == nil }

    /// - Parameters:
    ///   - keepsBody: false where the body's bytes are only counted.
    ///   - limit: of the body.
    /// - Returns: the answer once it is whole. Answers never overlap: nothing may follow it.
    mutating func feed(_ bytes: inout ByteBuffer, keepsBody: Bool, limit: Int) throws(Malformed) -> HTTPAnswer? {
        if answer == nil {
            guard try readHead(&bytes) else { return nil }
            guard remaining <= limit else { throw .tooLong }
            self.keepsBody = keepsBody || answer.map { $0.status != 200 && $0.status != 206 } ?? true
            if self.keepsBody { answer?.body.reserveCapacity(remaining) }
        }
        let count = min(remaining, bytes.readableBytes)
        if self.keepsBody {
            answer?.body.append(contentsOf: bytes.readableBytesView.prefix(count))
        }
        bytes.moveReaderIndex(forwardBy: count)
        remaining -= count
        guard remaining == 0, let whole = answer else { return nil }
        guard bytes.readableBytes == 0 else { throw .unasked }
        answer = nil
        return whole
    }

    private mutating func readHead(_ bytes: inout ByteBuffer) throws(Malformed) -> Bool {
        while let byte: UInt8 = bytes.readInteger() {
            guard head.count < Self.longestHead else { throw .tooLong }
            head.append(byte)
            if byte == 0x0a, head.suffix(4) == [0x0d, 0x0a, 0x0d, 0x0a] {
                try parseHead()
                head.removeAll(keepingCapacity: true)
                return true
            }
        }
        return false
    }

    private mutating func parseHead() throws(Malformed) {
        var lines = head.dropLast(4).split(separator: 0x0a, omittingEmptySubsequences: false).makeIterator()
        guard let first = lines.next(), first.starts(with: Array("HTTP/1.1 ".utf8)), let status = Self.number(first.dropFirst(9).prefix(3)) else {
            throw .statusLine
        }
        var answer = HTTPAnswer(status: status)
        var length: Int?
        while let line = lines.next() {
            guard let colon = line.firstIndex(of: 0x3a) else { throw .field }
            let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
            let value = String(decoding: line[(colon + 1)...].filter { $0 != 0x0d && $0 != 0x20 }, as: UTF8.self)
            switch name {
            case "content-length":
                guard let number = Int(value), number >= 0, length == nil else { throw .length }
                length = number
            case "transfer-encoding": throw .length
            case "content-encoding": answer.isXpress = value.lowercased() == "xpress"
            case "connection": answer.isClosing = value.lowercased() == "close"
            case "retry-after": answer.retryAfter = Int64(value)
            case "content-range": answer.contentRange = value
            default: break
            }
        }
        guard let length else { throw .length }
        answer.contentLength = length
        remaining = length
        self.answer = answer
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard digits.count == 3, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}
