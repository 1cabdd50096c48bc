import NIOCore
import Testing

@testable import UpdateServer

struct HandshakePaceTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test func `a burst comes at once, and what is beyond it one an interval`() {
        var pace = HandshakePace(perSecond: 100)
        for _ in 0...HandshakePace.burst { #expect(pace.wait(of: "a", at: start) == .zero) }
        #expect(pace.wait(of: "a", at: start) == .milliseconds(10))
        #expect(pace.wait(of: "a", at: start) == .milliseconds(20))
    }

    @Test func `one address does not slow another`() {
        var pace = HandshakePace(perSecond: 100)
        for _ in 0..<200 { _ = pace.wait(of: "a", at: start) }
        #expect(pace.wait(of: "b", at: start) == .zero)
    }

    @Test func `who keeps to the pace never waits`() {
        var pace = HandshakePace(perSecond: 100)
        for number in 0..<1000 { #expect(pace.wait(of: "a", at: start + .milliseconds(10) * number) == .zero) }
    }

    @Test func `who has waited long enough may come in a burst again`() {
        var pace = HandshakePace(perSecond: 100)
        for _ in 0..<200 { _ = pace.wait(of: "a", at: start) }
        let later = start + .seconds(2)
        for _ in 0...HandshakePace.burst { #expect(pace.wait(of: "a", at: later) == .zero) }
        #expect(pace.wait(of: "a", at: later) == .milliseconds(10))
    }

    @Test func `addresses are forgotten when their time is over`() {
        var pace = HandshakePace(perSecond: 100)
        for number in 0..<100_000 { _ = pace.wait(of: "\(number)", at: start + .milliseconds(1) * number) }
        #expect(pace.remembered <= 1024)
    }
}
