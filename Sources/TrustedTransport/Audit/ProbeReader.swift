/// Takes the bytes of one connection as they come.
protocol ProbeReader: Sendable {
    /// - Returns: whether nothing more is wanted.
    /// - Throws: what is wrong with them.
    mutating func take(_ bytes: [UInt8]) throws -> Bool
}

extension ServerFlight: ProbeReader {
    mutating func take(_ bytes: [UInt8]) throws -> Bool { try take(bytes[...]) }
}

/// The head of an HTTP/1.1 answer, and of its body whether some words stand in it.
struct AnswerHead: ProbeReader {
    struct Failure: Error, Hashable, CustomStringConvertible {
        let description: String
    }

    static let maximumHead = 16 * 1024
    static let maximumBody = 64 * 1024

    private(set) var status: Int?
    /// Names in lower case; of repeated ones the first.
    private(set) var headers: [String: String] = [:]
    private(set) var hasWords = false
    private let words: [UInt8]
    private var head: [UInt8] = []
    private var body: [UInt8] = []
    private var bodySize = 0

    /// - Parameter words: what the body is searched for; with none it is not read.
    init(lookingFor words: String = "") {
        self.words = Array(words.utf8)
    }

    mutating func take(_ bytes: [UInt8]) throws -> Bool {
        guard status == nil else { return takeBody(bytes[...]) }
        // What is known to hold no end is not searched again.
        let known = max(0, head.count - 3)
        head += bytes
        if head.count >= 5, !head.starts(with: "HTTP/".utf8) { throw notHTTP() }
        guard let end = head[known...].firstRange(of: Array("\r\n\r\n".utf8))?.upperBound else {
            guard head.count <= Self.maximumHead else { throw Failure(description: "headers of more than \(Self.maximumHead) bytes") }
            return false
        }
        guard end <= Self.maximumHead else { throw Failure(description: "headers of more than \(Self.maximumHead) bytes") }
        try read(head[..<end])
        let rest = head[end...]
        head = []
        guard !words.isEmpty else { return true }
        return takeBody(rest)
    }

    private mutating func takeBody(_ bytes: ArraySlice<UInt8>) -> Bool {
        bodySize += bytes.count
        body.append(contentsOf: bytes)
        hasWords = hasWords || body.firstRange(of: words) != nil
        // What may be the beginning of the words is kept.
        body.removeFirst(max(0, body.count - words.count + 1))
        let length = headers["content-length"].flatMap { Int($0) } ?? .max
        return hasWords || bodySize >= min(length, Self.maximumBody)
    }

    private mutating func read(_ bytes: ArraySlice<UInt8>) throws {
        let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
        let line = lines.first?.split(separator: " ", maxSplits: 2) ?? []
        guard line.count >= 2, line[1].count == 3, let number = Int(line[1]), 100...999 ~= number else { throw notHTTP() }
        status = number
        for line in lines.dropFirst().prefix(200) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let name = line[..<colon].lowercased()
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            if !name.isEmpty, headers[name] == nil { headers[name] = String(value.prefix(1_024)) }
        }
    }

    private func notHTTP() -> Failure {
        if head.first == 21 || head.first == 22 { return Failure(description: "the port speaks TLS, not HTTP") }
        return Failure(
            description:
                "the port speaks something else than HTTP: its answer begins with \(quoted(String(decoding: head.prefix(16), as: UTF8.self)))")
    }
}
