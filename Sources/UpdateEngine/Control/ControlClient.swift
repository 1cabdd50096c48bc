import Foundation
import Glibc
public import Logging

/// Carries out a command on a home: inside its server where one runs, else in this process, which then has the home to itself.
public struct ControlClient: Sendable {
    /// Ten minutes, in tenths of a second.
    private static let attempts = 6000

    private let home: Home
    private let log: Logger

    public init(home: Home, log: Logger) {
        self.home = home
        self.log = log
    }

    public func perform(_ request: ControlRequest, output: ControlOutput) async throws -> ControlResult {
        // A server that is starting or ending has the lock but not the socket, and another command without a server has the lock: both end.
        for attempt in 0..<Self.attempts {
            if let channel = try connect() { return try await perform(request, output, over: channel) }
            do {
                let lock = try home.lock()
                let engine = try await UpdateEngine.open(home, log: log)
                do {
                    let result = try await engine.perform(request, output: output)
                    try await engine.close()
                    withExtendedLifetime(lock) {}
                    return result
                } catch {
                    try? await engine.close()
                    withExtendedLifetime(lock) {}
                    throw error
                }
            } catch let error as EngineError where error.code == .busy {
                if attempt == Self.attempts - 1 { throw error }
                if attempt == 20 { log.warning("another process has \(home.path); waiting for it") }
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        throw EngineError(.busy, "another process has \(home.path)")
    }

    private func connect() throws(EngineError) -> LineChannel? {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw EngineError(.failed, "cannot make a socket") }
        let isConnected = try SocketAddress.with(home.controlSocket) { Glibc.connect(descriptor, $0, $1) == 0 }
        guard isConnected else {
            close(descriptor)
            return nil
        }
        return LineChannel(descriptor: descriptor)
    }

    private func perform(_ request: ControlRequest, _ output: ControlOutput, over channel: LineChannel) async throws -> ControlResult {
        try await withCheckedThrowingContinuation { continuation in
            let thread = Thread {
                do {
                    try channel.send(request)
                    var outcome: Result<ControlResult, any Error>?
                    try channel.receive(ControlReply.self) { reply in
                        switch reply {
                        case .progress(let progress): output.progress(progress)
                        case .bytes(let text): output.bytes(Data(base64Encoded: text).map { Array($0) } ?? [])
                        case .result(let result): outcome = .success(result)
                        case .failure(let code, let message): outcome = .failure(EngineError(code, message))
                        }
                        return outcome == nil
                    }
                    continuation.resume(
                        with: outcome ?? .failure(EngineError(.failed, "the server ended before the command did; see what it changed")))
                } catch {
                    continuation.resume(throwing: error)
                }
            }
            thread.name = "control"
            thread.start()
        }
    }
}
