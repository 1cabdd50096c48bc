import Storage
import Testing
import Updates

extension StoreConformance {
    private static let facts = DeviceFacts(
        dnsName: "pc-1.example.test", osMajorVersion: 10, osBuildNumber: 26100, manufacturer: "Contoso", model: "Desk 4")
    private static let first = SessionLineage(rawValue: .max)
    private static let second = SessionLineage(rawValue: 2)

    @discardableResult
    private static func register(
        _ store: any Store, at seconds: Int64 = 0, lineage: SessionLineage? = first, groups: [String]? = nil, address: String = "192.0.2.1",
        targeting: Targeting = .server, _ change: (inout DeviceFacts) -> Void = { _ in }
    ) async throws -> ArrivalResult.Registered {
        var said = facts
        change(&said)
        let registration = DeviceRegistration(
            deviceID: StoreFixture.device(1), facts: said, requestedGroups: groups, lineage: lineage, address: address)
        let result = try await store.take(
            DeviceArrivals(registrations: [registration]), policy: DevicePolicy(targeting: targeting), at: StoreFixture.noon.adding(seconds: seconds))
        return try #require(result.registered.first)
    }

    private static func see(
        _ store: any Store, at seconds: Int64, lineage: SessionLineage, reasons: DisputeReasons = [], address: String = "192.0.2.1"
    ) async throws {
        let sighting = DeviceSighting(
            deviceID: StoreFixture.device(1), time: StoreFixture.noon.adding(seconds: seconds), lineage: lineage, address: address, reasons: reasons)
        _ = try await store.take(DeviceArrivals(sightings: [sighting]), policy: DevicePolicy(), at: sighting.time)
    }

