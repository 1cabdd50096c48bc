import Testing
import UpdateProtocols
import Updates

@testable import UpdateEngine

struct PlainCallersTests {
    private let now = Timestamp(millisecondsSince1970: 1_700_000_000_000)

    private func caller(_ number: Int, from address: String = "192.0.2.1") -> PlainCaller {
        PlainCaller(address: address, agent: "\(number)", proxies: ProxyClaims(), path: "/")
    }

    @Test func `visits are counted until they are taken, and again where they could not be written`() {
        let callers = PlainCallers()
        #expect(callers.note(caller(1), at: now) == .first)
        #expect(callers.note(caller(1), at: now.adding(seconds: 5)) == .noted)
        let (taken, isAll) = callers.takeUnsaved(atMost: 10)
        #expect(isAll && taken.map(\.count) == [2] && taken.first?.last == now.adding(seconds: 5))
        #expect(callers.takeUnsaved(atMost: 10).visits.isEmpty)
        #expect(callers.note(caller(1), at: now.adding(seconds: 9)) == .first)
        callers.restore(taken)
        let again = callers.takeUnsaved(atMost: 10).visits
        #expect(again == [PlainVisits(caller: caller(1), first: now, last: now.adding(seconds: 9), count: 3)])
    }

    @Test func `one network cannot fill the memory of all`() {
        let callers = PlainCallers()
        let outcomes = (0...PlainCallers.perNetwork).map { callers.note(caller($0), at: now) }
        #expect(outcomes.last == .leftOut && outcomes[PlainCallers.perNetwork - 1] == .many)
        #expect(callers.note(caller(0, from: "198.51.100.1"), at: now) == .noted)
        // Who is known is counted all the same.
        #expect(callers.note(caller(0), at: now) == .noted)
    }

    @Test func `no more are remembered at once than there is room for`() {
        let callers = PlainCallers()
        for number in 0..<PlainCallers.atMost {
            #expect(callers.note(caller(number, from: "10.0.\(number / 256).\(number % 256)"), at: now) != .leftOut)
        }
        #expect(callers.note(caller(0, from: "203.0.113.1"), at: now) == .leftOut)
        var count = 0
        while true {
            let (visits, isAll) = callers.takeUnsaved(atMost: 1000)
            count += visits.count
            if isAll { break }
        }
        #expect(count == PlainCallers.atMost)
        #expect(callers.note(caller(0, from: "203.0.113.1"), at: now) == .first)
    }
}

struct TransportTests {
    private func transport(_ version: UInt16, via: String = "") -> DeviceTransport {
        DeviceTransport(
            tls: TLSParameters(version: version, cipherSuite: 0x1301, serverName: "localhost"), address: "192.0.2.1", agent: "Agent",
            proxies: ProxyClaims(via: via))
    }

    private func scan(_ device: TestDevice, over transport: DeviceTransport) async throws {
        let session = try device.engine.open(device.cookie, from: device.address, over: transport)
        try await device.engine.register(session, .init(facts: device.facts), from: device.address)
    }

    @Test func `how a device came is told with it, and counted by version`() async throws {
        let test = try await TestEngine()
        var device = TestDevice(test)
        try device.begin()
        try await scan(device, over: transport(0x0303))
        #expect(try await test.engine.insecure(days: 1).devices.map { "\($0.version) \($0.devices)" } == ["TLS 1.2 1"])
        // Another version is written though the device was seen a moment ago.
        try await scan(device, over: transport(0x0304, via: "1.1 proxy"))
        #expect(try await test.engine.insecure(days: 1).devices.map { "\($0.version) \($0.devices)" } == ["TLS 1.3 1"])
        let seen = try await test.engine.deviceDetails(device.id).summary.transport
        #expect(seen?.cipherSuite == "TLS_AES_128_GCM_SHA256" && seen?.serverName == "localhost" && seen?.proxies.via == "1.1 proxy")
        try await test.engine.close()
    }
}
