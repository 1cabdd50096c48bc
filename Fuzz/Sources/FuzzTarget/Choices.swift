/// Choices that depend on an input and on nothing else, so that an input behaves alike each time, and seeds need no bytes for them.
public struct Choices: RandomNumberGenerator {
    private var state: UInt64 = 0xcbf2_9ce4_8422_2325

    public init(of input: [UInt8]) {
        // FNV-1a.
        for byte in input { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    }

    /// SplitMix64.
    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }

    /// The input in pieces: mostly short ones, so that every state of a reader is met at the end of a piece.
    public mutating func pieces(of input: [UInt8]) -> [ArraySlice<UInt8>] {
        let longest = [1, 3, 16, 256, 4096].randomElement(using: &self) ?? 1
        var pieces: [ArraySlice<UInt8>] = []
        var rest = input[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Int.random(in: 1...longest, using: &self))
            pieces.append(piece)
            rest = rest[piece.endIndex...]
        }
        return pieces
    }
}
