import Storage
import Synchronization
import TestSupport
import Testing
import Updates

@testable import UpdateEngine

struct ArrivalQueueTests {
    static func device(_ number: Int) -> DeviceID { StoreFixture.device(number) }

    static func batch(_ number: UInt64, of device: DeviceID = device(1), textBytes: Int = 0) -> EventBatch {
        let event = Event(
            instanceID: .numbered(number), deviceID: device, timeAtTarget: Timestamp(millisecondsSince1970: 0), namespaceID: 1,
            eventID: .downloadStarted, sourceID: 101,
            update: UpdateIdentity(updateID: .numbered(number), revisionNumber: RevisionNumber(rawValue: 1)),
            win32HResult: 0, appName: "", replacementStrings: [String(repeating: "x", count: textBytes)], miscData: [])
        return EventBatch(deviceID: device, events: [event])
    }

    func queue(_ test: TestEngine, presence: DevicePresence = DevicePresence(), _ change: (inout ArrivalQueue.Limits) -> Void = { _ in })
        -> ArrivalQueue
    {
        var limits = ArrivalQueue.Limits()
        change(&limits)
        return ArrivalQueue(store: test.engine.store, presence: presence, limits: limits, log: TestEngine.log, clock: { test.clock.now })
    }

    func registered(_ test: TestEngine) async throws {
        _ = try await test.engine.store.register(Self.device(1), facts: DeviceFacts(dnsName: "pc"), at: test.clock.now)
    }

    @Test(arguments: [(0, false), (1, true)])
    func `a queue holds as many batches as its limit and refuses the next`(limit: Int, isTaken: Bool) async throws {
        let test = try await TestEngine()
        try await registered(test)
        let queue = queue(test) { $0.reports = limit }
        do {
            let reported = try await queue.submit(Self.batch(1))
            #expect(isTaken && reported.isKnown)
        } catch is ArrivalQueue.Full {
            #expect(!isTaken)
        }
    }

    /// An event counts for 200 bytes, and 16 for each text besides its own.
    @Test(arguments: [(1215, false), (1216, true)])
    func `it holds as many bytes of text as its limit and refuses the next`(limit: Int, isTaken: Bool) async throws {
        let test = try await TestEngine()
        try await registered(test)
        let queue = queue(test) { $0.bytes = limit }
        do {
            _ = try await queue.submit(Self.batch(1, textBytes: 1000))
            #expect(isTaken)
        } catch is ArrivalQueue.Full {
            #expect(!isTaken)
        }
    }

    @Test(arguments: [(0, false), (1, true)])
    func `it holds as many registrations as its limit and refuses the next`(limit: Int, isTaken: Bool) async throws {
        let test = try await TestEngine()
        let queue = queue(test) { $0.registrations = limit }
        do {
            _ = try await queue.submit(DeviceRegistration(deviceID: Self.device(1), facts: DeviceFacts(dnsName: "pc")))
            #expect(isTaken)
        } catch is ArrivalQueue.Full {
            #expect(!isTaken)
        }
    }

    @Test func `everything that was answered is stored, however much comes at once`() async throws {
        let test = try await TestEngine()
        let queue = queue(test) { ($0.transaction, $0.interval) = (7, .milliseconds(1)) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...200 {
                group.addTask {
                    let id = Self.device(number)
                    let registered = try await queue.submit(DeviceRegistration(deviceID: id, facts: DeviceFacts(dnsName: "pc-\(number)")))
                    #expect(registered.device.id == id)
                    #expect(try await queue.submit(Self.batch(UInt64(number), of: id)).isKnown)
                }
            }
            try await group.waitForAll()
        }
        await queue.finish()
        #expect(try await test.engine.store.devices().count == 200)
        for number in 1...200 { #expect(try await test.engine.store.events(of: Self.device(number), limit: 10).count == 1) }
    }

    @Test func `who waits for what came until now does not wait for what comes after it`() async throws {
        let test = try await TestEngine()
        try await registered(test)
        let queue = queue(test) { ($0.transaction, $0.interval) = (7, .milliseconds(1)) }
        // Never a moment without something that waits: each caller comes again as soon as it is answered.
        await withTaskGroup(of: Void.self) { group in
            for caller in UInt64(0)..<20 {
                group.addTask {
                    var number = caller << 32
                    while !Task.isCancelled {
                        number += 1
                        _ = try? await queue.submit(Self.batch(number))
                    }
                }
            }
            for _ in 0..<5 { await queue.writeSightings() }
            group.cancelAll()
        }
        await queue.finish()
    }

    @Test func `a report of a device that is not known is answered as such`() async throws {
        let test = try await TestEngine()
        #expect(try await queue(test).submit(Self.batch(1)).isKnown == false)
    }

    @Test func `a commit that fails fails all that waited for it, and the queue goes on`() async throws {
        let test = try await TestEngine()
        try await registered(test)
        let queue = queue(test)
        try await test.engine.store.close()
        for number in UInt64(1)...3 {
            await #expect(throws: StorageError.self) { _ = try await queue.submit(Self.batch(number)) }
            await #expect(throws: StorageError.self) {
                _ = try await queue.submit(DeviceRegistration(deviceID: Self.device(2), facts: DeviceFacts(dnsName: "pc")))
            }
        }
        await queue.finish()
    }

    @Test func `what was seen is written with other commits and at the end, once in ten minutes`() async throws {
        let test = try await TestEngine()
        try await registered(test)
        let presence = DevicePresence()
        let queue = queue(test, presence: presence)
        let registeredAt = test.clock.now
        func see() -> DevicePresence.Use {
            presence.use(
                Self.device(1), SessionLineage(rawValue: 1), from: "192.0.2.1", at: test.clock.now,
                known: (SessionLineage(rawValue: 1), SessionLineage(rawValue: 1), registeredAt))
        }
        func stored() async throws -> Timestamp? { try await test.engine.store.device(Self.device(1))?.lastSeen }
        test.clock.advance(seconds: 599)
        #expect(!see().isFirstUnsaved)
        test.clock.advance(seconds: 1)
        #expect(see().isFirstUnsaved)
        #expect(!see().isFirstUnsaved)
        #expect(try await stored() == registeredAt)
        _ = try await queue.submit(DeviceRegistration(deviceID: Self.device(2), facts: DeviceFacts(dnsName: "other")))
        #expect(try await stored() == registeredAt.adding(seconds: 600))
        test.clock.advance(seconds: 600)
        #expect(see().isFirstUnsaved)
        await queue.finish()
        #expect(try await stored() == registeredAt.adding(seconds: 1200))
    }
}
