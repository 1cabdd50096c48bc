import Foundation
import Storage
import TestSupport
import Testing
import UpdateCatalog
import UpdateProtocols
import Updates

@testable import UpdateEngine

/// Devices that are forgotten, and what is published late of them and of others.
struct ForgettingTests {
    @Test func `devices that were not seen since a day are listed, then forgotten, and those seen on it or only named stay`() async throws {
        var scene = try await IdentityTests.scene()
        let old = scene.device.id
        scene.device.id = "second"
        try await scene.device.arrive()
        let time = scene.test.clock.now
        scene.test.clock.advance(seconds: 1)
        scene.device.id = "third"
        try await scene.device.arrive()
        _ = try await scene.engine.assign([DeviceAssignment(device: "0f0f0f0f-0000-1111-2222-333333333333", group: "Lab")])
        await #expect(throws: EngineError.self) {
            try await scene.engine.forgetDevices(notSeenSince: scene.test.clock.now.adding(milliseconds: 1), isDryRun: true)
        }
        #expect(try await scene.engine.forgetDevices(notSeenSince: time, isDryRun: true).changed == [old])
        #expect(try await scene.engine.devices(inGroup: nil).count == 4)
        #expect(try await scene.engine.forgetDevices(notSeenSince: time, isDryRun: false).changed == [old])
        let left = try await scene.engine.devices(inGroup: nil).compactMap(\.id?.text).sorted()
        #expect(left == ["0f0f0f0f-0000-1111-2222-333333333333", "second", "third"])
        #expect(try await scene.engine.forgetDevices(notSeenSince: time, isDryRun: false).changed.isEmpty)
        try scene.other.begin()
        let session = try scene.engine.open(scene.other.cookie)
        #expect(throws: SOAPFault(.registrationRequired)) { _ = try scene.engine.registered(session) }
    }

    @Test func `more devices than one transaction takes are forgotten at once`() async throws {
        let test = try await TestEngine()
        for number in 1...1001 {
            _ = try await test.engine.store.register(StoreFixture.device(number), facts: DeviceFacts(dnsName: "pc"), at: test.clock.now)
        }
        test.clock.advance(seconds: 60)
        #expect(try await test.engine.forgetDevices(notSeenSince: test.clock.now, isDryRun: false).changed.count == 1001)
        #expect(try await test.engine.store.devices().isEmpty)
    }

    @Test func `a device that registers while it is forgotten is known in memory just where it is on disk`() async throws {
        let scene = try await IdentityTests.scene()
        let (engine, id) = (scene.engine, try #require(DeviceID(scene.device.id)))
        for round in 0..<40 {
            var device = scene.device
            device.facts.osBuildNumber = 26_100 + Int32(round)
            try device.begin()
            try await device.register()
            let next = device
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    var next = next
                    next.facts.osBuildNumber += 1
                    try await next.register()
                }
                group.addTask { _ = try await engine.forget([id.text]) }
                try await group.waitForAll()
            }
            #expect(try await engine.store.device(id) == nil ? engine.device(id) == nil : engine.device(id)?.isRegistered == true)
        }
    }

    // MARK: - Late publishing

    @Test func `a registration that is published after an assignment keeps the new groups and brings its own news`() async throws {
        let scene = try await IdentityTests.scene()
        let id = try #require(DeviceID(scene.device.id))
        let lab = try #require(try await scene.engine.store.groups().first { $0.name == "Lab" }?.id)
        var late = scene.device
        (late.cookie, late.facts.model, late.groups) = (nil, "Desk 9", "Office")
        try await late.arrive()
        let registered = try #require(try await scene.engine.store.device(id))
        scene.engine.publish { state in
            state.devices[id]?.isDisputed = false
            state.devices[id]?.groups = [lab]
            state.devices[id]?.groupsGeneration = registered.groupsGeneration.next
        }
        scene.engine.publish([registered])
        #expect(scene.engine.device(id)?.isDisputed == true)
        #expect(scene.engine.device(id)?.groups == [lab])
        #expect(scene.engine.device(id)?.groupsGeneration == registered.groupsGeneration.next)
    }

    @Test func `an assignment that is published after a registration changes the groups alone`() async throws {
        let scene = try await IdentityTests.scene()
        let id = try #require(DeviceID(scene.device.id))
        let before = try #require(try await scene.engine.store.device(id))
        scene.engine.publish { state in
            state.devices[id]?.isDisputed = true
            state.updateGroups([before])
        }
        #expect(scene.engine.device(id)?.isDisputed == true)
    }

    @Test func `a late publish does not bring a forgotten device back, registering does`() async throws {
        let scene = try await IdentityTests.scene()
        let id = try #require(DeviceID(scene.device.id))
        let late = try #require(try await scene.engine.store.device(id))
        _ = try await scene.engine.forget([scene.device.id])
        scene.engine.publish([late])
        #expect(scene.engine.device(id) == nil)
        try await scene.device.register()
        #expect(scene.engine.device(id)?.isRegistered == true)
    }
}
