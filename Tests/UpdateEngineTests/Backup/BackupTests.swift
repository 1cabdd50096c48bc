import Foundation
import Storage
import Synchronization
import TestSupport
import Testing
import UpdateCatalog
import Updates

@testable import UpdateEngine

struct BackupTests {
    /// A home with two updates, one of them approved, and its backup.
    private final class Site: Sendable {
        let test: TestEngine
        var folder: String { test.folder.path }

        init(documents: Int = 2) async throws {
            test = try await TestEngine()
            for number in 1...documents {
                var document = DocumentText(.numbered(UInt64(number)), title: "Update \(number)")
                document.filler = 100
                try await test.importing(document)
            }
            let approval = UpdateChange.approve(groups: ["All Computers"], action: .install, deadline: nil)
            _ = try await test.engine.apply(approval, to: .ids([UpdateID.numbered(1).description]), isDryRun: false)
            try await test.engine.close()
        }

        @discardableResult
        func backUp(_ name: String = "backup", _ options: BackupOptions = BackupOptions()) async throws -> BackupReport {
            try await test.home.backUp(to: "\(folder)/\(name)", options, at: test.clock.now, log: TestEngine.log) { _ in }
        }

        func restore(_ name: String = "backup", to home: String = "restored", passphrase: [UInt8]? = nil) async throws -> RestoreReport {
            let backup = try OpenBackup(path: "\(folder)/\(name)")
            return try await Home(path: "\(folder)/\(home)").restore(backup, passphrase: passphrase, log: TestEngine.log) { _ in }
        }

        func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(folder)/\(name)") }

