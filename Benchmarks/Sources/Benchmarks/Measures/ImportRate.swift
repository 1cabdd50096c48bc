import Foundation
import UpdateEngine

/// Documents of median size, imported into a home of 20,000 as `martlet import` does.
enum ImportRate {
    static func rows(_ bench: Bench) async throws -> [Row] {
        try await bench.withServer(20_000) { server, catalogue in
            let count = bench.isQuick ? 400 : 4000
            let folder = bench.scratch + "/documents"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            var bytes: [Double] = []
            for (turn, update) in catalogue.plan.updates.filter({ $0.kind == .rules && (400...800).contains($0.coreBytes) }).prefix(count)
                .enumerated()
            {
                let document = DocumentWriter.document(update.renumbered(1_000_000 + turn))
                bytes.append(Double(document.count))
                try Data(document).write(to: URL(filePath: "\(folder)/\(turn).xml"))
            }
            let (report, wall, cpu) = try await timed {
                try await server.engine.importUpdates(paths: [folder], source: "local") { _ in }
            }
            guard report.imported.count == bytes.count else {
                throw Child.Failure(description: "imported \(report.imported.count): \(report.refused.prefix(2).map(\.message))")
            }
            return [
                .atLeast(
                    1000, .perSecond, "import of \(bytes.count) documents (median \(Int(bytes.median)) bytes) into 20,000",
                    Double(bytes.count) / wall, note: "CPU \(format(cpu * 1000 / Double(bytes.count), 2)) ms each")
            ]
        }
    }
}
