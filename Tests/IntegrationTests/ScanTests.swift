import Foundation
import Logging
import TestSupport
import Testing
import TrustedTransport
import UpdateAgent
import UpdateEngine
import UpdateServer
import Updates

/// A whole server on loopback, over TLS, and a device of ours against it.
struct ScanTests {
    /// A server with the sample catalogue, and what a device needs to know of it.
    final class Site: Sendable {
        let folder: TemporaryFolder
        let home: Home
        let engine: UpdateEngine
        let listener: DeviceListener

        init() async throws {
            folder = try TemporaryFolder()
            home = Home(path: folder.path + "/home")
            try await UpdateEngine.create(home, hosts: ["localhost", "127.0.0.1"], at: .now, log: KillTests.log)
            engine = try await UpdateEngine.open(home, log: KillTests.log)
            let samples = Evidence.packageRoot.appending(path: "Samples").path(percentEncoded: false)
            _ = try await engine.importUpdates(paths: [samples], source: "sample") { _ in }
            listener = try await DeviceListener.start(
                engine: engine, files: engine.files, identity: try engine.loadIdentity(), address: "127.0.0.1", port: 0, publicPort: nil,
                log: KillTests.log)
        }

        func scan(_ device: String = "device", _ options: ScanOptions) async throws -> ScanResult {
            let agent = try UpdateAgent(
                server: "https://127.0.0.1:\(listener.port)", caFile: home.caFile, stateFolder: folder.path + "/" + device)
            do {
                let result = try await agent.scan(options)
                await agent.shutdown()
                return result
            } catch {
                await agent.shutdown()
                throw error
            }
        }

        func end() async throws {
            await listener.shutdown()
            try await engine.close()
        }

        /// Another engine on the same home; the first is closed and answers no more.
        func reopened() async throws -> UpdateEngine {
            try await end()
            return try await UpdateEngine.open(home, log: KillTests.log)
        }

        /// One scan of a server that runs for as long, on the port of the first.
        func scan(_ device: String = "device", of engine: UpdateEngine, _ options: ScanOptions = ScanOptions()) async throws -> ScanResult {
            let listener = try await DeviceListener.start(
                engine: engine, files: engine.files, identity: try engine.loadIdentity(), address: "127.0.0.1", port: self.listener.port,
                publicPort: nil, log: KillTests.log)
            do {
                let result = try await scan(device, options)
                await listener.shutdown()
                return result
            } catch {
                await listener.shutdown()
                throw error
            }
        }
    }

    @Test func `approve, scan, download, report: the administrator sees what the device needs`() async throws {
        let site = try await Site()
        let before = try await site.scan("device", ScanOptions(isReporting: true))
        #expect(before.isFullScan)
        #expect(before.counts.offered == 0)
        #expect(before.counts.needed > 0)
        #expect(before.isReported == true)

        let change = try await site.engine.apply(
            .approve(groups: ["All Computers"], action: .install, deadline: Timestamp("2031-02-03T04:05:06Z")),
            to: .filter(UpdateFilter(text: "world map")), isDryRun: false)
        #expect(change.changed.count == 1)
        let downloads = site.folder.path + "/downloads"
        let after = try await site.scan("device", ScanOptions(downloadFolder: downloads, isReporting: true))
        #expect(!after.isFullScan)
        #expect(after.counts.new == 0)
        #expect(after.counts.changed == 1)
        #expect(after.counts.offered == 1)
        let offered = try #require(after.updates.first { $0.isOffered })
        #expect(offered.identity.updateID == change.changed.first?.id)
        #expect(offered.deadline == "2031-02-03T04:05:06.000Z")
        #expect(after.counts.filesDownloaded > 0)
        #expect(after.isComplete)
        for file in offered.files {
            let path = try #require(file.path)
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int64 == file.size)
        }
        let again = try await site.scan("device", ScanOptions(downloadFolder: downloads))
        #expect(again.counts.filesDownloaded == 0)
        #expect(again.counts.filesPresent == after.counts.filesDownloaded)
        #expect(again.counts.changed == 0)

