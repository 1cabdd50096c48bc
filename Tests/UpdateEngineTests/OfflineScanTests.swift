import Foundation
import Storage
import TestSupport
import Testing
import UpdateCatalog
import UpdateProtocols
import Updates

@testable import UpdateEngine

struct OfflineScanTests {
    private static let category = DocumentText(.numbered(1), type: .category, title: "Example Product")

    private static func update(_ number: UInt64, title: String = "An update", filler: Int = 0) -> DocumentText {
        var update = DocumentText(.numbered(number), title: title)
        update.prerequisites = [PrerequisiteClause(anyOf: [.numbered(1)], isCategory: true)]
        update.kbArticle = "\(5_000_000 + number)"
        update.filler = filler
        return update
    }

    private static func scan(_ documents: [DocumentText]) throws -> OfflineScanText {
        OfflineScanText(
            try documents.enumerated().map { number, document in
                var revision = try OfflineScanText.Revision(Int32(number + 1), document)
                if document.type == .software { revision.categories = [("Product", .numbered(1))] }
                return revision
            })
    }

    @discardableResult
    private func importing(_ cabinet: [UInt8], _ test: TestEngine, as name: String = "anything.bin") async throws -> ImportReport {
        let folder = try TemporaryFolder()
        let path = try folder.write(cabinet, to: name)
        return try await test.engine.importUpdates(paths: [path], source: "local") { _ in }
    }

    private func fragment(_ kind: String, of id: UpdateID, _ test: TestEngine) async throws -> [UInt8] {
        let output = Collected()
        try await test.engine.fragment(kind, of: id.description) { output.append($0) }
        return output.bytes
    }

    @Test(arguments: CabinetWriter.Compression.allCases)
    func `the updates of a cabinet are held as fragments, to the byte`(compression: CabinetWriter.Compression) async throws {
        let test = try await TestEngine()
        var scan = try Self.scan([Self.category, Self.update(2), Self.update(3, title: "Ünïcode"), Self.update(4, filler: 2000)])
        scan.compression = compression
        scan.parts = 2
        let report = try await importing(scan.cabinet(), test)
        #expect(report.refused.isEmpty)
        #expect(report.imported.isEmpty)
        let cabinet = try #require(report.cabinets.first)
        #expect(cabinet.imported == 4 && cabinet.revisions == 4 && cabinet.incomplete == 0 && cabinet.refused == 0)
        #expect(cabinet.created == Timestamp("2026-07-14T13:54:06Z"))
        for revision in scan.revisions {
            let id = revision.identity.updateID
            for fragment in revision.fragments {
                let kind =
                    switch fragment.kind {
                    case .core: "core"
                    case .extended: "extended"
                    default: "localized-en"
                    }
                #expect(try await self.fragment(kind, of: id, test) == fragment.bytes.bytes)
            }
            let details = try await test.engine.update(id.description)
            #expect(details.origin == "fragments")
            #expect(details.summary.source == "cabinet")
            #expect(!details.summary.isVerified)
            #expect(details.created == Timestamp("2026-05-11T22:42:04Z"))
            let error = await #expect(throws: EngineError.self) { try await self.fragment("document", of: id, test) }
            #expect(error?.message.contains("no document") == true)
        }
        #expect(try await test.engine.updates(UpdateFilter(product: "Example")).count == 3)
        #expect(try FileManager.default.contentsOfDirectory(atPath: test.home.runFolder).allSatisfy { !$0.hasPrefix("decompressed") })
    }

    @Test func `the report has the shape that is documented`() async throws {
        let test = try await TestEngine()
        let report = try await importing(try Self.scan([Self.category]).cabinet(), test)
        #expect(try JSONSchema.documented()["imported"]?.problems(printing: report) == [])
    }

    @Test func `a second import says that all is held, after a start too`() async throws {
        let test = try await TestEngine()
        let bytes = try Self.scan([Self.category, Self.update(2)]).cabinet()
        try await importing(bytes, test)
        let generation = test.engine.catalog.generation
        let again = try await importing(bytes, test)
        #expect(again.cabinets.first?.alreadyHeld == 2)
        #expect(again.cabinets.first?.imported == 0)
        #expect(test.engine.catalog.generation == generation)
        let reopened = try await test.reopened()
        #expect(reopened.catalog.updateIDs.count == 2)
        #expect(try await reopened.update(UpdateID.numbered(2).description).origin == "fragments")
    }

