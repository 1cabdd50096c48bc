import Foundation
import Storage
import TestSupport
import Testing
import UpdateCatalog
import UpdateProtocols
import Updates

@testable import UpdateEngine

/// Whoever knows many ids can dispute many devices: slowly, and settled in one step (ADR 0013).
struct ManyDisputesTests {
    @Test func `a dispute says from which network the second caller came, whoever of the two showed it`() async throws {
        for isShownByOther in [false, true] {
            var scene = try await IdentityTests.scene()
            scene.other.address = "198.51.100.9"
            _ = try await scene.other.check()
            _ = try await scene.device.check()
            if isShownByOther {
                // After a decision the second line is known, and its return is what shows it.
                #expect(try await scene.engine.resolveDevices([scene.device.id], accepting: false).changed.count == 1)
                _ = try await scene.other.check()
                _ = try await scene.device.check()
                _ = try await scene.other.check()
            }
            await scene.engine.arrivals.writeSightings()
            #expect(try await scene.details.summary.disputeNetwork == "198.51.100.9")
        }
        var scene = try await IdentityTests.scene(.client)
        (scene.other.groups, scene.other.address) = ("Office", "2001:db8:7:7::9")
        try await scene.other.arrive()
        #expect(try await scene.details.summary.disputeNetwork == "2001:db8:7:7::/64")
    }

    @Test func `a second line that showed before a start is the second after it`() async throws {
        var scene = try await IdentityTests.scene()
        _ = try await scene.other.check()
        await scene.engine.arrivals.writeSightings()
        let again = try await scene.test.reopened()
        (scene.device.engine, scene.other.engine) = (again, again)
        _ = try await scene.device.check()
        _ = try await scene.other.check()
        await again.arrivals.writeSightings()
        #expect(try await again.deviceDetails(scene.device.id).summary.disputeNetwork == "198.51.100.9")
        try await again.close()
    }

    @Test func `all that one network disputes is rejected at once, and nothing else`() async throws {
        var scene = try await IdentityTests.scene(.client)
        for (id, address) in [("one", "2001:db8:7:7::1"), ("two", "2001:db8:7:7::2"), ("three", "203.0.113.3")] {
            (scene.device.id, scene.device.cookie, scene.device.groups) = (id, nil, "Lab")
            try await scene.device.arrive()
            var thief = scene.device
            (thief.cookie, thief.groups, thief.address) = (nil, "Office", address)
            try await thief.arrive()
        }
        await #expect(throws: EngineError.self) { try await scene.engine.rejectDevices(from: "203.0.113.4") }
        let listed = try await scene.engine.devices(DeviceFilter(isDisputed: true)).map(\.disputeNetwork).sorted { $0 ?? "" < $1 ?? "" }
        #expect(listed == ["2001:db8:7:7::/64", "2001:db8:7:7::/64", "203.0.113.3"])
        #expect(try await scene.engine.rejectDevices(from: "2001:db8:7:7::9").changed.sorted() == ["one", "two"])
        #expect(try await scene.engine.devices(DeviceFilter(isDisputed: true)).map(\.id?.text) == ["three"])
        #expect(try await scene.engine.deviceDetails("one").summary.groups == ["Lab"])
        await #expect(throws: EngineError.self) { try await scene.engine.rejectDevices(from: "2001:db8:7:7::/64") }
        #expect(try await scene.engine.rejectDevices(from: "203.0.113.3").changed == ["three"])
    }

    @Test func `from one network so many known devices begin anew, who shows a cookie and who is new are not counted`() async throws {
        var scene = try await IdentityTests.scene()
        scene.other.address = "2001:db8:7:7::9"
        for number in 0..<100 {
            (scene.other.cookie, scene.other.address) = (nil, "2001:db8:7:7::\(number)")
            try scene.other.begin()
        }
        try scene.other.begin()
        scene.other.cookie = nil
        #expect(throws: SOAPFault(.serverBusy)) { try scene.other.begin() }
        var new = scene.other
        new.id = "another"
        try await new.arrive()
        scene.device.address = "2001:db8:7:8::9"
        scene.device.cookie = nil
        try scene.device.begin()
        scene.test.clock.advance(seconds: 5)
        try scene.other.begin()
    }

    @Test func `how many may begin anew is a setting`() async throws {
        var scene = try await IdentityTests.scene()
        try Data(#"{"hosts": ["server.example.test"], "newLinesPerAddress": 2}"#.utf8).write(to: URL(filePath: scene.test.home.configurationFile))
        let again = try await scene.test.reopened()
        scene.other.engine = again
        for _ in 0..<2 {
            scene.other.cookie = nil
            try scene.other.begin()
        }
        scene.other.cookie = nil
        #expect(throws: SOAPFault(.serverBusy)) { try scene.other.begin() }
        scene.test.clock.advance(seconds: 249)
        #expect(throws: SOAPFault(.serverBusy)) { try scene.other.begin() }
        scene.test.clock.advance(seconds: 1)
        try scene.other.begin()
        try await again.close()
    }

    @Test func `where a restore made every device begin anew, none is put off`() async throws {
        var scene = try await IdentityTests.scene()
        let id = try #require(DeviceID(scene.device.id))
        scene.engine.publish { state in
            state.devices[id]?.lineage = nil
            state.devices[id]?.ownLineage = nil
        }
        for _ in 0..<101 {
            scene.device.cookie = nil
            try scene.device.begin()
        }
    }
}