        let details = try await site.engine.update(offered.identity.updateID.description)
        #expect(details.status.needed == 1)
        #expect(details.status.unknown == 0)
        let device = try await site.engine.deviceDetails(after.dnsName)
        // Software that others require is needed too, but a device reports leaves only (observed.md section 6).
        #expect((1...after.counts.needed).contains(device.summary.status.needed))
        #expect(device.updates.contains { $0.update.id == offered.identity.updateID && $0.state == "needed" })
        #expect(Set(device.events.map(\.eventID)) == [147, 162, 167])
        try await site.end()
    }

    @Test func `a device that has everything reports it as installed`() async throws {
        let site = try await Site()
        let result = try await site.scan("device", ScanOptions(rule: .all, isReporting: true))
        #expect(result.counts.needed == 0)
        #expect(result.counts.installed > 0)
        let device = try await site.engine.deviceDetails(result.dnsName)
        #expect((1...result.counts.installed).contains(device.summary.status.installed))
        #expect(device.updates.allSatisfy { $0.state == "installed" })
        try await site.end()
    }

    @Test func `what a scan prints fits its schema`() async throws {
        let site = try await Site()
        _ = try await site.engine.apply(
            .approve(groups: ["All Computers"], action: .install, deadline: nil), to: .filter(UpdateFilter(classification: "Updates")),
            isDryRun: false)
        let result = try await site.scan("device", ScanOptions(downloadFolder: site.folder.path + "/downloads", isReporting: true))
        #expect(!result.updates.isEmpty)
        #expect(try #require(JSONSchema.documented()["scan"]).problems(printing: result) == [])
        try await site.end()
    }

    @Test func `a device that trusts another CA sends nothing`() async throws {
        let site = try await Site()
        let other = try await Site()
        let agent = try UpdateAgent(
            server: "https://127.0.0.1:\(site.listener.port)", caFile: other.home.caFile, stateFolder: site.folder.path + "/stranger")
        await #expect(throws: AgentError.self) { try await agent.scan(ScanOptions()) }
        await agent.shutdown()
        #expect(try await site.engine.devices(inGroup: nil).isEmpty)
        try await site.end()
        try await other.end()
    }

    @Test func `after a restore the device is told ServerChanged, starts anew by itself, and ends with the right set`() async throws {
        let site = try await Site()
        _ = try await site.scan("device", ScanOptions(isReporting: true))
        let backup = site.folder.path + "/backup"
        let control = try ControlServer(engine: site.engine, log: KillTests.log)
        control.start()
        let written = try await site.home.backUp(to: backup, BackupOptions(includesContent: true), at: .now, log: KillTests.log) { _ in }
        await control.stop()
        // What comes after the backup is lost with the home, and the device knows of it.
        let engine = try await site.reopened()
        let approval = try await engine.apply(
            .approve(groups: ["All Computers"], action: .install, deadline: nil), to: .filter(UpdateFilter(text: "world map")), isDryRun: false)
        let lost = try #require(approval.changed.first?.id)
        let declined = try await engine.apply(.decline, to: .filter(UpdateFilter(classification: "Security Updates")), isDryRun: false)
        #expect(!declined.changed.isEmpty)
        let batch = try TemporaryFolder()
        let newcomer = DocumentText(UpdateID(high: 5, low: 5), title: "Imported after the backup")
        try batch.write(newcomer.bytes, to: "a.xml")
        _ = try await engine.importUpdates(paths: [batch.path], source: "local") { _ in }
        let second = try await site.scan(of: engine)
        #expect(second.updates.contains { $0.identity.updateID == lost && $0.isOffered })
        #expect(second.updates.contains { $0.identity.updateID == newcomer.id })
        try await engine.close()

        let home = Home(path: site.folder.path + "/restored")
        let report = try await home.restore(try OpenBackup(path: backup), passphrase: nil, log: KillTests.log) { _ in }
        #expect(report.generation == written.generation)
        #expect(report.missingPayloads == 0)
        let restored = try await UpdateEngine.open(home, log: KillTests.log)
        // An id that the device knows as something else is given out again.
        let other = DocumentText(UpdateID(high: 6, low: 6), title: "Imported after the restore")
        try batch.write(other.bytes, to: "a.xml")
        _ = try await restored.importUpdates(paths: [batch.path], source: "local") { _ in }
        let downloads = site.folder.path + "/downloads"
        _ = try await restored.apply(
            .approve(groups: ["All Computers"], action: .install, deadline: nil), to: .filter(UpdateFilter(classification: "Critical Updates")),
            isDryRun: false)
        let third = try await site.scan(of: restored, ScanOptions(downloadFolder: downloads, isReporting: true))
        #expect(third.deviceID == second.deviceID)
        // What a device that never saw the lost home is given.
        let fresh = try await site.scan("fresh", of: restored, ScanOptions())
        #expect(Set(third.updates.map(\.identity)) == Set(fresh.updates.map(\.identity)))
        #expect(Set(third.updates.filter(\.isOffered).map(\.identity)) == Set(fresh.updates.filter(\.isOffered).map(\.identity)))
        #expect(third.updates.contains { $0.identity.updateID == other.id })
        #expect(!third.updates.contains { $0.identity.updateID == newcomer.id })
        #expect(!third.updates.contains { $0.identity.updateID == lost && $0.isOffered })
        #expect(third.isComplete)
        let again = try await site.scan(of: restored, ScanOptions())
        #expect(again.counts.new == 0)
        #expect(again.counts.known == third.counts.known)
        try await restored.close()
    }
}
