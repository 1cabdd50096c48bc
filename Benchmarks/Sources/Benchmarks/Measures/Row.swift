import Foundation
import Glibc
import UpdateEngine

/// One line of the table.
struct Row {
    let measure: String
    /// Empty where a figure is told for what it says only.
    var target = ""
    let figure: String
    /// The figure by its target.
    var ratio: Double?
    var isMet: Bool?

    static func told(_ measure: String, _ figure: String) -> Row { Row(measure: measure, figure: figure) }

    static func atMost(_ bound: Double, _ unit: Unit, _ measure: String, _ figure: Double, note: String = "") -> Row {
        Row(
            measure: measure, target: "≤ \(unit.text(bound))", figure: unit.text(figure) + (note.isEmpty ? "" : " (\(note))"),
            ratio: figure / bound, isMet: figure <= bound)
    }

    static func atLeast(_ bound: Double, _ unit: Unit, _ measure: String, _ figure: Double, note: String = "") -> Row {
        Row(
            measure: measure, target: "≥ \(unit.text(bound))", figure: unit.text(figure) + (note.isEmpty ? "" : " (\(note))"),
            ratio: figure / bound, isMet: figure >= bound)
    }

    enum Unit {
        case seconds, milliseconds, bytes, count, times, perSecond

        /// Of seconds, bytes or a number.
        func text(_ value: Double) -> String {
            switch self {
            case .seconds: "\(format(value, 2)) s"
            case .milliseconds: "\(format(value * 1000, value < 0.1 ? 2 : 0)) ms"
            case .bytes: "\(format(value / 1e6, value < 1e7 ? 2 : 0)) MB"
            case .count: format(value, 0)
            case .times: "\(format(value, 2)) ×"
            case .perSecond: "\(format(value, value < 100 ? 1 : 0))/s"
            }
        }
    }

    static func table(_ rows: [Row]) -> String {
        let lines = rows.map { row in
            let ratio = row.ratio.map { format($0, 2) } ?? ""
            return "| \(row.measure) | \(row.target) | \(row.figure) | \(ratio) | \(row.isMet.map { $0 ? "met" : "**missed**" } ?? "") |"
        }
        return (["| measure | target | figure | figure / target | |", "|---|---|---|---|---|"] + lines).joined(separator: "\n")
    }
}

func format(_ value: Double, _ places: Int) -> String { String(format: "%.\(places)f", value) }

/// What measures share: the homes, and how much to run.
struct Bench {
    /// The folder of homes and scratch files.
    let cache: String
    let isQuick: Bool

    /// What one measure writes, all of it; removed after it.
    var scratch: String { "\(cache)/work-\(getpid())" }

    func home(_ count: Int) async throws -> CatalogueHome { try await CatalogueHome.prepare(count: count, beneath: cache) }

    /// Runs `work` with a server over a copy of the home, which is removed after it.
    func withServer<Result>(_ count: Int, _ work: (InProcessServer, CatalogueHome) async throws -> Result) async throws -> Result {
        try await withCopy(count) { home, catalogue in
            let server = try await InProcessServer.open(home)
            let result = try await work(server, catalogue)
            try await server.close()
            return result
        }
    }

    func withCopy<Result>(_ count: Int, _ work: (Home, CatalogueHome) async throws -> Result) async throws -> Result {
        let catalogue = try await home(count)
        try? FileManager.default.removeItem(atPath: scratch)
        try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        return try await work(try catalogue.copy(to: scratch + "/home"), catalogue)
    }

    func rounds(_ number: Int) -> Int { isQuick ? max(1, number / 10) : number }
}
