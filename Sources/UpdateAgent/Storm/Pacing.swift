/// When work is to begin, by a clock that is the caller's: the number of the work alone decides, so that what begins late is seen to be late.
struct Pacing: Hashable, Sendable {
    /// Nanoseconds.
    let start: UInt64
    /// A second; more than 0.
    let rate: Double

    /// How many should have begun at `now`.
    func due(at now: UInt64) -> Int {
        guard now >= start else { return 0 }
        let number = Double(now - start) / 1e9 * rate
        return number < 1e15 ? Int(number) + 1 : Int(1e15)
    }

    /// When the work of this number, from 0, should begin.
    func time(of number: Int) -> UInt64 {
        start + UInt64(Double(number) / rate * 1e9)
    }
}

/// Deals work out so that after any number of draws each kind has had its share, to within one.
struct WeightedTurns<Kind: Hashable & Sendable>: Sendable {
    private let weights: [(kind: Kind, weight: Double)]
    private let sum: Double
    private var credits: [Double]

    /// Kinds without weight never come. Nothing where no weight is positive.
    init?(_ weights: [(kind: Kind, weight: Double)]) {
        self.weights = weights.filter { $0.weight > 0 && $0.weight.isFinite }
        guard !self.weights.isEmpty else { return nil }
        sum = self.weights.reduce(0) { $0 + $1.weight }
        credits = Array(repeating: 0, count: self.weights.count)
    }

    mutating func next() -> Kind {
        var best = 0
        for index in weights.indices {
            credits[index] += weights[index].weight
            if credits[index] > credits[best] { best = index }
        }
        credits[best] -= sum
        return weights[best].kind
    }
}
