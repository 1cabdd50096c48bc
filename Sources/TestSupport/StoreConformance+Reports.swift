import Storage
import Testing
import Updates

extension StoreConformance {
    static func batch(_ device: Int, _ events: [Event]) -> EventBatch { EventBatch(deviceID: StoreFixture.device(device), events: events) }

    /// A 156 of device 1, `at` seconds after noon.
    static func needs(_ needed: [UInt64], installed: [UInt64] = [], at seconds: Int64, instance: UInt64) -> Event {
        StoreFixture.status(
            of: StoreFixture.device(1), at: StoreFixture.noon.adding(seconds: seconds), needed: needed.map(StoreFixture.update),
            installed: installed.map(StoreFixture.update), instance: instance)
    }

    /// A 182 of device 1.
    static func failure(_ number: UInt64, at seconds: Int64, instance: UInt64) -> Event {
        happened(.installationFailed, number, at: seconds, instance: instance)
    }

    /// Any event of device 1.
    static func happened(_ id: EventID, _ number: UInt64?, at seconds: Int64, instance: UInt64) -> Event {
        StoreFixture.event(
            id, of: StoreFixture.device(1), at: StoreFixture.noon.adding(seconds: seconds), update: number.map(StoreFixture.update),
            instance: instance, misc: ["F=-2145116147", "C=1"])
    }

    private static func registered(_ store: any Store, _ devices: ClosedRange<Int> = 1...1) async throws {
        for device in devices {
            _ = try await store.register(StoreFixture.device(device), facts: DeviceFacts(dnsName: "pc"), at: StoreFixture.noon)
        }
    }

