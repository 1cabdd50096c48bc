import Storage
import Testing
import Updates

/// The bound of the table of those who came over plain HTTP.
struct PlainVisitsTests {
    private func visits(_ numbers: some Sequence<Int>, from address: String) -> [PlainVisits] {
        numbers.map { number in
            let time = Timestamp(millisecondsSince1970: 1_700_000_000_000 + Int64(number))
            return PlainVisits(
                caller: PlainCaller(address: address, agent: "\(number)", proxies: ProxyClaims(), path: "/"), first: time, last: time, count: 1)
        }
    }

    private let start = Timestamp(millisecondsSince1970: 0)

    @Test(arguments: [(9, 9), (10, 10), (11, 10)])
    func `the oldest go beyond the limit`(count: Int, kept: Int) async throws {
        let home = try TemporaryHome()
        var options = StoreOptions.quick
        options.plainCallers = .init(all: 10, perNetwork: 10)
        let store = try await home.create(options)
        for number in 0..<count {
            let arrivals = DeviceArrivals(plainVisits: visits([number], from: "192.0.2.\(number)"))
            _ = try await store.take(arrivals, policy: DevicePolicy(), at: start)
        }
        let left = try await store.plainVisits(since: start).map(\.caller.agent)
        #expect(left == ((count - kept)..<count).reversed().map { "\($0)" })
        try await store.close()
    }

    @Test func `a caller who makes up names drives out its own network only`() async throws {
        let home = try TemporaryHome()
        var options = StoreOptions.quick
        options.plainCallers = .init(all: 10, perNetwork: 3)
        let store = try await home.create(options)
        _ = try await store.take(DeviceArrivals(plainVisits: visits(0..<2, from: "192.0.2.1")), policy: DevicePolicy(), at: start)
        for host in 1...4 {
            let others = DeviceArrivals(plainVisits: visits(10..<60, from: "2001:db8::\(host)"))
            _ = try await store.take(others, policy: DevicePolicy(), at: start)
        }
        let left = try await store.plainVisits(since: start)
        #expect(left.count { $0.caller.address == "192.0.2.1" } == 2)
        #expect(left.count == 5)
        try await store.close()
    }
}
