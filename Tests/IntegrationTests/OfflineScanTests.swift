import Foundation
import Glibc
import Storage
import TestSupport
import Testing
import UpdateAgent
import UpdateCatalog
import UpdateEngine
import UpdateServer
import Updates

/// What an offline scan cabinet brings, as a device sees it over TLS.
struct OfflineScanTests {
    private static let category = UpdateID(high: 0x0ff1, low: 1)

    private static func document(_ number: UInt64, bundling bundled: [UpdateIdentity] = []) -> DocumentText {
        var document = DocumentText(UpdateID(high: 0x0ff1, low: number), title: "Offline update \(number)")
        document.prerequisites = [PrerequisiteClause(anyOf: [category], isCategory: true)]
        document.bundled = bundled
        return document
    }

    private static func scan() throws -> OfflineScanText {
        let member = document(3)
        let documents = [
            DocumentText(category, type: .category, title: "Offline product"), document(2), member, document(4, bundling: [member.identity]),
        ]
        return OfflineScanText(try documents.enumerated().map { try OfflineScanText.Revision(Int32($0 + 10), $1) })
    }

    @Test func `a device gets the fragments of a cabinet, before a document completes them and after`() async throws {
        let site = try await ScanTests.Site()
        let cabinet = try site.folder.write(try Self.scan().cabinet(), to: "wsusscn2.cab")
        let before = try await site.scan("device", ScanOptions())
        let report = try await site.engine.importUpdates(paths: [cabinet], source: "local") { _ in }
        #expect(report.cabinets.first?.imported == 4)
        let after = try await site.scan("device", ScanOptions())
        #expect(after.counts.new == 4)
        #expect(after.counts.known == before.counts.known + 4)
        #expect(after.warnings == before.warnings)
        // Approved, its title is asked for: that is the localized fragment.
        let change = try await site.engine.apply(
            .approve(groups: ["All Computers"], action: .install, deadline: nil), to: .ids([Self.document(2).id.description]), isDryRun: false)
        #expect(change.changed.count == 1)
        let offered = try await site.scan("device", ScanOptions())
        let update = try #require(offered.updates.first { $0.identity == Self.document(2).identity })
        #expect(update.isOffered || update.isInstalled)
        #expect(update.title == nil || update.title == "Offline update 2")
        // What the document adds changes nothing that the device has.
        let document = try site.folder.write(Self.document(2).bytes, to: "document.xml")
        #expect(try await site.engine.importUpdates(paths: [document], source: "local") { _ in }.imported.count == 1)
        let completed = try await site.scan("device", ScanOptions())
        #expect(completed.counts.new == 0)
        #expect(completed.counts.outOfScope == 0)
        #expect(completed.counts.known == after.counts.known)
        try await site.end()
    }

    @Test(.enabled(if: Evidence.isPresent, Comment(rawValue: Evidence.absence)))
    func `a device scans against a slice of the real cabinet`() async throws {
        let site = try await ScanTests.Site()
        var files: [(name: String, bytes: [UInt8])] = []
        for path in try Evidence.files(in: "wsusscn2-slice/") where !path.hasSuffix("package.xml") {
            files.append((String(path.dropFirst("wsusscn2-slice/".count)), try Evidence.bytes(path)))
        }
        let list = CabinetWriter(.mszip, [("package.xml", try Evidence.bytes("wsusscn2-slice/package.xml"))]).bytes()
        let cabinet = CabinetWriter(.stored, [("package.cab", list), ("package2.cab", CabinetWriter(.mszip, files).bytes())]).bytes()
        let path = try site.folder.write(cabinet, to: "wsusscn2.cab")
        let report = try await site.engine.importUpdates(paths: [path], source: "local") { _ in }
        #expect(report.cabinets.first?.imported == 6)
        let result = try await site.scan("device", ScanOptions())
        // The detectoid and the category need nothing; the four others name prerequisites that the slice does not have.
        let delivered = ["aabd43ad-a183-4f0b-8eee-8dbbcd67687f", "0fa1201d-4330-4fa8-8ae9-b877473b6441"].compactMap { UpdateID($0) }
        for id in delivered { #expect(site.engine.catalog.condition(of: id)?.delivered != nil) }
        #expect(result.isFullScan)
        #expect(result.warnings.isEmpty)
        try await site.end()
    }

    /// A transaction has 4,000 revisions: the kill falls after the first of three.
    @Test(.enabled(if: KillTests.program != nil, "the program is not built beside the tests"))
    func `an import that is killed goes on where it was, and ends with all of it`() async throws {
        let folder = try TemporaryFolder()
        let home = Home(path: folder.path + "/home")
        try await UpdateEngine.create(home, hosts: ["localhost"], at: .now, log: KillTests.log)
        let count = 9000
        var scan = OfflineScanText(
            try (0..<count).map { try OfflineScanText.Revision(Int32($0 + 1), DocumentText(UpdateID(high: 7, low: UInt64($0) + 1))) })
        scan.parts = 3
        let cabinet = try folder.write(scan.cabinet(), to: "wsusscn2.cab")
        let process = Process()
        process.executableURL = KillTests.program
        process.arguments = ["import", "--home", home.path, cabinet]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        let database = home.path + "/martlet.db"
        // The pack is written before the first commit and the database's log with it: then something is there to lose.
        for _ in 0..<3000 where process.isRunning {
            let size = (try? FileManager.default.attributesOfItem(atPath: database + "-wal")[.size] as? Int) ?? 0
            if size > 1 << 20 { break }
            try await Task.sleep(for: .milliseconds(10))
        }
        Glibc.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        let lock = try home.lock()
        let engine = try await UpdateEngine.open(home, log: KillTests.log)
        let held = engine.catalog.updateIDs.count
        #expect(held < count)
        let report = try await engine.importUpdates(paths: [cabinet], source: "local") { _ in }
        let counts = try #require(report.cabinets.first)
        #expect(report.refused.isEmpty)
        #expect(counts.alreadyHeld == held)
        #expect(counts.imported == count - held)
        #expect(engine.catalog.updateIDs.count == count)
        #expect(try FileManager.default.contentsOfDirectory(atPath: home.runFolder).allSatisfy { !$0.hasPrefix("decompressed") })
        try await engine.close()
        withExtendedLifetime(lock) {}
    }
}
