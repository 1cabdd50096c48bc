/// Writes an answer that may be long, piece by piece (docs/adr/0011).
///
/// What is written as text is compressed in blocks as it comes, so that no more than a few of them are held in clear; what is ready stands
/// between them as it is. A copy goes on from where the original stands: the part that many devices are given alike is written once.
public struct AnswerWriter: Sendable {
    public enum Coding: Hashable, Sendable {
        case identity
        /// Blocks of ``Xpress/blockSize``, a shorter one before what is ready and at the end.
        case xpress
    }

    /// Text is coded when there is so much of it.
    private static let flushSize = 8 * Xpress.blockSize

    public let coding: Coding
    /// Text that is not coded yet.
    public var xml: XMLBytes
    private var pieces: [AnswerBody.Piece] = []
    private var coded: [UInt8] = []

    public init(_ coding: Coding) {
        self.coding = coding
        xml = XMLBytes()
    }

    /// Codes whole blocks where enough has come together. To be called now and then between two texts.
    public mutating func flush() {
        if xml.bytes.count >= Self.flushSize { code(xml.bytes.count / Xpress.blockSize * Xpress.blockSize) }
    }

    /// Codes all whole blocks: what is left in clear is shorter than one. Before a copy is kept.
    public mutating func settle() {
        code(xml.bytes.count / Xpress.blockSize * Xpress.blockSize)
        // Without the room they grew in.
        xml.bytes = Array(xml.bytes[...])
        coded = Array(coded[...])
    }

    /// Puts in what is coded as ``coding`` says.
    public mutating func append(_ ready: AnswerBody.Piece) {
        endPiece()
        pieces.append(ready)
    }

    /// Appends text by calls of `next`, which writes a piece of it and returns false when there is no more.
    public mutating func appendText(_ next: (inout XMLBytes) throws -> Bool) rethrows {
        while try next(&xml) { flush() }
        flush()
    }

    public consuming func finish() -> AnswerBody {
        endPiece()
        return AnswerBody(pieces: pieces, isXpress: coding == .xpress)
    }

    /// Bytes that a kept copy holds in memory.
    public var bytesInMemory: Int {
        xml.bytes.count
            + pieces.reduce(coded.count) {
                if case .bytes(let bytes) = $1 { $0 + bytes.count } else { $0 }
            }
    }

    private mutating func endPiece() {
        code(xml.bytes.count)
        guard !coded.isEmpty else { return }
        pieces.append(.bytes(coded))
        coded = []
    }

    private mutating func code(_ count: Int) {
        guard count > 0 else { return }
        switch coding {
        case .identity: if count == xml.bytes.count, coded.isEmpty { swap(&coded, &xml.bytes) } else { coded += xml.bytes[..<count] }
        case .xpress: xml.bytes.withUnsafeBytes { Xpress.compress(UnsafeRawBufferPointer(rebasing: $0[..<count]), into: &coded) }
        }
        xml.bytes.removeFirst(min(count, xml.bytes.count))
    }
}
