import Logging
import NIOCore
import Synchronization

/// Says that handshakes fail: the commonest trouble with a new server, and nothing else shows it there.
///
/// At most one line in ten seconds, with the number of those left out: whoever fails on purpose fills no log.
final class HandshakeFailures: Sendable {
    private static let interval = TimeAmount.seconds(10)

    private let log: Logger
    private let state = Mutex(State())

    private struct State {
        var next = NIODeadline.uptimeNanoseconds(0)
        var leftOut = 0
    }

    init(log: Logger) {
        self.log = log
    }

    func record(peer: String, at now: NIODeadline = .now()) {
        let leftOut: Int? = state.withLock { state in
            guard now >= state.next else {
                state.leftOut += 1
                return nil
            }
            defer { state = State(next: now + Self.interval) }
            return state.leftOut
        }
        guard let leftOut else { return }
        log.notice(
            "a TLS handshake failed: the peer does not trust the certificate, asks for another version, or speaks no TLS",
            metadata: ["peer": "\(peer)", "unsaid before it": "\(leftOut)"])
    }
}
