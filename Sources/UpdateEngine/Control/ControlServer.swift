import Foundation
import Glibc
public import Logging

/// Listens on `run/control.sock` (0600) for commands of the home's owner and carries them out in the server.
public final class ControlServer: Sendable {
    /// Commands at once; another waits in the socket's queue.
    private static let connectionLimit = 16

    private let engine: UpdateEngine
    private let log: Logger
    private let descriptor: Int32
    private let running = DispatchGroup()
    private let slots = DispatchSemaphore(value: connectionLimit)

    public init(engine: UpdateEngine, log: Logger) throws(EngineError) {
        self.engine = engine
        self.log = log
        let path = engine.home.controlSocket
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw EngineError(.failed, "cannot make the control socket") }
        // The lock on the home says that no other server listens here: what lies there is left over.
        unlink(path)
        let previousMask = umask(0o177)
        let isBound = try SocketAddress.with(path) { bind(descriptor, $0, $1) == 0 }
        umask(previousMask)
        guard isBound, listen(descriptor, 64) == 0 else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw EngineError(.failed, "cannot listen on \(path): \(reason)")
        }
        self.descriptor = descriptor
    }

    /// Accepts commands until ``stop()``, on a thread of its own.
    public func start() {
        let thread = Thread { self.acceptAll() }
        thread.name = "control"
        thread.start()
    }

    /// Takes no further commands, and returns when those that run have answered; long ones stop after the transaction they are at, and
    /// one whose reader stands still is waited for 20 seconds.
    public func stop() async {
        unlink(engine.home.controlSocket)
        shutdown(descriptor, Int32(SHUT_RDWR))
        engine.beginEnding()
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            DispatchQueue.global().async { [running, log] in
                if running.wait(timeout: .now() + 20) == .timedOut { log.warning("a command was left: its reader takes nothing") }
                continuation.resume()
            }
        }
        close(descriptor)
    }

    private func acceptAll() {
        while true {
            slots.wait()
            let connection = accept(descriptor, nil, nil)
            guard connection >= 0 else {
                slots.signal()
                if errno == EINTR || errno == ECONNABORTED { continue }
                if errno == EMFILE || errno == ENFILE {
                    usleep(100_000)
                    continue
                }
                return
            }
            let channel = LineChannel(descriptor: connection)
            // A command is one line, sent at once: who connects and says nothing holds no slot for long.
            channel.setTimeouts(readSeconds: 10, writeSeconds: 60)
            guard let user = channel.peerUser, user == geteuid() || user == 0 else {
                slots.signal()
                continue
            }
            running.enter()
            let thread = Thread {
                self.serve(channel)
                self.slots.signal()
                self.running.leave()
            }
            thread.name = "command"
            thread.start()
        }
    }

    /// One command: a line in, replies out, the last a result or a failure.
    private func serve(_ channel: LineChannel) {
        do {
            try channel.receive(ControlRequest.self, limit: LineChannel.commandLimit) { request in
                let finished = DispatchSemaphore(value: 0)
                Task {
                    let reply = await self.answer(request, channel)
                    try? channel.send(reply)
                    finished.signal()
                }
                finished.wait()
                return false
            }
        } catch {
            log.warning("a command on the control socket could not be read")
            try? channel.send(ControlReply.failure(code: .refused, message: "the command could not be read; are both of one version?"))
        }
    }

    private func answer(_ request: ControlRequest, _ channel: LineChannel) async -> ControlReply {
        // A command whose terminal went away is carried through all the same: its lines are lost, its work is not.
        let output = ControlOutput(
            progress: { try? channel.send(ControlReply.progress($0)) },
            bytes: { try? channel.send(ControlReply.bytes(Data($0).base64EncodedString())) })
        do {
            return .result(try await engine.perform(request, output: output))
        } catch let error as EngineError {
            return .failure(code: error.code, message: error.message)
        } catch {
            return .failure(code: .failed, message: "\(error)")
        }
    }
}
