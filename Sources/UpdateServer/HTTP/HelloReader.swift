/// Collects the first handshake message of one direction of a TLS connection from bytes as they come, and lets go of it once it is whole
/// (RFC 8446 sections 4, 5.1). It holds at most ``limit`` bytes, whatever comes.
struct FirstHandshakeMessage {
    enum State: Equatable {
        case more
        /// With its header of four bytes.
        case whole([UInt8])
        /// No handshake, or one that is longer than any that is looked at.
        case other
    }

    /// Bytes of the message, header included.
    let limit: Int
    private(set) var state = State.more
    private var header: [UInt8] = []
    private var inRecord = 0
    private var message: [UInt8] = []

    init(limit: Int) {
        self.limit = limit
    }

    /// Bytes held.
    var held: Int { message.count + header.count }

    /// What comes after the state is another than `more` is not looked at.
    mutating func take(_ bytes: some Collection<UInt8>) {
        guard state == .more else { return }
        if bytes.withContiguousStorageIfAvailable({ take(chunk: $0) }) == nil { Array(bytes).withUnsafeBufferPointer { take(chunk: $0) } }
    }

    private mutating func take(chunk: UnsafeBufferPointer<UInt8>) {
        var position = 0
        while position < chunk.count {
            guard inRecord > 0 else {
                header.append(chunk[position])
                position += 1
                guard header.count == 5 else { continue }
                inRecord = Int(header[3]) << 8 | Int(header[4])
                guard header[0] == 22, header[1] == 3, (1...1 << 14).contains(inRecord) else { return end(.other) }
                header.removeAll(keepingCapacity: true)
                continue
            }
            // Its own header first, then what that says.
            let wanted = message.count < 4 ? 4 : 4 + Self.length(message)
            let count = min(chunk.count - position, inRecord, wanted - message.count)
            message.append(contentsOf: chunk[position..<position + count])
            position += count
            inRecord -= count
            guard message.count >= 4 else { continue }
            let length = 4 + Self.length(message)
            guard length <= limit else { return end(.other) }
            if message.count == length { return end(.whole(message)) }
        }
    }

    private static func length(_ message: [UInt8]) -> Int { Int(message[1]) << 16 | Int(message[2]) << 8 | Int(message[3]) }

    private mutating func end(_ state: State) {
        self.state = state
        header = []
        message = []
    }
}

/// What is read of a ClientHello: a claim of whoever sent it.
struct ClientHello: Equatable {
    /// The first host name of `server_name` (RFC 6066 section 3).
    let serverName: [UInt8]?

    /// Nothing for what is no ClientHello, or one whose lengths lie.
    init?(_ message: [UInt8]) {
        var reader = WireReader(message)
        // Type and length; version, random, session, suites, compression.
        guard reader.byte() == 1, reader.skip(3 + 2 + 32), reader.vector(1) != nil, reader.vector(2) != nil, reader.vector(1) != nil else {
            return nil
        }
        var name: [UInt8]?
        if !reader.isAtEnd {
            guard let extensions = reader.extensions() else { return nil }
            if var body = extensions.extension(0) {
                guard var list = body.vector(2), list.byte() == 0, let host = list.vector(2), !host.isAtEnd else { return nil }
                name = Array(host.rest)
            }
        }
        serverName = name
    }
}

/// What is read of a ServerHello or a HelloRetryRequest: what was chosen. The suite and the version of the latter are those of the former.
struct ServerHello: Equatable {
    let version: UInt16
    let cipherSuite: UInt16

    init?(_ message: [UInt8]) {
        var reader = WireReader(message)
        guard reader.byte() == 2, reader.skip(3), let legacy = reader.short(), reader.skip(32), reader.vector(1) != nil, let suite = reader.short(),
            reader.skip(1)
        else { return nil }
        var chosen = legacy
        if !reader.isAtEnd {
            guard let extensions = reader.extensions() else { return nil }
            if var selected = extensions.extension(43) {
                guard let version = selected.short(), selected.isAtEnd else { return nil }
                chosen = version
            }
        }
        version = chosen
        cipherSuite = suite
    }
}

/// A part of a message, read from its start. Nothing is copied.
private struct WireReader {
    private let bytes: [UInt8]
    private var position: Int
    private let end: Int

    init(_ bytes: [UInt8]) {
        self.init(bytes, 0..<bytes.count)
    }

    private init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        (position, end) = (range.lowerBound, range.upperBound)
    }

    var isAtEnd: Bool { position == end }
    var rest: ArraySlice<UInt8> { bytes[position..<end] }

    mutating func byte() -> UInt8? {
        guard position < end else { return nil }
        position += 1
        return bytes[position - 1]
    }

    mutating func short() -> UInt16? {
        guard end - position >= 2 else { return nil }
        position += 2
        return UInt16(bytes[position - 2]) << 8 | UInt16(bytes[position - 1])
    }

    mutating func skip(_ count: Int) -> Bool {
        guard end - position >= count else { return false }
        position += count
        return true
    }

    /// What follows its own length of one or two bytes.
    mutating func vector(_ lengthBytes: Int) -> WireReader? {
        guard let length = lengthBytes == 1 ? byte().map(Int.init) : short().map(Int.init), end - position >= length else { return nil }
        position += length
        return WireReader(bytes, position - length..<position)
    }

    /// The extensions of a hello; nothing where they do not fill the rest of it.
    mutating func extensions() -> WireReader? {
        guard let list = vector(2), isAtEnd else { return nil }
        var rest = list
        while !rest.isAtEnd {
            guard rest.skip(2), rest.vector(2) != nil else { return nil }
        }
        return list
    }

    /// The body of the first extension of a type, in such a list.
    func `extension`(_ type: UInt16) -> WireReader? {
        var rest = self
        while let found = rest.short(), let body = rest.vector(2) {
            if found == type { return body }
        }
        return nil
    }
}