        func bytes(_ name: String = "backup") throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: "\(folder)/\(name)"))) }

        func open(_ name: String = "restored") async throws -> UpdateEngine {
            try await UpdateEngine.open(Home(path: "\(folder)/\(name)"), log: TestEngine.log)
        }
    }

    private static func refuses(_ name: String, _ what: @Sendable () async throws -> Void) async -> String {
        do {
            try await what()
            Issue.record("\(name) was taken")
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test func `a restored home holds the same under a server id of its own`() async throws {
        let site = try await Site()
        let report = try await site.backUp()
        #expect(report.bytes == Int64(try site.bytes().count))
        #expect(try FileManager.default.attributesOfItem(atPath: report.path)[.posixPermissions] as? Int == 0o600)
        let restored = try await site.restore()
        #expect(restored.generation == report.generation)
        #expect(!restored.hasCAKey)
        #expect(!site.exists("restored/tls/ca.key"))
        #expect(try site.bytes("restored/tls/token.keys") == site.bytes("home/tls/token.keys"))
        let before = try await UpdateEngine.open(site.test.home, log: TestEngine.log)
        let after = try await site.open()
        #expect(after.serverID == restored.serverID)
        #expect(after.serverID != before.serverID)
        #expect(after.catalog.generation == before.catalog.generation)
        #expect(Set(after.catalog.updateIDs) == Set(before.catalog.updateIDs))
        let view = after.catalog.view(of: [.unassignedComputers])
        let current = try #require(after.catalog.current(.numbered(1)))
        #expect(after.catalog.deployment(of: current.id, in: view)?.action == .install)
        #expect(try await after.store.document(current.id)?.bytes == before.store.document(current.id)?.bytes)
        #expect(try after.store.withFragment(current.id, .core) { Array($0) } == before.store.withFragment(current.id, .core) { Array($0) })
        try await after.close()
        try await before.close()
        let modes = try FileManager.default.subpathsOfDirectory(atPath: "\(site.folder)/restored").map { path in
            try #require(try FileManager.default.attributesOfItem(atPath: "\(site.folder)/restored/\(path)")[.posixPermissions] as? Int) & 0o077
        }
        #expect(modes.allSatisfy { $0 == 0 })
    }

    @Test func `the key of the authority and the payloads come on request`() async throws {
        let site = try await Site()
        let engine = try await UpdateEngine.open(site.test.home, log: TestEngine.log)
        let batch = try TemporaryFolder()
        var document = DocumentText(.numbered(77), title: "With a payload")
        document.files = [try TestFile.describe([UInt8](repeating: 9, count: 3000), name: "a.cab", in: batch)]
        try batch.write(document.bytes, to: "a.xml")
        _ = try await engine.importUpdates(paths: [batch.path], source: "local") { _ in }
        #expect(engine.files.all().count == 1)
        try await engine.close()

        let plain = try await site.backUp()
        #expect(plain.payloads == 1)
        #expect(plain.payloadBytes == 3000)
        let lacking = try await site.restore()
        #expect(lacking.missingPayloads == 1)
        #expect(lacking.missingPayloadBytes == 3000)
        let poor = try await site.open()
        #expect(poor.files.all().isEmpty)
        #expect(try await poor.addFiles(paths: [batch.path + "/a.cab"]) { _ in }.added.count == 1)
        try await poor.close()

        try await site.backUp("full", BackupOptions(includesCAKey: true, includesContent: true))
        let whole = try await site.restore("full", to: "whole")
        #expect(whole.missingPayloads == 0)
        #expect(whole.hasCAKey)
        #expect(try site.bytes("whole/tls/ca.key") == site.bytes("home/tls/ca.key"))
        let rich = try await site.open("whole")
        #expect(try await rich.verifyFiles(deep: true) { _ in }.verified == 1)
        try await rich.close()
    }

    @Test func `a sealed backup opens with its passphrase only and shows nothing`() async throws {
        let site = try await Site()
        let passphrase = Array("correct horse".utf8)
        try await site.backUp("sealed", BackupOptions(passphrase: passphrase))
        let bytes = try site.bytes("sealed")
        #expect(bytes.range(of: Array("PRIVATE KEY".utf8)) == nil)
        #expect(bytes.range(of: Array("martlet.db".utf8)) == nil)
        let without = await Self.refuses("no passphrase") { _ = try await site.restore("sealed") }
        #expect(without.contains("passphrase"))
        let wrong = await Self.refuses("a wrong one") { _ = try await site.restore("sealed", passphrase: Array("wrong horse".utf8)) }
        #expect(wrong.contains("passphrase is wrong"))
        #expect(!wrong.contains("wrong horse"))
        #expect(!site.exists("restored"))
        #expect(try await site.restore("sealed", passphrase: passphrase).generation.rawValue > 0)
        #expect("\(BackupOptions(passphrase: passphrase))" == "BackupOptions")
    }

    @Test func `a backup overwrites nothing, a restore overwrites nothing`() async throws {
        let site = try await Site()
        try await site.backUp()
        let first = try site.bytes()
        #expect(await Self.refuses("an existing file") { try await site.backUp() }.contains("exists already"))
        #expect(try site.bytes() == first)
        #expect(await Self.refuses("a home") { _ = try await site.restore(to: "home") }.contains("not empty"))
        try site.test.folder.write([1], to: "other/file")
        #expect(await Self.refuses("a folder") { _ = try await site.restore(to: "other") }.contains("not empty"))
        try site.test.folder.write([1], to: "mixed/.restoring/x")
        try site.test.folder.write([1], to: "mixed/mine")
        #expect(await Self.refuses("a folder of others") { _ = try await site.restore(to: "mixed") }.contains("not empty"))
        #expect(try site.bytes("mixed/mine") == [1])
        #expect(try site.bytes("other/file") == [1])
    }

    @Test func `what is damaged or cut anywhere changes nothing`() async throws {
        let site = try await Site()
        try await site.backUp()
        let bytes = try site.bytes()
        var positions = Array(stride(from: 0, to: bytes.count, by: bytes.count / 60 + 1))
        positions += [1, 511, 512, bytes.count - 1025, bytes.count - 1]
        for position in positions {
            var changed = bytes
            changed[position] ^= 4
            try site.test.folder.write(changed, to: "damaged")
            _ = await Self.refuses("byte \(position)") { _ = try await site.restore("damaged") }
            try site.test.folder.write(Array(bytes[..<position]), to: "damaged")
            _ = await Self.refuses("cut at \(position)") { _ = try await site.restore("damaged") }
            #expect(!site.exists("restored"))
        }
        // An empty folder that was there stays, and stays empty.
        try FileManager.default.createDirectory(atPath: "\(site.folder)/empty", withIntermediateDirectories: false)
        _ = await Self.refuses("cut") { _ = try await site.restore("damaged", to: "empty") }
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(site.folder)/empty").isEmpty)
        #expect(try await site.restore(to: "empty").generation.rawValue > 0)
    }

    @Test func `another file is no backup, and a newer backup says so`() async throws {
        let site = try await Site()
        try site.test.folder.write(Array("Hello".utf8), to: "text")
        try site.test.folder.write([], to: "nothing")
        try site.test.folder.write([UInt8](repeating: 0, count: 10_240), to: "zeros")
        for name in ["text", "nothing", "zeros", "home/martlet.db"] { _ = await Self.refuses(name) { _ = try await site.restore(name) } }
        #expect(await Self.refuses("a folder") { _ = try await site.restore("home") }.contains("home"))
        let members: [(String, String)] = [
            ("newer", #"{"version":2,"whatever":true}"#), ("no version", "{}"), ("no JSON", "version 1"),
            ("half a header", #"{"version":1}"#),
        ]
        for (name, header) in members {
            try write([("martlet-backup.json", header)], to: "\(site.folder)/made")
            let said = await Self.refuses(name) { _ = try await site.restore("made") }
            #expect(said.contains("newer") == (name == "newer"), "\(name): \(said)")
        }
        let header = #"{"version":1,"madeAt":"2026-01-01T00:00:00Z","generation":1,"hosts":["a"],"hasCAKey":false,"hasContent":false}"#
        for name in ["home/../../escaped", "/etc/passwd", "home/run/lock", "home/martlet.json/x"] {
            try write([("martlet-backup.json", header), (name, "x")], to: "\(site.folder)/made")
            #expect(await Self.refuses(name) { _ = try await site.restore("made") }.contains("no backup has"))
        }
        try write([("martlet-backup.json", header)], to: "\(site.folder)/made")
        #expect(await Self.refuses("no members") { _ = try await site.restore("made") }.contains("lacks"))
        #expect(!site.exists("restored"))
        #expect(!site.exists("escaped"))
    }

    private func write(_ members: [(String, String)], to path: String) throws {
        let bytes = Mutex<[UInt8]>([])
        var writer = BackupArchiveWriter(time: 0) { piece in bytes.withLock { $0.append(contentsOf: piece) } }
        for (name, text) in members { try writer.add(name, Array(text.utf8)) }
        try writer.finish()
        try Data(bytes.withLock { $0 }).write(to: URL(filePath: path))
    }

    @Test func `what a killed restore left is no home, and the next one clears it away`() async throws {
        let site = try await Site()
        try await site.backUp()
        _ = try await site.restore()
        for moved in [[], ["ca.pem"], ["ca.pem", "tls", "martlet.db", "documents", "pack", "content", "run"]] {
            let left = "left-\(moved.count)"
            try FileManager.default.createDirectory(atPath: "\(site.folder)/\(left)", withIntermediateDirectories: false)
            try FileManager.default.copyItem(atPath: "\(site.folder)/restored", toPath: "\(site.folder)/\(left)/.restoring")
            for part in moved {
                try FileManager.default.moveItem(
                    atPath: "\(site.folder)/\(left)/.restoring/\(part)", toPath: "\(site.folder)/\(left)/\(part)")
            }
            #expect(!Home(path: "\(site.folder)/\(left)").exists)
            _ = try await site.restore(to: left)
            #expect(!site.exists("\(left)/.restoring"))
            try await site.open(left).close()
        }
    }

    @Test func `a restore that looked before another ended leaves what that one put in place`() async throws {
        let folder = try TemporaryFolder()
        let home = Home(path: folder.path + "/home")
        let refusal = #expect(throws: EngineError.self) {
            _ = try RestorePlace(home) {
                let other = try RestorePlace(home)
                try folder.write([1], to: "home/.restoring/ca.pem")
                try folder.write([2], to: "home/.restoring/martlet.db")
                try folder.write([3], to: "home/.restoring/martlet.json")
                try other.publish()
            }
        }
        #expect(refusal?.message.contains("not empty") == true)
        for (name, byte) in [("ca.pem", 1), ("martlet.db", 2), ("martlet.json", 3)] as [(String, UInt8)] {
            #expect(try Array(Data(contentsOf: URL(filePath: "\(home.path)/\(name)"))) == [byte], "\(name)")
        }
        #expect(!FileManager.default.fileExists(atPath: home.path + "/.restoring"))
    }

    @Test func `a backup of a home that changes is of one moment`() async throws {
        let test = try await TestEngine()
        let server = try ControlServer(engine: test.engine, log: TestEngine.log)
        server.start()
        let importing = Task {
            for number in 1...60 {
                var document = DocumentText(.numbered(UInt64(number)), title: "Update \(number)")
                document.filler = number * 10
                try await test.importing(document)
            }
        }
        var held: [Int] = []
        for round in 1...8 {
            let path = "\(test.folder.path)/\(round)"
            let report = try await test.home.backUp(to: path, BackupOptions(), at: .now, log: TestEngine.log) { _ in }
            let home = Home(path: path + ".home")
            _ = try await home.restore(try OpenBackup(path: path), passphrase: nil, log: TestEngine.log) { _ in }
            let engine = try await UpdateEngine.open(home, log: TestEngine.log)
            #expect(engine.catalog.generation == report.generation)
            let revisions = try await engine.store.revisions()
            // One document a change, and the first change made the home.
            #expect(revisions.count == Int(report.generation.rawValue) - 1)
            for revision in revisions {
                #expect(try await engine.store.document(revision.revision.id) != nil)
                #expect(try engine.store.withFragment(revision.revision.id, .core) { $0.count } == revision.coreSize)
            }
            held.append(revisions.count)
            try await engine.close()
        }
        try await importing.value
        #expect(held == held.sorted())
        #expect(try FileManager.default.contentsOfDirectory(atPath: test.home.runFolder).allSatisfy { !$0.hasPrefix("snapshot-") })
        await server.stop()
        try await test.engine.close()
    }
}

extension [UInt8] {
    fileprivate func range(of part: [UInt8]) -> Range<Data.Index>? { Data(self).range(of: Data(part)) }
}
