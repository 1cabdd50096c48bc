import Foundation
import TestSupport

/// A program run to its end, off the threads that tests share.
enum Command {
    /// What it wrote to standard output.
    static func run(_ path: String, _ arguments: [String]) async throws -> [UInt8] {
        let folder = try TemporaryFolder()
        let output = try folder.write([], to: "out")
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: URL(filePath: output))
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in continuation.resume() }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        return Array(try Data(contentsOf: URL(filePath: output)))
    }
}
