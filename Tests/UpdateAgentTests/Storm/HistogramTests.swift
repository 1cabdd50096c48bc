import Testing

@testable import UpdateAgent

@Suite struct HistogramTests {
    @Test func `nothing counted has no quantile`() {
        let histogram = Histogram()
        #expect(histogram.quantile(0.5) == 0)
        #expect(histogram.mean == 0)
    }

    @Test func `up to 255 µs a quantile is exact`() {
        var histogram = Histogram()
        for value in (0...255).shuffled() { histogram.add(microseconds: UInt64(value)) }
        #expect(histogram.quantile(0.5) == 127)
        #expect(histogram.quantile(0.99) == 253)
        #expect(histogram.quantile(1) == 255)
        #expect(histogram.quantile(0) == 0)
        #expect(histogram.mean == 127.5)
    }

    @Test func `above, a quantile is never below the true value and less than 1 in 128 above it`() {
        // Around each power of two, and between them.
        for power in 8..<36 {
            let base = UInt64(1) << UInt64(power)
            for value in [base - 1, base, base + 1, base + base / 128 - 1, base + base / 128, base + base / 3, 2 * base - 2] {
                var histogram = Histogram()
                histogram.add(microseconds: value)
                // A longer one, so that the longest does not hide the bucket's end.
                histogram.add(microseconds: Histogram.most)
                let quantile = histogram.quantile(0.5)
                #expect(quantile >= value)
                #expect(Double(quantile - value) < Double(value) / 128, "\(value)")
            }
        }
    }

    @Test func `quantiles agree with the sorted values`() {
        var generator = SystemRandomNumberGenerator()
        var histogram = Histogram()
        var values: [UInt64] = []
        for _ in 0..<5000 {
            let value = UInt64.random(in: 0...1 << UInt64.random(in: 1...30), using: &generator)
            values.append(value)
            histogram.add(microseconds: value)
        }
        values.sort()
        for share in [0.01, 0.5, 0.9, 0.95, 0.99, 0.999, 1] {
            let exact = values[max(1, Int((share * 5000).rounded(.up))) - 1]
            let found = histogram.quantile(share)
            #expect(found >= exact && Double(found) <= Double(exact) * (1 + 1 / 128.0), "\(share)")
        }
        #expect(histogram.longest == values.last)
    }

    @Test func `what is too long counts as the most`() {
        var histogram = Histogram()
        histogram.add(microseconds: .max)
        #expect(histogram.quantile(0.5) == Histogram.most)
        #expect(histogram.count == 1)
    }

    @Test func `two together are as if all had been counted in one`() {
        var (left, right, both) = (Histogram(), Histogram(), Histogram())
        for value in stride(from: UInt64(1), to: 1_000_000, by: 997) {
            if value.isMultiple(of: 2) { left.add(microseconds: value) } else { right.add(microseconds: value) }
            both.add(microseconds: value)
        }
        left.add(right)
        #expect(left == both)
    }
}
