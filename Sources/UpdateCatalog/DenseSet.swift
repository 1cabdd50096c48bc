/// A set of small indices as bits. Sets that are combined have the same capacity.
struct DenseSet: Hashable, Sendable {
    private(set) var words: [UInt64]

    init(capacity: Int) {
        words = [UInt64](repeating: 0, count: (capacity + 63) / 64)
    }

    var isEmpty: Bool { words.allSatisfy { $0 == 0 } }
    var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    func contains(_ index: UInt32) -> Bool {
        words[Int(index >> 6)] & (1 << UInt64(index & 63)) != 0
    }

    mutating func insert(_ index: UInt32) {
        words[Int(index >> 6)] |= 1 << UInt64(index & 63)
    }

    mutating func remove(_ index: UInt32) {
        words[Int(index >> 6)] &= ~(1 << UInt64(index & 63))
    }

    mutating func formIntersection(_ other: DenseSet) {
        for word in words.indices { words[word] &= other.words[word] }
    }

    mutating func subtract(_ other: DenseSet) {
        for word in words.indices { words[word] &= ~other.words[word] }
    }

    func intersection(_ other: DenseSet) -> DenseSet {
        var result = self
        result.formIntersection(other)
        return result
    }

    func subtracting(_ other: DenseSet) -> DenseSet {
        var result = self
        result.subtract(other)
        return result
    }

    func isSubset(of other: DenseSet) -> Bool {
        words.indices.allSatisfy { words[$0] & ~other.words[$0] == 0 }
    }
}

extension DenseSet: Sequence {
    /// Ascending.
    struct Iterator: IteratorProtocol {
        fileprivate let words: [UInt64]
        fileprivate var word = 0
        fileprivate var rest: UInt64

        mutating func next() -> UInt32? {
            while rest == 0 {
                word += 1
                guard word < words.count else { return nil }
                rest = words[word]
            }
            defer { rest &= rest - 1 }
            return UInt32(word << 6 + rest.trailingZeroBitCount)
        }
    }

    func makeIterator() -> Iterator { Iterator(words: words, rest: words.first ?? 0) }
}
