import Foundation
import Storage
import TestSupport
import Testing
import UpdateCatalog
import UpdateProtocols
import Updates

@testable import UpdateEngine

/// What becomes of a device whose id is used in ways real fleets and thieves use it (ADR 0013).
struct IdentityTests {
    /// A device that has registered, scanned and reported, and a second caller with its id and facts but not its cookie.
    struct Scene {
        let test: TestEngine
        var device: TestDevice
        var other: TestDevice

        var engine: UpdateEngine { test.engine }
        var details: DeviceDetails { get async throws { try await engine.deviceDetails(device.id) } }

        func history(_ field: DeviceChange.Field) async throws -> [DeviceDetails.ChangeSummary] {
            try await details.history.filter { $0.field == field }
        }
    }

    static func scene(_ targeting: Targeting = .server) async throws -> Scene {
        let test = try await TestEngine(targeting: targeting)
        try await test.importing(DocumentText(.numbered(2)), DocumentText(.numbered(3)))
        for name in ["Lab", "Office"] { _ = try await test.engine.createGroup(name: name, parent: nil) }
        var device = TestDevice(test)
        device.groups = targeting == .client ? "Lab" : nil
        try await device.arrive()
        _ = try await device.scan()
        try await device.report(needed: [.numbered(2)])
        var other = device
        (other.cookie, other.address) = (nil, "198.51.100.9")
        test.clock.advance(seconds: 600)
        return Scene(test: test, device: device, other: other)
    }

    struct Scenario: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var targeting = Targeting.server
        var disputes: [String] = []
        /// Name, build, model and groups held in the end.
        var held = ["desk-1.example.test", "10.0.26100", "Desk 4", "Unassigned Computers"]
        let play: @Sendable (inout Scene) async throws -> Void

