/// The body coding of agents: blocks of plain LZ77 ([MS-XCA] 2.3 and 2.4 "DIRECT2"), each with its two lengths ([MS-WUSP] 2.1.1; observed.md section 1).
///
/// A block is a little-endian 32-bit length uncompressed, another compressed, and the bytes. Equal lengths mean that the bytes are stored as they
/// are. Blocks are compressed apart: no match reaches into an earlier one.
public enum Xpress {
    /// The uncompressed bytes of a block as a real server cuts them.
    public static let blockSize = 16_352
    /// What a block may declare ([MS-WUSP] 2.1.1).
    public static let maximumBlockLength = 65_535

    /// The body in blocks of ``blockSize``, the last one shorter.
    public static func compress(_ body: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(body.count / 3 + 64)
        body.withUnsafeBytes { compress($0, into: &output) }
        return output
    }

    /// Appends `body` in blocks: pieces compressed apart and joined are one valid body.
    public static func compress(_ body: UnsafeRawBufferPointer, into output: inout [UInt8]) {
        var compressor = XpressCompressor()
        var start = 0
        while start < body.count {
            let block = UnsafeRawBufferPointer(rebasing: body[start..<min(start + blockSize, body.count)])
            compressor.append(block, to: &output)
            start += block.count
        }
    }

    /// Escapes text as an element has it, and compresses that in blocks. Gives what comes out piece by piece, and holds little.
    ///
    /// - Returns: the bytes of the escaped text.
    public static func compressText(_ text: UnsafeRawBufferPointer, _ give: (UnsafeRawBufferPointer) throws -> Void) rethrows -> Int {
        var count = 0
        var xml = XMLBytes()
        var output: [UInt8] = []
        for start in stride(from: 0, to: text.count, by: 4 * blockSize) {
            let end = min(start + 4 * blockSize, text.count)
            xml.appendEscaped(UnsafeRawBufferPointer(rebasing: text[start..<end]))
            let length = end == text.count ? xml.bytes.count : xml.bytes.count / blockSize * blockSize
            xml.bytes.withUnsafeBytes { compress(UnsafeRawBufferPointer(rebasing: $0[..<length]), into: &output) }
            xml.bytes.removeFirst(length)
            count += length
            try output.withUnsafeBytes(give)
            output.removeAll(keepingCapacity: true)
        }
        return count
    }

    /// The body in clear. `limit` bounds it, in bytes; callers set it to the lesser of their own and 64 times the input.
    public static func decompress(_ body: [UInt8], limit: Int) throws(XpressError) -> [UInt8] {
        var output: [UInt8] = []
        var position = 0
        while position < body.count {
            guard body.count - position >= 8 else { throw XpressError(.truncated, at: position) }
            let length = readLength(body, at: position)
            let compressedLength = readLength(body, at: position + 4)
            guard (1...maximumBlockLength).contains(length), (1...maximumBlockLength).contains(compressedLength) else {
                throw XpressError(.length, at: position)
            }
            guard length <= limit - output.count else { throw XpressError(.limit, at: position) }
            position += 8
            guard compressedLength <= body.count - position else { throw XpressError(.truncated, at: position) }
            if compressedLength == length {
                output.append(contentsOf: body[position..<(position + length)])
            } else {
                try XpressDecompressor.decompress(body[position..<(position + compressedLength)], length: length, into: &output)
            }
            position += compressedLength
        }
        return output
    }

    private static func readLength(_ body: [UInt8], at position: Int) -> Int {
        (0..<4).reduce(0) { $0 | Int(body[position + $1]) << (8 * $1) }
    }
}
