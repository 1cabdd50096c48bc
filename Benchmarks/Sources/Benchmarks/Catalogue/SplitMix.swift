/// Repeatable numbers.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }

    /// 0 to 1, 1 excluded.
    mutating func fraction() -> Double { Double(next() >> 11) / Double(1 << 53) }

    mutating func chance(_ share: Double) -> Bool { fraction() < share }

    mutating func pick<Element>(_ list: [Element]) -> Element { list[below(list.count)] }

    /// Some of `list`, each at most once, in the list's order.
    mutating func some<Element>(_ count: Int, of list: [Element]) -> [Element] {
        var left = count
        return list.enumerated().compactMap { index, element in
            guard left > 0, below(list.count - index) < left else { return nil }
            left -= 1
            return element
        }
    }

    /// The first of a list far more often than the last, as products and classifications are spread.
    mutating func skewed<Element>(_ list: [Element]) -> Element {
        let share = fraction()
        return list[Int(share * share * share * Double(list.count))]
    }

    /// Bell-shaped, mean 0, deviation 1: the sum of twelve.
    mutating func bell() -> Double { (0..<12).reduce(-6) { sum, _ in sum + fraction() } }
}
