import Foundation

/// A program that runs beside this one, pinned to a core where one is named.
final class Child {
    private let process = Process()
    private let output = Pipe()
    private var text = ""

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    init(_ program: String, _ arguments: [String], core: Int? = nil) throws {
        let command = core.map { ["taskset", "-c", "\($0)"] } ?? []
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command + [program] + arguments
        process.standardOutput = output
        try process.run()
    }

    var facts: ProcessFacts { ProcessFacts(pid: process.processIdentifier) }

    /// This very program, with other arguments.
    static func this(_ arguments: [String], core: Int? = nil) throws -> Child {
        try Child(CommandLine.arguments[0], arguments, core: core)
    }

    /// Its output to the end; throws where it fails.
    func finish() throws -> String {
        text += String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: "\(process.arguments?.joined(separator: " ") ?? "") ended with \(process.terminationStatus): \(text)")
        }
        return text
    }

    /// The first line of its output that starts with `word`.
    func line(startingWith word: String) throws -> String {
        while true {
            if let line = text.split(separator: "\n").first(where: { $0.hasPrefix(word) }), text.hasSuffix("\n") { return String(line) }
            let data = output.fileHandleForReading.availableData
            guard !data.isEmpty else { throw Failure(description: "it ended without saying \(word): \(text)") }
            text += String(decoding: data, as: UTF8.self)
        }
    }

    /// Tells it to end, and waits until it has.
    func end() {
        if process.isRunning { process.terminate() }
        process.waitUntilExit()
    }

    deinit {
        if process.isRunning { process.terminate() }
    }
}
