import Foundation
import Storage
import TestSupport
import Testing
import UpdateCatalog
import Updates

@testable import UpdateEngine

struct QuarantineTests {
    private static let category = DocumentText(.numbered(1), type: .category, title: "Example Product")

    private func update(
        _ number: UInt64, revision: Int32 = 100, starts program: String, _ arguments: String = "/q", files: [UpdateFile] = []
    ) -> DocumentText {
        var update = DocumentText(.numbered(number), revision: revision, title: "Update \(number)")
        update.prerequisites = [PrerequisiteClause(anyOf: [.numbered(1)], isCategory: true)]
        update.command = (program, arguments)
        update.files = files
        return update
    }

    private func file(_ name: String, _ text: String = "a program", in folder: TemporaryFolder) throws -> UpdateFile {
        try TestFile.describe(Array(text.utf8), name: name, in: folder)
    }

    private func isDelivered(_ id: UpdateID, _ engine: UpdateEngine) -> Bool {
        let view = engine.catalog.view(of: [.unassignedComputers])
        guard let current = engine.catalog.current(id) else { return false }
        return engine.catalog.isDelivered(current.id, in: view)
    }

    private func approve(_ id: UpdateID, _ engine: UpdateEngine) async throws -> UpdateChangeReport {
        try await engine.apply(.approve(groups: ["All Computers"], action: .install, deadline: nil), to: .ids([id.description]), isDryRun: false)
    }

    @Test func `an update that starts its own file is delivered, one that starts another is not`() async throws {
        let test = try await TestEngine()
        let payload = try file("setup.exe", in: test.folder)
        let report = try await test.importing(
            Self.category, update(2, starts: "Setup.exe", files: [payload]), update(3, starts: "other.exe", files: [payload]),
            update(4, starts: "PsExec64.exe", "-s cmd.exe", files: [try file("PsExec64.exe", "b", in: test.folder)]))
        #expect(report.quarantined.map(\.id) == [.numbered(3), .numbered(4)])
        #expect(isDelivered(.numbered(2), test.engine))
        #expect(!isDelivered(.numbered(3), test.engine) && !isDelivered(.numbered(4), test.engine))
        #expect(try await test.engine.updates(UpdateFilter(state: .quarantined)).map(\.id) == [.numbered(3), .numbered(4)])
        let details = try await test.engine.update(UpdateID.numbered(4).description)
        #expect(details.quarantine.map(\.code) == [.launcher])
        #expect(details.summary.state == .quarantined)
    }

    @Test func `what is quarantined is not approved until it is allowed by name, with a reason`() async throws {
        let test = try await TestEngine()
        try await test.importing(Self.category, update(3, starts: "msiexec.exe", "/i http://host/a.msi"))
        let refused = try await approve(.numbered(3), test.engine)
        #expect(refused.refused.first?.message.contains("quarantined") == true)
        let id = UpdateID.numbered(3).description
        await #expect(throws: EngineError.self) { try await test.engine.allow([id], true, reason: "  ") }
        let allowed = try await test.engine.allow([id], true, reason: "our own tool")
        #expect(allowed.changed.map(\.id) == [.numbered(3)])
        #expect(isDelivered(.numbered(3), test.engine))
        #expect(try await approve(.numbered(3), test.engine).changed.count == 1)
        #expect(try await test.engine.update(id).allowance?.reason == "our own tool")
        #expect(try await test.engine.allow([id], true, reason: "again").unchanged.count == 1)

        let engine = try await test.reopened()
        #expect(isDelivered(.numbered(3), engine))
        #expect(try await engine.allow([id], false, reason: "").changed.count == 1)
        #expect(!isDelivered(.numbered(3), engine))
        #expect(try await engine.update(id).summary.state == .quarantined)
        try await engine.close()
    }

    @Test func `an allowance is for one revision, and an approval does not carry a quarantined one`() async throws {
        let test = try await TestEngine()
        let payload = try file("setup.exe", in: test.folder)
        try await test.importing(Self.category, update(2, starts: "setup.exe", files: [payload]))
        _ = try await approve(.numbered(2), test.engine)
        try await test.importing(update(2, revision: 101, starts: "cmd.exe", "/c calc", files: [payload]))
        #expect(!isDelivered(.numbered(2), test.engine))
        _ = try await test.engine.allow([UpdateID.numbered(2).description], true, reason: "looked at")
        #expect(isDelivered(.numbered(2), test.engine))
        try await test.importing(update(2, revision: 102, starts: "cmd.exe", "/c format", files: [payload]))
        #expect(!isDelivered(.numbered(2), test.engine))
    }

    @Test func `a bundle whose only member is quarantined is too, and is allowed through it`() async throws {
        let test = try await TestEngine()
        var bundle = DocumentText(.numbered(5), title: "Bundle")
        bundle.prerequisites = [PrerequisiteClause(anyOf: [.numbered(1)], isCategory: true)]
        let member = update(6, starts: "powershell.exe", "-c x")
        bundle.bundled = [member.identity]
        try await test.importing(Self.category, member, bundle)
        #expect(try await test.engine.updates(UpdateFilter(state: .quarantined)).map(\.id) == [.numbered(5)])
        let details = try await test.engine.update(UpdateID.numbered(5).description)
        #expect(details.quarantine.map(\.update.id) == [.numbered(6)])
        #expect(try await approve(.numbered(5), test.engine).refused.first?.message.contains("its part") == true)
        _ = try await test.engine.allow([UpdateID.numbered(5).description], true, reason: "ours")
        #expect(isDelivered(.numbered(5), test.engine) && isDelivered(.numbered(6), test.engine))
    }