    @Test func `the next cabinet brings what is new in it, whatever its numbers are`() async throws {
        let test = try await TestEngine()
        try await importing(try Self.scan([Self.category, Self.update(2)]).cabinet(), test)
        let report = try await importing(try Self.scan([Self.update(3), Self.category, Self.update(2)]).cabinet(), test)
        #expect(report.cabinets.first?.alreadyHeld == 2)
        #expect(report.cabinets.first?.imported == 1)
    }

    @Test func `what has no Core fragment is said and not imported, and stops nothing else`() async throws {
        let test = try await TestEngine()
        var scan = try Self.scan([Self.category, Self.update(2), Self.update(3)])
        scan.revisions[1].fragments.removeAll { $0.kind == .core }
        let report = try await importing(scan.cabinet(), test)
        #expect(report.cabinets.first?.imported == 2)
        #expect(report.cabinets.first?.incomplete == 1)
        #expect(report.refused.count == 1)
        #expect(report.refused.first?.message.contains("revision 2, \(Self.update(2).identity)") == true)
        #expect(test.engine.catalog.current(.numbered(2)) == nil)
    }

    @Test(arguments: [
        ("no XML", "<UpdateIdentity"), ("another update's", "<UpdateIdentity UpdateID=\"\(UpdateID.numbered(9))\" RevisionNumber=\"100\" />"),
        ("a document type", "<!DOCTYPE a><UpdateIdentity />"), ("nothing", ""),
    ])
    func `a Core fragment that cannot be used is refused with its number, and stops nothing else`(name: String, text: String) async throws {
        let test = try await TestEngine()
        var scan = try Self.scan([Self.category, Self.update(2), Self.update(3)])
        scan.revisions[1].fragments[0] = Fragment(kind: .core, bytes: ChunkedBytes(Array(text.utf8)))
        let report = try await importing(scan.cabinet(), test)
        #expect(report.cabinets.first?.imported == 2)
        #expect(report.cabinets.first?.refused == 1)
        #expect(report.refused.first?.message.contains("revision 2") == true, "\(name)")
    }

    @Test func `a damaged inner cabinet costs its own revisions only`() async throws {
        let test = try await TestEngine()
        var scan = try Self.scan([Self.category, Self.update(2), Self.update(3), Self.update(4)])
        scan.parts = 4
        scan.compression = .stored
        var members = scan.members()
        let damaged = try #require(members.firstIndex { $0.name == "package3.cab" })
        members[damaged].bytes[members[damaged].bytes.count - 1] ^= 1
        let report = try await importing(CabinetWriter(.stored, members).bytes(), test)
        #expect(report.cabinets.first?.imported == 3)
        #expect(report.cabinets.first?.incomplete == 1)
        #expect(report.refused.first?.message.contains("package3.cab") == true)
        #expect(test.engine.catalog.current(.numbered(2)) == nil)
    }

    @Test func `inner cabinets that fail at their ends are charged what was decompressed of them`() async throws {
        let test = try await TestEngine()
        var scan = try Self.scan((2...5).map { Self.update($0) })
        for index in scan.revisions.indices {
            scan.revisions[index].fragments[0] = Fragment(kind: .core, bytes: ChunkedBytes([UInt8](repeating: 32, count: 1 << 20)))
        }
        scan.parts = 4
        var members = scan.members()
        for index in members.indices where OfflineCabinet.isCabinetOfFragments(members[index].name) {
            members[index].bytes[members[index].bytes.count - 1] ^= 1
        }
        let folder = try TemporaryFolder()
        let path = try folder.write(CabinetWriter(.stored, members).bytes(), to: "wsusscn2.cab")
        var report = ImportReport()
        try await test.engine.importOfflineScan(path, allowance: 0, to: &report) { _ in }
        let problems = report.refused.filter { $0.message.contains("package") }.map(\.message)
        #expect(problems.count == 4)
        #expect(problems.first?.contains("in all") == false)
        #expect(problems.last?.contains("in all") == true)
    }

    @Test func `a cabinet without a list, or with one that is none, is refused whole`() async throws {
        let test = try await TestEngine()
        let scan = try Self.scan([Self.category])
        var members = scan.members()
        let list = try #require(members.firstIndex { $0.name == "package.cab" })
        members[list].bytes = CabinetWriter(.mszip, [("package.xml", Array("<Other />".utf8))]).bytes()
        let other = try await importing(CabinetWriter(.stored, members).bytes(), test)
        #expect(other.refused.first?.message.contains("OfflineSyncPackage") == true)
        members[list].bytes = CabinetWriter(.mszip, [("other.xml", [1])]).bytes()
        let none = try await importing(CabinetWriter(.stored, members).bytes(), test)
        #expect(none.refused.first?.message.contains("package.xml") == true)
        #expect(other.cabinets.isEmpty && none.cabinets.isEmpty)
        #expect(test.engine.catalog.updateIDs.isEmpty)
    }

