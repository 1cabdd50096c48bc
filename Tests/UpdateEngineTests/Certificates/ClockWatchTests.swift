import Testing
import Updates

@testable import UpdateEngine

struct ClockWatchTests {
    private let start = Timestamp(millisecondsSince1970: 1_800_000_000_000)
    private static let minute: Int64 = 60_000

    /// Minutes by the clock that nobody sets, minutes by the time of day, and what is to be thought of it.
    private func walk(_ steps: [(Int64, Int64, ClockWatch.Verdict)]) {
        var watch = ClockWatch()
        for (uptime, time, verdict) in steps {
            #expect(watch.look(at: start.adding(milliseconds: time * Self.minute), uptime: uptime * Self.minute) == verdict, "minute \(uptime)")
        }
    }

    @Test func `an even clock and one that is corrected by minutes are believed`() {
        walk([(0, 0, .even), (60, 60, .even), (120, 135, .even), (180, 180, .even)])
    }

    @Test func `a jump is noticed at once and doubted for an hour`() {
        let year: Int64 = 365 * 1440
        walk([
            (0, 0, .even), (60, 60 + year, .jumped(year * Self.minute)), (61, 61 + year, .doubted), (119, 119 + year, .doubted),
            (120, 120 + year, .even), (121, 121, .jumped(-year * Self.minute)), (180, 180, .doubted), (181, 181, .even),
        ])
    }

    @Test func `a clock that keeps jumping is never believed`() {
        var watch = ClockWatch()
        _ = watch.look(at: start, uptime: 0)
        for hour in Int64(1)...500 {
            let time = start.adding(milliseconds: hour * 60 * Self.minute + (hour % 2) * 86_400_000 * 300)
            #expect(watch.look(at: time, uptime: hour * 60 * Self.minute) != .even)
        }
    }
}
