import Storage
import Testing
import Updates

extension StoreConformance {
    private static let facts = DeviceFacts(
        dnsName: "pc-1.example.test", osMajorVersion: 10, osMinorVersion: 0, osBuildNumber: 26200, osServicePackMajorNumber: 1,
        osServicePackMinorNumber: 2, osLocale: "en-US", manufacturer: "QEMU", model: "Standard PC", biosVersion: "unknown",
        processorArchitecture: "AMD64", osDescription: "Windows 10 Pro", clientVersion: "1507.2601.30012.0")

    static let devices = [
        StoreConformance("a new device stands in Unassigned Computers, with what it says of itself") { store in
            let registered = try await store.register(StoreFixture.device(1), facts: facts, at: StoreFixture.noon)
            #expect(
                registered
                    == Device(
                        id: StoreFixture.device(1), facts: facts, groups: [.unassignedComputers], groupsGeneration: try await store.generation(),
                        firstSeen: StoreFixture.noon, lastSeen: StoreFixture.noon, lastReported: nil))
            #expect(try await store.devices() == [registered])
            #expect(try await store.device(StoreFixture.device(1)) == registered)
            #expect(try await store.device(StoreFixture.device(2)) == nil)
        },
        StoreConformance("a device that registers again keeps its groups and the time it was first seen") { store in
            _ = try await store.register(StoreFixture.device(1), facts: DeviceFacts(dnsName: facts.dnsName), at: StoreFixture.noon)
            _ = try await store.createGroup(TargetGroup(id: StoreFixture.group(1), name: "Pilot", parent: .allComputers))
            let (generation, _) = try await store.assign([StoreFixture.device(1)], to: [StoreFixture.group(1)])
            let later = StoreFixture.noon.adding(seconds: 86_400)
            let again = try await store.register(StoreFixture.device(1), facts: facts, at: later)
            #expect(again.facts == facts)
            #expect(again.groups == [StoreFixture.group(1)])
            #expect(again.groupsGeneration == generation)
            #expect(again.firstSeen == StoreFixture.noon)
            #expect(again.lastSeen == later)
        },
        StoreConformance("a device expected by name gets its groups when it first registers, and only then") { store in
            _ = try await store.createGroup(TargetGroup(id: StoreFixture.group(1), name: "Pilot", parent: .allComputers))
            try await store.expectDevices([("PC-1.example.test", [StoreFixture.group(1)]), ("never", [StoreFixture.group(1)])])
            #expect(try await store.expectedDevices().map(\.name) == ["never", "pc-1.example.test"])
            #expect(try await store.register(StoreFixture.device(1), facts: facts, at: StoreFixture.noon).groups == [StoreFixture.group(1)])
            #expect(try await store.expectedDevices().map(\.name) == ["never"])
            let second = try await store.register(StoreFixture.device(2), facts: facts, at: StoreFixture.noon)
            #expect(second.groups == [.unassignedComputers])
            #expect(try await store.forgetExpectedDevices(["Never", "other"]) == ["Never"])
            #expect(try await store.expectedDevices().isEmpty)
        },
        StoreConformance("a group that is removed is expected of nobody any more") { store in
            _ = try await store.createGroup(TargetGroup(id: StoreFixture.group(1), name: "Pilot", parent: .allComputers))
            try await store.expectDevices([("pc", [StoreFixture.group(1)])])
            _ = try await store.removeGroup(StoreFixture.group(1))
            #expect(try await store.expectedDevices().isEmpty)
        },
        StoreConformance("registering is no change of the catalog") { store in
            let before = try await store.generation()
            _ = try await store.register(StoreFixture.device(1), facts: facts, at: StoreFixture.noon)
            #expect(try await store.generation() == before)
        },
        StoreConformance("a device may have several groups, and may be given them before it is seen") { store in
            let groups: Set<GroupID> = [StoreFixture.group(1), StoreFixture.group(2)]
            for (number, id) in groups.sorted().enumerated() {
                _ = try await store.createGroup(TargetGroup(id: id, name: "G\(number)", parent: .allComputers))
            }
            let before = try await store.generation()
            let (generation, devices) = try await store.assign([StoreFixture.device(1)], to: groups)
            #expect(generation == before.next)
            #expect(
                devices == [
                    Device(
                        id: StoreFixture.device(1), facts: nil, groups: groups, groupsGeneration: generation, firstSeen: nil, lastSeen: nil,
                        lastReported: nil)
                ])
            let registered = try await store.register(StoreFixture.device(1), facts: facts, at: StoreFixture.noon)
            #expect(registered.groups == groups)
            #expect(registered.firstSeen == StoreFixture.noon)
        },
        StoreConformance("the groups that every device has, and no groups, leave it in Unassigned Computers") { store in
            _ = try await store.createGroup(TargetGroup(id: StoreFixture.group(1), name: "Pilot", parent: .allComputers))
            _ = try await store.assign([StoreFixture.device(1)], to: [StoreFixture.group(1), .allComputers, .unassignedComputers])
            #expect(try await store.device(StoreFixture.device(1))?.groups == [StoreFixture.group(1)])
            for none in [[], [.unassignedComputers], [.allComputers]] as [Set<GroupID>] {
                let (_, devices) = try await store.assign([StoreFixture.device(1)], to: none)
                #expect(devices.map(\.groups) == [[.unassignedComputers]])
            }
        },
        StoreConformance("an assignment that changes nothing moves nobody, one to an unknown group is refused whole") { store in
            _ = try await store.createGroup(TargetGroup(id: StoreFixture.group(1), name: "Pilot", parent: .allComputers))
            let (first, devices) = try await store.assign([StoreFixture.device(1)], to: [StoreFixture.group(1)])
            let (again, same) = try await store.assign([StoreFixture.device(1)], to: [StoreFixture.group(1)])
            #expect(again == first)
            #expect(same == devices)
            await expectError(.notFound) {
                _ = try await store.assign([(StoreFixture.device(2), [StoreFixture.group(1)]), (StoreFixture.device(3), [StoreFixture.group(9)])])
            }
            #expect(try await store.devices() == devices)
        },
        StoreConformance("a forgotten device goes with its states and events, and comes back as moved") { store in
            _ = try await store.register(StoreFixture.device(1), facts: facts, at: StoreFixture.noon)
            _ = try await store.takeReports([batch(1, [needs([1], at: 0, instance: 1), failure(2, at: 1, instance: 2)])], at: StoreFixture.noon)
            #expect(try await store.statusCounts().count == 2)
            let before = try await store.generation()
            let (generation, forgotten) = try await store.forget([StoreFixture.device(1), StoreFixture.device(2)])
            #expect(forgotten == [StoreFixture.device(1)])
            #expect(generation == before.next)
            #expect(try await store.devices().isEmpty)
            #expect(try await store.statuses(of: StoreFixture.update(1)).isEmpty)
            #expect(try await store.statusCounts().isEmpty)
            let again = try await store.register(StoreFixture.device(1), facts: facts, at: StoreFixture.noon)
            #expect(again.groupsGeneration == generation)
            #expect(try await store.statuses(of: StoreFixture.device(1)).isEmpty)
            #expect(try await store.events(of: StoreFixture.device(1), limit: 10).isEmpty)
            #expect(try await store.forget([StoreFixture.device(2)]).0 == generation)
        },
    ]
}
