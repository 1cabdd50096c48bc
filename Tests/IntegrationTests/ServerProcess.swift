import Foundation
import Glibc
import UpdateEngine

/// `martlet serve` as a process of its own.
final class ServerProcess: Sendable {
    private let process: Int32
    let port: Int

    init(home: Home, program: URL) throws {
        let server = Process()
        server.executableURL = program
        server.arguments = ["serve", "--home", home.path, "--port", "0", "--bind", "127.0.0.1"]
        let output = Pipe()
        server.standardOutput = output
        server.standardError = FileHandle.nullDevice
        try server.run()
        process = server.processIdentifier
        var text = Data()
        while true {
            if let line = String(decoding: text, as: UTF8.self).firstMatch(of: /ready https:\/\/[^\n]*:([0-9]+)\n/) {
                port = Int(line.1) ?? 0
                return
            }
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { throw EngineError(.failed, "the server did not get ready") }
            text += more
        }
    }

    func kill(afterMilliseconds delay: Int) async {
        try? await Task.sleep(for: .milliseconds(delay))
        Glibc.kill(process, SIGKILL)
    }
}

extension Home {
    /// The kernel lets go of a killed process's lock when it is gone, a moment after the signal.
    func lockWhenFree() async throws -> HomeLock {
        for _ in 0..<500 {
            if let lock = try? lock() { return lock }
            try await Task.sleep(for: .milliseconds(10))
        }
        return try lock()
    }
}
