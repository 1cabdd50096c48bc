/// Reads a proxy's answer to CONNECT from bytes as they come, and holds at most ``limit`` of them. Only the status counts
/// (RFC 9110 section 9.3.6): what else a proxy says, a redirect or a page, is nobody's word for the server.
struct ProxyAnswer: Hashable, Sendable {
    enum State: Hashable, Sendable {
        case more
        /// The status of the final answer; its header ended.
        case status(Int)
        /// What came is no HTTP.
        case notHTTP
        /// The header is longer than is read.
        case tooLong
    }

    /// Bytes of all headers up to the final one's end.
    static let limit = 16 << 10

    private(set) var state = State.more
    private var count = 0
    private var line: [UInt8] = []
    private var status: Int?

    mutating func take(_ bytes: some Sequence<UInt8>) {
        for byte in bytes {
            guard state == .more else { return }
            count += 1
            guard count <= Self.limit else { return end(.tooLong) }
            guard byte == UInt8(ascii: "\n") else {
                line.append(byte)
                // What does not begin as HTTP is not waited for: a server of another protocol may say one line and no more.
                if status == nil, line.count <= 7, !"HTTP/1.".utf8.starts(with: line) { return end(.notHTTP) }
                continue
            }
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            endLine()
            line.removeAll(keepingCapacity: true)
        }
    }

    private mutating func endLine() {
        guard let status else {
            guard let status = Self.status(line) else { return end(.notHTTP) }
            self.status = status
            return
        }
        guard line.isEmpty else { return }
        // After an interim answer the final one follows.
        if (100..<200).contains(status) { self.status = nil } else { end(.status(status)) }
    }

    private mutating func end(_ state: State) {
        self.state = state
        line = []
    }

    /// `HTTP/1.x SP 3DIGIT [SP reason]`.
    private static func status(_ line: [UInt8]) -> Int? {
        guard line.count >= 12, line.starts(with: "HTTP/1.".utf8), (0x30...0x39).contains(line[7]), line[8] == 0x20,
            line.count == 12 || line[12] == 0x20, line[9..<12].allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        let status = line[9..<12].reduce(0) { $0 * 10 + Int($1 - 0x30) }
        return (100..<600).contains(status) ? status : nil
    }
}
