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

    mutating func take(_ bytes: some Sequence<UInt8>) {
        guard state == .more else { return }
        for byte in bytes {
            if inRecord == 0 {
                header.append(byte)
                guard header.count == 5 else { continue }
                inRecord = Int(header[3]) << 8 | Int(header[4])
                guard header[0] == 22, header[1] == 3, (1...1 << 14).contains(inRecord) else { return end(.other) }
                header.removeAll(keepingCapacity: true)
                continue
            }
            inRecord -= 1
            message.append(byte)
            guard message.count >= 4 else { continue }
            let length = 4 + (Int(message[1]) << 16 | Int(message[2]) << 8 | Int(message[3]))
            guard length <= limit else { return end(.other) }
            if message.count == length { return end(.whole(message)) }
        }
    }

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
        var reader = WireReader(message[...])
        // Type and length; version, random, session, suites, compression.
        guard reader.byte() == 1, reader.skip(3), reader.skip(2 + 32), reader.vector(1) != nil, reader.vector(2) != nil, reader.vector(1) != nil
        else {
            return nil
        }
        var name: [UInt8]?
        if !reader.isAtEnd {
            guard let extensions = Extensions(&reader) else { return nil }
            if let body = extensions[0] {
                var names = WireReader(body)
                guard var list = names.vector(2).map({ WireReader($0) }), list.byte() == 0, let host = list.vector(2), !host.isEmpty else {
                    return nil
                }
                name = Array(host)
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
        var reader = WireReader(message[...])
        guard reader.byte() == 2, reader.skip(3), let legacy = reader.short(), reader.skip(32), reader.vector(1) != nil, let suite = reader.short(),
            reader.skip(1)
        else { return nil }
        var chosen = legacy
        if !reader.isAtEnd {
            guard let extensions = Extensions(&reader) else { return nil }
            if let body = extensions[43] {
                var selected = WireReader(body)
                guard let version = selected.short(), selected.isAtEnd else { return nil }
                chosen = version
            }
        }
        version = chosen
        cipherSuite = suite
    }
}

/// The extensions of a hello, each looked up where it lies; nothing is copied.
private struct Extensions {
    private let bytes: ArraySlice<UInt8>

    /// Nothing where they do not fill the rest of the message.
    init?(_ reader: inout WireReader) {
        guard let bytes = reader.vector(2), reader.isAtEnd else { return nil }
        var rest = WireReader(bytes)
        while !rest.isAtEnd {
            guard rest.skip(2), rest.vector(2) != nil else { return nil }
        }
        self.bytes = bytes
    }

    subscript(type: UInt16) -> ArraySlice<UInt8>? {
        var rest = WireReader(bytes)
        while let found = rest.short(), let body = rest.vector(2) {
            if found == type { return body }
        }
        return nil
    }
}

private struct WireReader {
    private var bytes: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { bytes.isEmpty }

    mutating func byte() -> UInt8? { bytes.popFirst() }

    mutating func short() -> UInt16? {
        guard let high = byte(), let low = byte() else { return nil }
        return UInt16(high) << 8 | UInt16(low)
    }

    mutating func skip(_ count: Int) -> Bool {
        guard bytes.count >= count else { return false }
        bytes.removeFirst(count)
        return true
    }

    /// What follows its own length of so many bytes.
    mutating func vector(_ lengthBytes: Int) -> ArraySlice<UInt8>? {
        guard bytes.count >= lengthBytes else { return nil }
        let length = bytes.prefix(lengthBytes).reduce(0) { $0 << 8 | Int($1) }
        guard bytes.count - lengthBytes >= length else { return nil }
        let body = bytes.dropFirst(lengthBytes).prefix(length)
        bytes.removeFirst(lengthBytes + length)
        return body
    }
}
