import Testing

@testable import UpdateAgent

@Suite struct PacingTests {
    @Test(
        arguments: [
            ("before the start", 99, 0), ("at the start", 100, 1), ("just before the second", 100 + 999_999, 1),
            ("at the second", 100 + 1_000_000, 2),
            ("just before a second is over", 100 + 999_999_999, 1000), ("a second later", 100 + 1_000_000_000, 1001),
        ] as [(String, UInt64, Int)])
    func `by a clock of ours so many are due`(name: String, now: UInt64, due: Int) {
        #expect(Pacing(start: 100, rate: 1000).due(at: now) == due)
    }

    @Test func `each is due at its time and not before, at any rate`() {
        for rate in [0.5, 3, 7, 1000, 33_333] {
            let pacing = Pacing(start: 5_000_000_000, rate: rate)
            for number in [0, 1, 2, 10, 999, 100_000] {
                let time = pacing.time(of: number)
                // Times are cut to whole nanoseconds.
                #expect(pacing.due(at: time + 1) == number + 1)
                if number > 0 { #expect(pacing.due(at: time - 1) == number) }
            }
        }
    }

    @Test func `a clock that has run for years does not overflow`() {
        #expect(Pacing(start: 0, rate: 100_000).due(at: .max) == Int(1e15))
    }

    @Test func `turns are dealt by weight, to within one at any moment`() throws {
        let weights: [(kind: StormTask, weight: Double)] = [(.checkIn, 90), (.report, 9), (.download, 0), (.firstScan, 1)]
        var turns = try #require(WeightedTurns(weights))
        var dealt: [StormTask: Int] = [:]
        for number in 1...1000 {
            dealt[turns.next(), default: 0] += 1
            for (kind, weight) in weights {
                let share = Double(number) * weight / 100
                #expect(abs(Double(dealt[kind, default: 0]) - share) <= 1)
            }
        }
        #expect(dealt == [.checkIn: 900, .report: 90, .firstScan: 10])
    }

    @Test func `without a positive weight there are no turns`() {
        #expect(WeightedTurns([(kind: StormTask.checkIn, weight: 0)]) == nil)
        #expect(WeightedTurns([(kind: StormTask.checkIn, weight: .nan), (.report, -1)]) == nil)
    }
}