    @Test func `a program in a cabinet counts once the payload is held`() async throws {
        let test = try await TestEngine()
        let cabinet = CabinetWriter(.stored, [("bin\\Setup.exe", Array("program".utf8)), ("readme.txt", Array("text".utf8))]).bytes()
        let path = try test.folder.write(cabinet, to: "payload_1.cab")
        let file = try TestFile.describe(cabinet, name: "payload_1.cab", in: test.folder)
        try await test.importing(
            Self.category, update(2, starts: "bin\\setup.exe", files: [file]), update(3, starts: "calc.exe", files: [file]))
        #expect(!isDelivered(.numbered(2), test.engine) && !isDelivered(.numbered(3), test.engine))
        #expect(try await test.engine.update(UpdateID.numbered(2).description).quarantine.map(\.code) == [.notContained])
        let report = try await test.engine.addFiles(paths: [path]) { _ in }
        #expect(report.added.count == 1)
        #expect(isDelivered(.numbered(2), test.engine))
        #expect(!isDelivered(.numbered(3), test.engine))
        let engine = try await test.reopened()
        #expect(isDelivered(.numbered(2), engine))
        try await engine.close()
    }

    @Test func `a home of before is looked through at its start`() async throws {
        let test = try await TestEngine()
        try await test.importing(Self.category, update(3, starts: "cmd.exe", "/c calc"))
        try await test.engine.close()
        // As it was imported by a program that read no commands.
        try OldHome.forgetCommands(of: test.home.path)
        let engine = try await UpdateEngine.open(test.home, clock: { test.clock.now }, log: TestEngine.log)
        #expect(!isDelivered(.numbered(3), engine))
        try await engine.close()
    }

    @Test func `a home of before whose fragment cannot be read believes nothing of it`() async throws {
        let test = try await TestEngine()
        try await test.importing(Self.category, update(3, starts: "setup.exe", files: [try file("setup.exe", in: test.folder)]))
        #expect(isDelivered(.numbered(3), test.engine))
        try await test.engine.close()
        try OldHome.forgetCommands(of: test.home.path)
        let packs = try FileManager.default.contentsOfDirectory(atPath: test.home.path + "/pack").map { test.home.path + "/pack/" + $0 }
        let sound = try packs.map { try Data(contentsOf: URL(filePath: $0)) }
        func write(_ contents: [Data]) throws {
            for (path, bytes) in zip(packs, contents) {
                let handle = try FileHandle(forWritingTo: URL(filePath: path))
                try handle.write(contentsOf: bytes)
                try handle.close()
            }
        }
        try write(sound.map { Data($0.map { $0 ^ 1 }) })
        let engine = try await UpdateEngine.open(test.home, clock: { test.clock.now }, log: TestEngine.log)
        #expect(try await engine.update(UpdateID.numbered(3).description).quarantine.map(\.code) == [.undeclared])
        #expect(!isDelivered(.numbered(3), engine))
        try await engine.close()
        // Once it can be read it is judged by what it says.
        try write(sound)
        let mended = try await UpdateEngine.open(test.home, clock: { test.clock.now }, log: TestEngine.log)
        #expect(isDelivered(.numbered(3), mended))
        try await mended.close()
    }

    @Test func `a home that read one command of an element reads all of them`() async throws {
        let test = try await TestEngine()
        let payload = try file("setup.exe", in: test.folder)
        try await test.importing(
            Self.category, update(3, starts: "setup.exe\" MsiFile=\"x.msi", "TRANSFORMS=http://host/x", files: [payload]))
        #expect(try await test.engine.update(UpdateID.numbered(3).description).quarantine.map(\.code) == [.undeclared, .remote])
        try await test.engine.close()
        try OldHome.forgetCommands(of: test.home.path)
        try OldHome.undoMigration("every command of an element", of: test.home.path)
        let engine = try await UpdateEngine.open(test.home, clock: { test.clock.now }, log: TestEngine.log)
        #expect(try await engine.update(UpdateID.numbered(3).description).quarantine.map(\.code) == [.undeclared, .remote])
        try await engine.close()
    }

    @Test func `the sample catalogue and local documents are judged alike`() async throws {
        let test = try await TestEngine()
        try await test.importing(Self.category, update(3, starts: "cmd.exe"), source: "sample")
        #expect(!isDelivered(.numbered(3), test.engine))
    }
}

/// Makes a home what an earlier version would have left.
private enum OldHome {
    static func undoMigration(_ name: String, of home: String) throws {
        try python(
            """
            import sqlite3, sys
            db = sqlite3.connect(sys.argv[1])
            assert db.execute("DELETE FROM grdb_migrations WHERE identifier = ?", (sys.argv[2],)).rowcount == 1
            db.execute("UPDATE revision SET has_commands = 1")
            db.commit()
            """, home + "/martlet.db", name)
    }

    static func forgetCommands(of home: String) throws {
        try python(
            """
            import sqlite3, sys
            db = sqlite3.connect(sys.argv[1])
            for number, metadata in db.execute("SELECT id, metadata FROM revision").fetchall():
                # Version 2 (as 4) ended before the list of commands: a count, and of the first the length of its kind.
                end = metadata.rfind(b"program")
                old = bytes([4]) + (metadata[1:end - 2] if end > 0 else metadata[1:-1])
                db.execute("UPDATE revision SET metadata = ?, has_commands = 0 WHERE id = ?", (old, number))
            db.commit()
            """, home + "/martlet.db")
    }

    private static func python(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", "-c"] + arguments
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }
}
