/// The body of an answer, as it goes on the wire: pieces that are sent one after another and never joined.
public struct AnswerBody: Sendable {
    public enum Piece: Sendable {
        case bytes([UInt8])
        case deferred(DeferredBytes)

        public var count: Int {
            switch self {
            case .bytes(let bytes): bytes.count
            case .deferred(let deferred): deferred.count
            }
        }
    }

    public let pieces: [Piece]
    /// Bytes of all pieces.
    public let count: Int
    /// Whether `Content-Encoding: xpress` is to be said.
    public let isXpress: Bool

    public init(pieces: [Piece], isXpress: Bool) {
        self.pieces = pieces
        self.isXpress = isXpress
        count = pieces.reduce(0) { $0 + $1.count }
    }

    /// Of that, bytes that are in memory; the rest is read when it is due.
    public var bytesInMemory: Int {
        pieces.reduce(0) {
            if case .bytes(let bytes) = $1 { $0 + bytes.count } else { $0 }
        }
    }

    /// A short body: compressed whole if it is to be and shrinks.
    public init(_ body: [UInt8], _ coding: AnswerWriter.Coding) {
        let compressed = coding == .xpress ? Xpress.compress(body) : body
        let isSmaller = compressed.count < body.count
        self.init(pieces: [.bytes(isSmaller ? compressed : body)], isXpress: isSmaller)
    }

    /// The pieces that are in memory, joined.
    var bytes: [UInt8] {
        var joined: [UInt8] = []
        for case .bytes(let bytes) in pieces { joined = joined.isEmpty ? bytes : joined + bytes }
        return joined
    }

    /// All of it in one array: a copy.
    public func joined() throws -> [UInt8] {
        var joined: [UInt8] = []
        joined.reserveCapacity(count)
        for piece in pieces {
            switch piece {
            case .bytes(let bytes): joined += bytes
            case .deferred(let deferred):
                var cursor = 0
                while try deferred.read(&cursor, atMost: 1 << 20, { joined.append(contentsOf: $0) }) {}
            }
        }
        return joined
    }
}

/// Bytes that are read when their turn to be sent comes: from mapped memory, perhaps made on the way. Reading may wait for a disk.
public struct DeferredBytes: Sendable {
    /// How many there are on the wire.
    public let count: Int
    private let source: @Sendable (inout Int, Int, (UnsafeRawBufferPointer) -> Void) throws -> Void
    private let end: Int

    /// - Parameters:
    ///   - count: how many bytes all calls of `source` give together.
    ///   - end: what the cursor is when there are no more.
    ///   - source: gives the bytes at a cursor that begins at 0, at least one and at most so many, in one call or several, and moves it on.
    public init(
        count: Int, end: Int, source: @escaping @Sendable (_ cursor: inout Int, _ limit: Int, _ give: (UnsafeRawBufferPointer) -> Void) throws -> Void
    ) {
        self.count = count
        self.end = end
        self.source = source
    }

    /// Gives the bytes at a cursor, which begins at 0, and moves it on; false where there are no more.
    public func read(_ cursor: inout Int, atMost limit: Int, _ give: (UnsafeRawBufferPointer) -> Void) throws -> Bool {
        guard cursor < end else { return false }
        try source(&cursor, limit, give)
        return cursor < end
    }
}

extension DeferredBytes {
    /// Bytes that are sent as they are: `read` gives those of a range.
    public init(_ count: Int, _ read: @escaping @Sendable (Range<Int>, (UnsafeRawBufferPointer) -> Void) -> Void) {
        self.init(count: count, end: count) { cursor, limit, give in
            let end = min(count, cursor + max(1, limit))
            read(cursor..<end, give)
            cursor = end
        }
    }

    /// Text of `count` bytes that is escaped as it is sent: `read` gives the bytes of a range. Goes through all of it once to know its length.
    public init(escaping count: Int, _ read: @escaping @Sendable (Range<Int>, (UnsafeRawBufferPointer) -> Void) -> Void) {
        var escapedCount = 0
        read(0..<count) { escapedCount = XMLBytes.escapedCount(of: $0) }
        self.init(count: escapedCount, end: count) { cursor, limit, give in
            let end = min(count, cursor + max(1, limit / XMLBytes.longestEscape))
            read(cursor..<end) { text in
                var xml = XMLBytes(capacity: text.count + text.count / 4)
                xml.appendEscaped(text)
                xml.bytes.withUnsafeBytes(give)
            }
            cursor = end
        }
    }
}
