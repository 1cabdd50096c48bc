import Foundation
import Storage
import Synchronization
import TestSupport
import Testing
import UpdateCatalog
import Updates

@testable import UpdateEngine

struct ImportTests {
    let category = DocumentText(.numbered(1), type: .category, title: "Example Product")

    func update(_ number: UInt64, revision: Int32 = 100, title: String = "An update") -> DocumentText {
        var update = DocumentText(.numbered(number), revision: revision, title: title)
        update.prerequisites = [PrerequisiteClause(anyOf: [.numbered(1)], isCategory: true)]
        return update
    }

    @Test func `the document comes back to the byte`() async throws {
        let test = try await TestEngine()
        let document = update(2, title: "Quotes \" and 'apostrophes'")
        try await test.importing(category, document)
        let output = Collected()
        try await test.engine.fragment("document", of: document.id.description) { output.append($0) }
        #expect(output.bytes == document.bytes)
    }

    @Test func `the same bytes again change nothing`() async throws {
        let test = try await TestEngine()
        try await test.importing(category)
        let generation = test.engine.catalog.generation
        let report = try await test.importing(category)
        #expect(report.alreadyHeld == 1)
        #expect(report.imported.isEmpty)
        #expect(test.engine.catalog.generation == generation)
    }

    @Test func `other bytes under a known identity are refused, and what is held stays`() async throws {
        let test = try await TestEngine()
        try await test.importing(category, update(2, title: "The first"))
        let report = try await test.importing(update(2, title: "The second"))
        #expect(report.refused.count == 1)
        #expect(report.refused.first?.message.contains("never changes") == true)
        #expect(try await test.engine.update(UpdateID.numbered(2).description).summary.title == "The first")
    }

    @Test func `an update whose prerequisite is not held is listed as incomplete, and delivered once it is`() async throws {
        let test = try await TestEngine()
        let report = try await test.importing(update(2))
        #expect(report.imported.count == 1)
        #expect(report.incomplete.map(\.id) == [.numbered(2)])
        #expect(report.incomplete.first?.missingPrerequisites == [[.numbered(1)]])
        #expect(test.engine.catalog.condition(of: .numbered(2))?.delivered == nil)
        try await test.importing(category)
        #expect(test.engine.catalog.condition(of: .numbered(2))?.delivered != nil)
    }

    @Test func `a bundle whose member is not held waits for it`() async throws {
        let test = try await TestEngine()
        var bundle = update(2)
        let member = update(3)
        bundle.bundled = [member.identity]
        let report = try await test.importing(category, bundle)
        #expect(report.incomplete.first?.missingBundledUpdates == [[member.identity]])
        try await test.importing(member)
        #expect(test.engine.catalog.condition(of: bundle.id)?.delivered != nil)
    }

    @Test(arguments: [
        ("a document type", "<!DOCTYPE x><x/>"), ("another root", "<x/>"), ("nothing", ""),
        ("half a document", "<upd:Update xmlns:upd=\"http://schemas.microsoft.com/msus/2002/12/Update\">"),
    ])
    func `a document that cannot be read is named with the byte, and stops no other`(name: String, text: String) async throws {
        let test = try await TestEngine()
        let folder = try TemporaryFolder()
        try folder.write(Array(text.utf8), to: "a-broken.xml")
        try folder.write(category.bytes, to: "b-good.xml")
        let report = try await test.engine.importUpdates(paths: [folder.path], source: "local") { _ in }
        #expect(report.imported == [category.identity])
        #expect(report.refused.count == 1)
        #expect(report.refused.first?.message.contains("a-broken.xml: byte ") == true)
    }

    @Test func `a newer revision of a less trusted source inherits no approval and is not delivered`() async throws {
        let test = try await TestEngine()
        try await test.importing(category, update(2, revision: 100))
        _ = try await test.engine.apply(
            .approve(groups: ["All Computers"], action: .install, deadline: nil), to: .ids([UpdateID.numbered(2).description]), isDryRun: false)
        try await test.importing(update(2, revision: 101, title: "Forged"), source: "sample")
        let details = try await test.engine.update(UpdateID.numbered(2).description)
        #expect(details.summary.revision.rawValue == 100)
        #expect(details.revisions.map(\.isCurrent) == [false, true])
        try await test.importing(update(2, revision: 102, title: "Genuine"))
        let view = test.engine.catalog.view(of: [.unassignedComputers])
        let current = try #require(test.engine.catalog.current(.numbered(2)))
        #expect(current.identity.revisionNumber.rawValue == 102)
        #expect(test.engine.catalog.deployment(of: current.id, in: view)?.action == .install)
    }

    @Test func `a payload beside its document is verified and held, another file is left alone`() async throws {
        let test = try await TestEngine()
        let folder = try TemporaryFolder()
        let payload = Array("what is installed".utf8)
        let file = try TestFile.describe(payload, name: "payload.exe", in: folder)
        var document = update(2)
        document.files = [file]
        try folder.write(category.bytes, to: "updates/1.xml")
        try folder.write(document.bytes, to: "updates/2.xml")
        try folder.write(Array("something else here".utf8), to: "readme.txt")
        let report = try await test.engine.importUpdates(paths: [folder.path], source: "local") { _ in }
        #expect(report.filesAdded == 1)
        #expect(report.incomplete.isEmpty)
        #expect(test.engine.files.lookup(file.sha1)?.sha256 == file.sha256)
    }

