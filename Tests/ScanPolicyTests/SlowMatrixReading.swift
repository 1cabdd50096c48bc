import Foundation
import ScanPolicy
import TestSupport

/// The matrix as a person reads it: from the tables of docs/scan-policy.md, row by row and word by word, without anything of the program's
/// decision. Slow, and written only to be held against it.
struct SlowMatrixReading {
    struct Answer: Equatable {
        var outcome: String
        var path: [String]
        var row: String
        var isInferred: Bool
    }

    private let rows: [[String]]
    let sourcesOfBuilds: [[String]]

    init() throws {
        let text = try String(contentsOf: Evidence.packageRoot.appending(path: "docs/scan-policy.md"), encoding: .utf8)
        let tables = text.components(separatedBy: "\n").filter { $0.hasPrefix("|") }.map { line in
            line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast().map { $0.trimmingCharacters(in: .whitespaces) }
        }
        rows = tables.filter { $0.count == 8 && $0[0].hasPrefix("A2-") }
        sourcesOfBuilds = tables.filter { $0.count == 4 && UInt32($0[0]) != nil }
    }

    var count: Int { rows.count }

    /// One answer for a device in a network that is known; `pins`: empty, same, other.
    func answer(_ device: DeviceFacts, needs: String, policy: Int, pins: String, column: Int) -> Answer {
        let values = device.policy
        let classes = PolicyNumber.allCases.filter { $0.rawValue.hasPrefix("SetPolicyDriven") }
        let elsewhere = values[.useUpdateClassPolicySource] == 1 && classes.allSatisfy { values[$0] == 0 }
        if values[.useWUServer] != 1 || values[.noAutoUpdate] == 1 || values[.wuServer] == nil || elsewhere {
            return Answer(outcome: "does-not-ask", path: [], row: "A2-20", isInferred: false)
        }
        let server = values[.wuServer]?.hasPrefix("https:") == true ? "HTTPS" : "HTTP"
        guard let row = rows.first(where: { $0[1] == server && $0[2] == needs && ($0[3] == "any" || $0[3] == String(policy)) }) else {
            return Answer(outcome: "no row", path: [], row: "", isInferred: false)
        }
        let cell = row[4 + column]
        let bracket = cell.split(separator: "[")[1].split(separator: "]")[0]
        var answer = Answer(
            outcome: String(cell.split(separator: " ")[0]), path: bracket.components(separatedBy: ", "), row: row[0],
            isInferred: cell.hasSuffix("(i)"))
        if needs == "user proxy", policy == 1, device.isSignedIn == false {
            answer = Answer(outcome: column == 0 ? "unknown" : "fails", path: answer.path, row: "A2-21", isInferred: true)
            if column > 0 { answer.path = answer.path.filter { $0 != "user" } }
        }
        guard server == "HTTPS", column == 2, answer.outcome != "fails", pins != "empty" else { return answer }
        if values[.doNotEnforceEnterpriseTLSCertPinningForUpdateDetection] == 1 { return answer }
        return Answer(outcome: pins == "same" ? "scans" : "fails", path: answer.path, row: pins == "same" ? "A2-16" : "A2-17", isInferred: false)
    }
}