    @Test func `a cabinet that is cut off is refused where it was named`() async throws {
        let test = try await TestEngine()
        let bytes = try Self.scan([Self.category]).cabinet()
        for length in [5, 40, 100, bytes.count / 2, bytes.count - 1] {
            let report = try await importing(Array(bytes[..<length]), test, as: "wsusscn2.cab")
            #expect(report.refused.count == 1, "cut at \(length)")
        }
        #expect(test.engine.catalog.updateIDs.isEmpty)
    }

    @Test func `a cabinet in a folder that is none of these is a payload like another`() async throws {
        let test = try await TestEngine()
        let folder = try TemporaryFolder()
        try folder.write(CabinetWriter(.stored, [("setup.exe", [1, 2, 3])]).bytes(), to: "payload.cab")
        try folder.write(Array("MSCF and then nothing".utf8), to: "broken.cab")
        try folder.write(Self.category.bytes, to: "category.xml")
        let report = try await test.engine.importUpdates(paths: [folder.path], source: "local") { _ in }
        #expect(report.imported.count == 1)
        #expect(report.refused.isEmpty)
    }

    @Test func `one document in the cabinet that servers send it in is imported as the document`() async throws {
        let test = try await TestEngine()
        let document = Self.update(2, title: "Ünïcode 🐦")
        let blob = document.text.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
        let report = try await importing(CabinetWriter(.lzx, [("blob", blob)]).bytes(), test)
        #expect(report.imported == [document.identity])
        #expect(try await fragment("document", of: document.id, test) == document.bytes)
        // The same document uncompressed has the same bytes.
        #expect(try await test.importing(document).alreadyHeld == 1)
        let broken = try await importing(CabinetWriter(.lzx, [("blob", [0x3c, 0, 0x3c])]).bytes(), test)
        #expect(broken.refused.count == 1)
    }

    @Test func `the fragments of a document equal those of a cabinet: it completes them, and devices are told`() async throws {
        let test = try await TestEngine()
        let document = Self.update(2)
        try await importing(try Self.scan([Self.category, document]).cabinet(), test)
        let held = try #require(test.engine.catalog.current(document.id))
        let report = try await test.importing(document)
        #expect(report.imported == [document.identity])
        let completed = try #require(test.engine.catalog.current(document.id))
        #expect(completed.id == held.id)
        #expect(completed.provenance == Provenance(source: .localImport, isVerified: true))
        #expect(completed.importGeneration == test.engine.catalog.generation)
        #expect(try await fragment("document", of: document.id, test) == document.bytes)
    }

    /// What is trusted least may wait behind an older revision of a better source; completed, it becomes the one that counts.
    @Test func `completing a revision can make another non-leaf, and a device that holds that one hears of it`() async throws {
        let test = try await TestEngine()
        var old = DocumentText(.numbered(2))
        old.revision = 99
        var new = old
        new.revision = 100
        new.prerequisites = [PrerequisiteClause(anyOf: [.numbered(3)])]
        let named = DocumentText(.numbered(3), type: .detectoid, title: "A detectoid")
        try await test.importing(old, named)
        try await importing(try Self.scan([new]).cabinet(), test)
        #expect(test.engine.catalog.current(.numbered(2))?.identity == old.identity)
        var device = TestDevice(test)
        try await device.arrive()
        let first = try await device.scan()
        let held = first.newUpdates.map(\.id)
        let detectoid = try #require(test.engine.catalog.current(.numbered(3))).id
        #expect(first.newUpdates.first { $0.id == detectoid }?.isLeaf == true)
        #expect(try await device.check(cached: held).changedUpdates.isEmpty)
        try await test.importing(new)
        #expect(test.engine.catalog.current(.numbered(2))?.identity == new.identity)
        let told = try await device.check(cached: held)
        #expect(told.changedUpdates.first { $0.id == detectoid }?.isLeaf == false)
    }

