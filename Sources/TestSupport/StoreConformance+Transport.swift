import Storage
import Testing
import Updates

extension StoreConformance {
    private static func visit(_ number: Int, from address: String = "192.0.2.1", at seconds: Int64 = 0, count: Int = 1) -> PlainVisits {
        PlainVisits(
            caller: PlainCaller(
                address: address, agent: "Agent/\(number)", proxies: ProxyClaims(via: "1.1 proxy"), path: "/ClientWebService/client.asmx"),
            first: StoreFixture.noon.adding(seconds: seconds), last: StoreFixture.noon.adding(seconds: seconds), count: count)
    }

    private static func take(_ visits: [PlainVisits], _ store: any Store) async throws {
        _ = try await store.take(DeviceArrivals(plainVisits: visits), policy: DevicePolicy(), at: StoreFixture.noon)
    }

    static let transport = [
        StoreConformance("how a device came is kept with it, the last time only, and goes with it") { store in
            let id = StoreFixture.device(1)
            _ = try await store.register(id, facts: DeviceFacts(dnsName: "pc-1.example.test"), at: StoreFixture.noon)
            #expect(try await store.deviceTransports().isEmpty)
            for (seconds, version) in [(1, 0x0303), (2, 0x0304)] as [(Int64, UInt16)] {
                let transport = DeviceTransport(
                    tls: TLSParameters(version: version, cipherSuite: 0xc02b, serverName: version == 0x0304 ? nil : "updates.example.test"),
                    address: "192.0.2.1", agent: "Agent/1", proxies: ProxyClaims(via: "1.1 a", forwarded: "for=b", forwardedFor: "c"))
                let time = StoreFixture.noon.adding(seconds: seconds)
                let sighting = DeviceSighting(
                    deviceID: id, time: time, lineage: SessionLineage(rawValue: 1), address: "192.0.2.1", transport: transport)
                _ = try await store.take(DeviceArrivals(sightings: [sighting]), policy: DevicePolicy(), at: time)
                #expect(try await store.deviceTransports() == [id: SeenTransport(transport: transport, time: time)])
            }
            let unseen = DeviceSighting(
                deviceID: id, time: StoreFixture.noon.adding(seconds: 9), lineage: SessionLineage(rawValue: 1), address: "192.0.2.1")
            _ = try await store.take(DeviceArrivals(sightings: [unseen]), policy: DevicePolicy(), at: unseen.time)
            #expect(try await store.deviceTransports().count == 1)
            _ = try await store.forget([id])
            #expect(try await store.deviceTransports().isEmpty)
        },
        StoreConformance("visits over plain HTTP of one caller add up, and those of another stand apart") { store in
            try await take([visit(1, at: 0, count: 2), visit(2, at: 5)], store)
            try await take([visit(1, at: 9, count: 3)], store)
            let visits = try await store.plainVisits(since: StoreFixture.noon)
            #expect(visits.map(\.caller) == [visit(1).caller, visit(2).caller])
            #expect(visits.map(\.count) == [5, 1])
            #expect(visits.first?.first == StoreFixture.noon && visits.first?.last == StoreFixture.noon.adding(seconds: 9))
            #expect(try await store.plainVisits(since: StoreFixture.noon.adding(seconds: 6)).count == 1)
            #expect(try await store.plainVisits(since: StoreFixture.noon.adding(seconds: 10)).isEmpty)
        },
    ]
}
