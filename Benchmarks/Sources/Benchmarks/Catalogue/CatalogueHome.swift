import Foundation
import Logging
import TrustedTransport
import UpdateEngine
import Updates

/// A home that holds the benchmark catalogue, made through the engine's own import and kept for the next run.
struct CatalogueHome: Sendable {
    let plan: CataloguePlan
    /// What was made; measures that write work on a copy.
    let path: String

    /// Payloads of the largest catalogue, by the number of the update that names them.
    struct Payload {
        let name: String
        let size: Int
    }

    static let payloads = [Payload(name: "ten.cab", size: 10 << 20), Payload(name: "ranges.cab", size: 200 << 20)]

    /// Finds the home of `count` revisions beneath `cache`, or makes it: minutes.
    static func prepare(count: Int, beneath cache: String) async throws -> CatalogueHome {
        let plan = CataloguePlan(count: count)
        let path = "\(cache)/catalogue-\(count)-v\(CataloguePlan.version)"
        if FileManager.default.fileExists(atPath: path + "/martlet.json") { return CatalogueHome(plan: plan, path: path) }
        let work = path + ".part"
        try? FileManager.default.removeItem(atPath: work)
        try FileManager.default.createDirectory(atPath: work, withIntermediateDirectories: true)
        Progress.say("writing the documents of \(count) revisions; this is done once")
        try writeDocuments(plan, to: work + "/documents")
        let home = Home(path: work + "/home")
        try await UpdateEngine.create(home, hosts: ["localhost"], at: .now, log: .benchmarks)
        let engine = try await UpdateEngine.open(home, log: .benchmarks)
        Progress.say("importing them")
        let (report, wall, cpu) = try await timed { try await engine.importUpdates(paths: [work + "/documents"], source: "local") { _ in } }
        guard report.imported.count == count, report.refused.isEmpty else {
            throw Child.Failure(description: "imported \(report.imported.count) of \(count): \(report.refused.prefix(3).map(\.message))")
        }
        Progress.say("imported \(count) in \(Int(wall)) s (\(Int(cpu)) s of CPU)")
        let approved = plan.updates.filter { $0.kind == .bundle && $0.reach == .fresh }.prefix(92).map { $0.id.description }
        _ = try await engine.apply(.approve(groups: ["All Computers"], action: .install, deadline: nil), to: .ids(approved), isDryRun: false)
        try await engine.close()
        try FileManager.default.moveItem(atPath: home.path, toPath: path)
        try FileManager.default.removeItem(atPath: work)
        return CatalogueHome(plan: plan, path: path)
    }

    private static func writeDocuments(_ plan: CataloguePlan, to folder: String) throws {
        let named = plan.updates.last { $0.kind == .rules && $0.reach == .fresh }?.number
        for update in plan.updates {
            let directory = "\(folder)/\(update.number / 1000)"
            if update.number.isMultiple(of: 1000) { try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true) }
            let files = update.number == named ? try writePayloads(to: folder) : []
            let bytes = DocumentWriter.document(update, files: files)
            try Data(bytes).write(to: URL(filePath: "\(directory)/\(update.number).xml"))
        }
    }

    /// Noise, as compressed payloads are.
    private static func writePayloads(to folder: String) throws -> [UpdateFile] {
        try payloads.map { payload in
            var random = SplitMix(seed: UInt64(payload.size))
            var data = Data(capacity: payload.size)
            for _ in 0..<payload.size / 8 { withUnsafeBytes(of: random.next()) { data.append(contentsOf: $0) } }
            let path = "\(folder)/\(payload.name)"
            try data.write(to: URL(filePath: path))
            let file = try FileVerifier.verify(path: path, size: nil, sha1: nil, sha256: nil)
            return UpdateFile(sha1: file.sha1, sha256: file.sha256, name: payload.name, size: file.size)
        }
    }

    /// A home of its own for what writes. Large files are shared: those that may still grow are copied.
    func copy(to target: String) throws -> Home {
        let manager = FileManager.default
        try? manager.removeItem(atPath: target)
        try Self.copy(path, target, manager)
        return Home(path: target)
    }

    private static func copy(_ folder: String, _ target: String, _ manager: FileManager) throws {
        try manager.createDirectory(atPath: target, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let entries = try manager.contentsOfDirectory(atPath: folder).sorted()
        for name in entries where name != "control.sock" {
            let (from, to) = ("\(folder)/\(name)", "\(target)/\(name)")
            let attributes = try manager.attributesOfItem(atPath: from)
            if attributes[.type] as? FileAttributeType == .typeDirectory {
                try copy(from, to, manager)
            } else if (attributes[.size] as? Int ?? 0) >= 64 << 20, name != entries.last, !name.contains(".db") {
                try manager.linkItem(atPath: from, toPath: to)
            } else {
                try manager.copyItem(atPath: from, toPath: to)
            }
        }
    }
}

/// What is said while a benchmark works, apart from its table.
enum Progress {
    static func say(_ text: String) { FileHandle.standardError.write(Data("bench: \(text)\n".utf8)) }
}

extension Logger {
    /// Only what goes wrong.
    static let benchmarks: Logger = {
        var log = Logger(label: "benchmarks")
        log.logLevel = .error
        return log
    }()
}
