import Foundation
import TestSupport
import Testing
import TrustedTransport
import Updates

@testable import UpdateEngine

/// What `--json` prints, against the schemas of docs/cli-json.md.
struct CommandJSONTests {
    private func problems(_ value: some Encodable, _ schema: String, _ schemas: [String: JSONSchema]) throws -> [String] {
        try #require(schemas[schema], "no schema \(schema)").problems(printing: value)
    }

    @Test func `every command prints what its schema says`() async throws {
        let schemas = try JSONSchema.documented()
        let test = try await TestEngine()
        let engine = test.engine
        let samples = Evidence.packageRoot.appending(path: "Samples").path(percentEncoded: false)
        let report = try await engine.importUpdates(paths: [samples], source: "sample") { _ in }
        #expect(report.imported.count >= 60)
        #expect(try problems(report, "imported", schemas) == [])
        let everything = try await engine.updates(UpdateFilter(includesEverything: true))
        #expect(try problems(everything, "updates", schemas) == [])
        for update in everything { #expect(try problems(try await engine.update(update.id.description), "update", schemas) == []) }
        let group = try await engine.createGroup(name: "Lab", parent: nil)
        #expect(try problems(group, "group", schemas) == [])
        #expect(try problems(try await engine.groups(), "groups", schemas) == [])
        let change = try await engine.apply(
            .approve(groups: ["Lab"], action: .install, deadline: Timestamp("2027-01-31T18:00:00Z")),
            to: .filter(UpdateFilter(classification: "Security")), isDryRun: false)
        #expect(!change.changed.isEmpty)
        #expect(try problems(change, "updateChange", schemas) == [])
        let approved = try #require(change.changed.first)
        #expect(try problems(try await engine.update(approved.id.description), "update", schemas) == [])
        let device = UpdateID.numbered(77).description
        let assigned = try await engine.assign([
            DeviceAssignment(device: device, group: "Lab"), DeviceAssignment(device: "PC-9", group: "Lab"),
            DeviceAssignment(device: "PC-8", group: "Nowhere"),
        ])
        #expect(assigned.refused.count == 1)
        #expect(try problems(assigned, "deviceChange", schemas) == [])
        #expect(try problems(try await engine.devices(inGroup: nil), "devices", schemas) == [])
        #expect(try problems(try await engine.deviceDetails(device), "device", schemas) == [])
        var disputed = TestDevice(test)
        disputed.groups = "Nowhere"
        try await disputed.arrive()
        try await disputed.report(needed: [approved.id])
        (disputed.facts.dnsName, disputed.groups) = ("renamed.example.test", "Elsewhere")
        try await disputed.arrive()
        try await disputed.report([try disputed.event(.downloadStarted, update: approved.id)])
        let details = try await engine.deviceDetails(disputed.id)
        #expect(details.claim != nil && !details.history.isEmpty && !details.heldApart.isEmpty && details.events.contains { $0.disputedFrom != nil })
        #expect(try problems(details, "device", schemas) == [])
        #expect(try problems(try await engine.devices(DeviceFilter(isDisputed: true)), "devices", schemas) == [])
        #expect(try problems(try await engine.update(approved.id.description), "update", schemas) == [])
        #expect(try problems(try await engine.resolveDevices([disputed.id], accepting: true), "deviceChange", schemas) == [])
        engine.note(PlainCaller(address: "192.0.2.9", agent: "Agent", proxies: ProxyClaims(via: "1.1 proxy"), path: "/"))
        let insecure = try await engine.insecure(days: 1)
        #expect(insecure.callers.count == 1 && !insecure.devices.isEmpty)
        #expect(try problems(insecure, "insecure", schemas) == [])
        #expect(try problems(try await engine.verifyFiles(deep: true) { _ in }, "files", schemas) == [])
        let pinned = try await engine.perform(.beginPins)
        guard case .pins(let pins, _) = pinned else { throw EngineError(.failed, "\(pinned)") }
        _ = try await engine.perform(.publishPins(pins.map(\.sha256.description), time: nil))
        guard case .status(let status) = try await engine.perform(.status) else { throw EngineError(.failed, "no status") }
        #expect(try problems(status, "certificates", schemas) == [])
        test.clock.advance(seconds: 368 * 86_400)
        let renewal = CertificateCommand.renew(RenewalOptions(), issued: [], CertificateConsent(isDryRun: true))
        guard case .changed(let renewed) = try await engine.perform(renewal) else { throw EngineError(.failed, "no change") }
        #expect(!renewed.devicesNotSeen.isEmpty && renewed.shown != nil)
        #expect(try problems(renewed, "certificateChange", schemas) == [])
        try await engine.close()
        let backup = test.folder.path + "/backup"
        let written = try await test.home.backUp(to: backup, BackupOptions(), at: .now, log: TestEngine.log) { _ in }
        #expect(try problems(written, "backup", schemas) == [])
        let restored = try await Home(path: test.folder.path + "/restored")
            .restore(try OpenBackup(path: backup), passphrase: nil, log: TestEngine.log) { _ in }
        #expect(try problems(restored, "restored", schemas) == [])
    }

    @Test func `a schema that does not fit says where`() throws {
        let schema = try JSONSchema(#"{"type": "object", "required": ["a"], "properties": {"a": {"type": "array", "items": {"type": "integer"}}}}"#)
        #expect(try schema.problems(in: Data(#"{"a": [1, "2"], "b": 3}"#.utf8)).sorted() == ["$.a[1] is no integer", "$.b is not in the schema"])
        #expect(try schema.problems(in: Data("{}".utf8)) == ["$.a is missing"])
    }
}
