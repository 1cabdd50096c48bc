import Storage
import TestSupport
import Testing
import Updates

@testable import UpdateEngine

struct ReportQueueTests {
    let deviceID = DeviceID("e1da06a3-5601-43c9-bac3-52d5db701494")

    func batch(_ number: UInt64) throws -> EventBatch {
        let id = try #require(deviceID)
        let event = Event(
            instanceID: .numbered(number), deviceID: id, timeAtTarget: Timestamp(millisecondsSince1970: 0), namespaceID: 1,
            eventID: .downloadStarted, sourceID: 101,
            update: UpdateIdentity(updateID: .numbered(number), revisionNumber: RevisionNumber(rawValue: 1)),
            win32HResult: 0, appName: "", replacementStrings: [], miscData: [])
        return EventBatch(deviceID: id, events: [event])
    }

    @Test(arguments: [(0, false), (1, true)])
    func `a queue holds as many batches as its limit and refuses the next`(limit: Int, isTaken: Bool) async throws {
        let test = try await TestEngine()
        _ = try await test.engine.store.register(try #require(deviceID), facts: DeviceFacts(dnsName: "pc"), at: test.clock.now)
        let queue = ReportQueue(store: test.engine.store, limit: limit, clock: { test.clock.now })
        do {
            let devices = try await queue.submit(try batch(1))
            #expect(isTaken && devices.count == 1)
        } catch is ReportQueue.Full {
            #expect(!isTaken)
        }
    }

    @Test func `every batch that was answered is stored, however many come at once`() async throws {
        let test = try await TestEngine()
        _ = try await test.engine.store.register(try #require(deviceID), facts: DeviceFacts(dnsName: "pc"), at: test.clock.now)
        let queue = ReportQueue(store: test.engine.store, clock: { test.clock.now })
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...200 {
                let batch = try batch(UInt64(number))
                group.addTask { _ = try await queue.submit(batch) }
            }
            try await group.waitForAll()
        }
        await queue.finish()
        #expect(try await test.engine.store.events(of: try #require(deviceID), limit: 1000).count == 200)
    }
}
