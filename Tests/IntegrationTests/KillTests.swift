import Foundation
import Glibc
import Logging
import Storage
import Synchronization
import TestSupport
import Testing
import UpdateCatalog
import UpdateEngine
import UpdateProtocols
import Updates

/// A server is killed (SIGKILL) at random points while it imports and approves; what it had acknowledged must be there, and whole.
///
/// `MARTLET_KILLS` sets how often (200 unless told); the seed is printed and `MARTLET_SEED` sets it.
struct KillTests {
    static let killsOfHome = 25

    static let program: URL? = {
        let folder = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL.deletingLastPathComponent()
        let candidate = (folder ?? URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()).appending(path: "martlet")
        return FileManager.default.isExecutableFile(atPath: candidate.path(percentEncoded: false)) ? candidate : nil
    }()

    @Test(.enabled(if: program != nil, "the program is not built beside the tests"))
    func `nothing acknowledged is lost, nothing is half there, no byte is wrong`() async throws {
        let environment = ProcessInfo.processInfo.environment
        let kills = environment["MARTLET_KILLS"].flatMap(Int.init) ?? 200
        let seed = environment["MARTLET_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 0..<1_000_000)
        print("kill test: \(kills) kills, seed \(seed)")
        var random = SplitMix(seed: seed)
        let folder = try TemporaryFolder()
        var home = Home(path: folder.path)
        var expected = Expected()
        var (documentCount, approvalCount) = (0, 0)
        for round in 0..<kills {
            // A new home now and then keeps the rounds short.
            if round % Self.killsOfHome == 0 {
                home = Home(path: folder.path + "/home-\(round)")
                try await UpdateEngine.create(home, hosts: ["localhost"], at: .now, log: Self.log)
                (documentCount, approvalCount) = (documentCount + expected.documents.count, approvalCount + expected.approved.count)
                expected = Expected()
            }
            let server = try ServerProcess(home: home, program: try #require(Self.program))
            var fillers: [Int] = []
            for _ in 0..<12 { fillers.append(Int.random(in: 0..<400, using: &random)) }
            let documents = expected.nextDocuments(round: round, count: 12, fillers: fillers)
            let batch = folder.path + "/batch"
            try? FileManager.default.removeItem(atPath: batch)
            for (number, document) in documents.enumerated() { try folder.write(document.bytes, to: "batch/\(number).xml") }
            let delay = Int.random(in: 0..<300, using: &random)
            let kill = Task { await server.kill(afterMilliseconds: delay) }
            // Import, then decide about what the import acknowledged; the kill falls somewhere in between.
            try? await Self.importAndApprove(documents, from: batch, home, expected)
            await kill.value
            try await expected.check(home, round: round)
        }
        (documentCount, approvalCount) = (documentCount + expected.documents.count, approvalCount + expected.approved.count)
        print("kill test: \(documentCount) documents and \(approvalCount) approvals were acknowledged, none lost")
        #expect(documentCount > 0)
    }

    /// Ends with an error where the server is gone; what it acknowledged before that stands in `expected`.
    private static func importAndApprove(_ documents: [DocumentText], from batch: String, _ home: Home, _ expected: Expected) async throws {
        let client = ControlClient(home: home, log: log)
        _ = try await client.perform(.importUpdates(paths: [batch], source: "local"), output: .none)
        expected.acknowledge(documents)
        for document in documents {
            let change = UpdateChange.approve(groups: ["All Computers"], action: .install, deadline: nil)
            _ = try await client.perform(.changeUpdates(.ids([document.id.description]), change, isDryRun: false), output: .none)
            expected.approved.insert(document.id)
        }
    }

    static let log: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}

extension ControlOutput {
    static let none = ControlOutput(progress: { _ in }, bytes: { _ in })
}

/// What was sent, and what the server said it had done.
private final class Expected {
    /// Acknowledged, by id.
    var documents: [UpdateID: DocumentText] = [:]
    var approved: Set<UpdateID> = []
    private var sent: [UpdateID: DocumentText] = [:]

    func nextDocuments(round: Int, count: Int, fillers: [Int]) -> [DocumentText] {
        var batch: [DocumentText] = []
        for number in 0..<count {
            var document = DocumentText(UpdateID(high: UInt64(round), low: UInt64(number) | 0x8000_0000_0000_0000), title: "Round \(round)")
            document.filler = fillers[number]
            batch.append(document)
            sent[document.id] = document
        }
        return batch
    }

    func acknowledge(_ batch: [DocumentText]) {
        for document in batch { documents[document.id] = document }
    }

    /// Opens the home as a server would and compares all of it.
    func check(_ home: Home, round: Int) async throws {
        let lock = try await home.lockWhenFree()
        let engine = try await UpdateEngine.open(home, log: KillTests.log)
        let held = Set(engine.catalog.updateIDs)
        #expect(held.isSuperset(of: documents.keys), "round \(round): a document that was acknowledged is gone")
        let view = engine.catalog.view(of: [.unassignedComputers])
        for id in approved {
            let current = engine.catalog.current(id)
            let action = current.flatMap { engine.catalog.deployment(of: $0.id, in: view)?.action }
            #expect(action == .install, "round \(round): an approval that was acknowledged is gone")
        }
        // Acknowledged or not: what is held must be whole. A round's own documents are compared after each kill, all after a home's last.
        let isLast = round % KillTests.killsOfHome == KillTests.killsOfHome - 1
        for id in held where isLast || id.high == UInt64(round) {
            let document = try #require(sent[id])
            try await compare(engine, document, round: round)
        }
        try await engine.close()
        withExtendedLifetime(lock) {}
    }

    private static func fragments(_ document: DocumentText) throws -> [Fragment] {
        var reader = UpdateDocumentReader()
        try reader.feed(document.bytes)
        return try reader.finish().fragments
    }

    private func compare(_ engine: UpdateEngine, _ document: DocumentText, round: Int) async throws {
        let fragments = try Self.fragments(document)
        let pieces = Pieces()
        let output = ControlOutput(progress: { _ in }, bytes: { pieces.append($0) })
        _ = try await engine.perform(.fragment(update: document.identity.description, kind: "document"), output: output)
        #expect(pieces.take() == document.bytes, "round \(round): the document of \(document.identity) is not what was imported")
        for fragment in fragments {
            let kind: String
            switch fragment.kind {
            case .core: kind = "core"
            case .extended: kind = "extended"
            case .localizedProperties(let language): kind = "localized-\(language)"
            case .eula: kind = "eula"
            }
            _ = try await engine.perform(.fragment(update: document.identity.description, kind: kind), output: output)
            #expect(pieces.take() == fragment.bytes.bytes, "round \(round): \(kind) of \(document.identity) is not what was derived")
        }
    }
}

/// Gathers bytes that come in pieces.
private final class Pieces: Sendable {
    private let bytes = Mutex<[UInt8]>([])

    func append(_ piece: [UInt8]) {
        bytes.withLock { $0 += piece }
    }

    func take() -> [UInt8] {
        let taken = bytes.withLock { $0 }
        bytes.withLock { $0 = [] }
        return taken
    }
}

/// A small generator of repeatable numbers.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