    private static func device(_ store: any Store) async throws -> Device { try #require(try await store.device(StoreFixture.device(1))) }

    static let identity = [
        StoreConformance("the same registration again changes nothing, not even when it was last seen") { store in
            let before = try await register(store).device
            #expect(try await register(store, at: 3600).device == before)
            #expect(try await store.changes(of: StoreFixture.device(1)).isEmpty)
        },
        StoreConformance("a change that is taken stands in the history") { store in
            try await register(store)
            let after = try await register(store, at: 60, address: "192.0.2.7") { $0.osBuildNumber = 26200 }.device
            #expect(after.facts?.osBuildNumber == 26200)
            #expect(after.lastSeen == StoreFixture.noon.adding(seconds: 60))
            #expect(
                try await store.changes(of: StoreFixture.device(1)) == [
                    DeviceChange(
                        time: StoreFixture.noon.adding(seconds: 60), address: "192.0.2.7", field: .osVersion, old: "10.0.26100", new: "10.0.26200",
                        outcome: .taken)
                ])
        },
        StoreConformance("one value that disputes keeps all that was said with it apart, and the newest claim is kept") { store in
            try await register(store)
            let device = try await register(store, at: 60) { ($0.model, $0.osBuildNumber) = ("Desk 9", 26200) }.device
            #expect(device.facts == facts)
            #expect(
                device.dispute == Dispute(reasons: .otherHardware, since: StoreFixture.noon.adding(seconds: 60), network: SourceNetwork("192.0.2.1")))
            #expect(device.claim?.facts.model == "Desk 9")
            // While it is disputed, what would else be taken waits too.
            let later = try await register(store, at: 120) { $0.osBuildNumber = 26300 }.device
            #expect(later.facts == facts)
            #expect(later.claim?.facts.osBuildNumber == 26300)
            #expect(later.dispute == device.dispute)
            let renamed = try await register(store, at: 180) { $0.dnsName = "other" }.device
            #expect(renamed.dispute?.reasons == [.otherHardware, .otherName])
            #expect(renamed.dispute?.since == device.dispute?.since)
            let lines = try await store.changes(of: StoreFixture.device(1)).count
            try await register(store, at: 240) { $0.dnsName = "other" }
            try await register(store, at: 300)
            #expect(try await store.changes(of: StoreFixture.device(1)).count == lines)
        },
        StoreConformance("a disputed device's states stand still and count nowhere, until it is settled") { store in
            try await register(store)
            _ = try await store.register(StoreFixture.device(2), facts: DeviceFacts(dnsName: "pc-2"), at: StoreFixture.noon)
            let both = [batch(1, [needs([1], installed: [2], at: 0, instance: 1)]), batch(2, [needs([1], at: 0, instance: 1)])]
            _ = try await store.takeReports(both, at: StoreFixture.noon)
            try await register(store, at: 60) { $0.dnsName = "other" }
            let counted: [UpdateID: [UpdateState: Int]] = [StoreFixture.update(1): [.notInstalled: 1]]
            #expect(try await store.statusCounts() == counted)
            #expect(try await store.deviceStatusCounts().keys.sorted() == [StoreFixture.device(2)])
            #expect(try await store.statuses(of: StoreFixture.update(1)).map(\.isDisputed) == [true, false])
            let report = EventBatch(
                deviceID: StoreFixture.device(1),
                events: [needs([], installed: [1, 2], at: 90, instance: 2), failure(3, at: 95, instance: 3)], address: "192.0.2.9")
            _ = try await store.takeReports([report], at: StoreFixture.noon.adding(seconds: 100))
            #expect(try await store.statusCounts() == counted)
            #expect(try await store.statuses(of: StoreFixture.device(1)).map(\.state) == [.notInstalled, .installed])
            #expect(try await store.events(of: StoreFixture.device(1), limit: 10).map(\.disputedFrom) == ["192.0.2.9"])
            #expect(try await device(store).lastReported == StoreFixture.noon)
            for accepting in [false, true] {
                let now = StoreFixture.noon.adding(seconds: 200)
                let settled = try await store.resolve([StoreFixture.device(1)], accepting: accepting, policy: DevicePolicy(), at: now)
                #expect(settled.map(\.device.facts?.dnsName) == [accepting ? "other" : facts.dnsName])
                #expect(settled.map(\.device.dispute) == [nil])
                #expect(settled.map(\.device.claim) == [nil])
                #expect(settled.map(\.device.lastReported) == [nil])
                #expect(try await store.statuses(of: StoreFixture.device(1)).isEmpty)
                #expect(try await store.statusCounts() == counted)
                #expect(try await store.resolve([StoreFixture.device(1)], accepting: accepting, policy: DevicePolicy(), at: now).isEmpty)
                if !accepting { try await register(store, at: 300) { $0.dnsName = "other" } }
            }
            _ = try await store.takeReports([batch(1, [needs([1], at: 300, instance: 4)])], at: StoreFixture.noon.adding(seconds: 300))
            #expect(try await store.statusCounts() == [StoreFixture.update(1): [.notInstalled: 2]])
        },
        StoreConformance("a disputed device that is forgotten leaves the counts as they were") { store in
            try await register(store)
            _ = try await store.takeReports([batch(1, [needs([1, 2], at: 0, instance: 1)])], at: StoreFixture.noon)
            try await register(store, at: 60) { $0.dnsName = "other" }
            #expect(try await store.statusCounts().isEmpty)
            _ = try await store.forget([StoreFixture.device(1)])
            #expect(try await store.statusCounts().isEmpty)
            try await register(store, at: 120)
            #expect(try await store.changes(of: StoreFixture.device(1)).isEmpty)
        },
        StoreConformance("a status that contradicts itself disputes, and what came before it in the commit counts no more") { store in
            try await register(store)
            let result = try await store.takeReports(
                [batch(1, [needs([1], at: 0, instance: 1), needs([1, 2], installed: [2], at: 5, instance: 2), failure(1, at: 6, instance: 3)])],
                at: StoreFixture.noon.adding(seconds: 10))
            #expect(result.disputed.map(\.dispute?.reasons) == [.contradiction])
            #expect(try await store.statuses(of: StoreFixture.device(1)).map(\.state) == [.notInstalled])
            #expect(try await store.statusCounts().isEmpty)
            #expect(try await store.events(of: StoreFixture.device(1), limit: 10).map(\.disputedFrom) == [""])
        },
        StoreConformance("a sighting tells when and by which line of sessions, and never an earlier time") { store in
            try await register(store)
            try await see(store, at: 100, lineage: first)
            try await see(store, at: 50, lineage: first)
            #expect(try await device(store).lastSeen == StoreFixture.noon.adding(seconds: 100))
            #expect(try await device(store).lineage == first)
            try await see(store, at: 200, lineage: second, address: "198.51.100.9")
            #expect(try await device(store).lineage == second)
            #expect(try await store.changes(of: StoreFixture.device(1)).map(\.field) == [.session])
            #expect(try await store.changes(of: StoreFixture.device(1)).map(\.address) == ["198.51.100.9"])
            try await see(store, at: 300, lineage: first, reasons: .twoPlaces)
            #expect(try await device(store).dispute == Dispute(reasons: .twoPlaces, since: StoreFixture.noon.adding(seconds: 300)))
        },
        StoreConformance("a new line of sessions speaks for the device after three days, not before") { store in
            try await register(store, groups: ["A"], targeting: .client)
            try await see(store, at: 0, lineage: second)
            let proof: Int64 = 3 * 86_400
            for (seconds, isTaken) in [(proof - 1, false), (proof, true)] {
                let said = try await register(store, at: seconds, lineage: second, groups: ["B"], targeting: .client).device
                #expect((said.requestedGroups == ["B"]) == isTaken)
                #expect((said.dispute == nil) == isTaken)
                if !isTaken {
                    // As if no one had asked: the line began at the same time.
                    _ = try await store.forget([StoreFixture.device(1)])
                    try await register(store, groups: ["A"], targeting: .client)
                    try await see(store, at: 0, lineage: second)
                }
            }
        },
        StoreConformance("rejected, a claim leaves the device its own line of sessions; accepted, it brings the claimant's") { store in
            for accepting in [false, true] {
                _ = try await store.forget([StoreFixture.device(1)])
                try await register(store, groups: ["A"], targeting: .client)
                try await register(store, at: 60, lineage: second, groups: ["B"], targeting: .client)
                _ = try await store.resolve(
                    [StoreFixture.device(1)], accepting: accepting, policy: DevicePolicy(targeting: .client), at: StoreFixture.noon)
                let other = accepting ? first : second
                let own = accepting ? second : first
                #expect(try await device(store).lineage == own)
                // The other speaks first.
                try await see(store, at: 90, lineage: other)
                try await see(store, at: 100, lineage: own)
                #expect(try await register(store, at: 110, lineage: own, groups: ["C"], targeting: .client).device.dispute == nil)
                #expect(try await register(store, at: 120, lineage: other, groups: ["D"], targeting: .client).device.dispute?.reasons == .otherGroups)
            }
        },
        StoreConformance("where no line of sessions is known, who speaks first is not taken for the device") { store in
            let named = StoreFixture.device(1)
            try await register(store, lineage: nil, groups: ["A"], targeting: .client)
            let same = try await register(store, at: 60, lineage: second, groups: ["A"], targeting: .client).device
            #expect(same.dispute == nil)
            #expect(same.lineage == second)
            #expect(try await register(store, at: 120, lineage: second, groups: ["B"], targeting: .client).device.dispute?.reasons == .otherGroups)
            _ = try await store.forget([named])
            try await register(store, lineage: nil, groups: ["A"], targeting: .client)
            try await see(store, at: 0, lineage: second)
            #expect(try await register(store, at: 3 * 86_400, lineage: second, groups: ["B"], targeting: .client).device.dispute == nil)
        },
        StoreConformance("by its own word a new device is in the groups it names, a known one is to be moved; built-in names give none") { store in
            for (number, name) in [(UInt64(1), "Lab"), (2, "Office")] {
                _ = try await store.createGroup(TargetGroup(id: StoreFixture.group(number), name: name, parent: .allComputers))
            }
            let new = try await register(store, groups: ["LAB", "All Computers", "Nowhere"], targeting: .client)
            #expect(new.device.groups == [StoreFixture.group(1)])
            #expect(new.groups == nil)
            #expect(new.device.requestedGroups == ["LAB", "All Computers", "Nowhere"])
            #expect(try await register(store, groups: ["office"], targeting: .client).groups == [StoreFixture.group(2)])
            #expect(try await register(store, groups: nil, targeting: .client).device.requestedGroups == ["office"])
            #expect(try await register(store, groups: [], targeting: .client).groups == [.unassignedComputers])
            #expect(try await register(store, groups: ["Lab"], targeting: .server).groups == nil)
        },
        StoreConformance("a device's instance ids are bounded, the newest kept") { store in
            try await register(store)
            for round in 0..<11 {
                let events = (0..<500).map { needs([1], at: Int64(round), instance: UInt64(round * 500 + $0)) }
                _ = try await store.takeReports([batch(1, events)], at: StoreFixture.noon.adding(seconds: Int64(round)))
            }
            let at = StoreFixture.noon.adding(seconds: 20)
            #expect(try await store.takeReports([batch(1, [needs([1], at: 1, instance: 500)])], at: at).repeatedEvents == 1)
            #expect(try await store.takeReports([batch(1, [needs([1], at: 1, instance: 5499)])], at: at).repeatedEvents == 1)
            #expect(try await store.takeReports([batch(1, [needs([1], at: 1, instance: 499)])], at: at).repeatedEvents == 0)
        },
        StoreConformance("events are kept as long and as many as is set") { store in
            try await register(store)
            let policy = DevicePolicy(eventRetention: 86_400, eventsOfDevice: 3)
            func take(_ events: [Event], at seconds: Int64) async throws -> [Int64] {
                _ = try await store.take(
                    DeviceArrivals(reports: [batch(1, events)]), policy: policy, at: StoreFixture.noon.adding(seconds: seconds))
                return try await store.events(of: StoreFixture.device(1), limit: 10).map {
                    $0.receivedAt.milliseconds(since: StoreFixture.noon) / 1000
                }
            }
            #expect(try await take((1...5).map { failure(1, at: 0, instance: $0) }, at: 0) == [0, 0, 0])
            #expect(try await take([failure(1, at: 0, instance: 6)], at: 86_399) == [86_399, 0, 0])
            #expect(try await take([], at: 86_400) == [86_399])
        },
    ]
}
