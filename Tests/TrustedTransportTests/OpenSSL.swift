import Foundation

/// The `openssl` command: an opinion on certificates and TLS from code that is not ours.
enum OpenSSL {
    static let path: String? = ["/usr/bin/openssl", "/usr/local/bin/openssl", "/bin/openssl"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }
    static var isInstalled: Bool { path != nil }
    static let absence = "the openssl command is not installed"

    struct Outcome {
        let status: Int32
        /// Standard output, then standard error.
        let text: String
    }

    /// Runs it to its end. Output goes to files, so that no pipe can fill.
    static func run(_ arguments: String..., arguments more: [String] = [], input: String = "") throws -> Outcome {
        let folder = try TemporaryFolder()
        try folder.write("in", Array(input.utf8))
        try folder.write("out", [])
        try folder.write("err", [])
        let process = Process()
        process.executableURL = URL(filePath: path ?? "")
        process.arguments = arguments + more
        process.standardInput = try FileHandle(forReadingFrom: URL(filePath: folder.file("in")))
        process.standardOutput = try FileHandle(forWritingTo: URL(filePath: folder.file("out")))
        process.standardError = try FileHandle(forWritingTo: URL(filePath: folder.file("err")))
        try process.run()
        process.waitUntilExit()
        let output = String(decoding: try folder.bytes("out") + folder.bytes("err"), as: UTF8.self)
        return Outcome(status: process.terminationStatus, text: output)
    }
}