    @Test func `what cannot be read is reported, and links are not followed`() async throws {
        let test = try await TestEngine()
        let folder = try TemporaryFolder()
        try folder.write(category.bytes, to: "deep/er/category.XML")
        try folder.write(update(2).bytes, to: ".hidden.xml")
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/deep/loop", withDestinationPath: folder.path)
        let name: [CChar] = (folder.path + "/bad").utf8CString.dropLast() + [CChar(bitPattern: 0xff)] + ".xml".utf8CString
        #expect(creat(name, 0o600) >= 0)
        let report = try await test.engine.importUpdates(paths: [folder.path], source: "local") { _ in }
        #expect(report.imported == [category.identity])
        #expect(report.refused.map(\.message).allSatisfy { $0.contains("not UTF-8") })
        #expect(report.refused.count == 1)
    }

    @Test func `an import that the server's end cuts short says what it did`() async throws {
        let test = try await TestEngine()
        let folder = try TemporaryFolder()
        for number in 1...DocumentQueue.batchDocuments + 50 {
            try folder.write(DocumentText(.numbered(UInt64(number))).bytes, to: String(format: "%04d.xml", number))
        }
        let engine = test.engine
        let report = try await engine.importUpdates(paths: [folder.path], source: "local") { progress in
            if progress.done == 0 { engine.beginEnding() }
        }
        #expect(report.imported.count == DocumentQueue.batchDocuments)
        #expect(report.refused.last?.message.contains("the server is ending") == true)
        #expect(engine.catalog.updateIDs.count == DocumentQueue.batchDocuments)
    }

    @Test func `documents of any size are taken in order, and those that cannot be read are named in order`() async throws {
        let test = try await TestEngine()
        let folder = try TemporaryFolder()
        var expected: [UpdateIdentity] = []
        var broken: [String] = []
        for number in 1...200 {
            let name = String(format: "%04d.xml", number)
            var document = DocumentText(.numbered(UInt64(number)))
            // The 70th and 71st are read alone, from their files.
            if number == 70 || number == 71 { document.filler = 16_000 }
            if number % 60 == 0 {
                broken.append(try folder.write(Array("<nonsense".utf8), to: name))
            } else {
                try folder.write(document.bytes, to: name)
                expected.append(document.identity)
            }
        }
        let report = try await test.engine.importUpdates(paths: [folder.path], source: "local") { _ in }
        #expect(report.imported == expected)
        #expect(report.refused.map(\.path) == broken)
        let ids = try await test.engine.store.revisions().map(\.revision.identity)
        #expect(ids == expected)
    }

    @Test func `what waits during an import has its turn before the end, and finds everything before it`() async throws {
        let test = try await TestEngine()
        let folder = try TemporaryFolder()
        let count = DocumentQueue.batchDocuments * 2
        for number in 1...count { try folder.write(DocumentText(.numbered(UInt64(number))).bytes, to: String(format: "%05d.xml", number)) }
        let engine = test.engine
        let turn = Turn()
        let report = try await engine.importUpdates(paths: [folder.path], source: "local") { _ in turn.queue(at: engine) }
        #expect(report.imported.count == count)
        #expect(engine.catalog.updateIDs.count == count)
        let held = try #require(await turn.held)
        #expect(held > 0 && held < count)
    }

    @Test func `everything is as it was after a restart`() async throws {
        let test = try await TestEngine()
        try await test.importing(category, update(2))
        _ = try await test.engine.apply(
            .approve(groups: ["All Computers"], action: .install, deadline: nil), to: .ids([UpdateID.numbered(2).description]), isDryRun: false)
        let before = test.engine.catalog.generation
        let engine = try await test.reopened()
        #expect(engine.catalog.generation == before)
        #expect(try await engine.update(UpdateID.numbered(2).description).approvals.map(\.group) == ["All Computers"])
        try await engine.close()
    }
}

/// A change that asks for its turn once.
private final class Turn: Sendable {
    private let task = Mutex<Task<Int, any Error>?>(nil)

    func queue(at engine: UpdateEngine) {
        task.withLock { task in
            guard task == nil else { return }
            task = Task {
                try await engine.gate.perform {
                    let held = try await engine.store.revisions().count
                    #expect(engine.catalog.updateIDs.count == held)
                    #expect(try await engine.store.generation() == engine.catalog.generation)
                    return held
                }
            }
        }
    }

    /// How many revisions there were.
    var held: Int? { get async { try? await task.withLock { $0 }?.value } }
}

/// Gathers bytes that come in pieces.
final class Collected: Sendable {
    private let gathered = Mutex<[UInt8]>([])

    func append(_ bytes: [UInt8]) { gathered.withLock { $0 += bytes } }

    var bytes: [UInt8] { gathered.withLock { $0 } }
}
