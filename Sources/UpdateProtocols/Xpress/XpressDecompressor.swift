/// Plain LZ77 ([MS-XCA] 2.4) of one block.
enum XpressDecompressor {
    /// Appends exactly `length` bytes to `output`, from exactly the bytes of `data`, or throws.
    static func decompress(_ data: ArraySlice<UInt8>, length: Int, into output: inout [UInt8]) throws(XpressError) {
        let start = output.count
        let end = start + length
        var input = Input(data: data, position: data.startIndex)
        while true {
            if input.flagCount == 0 {
                // Whether a last word of flags stands after a whole number of them is the encoder's choice.
                if input.isAtEnd, output.count == end { return }
                try input.readFlags()
            }
            if input.flag() {
                if input.isAtEnd {
                    guard output.count == end else { throw XpressError(.size, at: input.position) }
                    return
                }
                let (offset, count) = try input.match()
                guard offset <= output.count - start else { throw XpressError(.offset, at: input.position) }
                guard count <= end - output.count else { throw XpressError(.size, at: input.position) }
                let source = output.count - offset
                // One by one: a match may overlap what it makes.
                for index in source..<(source + count) { output.append(output[index]) }
            } else {
                let byte = try input.byte()
                guard output.count < end else { throw XpressError(.size, at: input.position) }
                output.append(byte)
            }
        }
    }

    private struct Input {
        let data: ArraySlice<UInt8>
        var position: Int
        var flags: UInt32 = 0
        var flagCount = 0
        /// A byte whose upper half is a length still to be read.
        var halfUsed: UInt8?

        init(data: ArraySlice<UInt8>, position: Int) {
            self.data = data
            self.position = position
        }

        var isAtEnd: Bool { position == data.endIndex }

        mutating func byte() throws(XpressError) -> UInt8 {
            guard position < data.endIndex else { throw XpressError(.truncated, at: position) }
            defer { position += 1 }
            return data[position]
        }

        mutating func number16() throws(XpressError) -> Int {
            let low = Int(try byte())
            return low | Int(try byte()) << 8
        }

        mutating func readFlags() throws(XpressError) {
            flags = 0
            for shift in stride(from: 0 as UInt32, to: 32, by: 8) { flags |= UInt32(try byte()) << shift }
            flagCount = 32
        }

        /// The next flag, from the most significant bit on; true for a match.
        mutating func flag() -> Bool {
            flagCount -= 1
            return flags >> UInt32(flagCount) & 1 == 1
        }

        mutating func match() throws(XpressError) -> (offset: Int, count: Int) {
            let bytes = try number16()
            let offset = (bytes >> 3) + 1
            var count = bytes & 7
            if count == 7 {
                let nibble: UInt8
                if let half = halfUsed {
                    nibble = half >> 4
                    halfUsed = nil
                } else {
                    let half = try byte()
                    nibble = half & 15
                    halfUsed = half
                }
                count += Int(nibble)
                if nibble == 15 {
                    let more = Int(try byte())
                    count += more
                    if more == 255 {
                        count = try number16()
                        if count == 0 { count = try number16() | (try number16() << 16) }
                        guard count >= 22 else { throw XpressError(.size, at: position) }
                    }
                }
            }
            return (offset, count + 3)
        }
    }
}
