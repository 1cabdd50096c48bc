import Testing
import Updates

@testable import UpdateEngine

struct RegistrationLimitTests {
    let start = Timestamp(millisecondsSince1970: 1_800_000_000_000)

    /// How many of `count` new devices are let in.
    func admitted(_ count: Int, _ limit: inout RegistrationLimit, from address: String, at now: Timestamp, devices: Int = 0) -> Int {
        var admitted = 0
        for _ in 0..<count where limit.admits(SourceNetwork(address), at: now, devices: devices) { admitted += 1 }
        return admitted
    }

    @Test func `one address registers 2,000 devices at once, and then 20 a second`() {
        var limit = RegistrationLimit()
        let first = admitted(2001, &limit, from: "192.0.2.1", at: start)
        let second = admitted(21, &limit, from: "192.0.2.1", at: start.adding(milliseconds: 1000))
        #expect(first == 2000)
        #expect(second == 20)
    }

    @Test func `the addresses of one IPv6 network have one bucket`() {
        var limit = RegistrationLimit()
        var first = 0
        for number in 1...2001 { first += admitted(1, &limit, from: "2001:db8::\(String(number, radix: 16))", at: start) }
        let other = admitted(1, &limit, from: "2001:db8:0:1::1", at: start)
        #expect(first == 2000)
        #expect(other == 1)
    }

    @Test func `another address has a bucket of its own`() {
        var limit = RegistrationLimit()
        _ = admitted(2001, &limit, from: "192.0.2.1", at: start)
        let other = admitted(1, &limit, from: "192.0.2.2", at: start)
        #expect(other == 1)
    }

    @Test(arguments: [(999_999, 1), (1_000_000, 0)])
    func `there is room for 1,000,000 devices`(devices: Int, expected: Int) {
        var limit = RegistrationLimit()
        let found = admitted(1, &limit, from: "192.0.2.1", at: start, devices: devices)
        #expect(found == expected)
    }

    @Test func `a storm from ever new addresses fills no memory`() {
        var limit = RegistrationLimit()
        var first = 0
        for number in 0..<RegistrationLimit.networksAtMost { first += admitted(1, &limit, from: "a\(number)", at: start) }
        let beyond = admitted(1, &limit, from: "one more", at: start)
        let later = admitted(1, &limit, from: "one more", at: start.adding(seconds: 1))
        #expect(first == RegistrationLimit.networksAtMost)
        #expect(beyond == 0)
        #expect(later == 1)
    }

    @Test func `a clock turned back gives no tokens`() {
        var limit = RegistrationLimit()
        _ = admitted(2000, &limit, from: "192.0.2.1", at: start)
        let found = admitted(1, &limit, from: "192.0.2.1", at: start.adding(seconds: -3600))
        #expect(found == 0)
    }
}
