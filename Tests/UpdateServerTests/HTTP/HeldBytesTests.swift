import Testing

@testable import UpdateServer

@Suite struct HeldBytesTests {
    @Test func `the limit holds to the byte`() {
        let held = HeldBytes(limit: 10)
        #expect(held.take(9))
        #expect(!held.take(2))
        #expect(held.count == 9)
        #expect(held.take(1))
        #expect(!held.take(1))
        held.giveBack(10)
        #expect(held.count == 0)
    }

    @Test func `content goes on with small pieces where there is no room`() {
        let held = HeldBytes(limit: 10)
        #expect(held.take(upTo: 10, least: 2) == 10)
        #expect(held.take(upTo: 10, least: 2) == 2)
        #expect(held.count == 12)
    }
}
