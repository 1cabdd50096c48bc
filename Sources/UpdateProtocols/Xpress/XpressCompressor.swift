/// Plain LZ77 ([MS-XCA] 2.3) of one block at a time: greedy, over chains of places with the same three bytes.
struct XpressCompressor {
    /// A match reaches back at most so far: an offset has 13 bits.
    private static let window = 8192
    private static let hashBits = 13
    /// How many places of a chain are tried.
    private static let effort = 16
    /// A match of this length is taken without looking further.
    private static let goodLength = 128

    /// One more than the last place of each hash; zero for none.
    private var heads = [UInt16](repeating: 0, count: 1 << hashBits)
    private var isFresh = true
    /// The same for each place: the one before it of its hash.
    private var chain = [UInt16](unsafeUninitializedCapacity: Xpress.blockSize) { $1 = Xpress.blockSize }
    /// Room for the worst case: a flag for each byte, the last word of flags, and the match that ends it all.
    private var scratch = [UInt8](unsafeUninitializedCapacity: scratchSize) { $1 = scratchSize }
    private static let scratchSize = Xpress.blockSize + Xpress.blockSize / 8 + 32

    /// Appends `block`, of 1 to ``Xpress/blockSize`` bytes, with its lengths before it; stored as it is where it does not shrink.
    mutating func append(_ block: UnsafeRawBufferPointer, to output: inout [UInt8]) {
        if !isFresh { heads.withUnsafeMutableBytes { _ = $0.initializeMemory(as: UInt8.self, repeating: 0) } }
        isFresh = false
        let length = Self.encode(block, heads: &heads, chain: &chain, to: &scratch)
        Self.append(length: block.count, to: &output)
        if length < block.count {
            Self.append(length: length, to: &output)
            output.append(contentsOf: scratch[..<length])
        } else {
            Self.append(length: block.count, to: &output)
            output.append(contentsOf: block)
        }
    }

    private static func append(length: Int, to output: inout [UInt8]) {
        for shift in stride(from: 0, to: 32, by: 8) { output.append(UInt8(truncatingIfNeeded: length >> shift)) }
    }

    /// The length of what was written; that of the block or more where it does not shrink, and then what was written is of no use.
    private static func encode(
        _ block: UnsafeRawBufferPointer, heads: UnsafeMutablePointer<UInt16>, chain: UnsafeMutablePointer<UInt16>,
        to scratch: UnsafeMutablePointer<UInt8>
    ) -> Int {
        var writer = XpressWriter(output: scratch)
        var position = 0
        while position < block.count {
            if writer.count >= block.count { return writer.count }
            var length = 0
            var offset = 0
            if position + 3 <= block.count {
                let hash = hash(block, position)
                (length, offset) = longestMatch(block, at: position, from: heads[hash], chain: chain)
                chain[position] = heads[hash]
                heads[hash] = UInt16(position + 1)
            }
            guard length >= 3 else {
                writer.literal(block[position])
                position += 1
                continue
            }
            writer.match(offset: offset, length: length)
            for skipped in (position + 1)..<(position + length) where skipped + 3 <= block.count {
                let hash = hash(block, skipped)
                chain[skipped] = heads[hash]
                heads[hash] = UInt16(skipped + 1)
            }
            position += length
        }
        writer.finish()
        return writer.count
    }

    private static func hash(_ block: UnsafeRawBufferPointer, _ position: Int) -> Int {
        let bytes = UInt32(block[position]) << 16 | UInt32(block[position + 1]) << 8 | UInt32(block[position + 2])
        return Int((bytes &* 0x9e37_79b1) >> (32 - UInt32(hashBits)))
    }

    private static func longestMatch(
        _ block: UnsafeRawBufferPointer, at position: Int, from head: UInt16, chain: UnsafeMutablePointer<UInt16>
    ) -> (length: Int, offset: Int) {
        var best = (length: 2, offset: 0)
        var next = Int(head)
        let limit = block.count - position
        for _ in 0..<effort {
            let candidate = next - 1
            guard candidate >= 0, position - candidate <= window, best.length < limit else { break }
            if block[candidate + best.length] == block[position + best.length] {
                var length = 0
                while length < limit, block[candidate + length] == block[position + length] { length += 1 }
                if length > best.length { best = (length, position - candidate) }
                if length >= goodLength { break }
            }
            next = Int(chain[candidate])
        }
        return best
    }
}

/// Writes literals and matches with their flags. The caller gives room enough.
private struct XpressWriter {
    private let output: UnsafeMutablePointer<UInt8>
    /// Bytes written, the current word of flags included.
    private(set) var count = 4
    private var flags: UInt32 = 0
    private var flagCount = 0
    private var flagPosition = 0
    /// Where a byte stands whose upper half is free for the next long match.
    private var halfPosition: Int?

    init(output: UnsafeMutablePointer<UInt8>) {
        self.output = output
    }

    mutating func literal(_ byte: UInt8) {
        append(byte)
        flag(0)
    }

    mutating func match(offset: Int, length: Int) {
        let rest = length - 3
        let bytes = (offset - 1) << 3 | min(rest, 7)
        append(UInt8(truncatingIfNeeded: bytes))
        append(UInt8(truncatingIfNeeded: bytes >> 8))
        if rest >= 7 {
            let nibble = UInt8(min(rest - 7, 15))
            if let position = halfPosition {
                output[position] |= nibble << 4
                halfPosition = nil
            } else {
                halfPosition = count
                append(nibble)
            }
            if nibble == 15 {
                append(UInt8(min(rest - 22, 255)))
                if rest - 22 >= 255 {
                    append(UInt8(truncatingIfNeeded: rest))
                    append(UInt8(truncatingIfNeeded: rest >> 8))
                }
            }
        }
        flag(1)
    }

    /// Fills the last word of flags with ones: a match that has no bytes is the end.
    mutating func finish() {
        let free = 32 - flagCount
        flags = UInt32(truncatingIfNeeded: (UInt64(flags) << free) | ((1 << free) - 1))
        writeFlags()
    }

    private mutating func append(_ byte: UInt8) {
        output[count] = byte
        count += 1
    }

    private mutating func flag(_ bit: UInt32) {
        flags = flags << 1 | bit
        flagCount += 1
        if flagCount == 32 {
            writeFlags()
            flagPosition = count
            count += 4
            flags = 0
            flagCount = 0
        }
    }

    private func writeFlags() {
        for byte in 0..<4 { output[flagPosition + byte] = UInt8(truncatingIfNeeded: flags >> (8 * UInt32(byte))) }
    }
}