    @Test func `other fragments of a better source come to devices under a new id, and the old ones go`() async throws {
        let test = try await TestEngine()
        var document = DocumentText(.numbered(2))
        try await importing(try Self.scan([document]).cabinet(), test)
        var device = TestDevice(test)
        try await device.arrive()
        let first = try await device.scan()
        #expect(first.newUpdates.count == 1)
        let old = first.newUpdates.map(\.id)
        document.filler = 3
        #expect(try await test.importing(document).imported == [document.identity])
        let second = try await device.check(cached: old)
        #expect(second.newUpdates.count == 1)
        #expect(second.outOfScope == old)
        let new = second.newUpdates.map(\.id)
        #expect(new != old)
        #expect(try await device.check(cached: new).outOfScope.isEmpty)
    }

    /// The catalog follows a commit after a while, and an answer is written after its scan.
    @Test func `an answer that was begun before a replacement is still written`() async throws {
        let test = try await TestEngine()
        var document = DocumentText(.numbered(2))
        try await importing(try Self.scan([document]).cabinet(), test)
        var device = TestDevice(test)
        try await device.arrive()
        document.filler = 3
        var reader = UpdateDocumentReader()
        try reader.feed(document.bytes)
        let read = try reader.finish()
        let replacement = RevisionImport(
            metadata: read.metadata, fragments: read.fragments, provenance: Provenance(source: .localImport, isVerified: true),
            document: .bytes(document.bytes))
        let result = try await test.engine.store.importRevisions([replacement], at: test.clock.now)
        #expect(result.outcomes.map(\.verdict) == [.replacesFragments])
        let scan = try test.engine.scan(
            try test.engine.open(device.cookie, from: device.address),
            SyncUpdates.Request(
                installedNonLeaf: [], otherCached: [], cachedDrivers: [], skipSoftwareSync: false, filterCategories: nil,
                needsTwoGroupsOutOfScope: true))
        #expect(scan.answer.newUpdates.map(\.id) != result.outcomes.compactMap { $0.revision?.revision.id })
        #expect(try scan.body(AnswerForm(.identity)).count > 0)
    }

    @Test func `what a cabinet says does not supersede what a better source brought`() async throws {
        let test = try await TestEngine()
        try await test.importing(Self.category, Self.update(2))
        var claimant = Self.update(3)
        claimant.superseded = [.numbered(2)]
        try await importing(try Self.scan([claimant]).cabinet(), test)
        #expect(test.engine.catalog.condition(of: .numbered(2))?.isSuperseded == false)
        let differing = try await importing(try Self.scan([Self.update(2, filler: 1)]).cabinet(), test)
        #expect(differing.cabinets.first?.refused == 1)
    }

    @Test(.enabled(if: Evidence.isPresent, Comment(rawValue: Evidence.absence)))
    func `a slice of the real cabinet is imported`() async throws {
        let test = try await TestEngine()
        var files: [(name: String, bytes: [UInt8])] = []
        for path in try Evidence.files(in: "wsusscn2-slice/") where !path.hasSuffix("package.xml") {
            files.append((String(path.dropFirst("wsusscn2-slice/".count)).replacing("/", with: "\\"), try Evidence.bytes(path)))
        }
        let list = CabinetWriter(.lzx, [("package.xml", try Evidence.bytes("wsusscn2-slice/package.xml"))]).bytes()
        let cabinet = CabinetWriter(.stored, [("package.cab", list), ("package2.cab", CabinetWriter(.mszip, files).bytes())]).bytes()
        let report = try await importing(cabinet, test, as: "wsusscn2.cab")
        let counts = try #require(report.cabinets.first)
        #expect(counts.revisions == 20 && counts.imported == 6 && counts.incomplete == 14 && counts.refused == 0)
        let details = try await test.engine.update("KB5094126")
        #expect(details.summary.title.contains("(26100.8655)"))
        #expect(details.summary.msrcSeverity == "Critical")
        #expect(details.securityBulletins.isEmpty)
        #expect(try await fragment("core", of: details.summary.id, test) == Evidence.bytes("wsusscn2-slice/c/21"))
        #expect(try await fragment("extended", of: details.summary.id, test) == Evidence.bytes("wsusscn2-slice/x/21"))
        #expect(try await fragment("localized-en", of: details.summary.id, test) == Evidence.bytes("wsusscn2-slice/l/en/21"))
    }

    @Test(.enabled(if: Evidence.isPresent, Comment(rawValue: Evidence.absence)))
    func `a small cabinet of another maker is imported`() async throws {
        let test = try await TestEngine()
        let report = try await importing(try Evidence.bytes("wsusscn2-vuls/wsusscn2.cab"), test)
        let counts = try #require(report.cabinets.first)
        #expect(counts.revisions == 4 && counts.imported == 3 && counts.incomplete == 1)
    }
}
