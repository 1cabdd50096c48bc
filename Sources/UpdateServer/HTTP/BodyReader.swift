import NIOCore
import UpdateProtocols

/// Reads a body off its pieces, as much at a time as is to be sent.
struct BodyReader: Sendable {
    private var pieces: ArraySlice<AnswerBody.Piece>
    /// In the first of them: bytes of it that are sent, or what a deferred one counts by.
    private var cursor = 0
    /// Bytes left of all of them.
    private(set) var count: Int
    /// Of those, bytes in memory; a piece counts until all of it is sent.
    private(set) var bytesInMemory: Int

    init(_ body: AnswerBody) {
        pieces = body.pieces[...]
        count = body.count
        bytesInMemory = body.bytesInMemory
    }

    /// Whether the next so many bytes are in memory, so that taking them waits for nothing.
    func isInMemory(next wanted: Int) -> Bool {
        var wanted = wanted + cursor
        for piece in pieces where wanted > 0 {
            guard case .bytes(let bytes) = piece else { return false }
            wanted -= bytes.count
        }
        return true
    }

    /// Appends the next bytes to a buffer: about as many as wanted, at least one. Blocks where they are not in memory.
    mutating func read(into buffer: inout ByteBuffer, atMost wanted: Int) throws {
        let start = buffer.writerIndex
        while let piece = pieces.first, buffer.writerIndex - start < wanted {
            let room = wanted - (buffer.writerIndex - start)
            let before = buffer.writerIndex
            let isOver: Bool
            switch piece {
            case .bytes(let bytes):
                let part = bytes[cursor..<min(bytes.count, cursor + room)]
                buffer.writeBytes(part)
                cursor = part.endIndex
                isOver = cursor == bytes.count
                if isOver { bytesInMemory -= bytes.count }
            case .deferred(let deferred): isOver = try !deferred.read(&cursor, atMost: room) { buffer.writeBytes($0) }
            }
            count -= buffer.writerIndex - before
            if isOver {
                pieces = pieces.dropFirst()
                cursor = 0
            }
        }
    }
}