        init(
            _ name: String, targeting: Targeting = .server, disputes: [String] = [], held: [String]? = nil,
            _ play: @escaping @Sendable (inout Scene) async throws -> Void
        ) {
            testDescription = name
            self.targeting = targeting
            self.disputes = disputes
            self.held = held ?? ["desk-1.example.test", "10.0.26100", "Desk 4", targeting == .client ? "Lab" : "Unassigned Computers"]
            self.play = play
        }
    }

    static let scenarios = [
        Scenario("a laptop that roams between three networks") { scene in
            for address in ["203.0.113.1", "192.0.2.1", "198.51.100.2", "203.0.113.1", "192.0.2.1"] {
                scene.device.address = address
                scene.test.clock.advance(seconds: 80_000)
                _ = try await scene.device.check()
                try await scene.device.report(needed: [.numbered(2)])
            }
        },
        Scenario("two devices behind one address") { scene in
            scene.other.id = "another"
            scene.other.facts.dnsName = "desk-2.example.test"
            scene.other.address = scene.device.address
            try await scene.other.arrive()
            for _ in 0..<3 {
                _ = try await scene.device.check()
                _ = try await scene.other.check()
            }
        },
        Scenario("an agent that lost its cookie and takes another IPv6 address each day, its reports behind its scans") { scene in
            scene.device.address = "2001:db8:1:2::a"
            _ = try await scene.device.check()
            var behind = scene.device
            (scene.device.cookie, scene.device.address) = (nil, "2001:db8:1:2::b")
            _ = try await scene.device.check()
            try behind.begin()
            try await behind.report(needed: [.numbered(2)])
        },
        Scenario("an agent that lost its cookie and comes by IPv4 and IPv6, its reports behind its scans") { scene in
            var behind = scene.device
            (scene.device.cookie, scene.device.address) = (nil, "2001:db8:1:2::b")
            _ = try await scene.device.check()
            try behind.begin()
            try await behind.report(needed: [.numbered(2)])
        },
        Scenario("a thief in another IPv6 network who takes turns", disputes: ["two places at once"]) { scene in
            scene.device.address = "2001:db8:1:2::a"
            _ = try await scene.device.check()
            scene.other.address = "2001:db8:1:3::a"
            _ = try await scene.other.check()
            _ = try await scene.device.check()
        },
        Scenario("a thief who comes by IPv6 and takes turns", disputes: ["two places at once"]) { scene in
            scene.other.address = "2001:db8:1:3::a"
            for _ in 0..<3 {
                _ = try await scene.other.check()
                _ = try await scene.device.check()
            }
        },
        Scenario("an agent that lost its cookie") { scene in
            scene.device.cookie = nil
            _ = try await scene.device.check()
            for _ in 0..<3 {
                scene.test.clock.advance(seconds: 80_000)
                _ = try await scene.device.check()
            }
        },
        Scenario("an agent whose reports lag behind its scans after it lost its cookie") { scene in
            var behind = scene.device
            scene.device.cookie = nil
            _ = try await scene.device.check()
            try behind.begin()
            try await behind.report(needed: [.numbered(2)])
            _ = try await scene.device.check()
        },
        Scenario("a system that was upgraded", held: ["desk-1.example.test", "10.0.26200", "Desk 4", "Unassigned Computers"]) { scene in
            scene.device.facts.osBuildNumber = 26200
            _ = try await scene.device.check()
            try await scene.device.register()
        },
        Scenario("a system that was downgraded", disputes: ["an older operating system"]) { scene in
            scene.device.facts.osBuildNumber = 22631
            try await scene.device.arrive()
        },
        Scenario("a machine that was renamed", disputes: ["another name"]) { scene in
            scene.device.facts.dnsName = "renamed.example.test"
            try await scene.device.arrive()
        },
        Scenario(
            "a machine that was renamed, targeting by the client", targeting: .client, held: ["renamed.example.test", "10.0.26100", "Desk 4", "Lab"]
        ) { scene in
            scene.device.facts.dnsName = "renamed.example.test"
            try await scene.device.arrive()
        },
        Scenario("other hardware under the same id", disputes: ["other hardware"]) { scene in
            scene.device.cookie = nil
            scene.device.facts.model = "Desk 9"
            try await scene.device.arrive()
        },
        Scenario("a clone of the image, with the same id", disputes: ["another name", "two places at once"]) { scene in
            scene.other.facts.dnsName = "desk-2.example.test"
            try await scene.other.arrive()
            _ = try await scene.other.check()
            _ = try await scene.device.check()
        },
        Scenario(
            "a clone of the image with the same cookie, targeting by the client", targeting: .client, disputes: ["another name"],
            held: ["desk-2.example.test", "10.0.26100", "Desk 4", "Lab"]
        ) { scene in
            scene.other.facts.dnsName = "desk-2.example.test"
            scene.other.cookie = scene.device.cookie
            try await scene.other.arrive()
            try await scene.device.arrive()
        },
        Scenario("a thief who says the same and takes turns", disputes: ["two places at once"]) { scene in
            try await scene.other.arrive()
            _ = try await scene.other.scan()
            _ = try await scene.device.check()
        },
        Scenario("a thief behind the same address who takes turns", disputes: ["two places at once"]) { scene in
            scene.other.address = scene.device.address
            try await scene.other.arrive()
            for _ in 0..<3 {
                _ = try await scene.device.check()
                _ = try await scene.other.check()
            }
        },
        Scenario("a thief who reports by turns with the device", disputes: ["two places at once"]) { scene in
            try scene.other.begin()
            try await scene.other.report(installed: [.numbered(2), .numbered(3)])
            try scene.device.begin()
            try await scene.device.report(needed: [.numbered(2)])
        },
        Scenario("a thief who asks for another group", targeting: .client, disputes: ["other groups"]) { scene in
            scene.other.groups = "Office"
            try await scene.other.arrive()
            _ = try await scene.other.scan()
        },
        Scenario("a thief who scans first, and then asks for another group", targeting: .client, disputes: ["other groups"]) { scene in
            try await scene.other.arrive()
            _ = try await scene.other.scan()
            await scene.engine.arrivals.writeSightings()
            scene.other.groups = "Office"
            try await scene.other.arrive()
        },
        Scenario("a thief who asks for another group, targeting by the server") { scene in
            scene.other.groups = "Office"
            try await scene.other.arrive()
            _ = try await scene.other.scan()
        },
        Scenario("a policy that names another group", targeting: .client, held: ["desk-1.example.test", "10.0.26100", "Desk 4", "Office"]) { scene in
            scene.device.groups = " office ;"
            _ = try await scene.device.check()
        },
        Scenario(
            "a policy that names no group any more", targeting: .client,
            held: ["desk-1.example.test", "10.0.26100", "Desk 4", "Unassigned Computers"]
        ) { scene in
            scene.device.groups = nil
            _ = try await scene.device.check()
        },
        Scenario("a status that contradicts itself", disputes: ["a contradictory report"]) { scene in
            try scene.device.begin()
            try await scene.device.report(needed: [.numbered(2), .numbered(3)], installed: [.numbered(3)])
        },
    ]

    @Test(arguments: scenarios)
    func `what is done under an id has its outcome`(scenario: Scenario) async throws {
        var scene = try await Self.scene(scenario.targeting)
        try await scenario.play(&scene)
        await scene.engine.arrivals.writeSightings()
        let details = try await scene.details
        let summary = details.summary
        #expect(summary.disputes == scenario.disputes)
        #expect(summary.isDisputed == !scenario.disputes.isEmpty)
        #expect([details.facts?.dnsName, summary.osVersion, details.facts?.model, summary.groups.joined(separator: ",")] == scenario.held)
        #expect(summary.basis == "self-reported")
        // A disputed device counts nowhere, whatever was reported under its id.
        let update = try await scene.engine.update(UpdateID.numbered(2).description)
        #expect(update.status.disputed == (summary.isDisputed ? 1 : 0))
        #expect(update.status.needed == (summary.isDisputed ? 0 : 1))
        #expect(update.status.installed == 0)
        #expect(try await scene.engine.devices(DeviceFilter(isDisputed: true)).count == (summary.isDisputed ? 1 : 0))
        if summary.isDisputed {
            #expect(summary.status.needed + summary.status.installed + summary.status.failed + summary.status.notApplicable == 0)
            #expect(details.updates.isEmpty)
            #expect(details.disputedSince != nil)
            #expect(!details.history.filter { $0.outcome == .disputed }.isEmpty)
        }
    }

    @Test func `every change has its old value, its new value, its address and its time`() async throws {
        var scene = try await Self.scene()
        scene.device.facts.osBuildNumber = 26200
        scene.device.address = "203.0.113.7"
        try await scene.device.arrive()
        let change = try #require(try await scene.details.history.first)
        #expect(change.field == .osVersion)
        #expect([change.old, change.new, change.address] == ["10.0.26100", "10.0.26200", "203.0.113.7"])
        #expect(change.outcome == .taken)
        #expect(change.time == scene.test.clock.now)
    }

    @Test func `a claim is shown and waits; accepted it holds, and what was reported before is dropped`() async throws {
        var scene = try await Self.scene()
        scene.device.facts.dnsName = "renamed.example.test"
        try await scene.device.arrive()
        var details = try await scene.details
        #expect(details.claim?.facts.dnsName == "renamed.example.test")
        #expect(details.claim?.address == scene.device.address)
        #expect(details.heldApart.map(\.state) == ["needed"])
        // While it is disputed, what it reports is stored and marked and changes no state.
        try await scene.device.report([
            try scene.device.event(.installationSucceeded, update: .numbered(2), text: ["done"]),
            try scene.device.event(.clientStatus, misc: ["V=\(UpdateID.numbered(2).description)"]),
        ])
        details = try await scene.details
        #expect(details.events.map(\.disputedFrom) == [scene.device.address])
        #expect(details.heldApart.map(\.state) == ["needed"])
        #expect(try await scene.engine.resolveDevices([scene.device.id], accepting: true).changed == [scene.device.id])
        details = try await scene.details
        #expect(details.facts?.dnsName == "renamed.example.test")
        #expect(!details.summary.isDisputed)
        #expect(details.claim == nil)
        #expect(details.updates.isEmpty && details.heldApart.isEmpty)
        #expect(details.summary.lastReported == nil)
        #expect(details.history.prefix(2).map(\.outcome) == [.accepted, .accepted])
        scene.test.clock.advance(seconds: 60)
        try await scene.device.report(installed: [.numbered(2)])
        #expect(try await scene.details.updates.map(\.state) == ["installed"])
        #expect(try await scene.engine.update(UpdateID.numbered(2).description).status.installed == 1)
    }

    @Test func `a claim that is rejected changes nothing, and a second caller that goes on is disputed again`() async throws {
        var scene = try await Self.scene()
        scene.other.facts.dnsName = "desk-2.example.test"
        try await scene.other.arrive()
        #expect(try await scene.engine.resolveDevices(["desk-1.example.test"], accepting: false).refused.isEmpty)
        #expect(try await scene.details.facts?.dnsName == "desk-1.example.test")
        #expect(try await scene.details.summary.isDisputed == false)
        #expect(try await scene.engine.resolveDevices([scene.device.id], accepting: false).refused.count == 1)
        try await scene.device.register()
        #expect(try await scene.details.summary.isDisputed == false)
        try await scene.other.register()
        #expect(try await scene.details.summary.disputes == ["another name"])
    }

    @Test func `a decision about two places holds until both go on again`() async throws {
        var scene = try await Self.scene()
        try await scene.other.arrive()
        _ = try await scene.device.check()
        #expect(try await scene.engine.resolveDevices([scene.device.id], accepting: false).changed.count == 1)
        for _ in 0..<3 { _ = try await scene.device.check() }
        #expect(try await scene.details.summary.isDisputed == false)
        _ = try await scene.other.check()
        _ = try await scene.device.check()
        await scene.engine.arrivals.writeSightings()
        #expect(try await scene.details.summary.disputes == ["two places at once"])
    }

    @Test func `after a rejected claim the claimant is a stranger still, though it speaks first`() async throws {
        var scene = try await Self.scene(.client)
        scene.other.groups = "Office"
        try await scene.other.arrive()
        #expect(try await scene.engine.resolveDevices([scene.device.id], accepting: false).changed.count == 1)
        try await scene.other.register()
        var details = try await scene.details
        #expect(details.summary.disputes == ["other groups"])
        #expect(details.summary.groups == ["Lab"])
        #expect(try await scene.engine.resolveDevices([scene.device.id], accepting: false).changed.count == 1)
        (scene.other.groups, scene.other.facts.dnsName) = ("Lab", "renamed.example.test")
        try await scene.other.arrive()
        details = try await scene.details
        #expect(details.summary.disputes == ["another name"])
        #expect(details.facts?.dnsName == "desk-1.example.test")
    }

    @Test func `a disputed device still gets its updates, by the groups that are held`() async throws {
        var scene = try await Self.scene(.client)
        scene.other.groups = "Office"
        try await scene.other.arrive()
        #expect(try await scene.details.summary.isDisputed)
        #expect(try await scene.device.check().newUpdates.count == 2)
        #expect(try await scene.other.check().newUpdates.count == 2)
        #expect(try await scene.details.summary.groups == ["Lab"])
        _ = try await scene.engine.resolveDevices([scene.device.id], accepting: true)
        #expect(try await scene.details.summary.groups == ["Office"])
    }

    @Test func `a line of sessions is the device's own after three days without another`() async throws {
        var scene = try await Self.scene(.client)
        scene.device.cookie = nil
        _ = try await scene.device.check()
        await scene.engine.arrivals.writeSightings()
        for _ in 0..<4 {
            scene.test.clock.advance(seconds: 72_000)
            _ = try await scene.device.check()
            await scene.engine.arrivals.writeSightings()
        }
        scene.device.groups = "Office"
        _ = try await scene.device.check()
        #expect(try await scene.details.summary.disputes.isEmpty)
        #expect(try await scene.details.summary.groups == ["Office"])
        #expect(try await scene.history(.session).count == 1)
    }

    @Test func `a device's history is bounded, and anew-begun sessions push out no more than their share`() async throws {
        var scene = try await Self.scene()
        for number in 1...120 {
            scene.device.facts.osBuildNumber = 26100 + Int32(number)
            try await scene.device.arrive()
        }
        for _ in 0..<30 {
            scene.device.cookie = nil
            try scene.device.begin()
            _ = try await scene.device.scan()
            await scene.engine.arrivals.writeSightings()
        }
        #expect(try await scene.details.history.count == 100)
        #expect(try await scene.history(.session).count == 20)
        #expect(try await scene.history(.osVersion).first?.new == "10.0.26220")
    }

    // MARK: - Targeting

    @Test func `with client-side targeting a new device is in the groups it names, whatever their case, and unknown ones are shown`() async throws {
        let scene = try await Self.scene(.client)
        var device = scene.other
        device.id = "another"
        device.groups = "lab; Nowhere;OFFICE;;lab"
        try await device.arrive()
        let summary = try await scene.engine.deviceDetails("another").summary
        #expect(summary.groups == ["Lab", "Office"])
        #expect(summary.requestedGroups == ["lab", "Nowhere", "OFFICE"])
        #expect(summary.unknownGroups == ["Nowhere"])
        device.id = "third"
        device.groups = "Nowhere"
        try await device.arrive()
        #expect(try await scene.engine.deviceDetails("third").summary.groups == ["Unassigned Computers"])
        #expect(
            try await scene.engine.devices(DeviceFilter(asksForUnknown: true)).map(\.id?.text).sorted { $0 ?? "" < $1 ?? "" } == ["another", "third"])
        _ = try await scene.engine.createGroup(name: "nowhere", parent: nil)
        #expect(try await scene.engine.deviceDetails("third").summary.groups == ["nowhere"])
        #expect(try await scene.engine.deviceDetails("another").summary.groups == ["Lab", "Office", "nowhere"])
    }

    @Test func `with server-side targeting what a device asks for is shown and changes nothing`() async throws {
        var scene = try await Self.scene()
        scene.device.groups = "Lab;Nowhere"
        _ = try await scene.device.check()
        let summary = try await scene.details.summary
        #expect(summary.groups == ["Unassigned Computers"])
        #expect(summary.requestedGroups == ["Lab", "Nowhere"])
        #expect(summary.unknownGroups == ["Nowhere"])
        #expect(try await scene.history(.requestedGroups).map(\.new) == ["Lab;Nowhere"])
    }

    @Test(arguments: Targeting.allCases)
    func `another spelling of the same groups sends no device to register for ever`(targeting: Targeting) async throws {
        var scene = try await Self.scene(targeting)
        for groups in ["B\u{fc}ro;Lab", "LAB;bu\u{308}ro", "B\u{fc}ro;Bu\u{308}ro;lab", nil, ";", "\u{130}zmir", "I\u{307}ZM\u{130}R"] {
            scene.device.groups = groups
            // Throws where registering did not settle it.
            _ = try await scene.device.check()
        }
        #expect(try await scene.details.summary.disputes.isEmpty)
    }

    @Test func `an administrator does not move a device that asks for its groups itself`() async throws {
        let scene = try await Self.scene(.client)
        #expect(try await scene.engine.assign([DeviceAssignment(device: scene.device.id, group: "Office")]).refused.count == 1)
        var silent = scene.other
        (silent.id, silent.groups, silent.facts.dnsName) = ("silent", nil, "desk-7.example.test")
        try await silent.arrive()
        #expect(try await scene.engine.assign([DeviceAssignment(device: "desk-7.example.test", group: "Office")]).refused.isEmpty)
        _ = try await silent.check()
        #expect(try await scene.engine.deviceDetails("silent").summary.groups == ["Office"])
    }

    @Test func `what a device asks for survives a start, and it need not register again`() async throws {
        var scene = try await Self.scene(.client)
        let again = try await scene.test.reopened()
        scene.device.engine = again
        try scene.device.begin()
        _ = try again.scan(try again.open(scene.device.cookie), .software)
        #expect(try await again.deviceDetails(scene.device.id).summary.groups == ["Lab"])
        try await again.close()
    }

    // MARK: - Writing

    @Test func `a device that says the same again writes nothing, and is seen all the same`() async throws {
        let scene = try await Self.scene()
        let before = try await scene.engine.store.device(try #require(DeviceID(scene.device.id)))
        scene.test.clock.advance(seconds: 599)
        try await scene.engine.store.close()
        // The store is closed: whatever wanted to write would fail.
        try await scene.device.register()
        #expect(before?.lastSeen != nil)
        #expect(scene.engine.presence.lastSeen(try #require(DeviceID(scene.device.id))) == scene.test.clock.now)
    }

    @Test func `when a device that only scans was last seen is shown, and is there after a start`() async throws {
        var scene = try await Self.scene()
        scene.test.clock.advance(seconds: 7200)
        _ = try await scene.device.check()
        let seen = scene.test.clock.now
        #expect(try await scene.details.summary.lastSeen == seen)
        let again = try await scene.test.reopened()
        #expect(try await again.deviceDetails(scene.device.id).summary.lastSeen == seen)
        try await again.close()
    }
}

extension SyncUpdates.Request {
    fileprivate static let software = SyncUpdates.Request(
        installedNonLeaf: [], otherCached: [], cachedDrivers: [], skipSoftwareSync: false, filterCategories: nil,
        needsTwoGroupsOutOfScope: true)
}