    static let reports = [
        StoreConformance("a 156 alone makes what it names needed and installed, and is not itself stored") { store in
            try await registered(store)
            let before = try await store.generation()
            let now = StoreFixture.noon.adding(seconds: 90)
            let result = try await store.takeReports([batch(1, [needs([1, 2], installed: [3], at: 60, instance: 1)])], at: now)
            #expect(try await store.generation() == before)
            #expect(result.storedEvents == 0)
            let time = StoreFixture.noon.adding(seconds: 60)
            #expect(result.reporters == [StoreFixture.device(1)])
            let devices = try await store.devices()
            #expect(devices.map(\.lastReported) == [time])
            #expect(devices.map(\.lastSeen) == [now])
            #expect(
                try await store.statuses(of: StoreFixture.device(1)) == [
                    UpdateStatus(updateID: StoreFixture.update(1), state: .notInstalled, changedAt: time),
                    UpdateStatus(updateID: StoreFixture.update(2), state: .notInstalled, changedAt: time),
                    UpdateStatus(updateID: StoreFixture.update(3), state: .installed, changedAt: time),
                ])
            #expect(try await store.events(of: StoreFixture.device(1), limit: 10).isEmpty)
        },
        StoreConformance("the next 156 replaces what changed, keeps what did not, and removes what it names no more") { store in
            try await registered(store)
            _ = try await store.takeReports(
                [batch(1, [needs([1, 2, 4], installed: [3], at: 0, instance: 1)])], at: StoreFixture.noon.adding(seconds: 120))
            _ = try await store.takeReports(
                [batch(1, [needs([2], installed: [1, 3], at: 60, instance: 2)])], at: StoreFixture.noon.adding(seconds: 120))
            let rows = try await store.statuses(of: StoreFixture.device(1))
            #expect(rows.map(\.state) == [.installed, .notInstalled, .installed])
            #expect(rows.map { $0.changedAt.milliseconds(since: StoreFixture.noon) } == [60_000, 0, 0])
            #expect(try await store.statuses(of: StoreFixture.update(4)).isEmpty)
        },
        StoreConformance("a 182 makes its update failed at once, and a failed update stays so while it is needed") { store in
            try await registered(store)
            _ = try await store.takeReports([batch(1, [needs([1], at: 0, instance: 1)])], at: StoreFixture.noon.adding(seconds: 120))
            _ = try await store.takeReports(
                [batch(1, [failure(1, at: 10, instance: 2), failure(2, at: 10, instance: 3)])], at: StoreFixture.noon.adding(seconds: 120))
            #expect(try await store.statuses(of: StoreFixture.device(1)).map(\.state) == [.failed, .failed])
            _ = try await store.takeReports([batch(1, [needs([1], at: 60, instance: 4)])], at: StoreFixture.noon.adding(seconds: 120))
            let rows = try await store.statuses(of: StoreFixture.device(1))
            #expect(rows.map(\.state) == [.failed])
            #expect(rows.map { $0.changedAt.milliseconds(since: StoreFixture.noon) } == [10_000])
            _ = try await store.takeReports([batch(1, [needs([], installed: [1], at: 90, instance: 5)])], at: StoreFixture.noon.adding(seconds: 120))
            #expect(try await store.statuses(of: StoreFixture.device(1)).map(\.state) == [.installed])
        },
        StoreConformance("a device that floods its own history keeps its newest events") { store in
            try await registered(store)
            for round in 0..<3 {
                let events = (0..<400).map { failure(1, at: 0, instance: UInt64(1000 + round * 400 + $0)) }
                _ = try await store.takeReports([batch(1, events)], at: StoreFixture.noon)
            }
            #expect(try await store.events(of: StoreFixture.device(1), limit: 5000).count == 1000)
        },
        StoreConformance("states are told by update, and counted") { store in
            try await registered(store, 1...3)
            _ = try await store.takeReports(
                [
                    batch(1, [needs([1], installed: [2], at: 0, instance: 1)]), batch(2, [needs([1, 2], at: 0, instance: 1)]),
                    batch(3, [needs([], installed: [1], at: 0, instance: 1)]),
                ], at: StoreFixture.noon)
            #expect(try await store.statuses(of: StoreFixture.update(1)).map(\.deviceID) == [1, 2, 3].map(StoreFixture.device))
            #expect(try await store.statuses(of: StoreFixture.update(1)).map(\.state) == [.notInstalled, .notInstalled, .installed])
            #expect(
                try await store.statusCounts() == [
                    StoreFixture.update(1): [.notInstalled: 2, .installed: 1], StoreFixture.update(2): [.notInstalled: 1, .installed: 1],
                ])
            _ = try await store.takeReports([batch(2, [failure(1, at: 5, instance: 2), needs([1], at: 10, instance: 3)])], at: StoreFixture.noon)
            _ = try await store.takeReports([batch(1, [needs([], at: 10, instance: 2)])], at: StoreFixture.noon)
            #expect(try await store.statusCounts() == [StoreFixture.update(1): [.failed: 1, .installed: 1]])
            #expect(
                try await store.deviceStatusCounts() == [StoreFixture.device(2): [.failed: 1], StoreFixture.device(3): [.installed: 1]])
        },
        StoreConformance("an event that names an update has a row of its own, repeats too, with all it said") { store in
            try await registered(store)
            let first = happened(.downloadStarted, 1, at: 0, instance: 1)
            let second = happened(.downloadStarted, 1, at: 5, instance: 2)
            let now = StoreFixture.noon.adding(seconds: 9)
            let result = try await store.takeReports([batch(1, [first, second])], at: now)
            #expect(result.storedEvents == 2)
            #expect(
                try await store.events(of: StoreFixture.device(1), limit: 10) == [
                    StoredEvent(event: second, receivedAt: now), StoredEvent(event: first, receivedAt: now),
                ])
            #expect(try await store.events(of: StoreFixture.device(1), limit: 1).map(\.event) == [second])
            #expect(try await store.events(of: StoreFixture.device(2), limit: 1).isEmpty)
        },
        StoreConformance("of events that name no update the latest of each kind is kept") { store in
            try await registered(store)
            let old = happened(.detectionFinished, nil, at: 0, instance: 1)
            let new = happened(.detectionFinished, nil, at: 5, instance: 2)
            let other = happened(.detectionFailed, nil, at: 1, instance: 3)
            _ = try await store.takeReports([batch(1, [new, old, other])], at: StoreFixture.noon)
            #expect(try await store.events(of: StoreFixture.device(1), limit: 10).map(\.event) == [other, new])
            let newest = happened(.detectionFinished, nil, at: 9, instance: 4)
            _ = try await store.takeReports([batch(1, [newest])], at: StoreFixture.noon)
            #expect(try await store.events(of: StoreFixture.device(1), limit: 10).map(\.event) == [newest, other])
        },
        StoreConformance("an instance id seen within thirty days is taken once, after them again") { store in
            try await registered(store, 1...2)
            let event = happened(.downloadStarted, 1, at: 0, instance: 1)
            let days = Int64(30 * 86_400)
            let repeated = [0, 1, days - 1]
            _ = try await store.takeReports([batch(1, [event])], at: StoreFixture.noon)
            for seconds in repeated {
                let result = try await store.takeReports([batch(1, [event])], at: StoreFixture.noon.adding(seconds: seconds))
                #expect(result.repeatedEvents == 1)
                #expect(result.storedEvents == 0)
            }
            #expect(try await store.takeReports([batch(2, [event])], at: StoreFixture.noon).storedEvents == 1)
            #expect(try await store.takeReports([batch(1, [event])], at: StoreFixture.noon.adding(seconds: days)).storedEvents == 1)
            #expect(try await store.events(of: StoreFixture.device(1), limit: 10).count == 2)
        },
        StoreConformance("a repeated event changes no state") { store in
            try await registered(store)
            let failed = failure(1, at: 5, instance: 2)
            _ = try await store.takeReports([batch(1, [needs([1], at: 0, instance: 1), failed])], at: StoreFixture.noon)
            _ = try await store.takeReports([batch(1, [needs([], installed: [1], at: 5, instance: 3), failed])], at: StoreFixture.noon)
            #expect(try await store.statuses(of: StoreFixture.device(1)).map(\.state) == [.installed])
        },
        StoreConformance("events of a device that is not known are dropped and counted, and stop no other's") { store in
            try await registered(store)
            let events = [needs([1], at: 0, instance: 1), failure(2, at: 1, instance: 2)]
            let result = try await store.takeReports([batch(9, events), batch(1, events)], at: StoreFixture.noon)
            #expect(result.droppedEvents == 2)
            #expect(result.storedEvents == 1)
            #expect(result.reporters == [StoreFixture.device(1)])
            #expect(try await store.device(StoreFixture.device(9)) == nil)
            #expect(try await store.statusCounts().values.flatMap(\.values) == [1, 1])
        },
        StoreConformance("several batches of one device in one commit are taken in order") { store in
            try await registered(store)
            let result = try await store.takeReports(
                [
                    batch(1, [needs([1, 2], at: 0, instance: 1)]), batch(1, [failure(2, at: 5, instance: 2)]),
                    batch(1, [needs([2], installed: [1], at: 9, instance: 3)]),
                ], at: StoreFixture.noon)
            #expect(result.reporters.count == 1)
            #expect(try await store.statuses(of: StoreFixture.device(1)).map(\.state) == [.installed, .failed])
        },
    ]
}
