/// Counts durations in buckets that grow with them, so that its size is fixed and a quantile is off by less than 1 in 128.
///
/// Up to 255 µs each value has its bucket; above, each power of two is cut into 128.
struct Histogram: Hashable, Sendable {
    /// What is longer counts as this many microseconds: some 19 hours.
    static let most: UInt64 = (1 << 36) - 1
    private static let exact: UInt64 = 256
    private static let perPower = 128

    private(set) var count = 0
    /// Microseconds.
    private(set) var longest: UInt64 = 0
    private var total: UInt64 = 0
    private var buckets = [UInt32](repeating: 0, count: Self.index(of: Self.most) + 1)

    mutating func add(microseconds: UInt64) {
        let value = min(microseconds, Self.most)
        count += 1
        longest = max(longest, value)
        total &+= value
        buckets[Self.index(of: value)] &+= 1
    }

    mutating func add(_ other: Histogram) {
        count += other.count
        longest = max(longest, other.longest)
        total &+= other.total
        for index in buckets.indices { buckets[index] &+= other.buckets[index] }
    }

    /// Microseconds; 0 where nothing was counted.
    var mean: Double { count == 0 ? 0 : Double(total) / Double(count) }

    /// The least value that at least `share` of all values do not exceed, in microseconds, rounded up to its bucket's end.
    func quantile(_ share: Double) -> UInt64 {
        guard count > 0 else { return 0 }
        let rank = max(1, Int((share * Double(count)).rounded(.up)))
        var seen = 0
        for (index, number) in buckets.enumerated() where number > 0 {
            seen += Int(number)
            if seen >= rank { return min(Self.end(of: index), longest) }
        }
        return longest
    }

    private static func index(of value: UInt64) -> Int {
        if value < exact { return Int(value) }
        // The 8 highest bits: 128 to 255.
        let shift = 56 - value.leadingZeroBitCount
        return Int(exact) + (shift - 1) * perPower + Int(value >> UInt64(shift)) - perPower
    }

    private static func end(of index: Int) -> UInt64 {
        if index < Int(exact) { return UInt64(index) }
        let (power, part) = (index - Int(exact)).quotientAndRemainder(dividingBy: perPower)
        return (UInt64(part + perPower + 1) << UInt64(power + 1)) - 1
    }
}
