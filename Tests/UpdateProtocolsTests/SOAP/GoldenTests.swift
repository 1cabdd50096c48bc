import Foundation
import TestSupport
import Testing
import UpdateProtocols
import Updates

/// Each file of Tests/Golden is a case: a request, a line of dashes, and what a server is to make of it.
struct GoldenTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let request: [UInt8]
        let expected: String
        var testDescription: String { name }
    }

    private static let folder = Evidence.packageRoot.appending(path: "Tests/Golden")

    static let cases: [Case] = {
        let files = (try? FileManager.default.contentsOfDirectory(at: folder.resolvingSymlinksInPath(), includingPropertiesForKeys: nil)) ?? []
        return files.filter { $0.pathExtension == "request" }.sorted { $0.path() < $1.path() }.compactMap { file in
            guard let text = try? String(contentsOf: file, encoding: .utf8) else { return nil }
            let parts = text.split(separator: "\n----------\n", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return Case(name: file.lastPathComponent, request: [], expected: "a line of ten dashes") }
            return Case(
                name: file.lastPathComponent, request: Array(parts[0].utf8), expected: parts[1].trimmingCharacters(in: .newlines))
        }
    }()

    @Test func `there are cases`() {
        #expect(Self.cases.count >= 30)
    }

    @Test(arguments: cases)
    func `a request is read as its case says`(golden: Case) {
        #expect(RequestOutline.outcome(golden.request) == golden.expected)
    }

    @Test(arguments: cases)
    func `a request that breaks off anywhere is a fault`(golden: Case) {
        // The long ones have the same thing many times.
        for length in stride(from: golden.request.count - 1, through: 0, by: golden.request.count > 2000 ? -17 : -1) {
            #expect(RequestOutline.outcome(Array(golden.request[..<length])).hasPrefix("fault "), "\(length) bytes")
        }
    }
}
