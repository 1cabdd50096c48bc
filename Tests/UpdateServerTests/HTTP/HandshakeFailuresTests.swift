import NIOCore
import Testing

@testable import UpdateServer

struct HandshakeFailuresTests {
    @Test func `failures are said once in ten seconds, with how many were not`() {
        let log = LogRecorder()
        let failures = HandshakeFailures(log: log.logger)
        let start = NIODeadline.uptimeNanoseconds(1)
        for _ in 0..<3 { failures.record(peer: "192.0.2.1", at: start) }
        failures.record(peer: "192.0.2.1", at: start + .nanoseconds(9_999_999_999))
        #expect(log.lines.count == 1)
        failures.record(peer: "192.0.2.2", at: start + .seconds(10))
        #expect(log.lines.count == 2)
        #expect(log.lines.last?.contains("peer=192.0.2.2") == true)
        #expect(log.lines.last?.contains("unsaid before it=3") == true)
    }
}
