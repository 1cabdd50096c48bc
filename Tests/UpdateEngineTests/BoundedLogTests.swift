import Logging
import Synchronization
import Testing
import UpdateEngine

struct BoundedLogTests {
    private final class Lines: Sendable {
        let all = Mutex<[String]>([])

        var log: Logger {
            var log = Logger(label: "test") { _ in Handler(lines: self) }
            log.logLevel = .info
            return log
        }
    }

    private struct Handler: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            lines.all.withLock { $0.append("\(event.message) \(event.metadata?["unsaid before it"]?.description ?? "-")") }
        }
    }

    @Test func `so many lines of a kind in ten seconds, and then how many were not said`() {
        let lines = Lines()
        let log = BoundedLog(lines.log)
        let start = ContinuousClock.now
        for number in 0..<25 { log.record("a", level: .notice, "a\(number)", metadata: [:], at: start) }
        log.record("a", level: .notice, "late", metadata: [:], at: start + .nanoseconds(9_999_999_999))
        #expect(lines.all.withLock { $0 } == (0..<20).map { "a\($0) -" })
        log.record("b", level: .notice, "another kind", metadata: [:], at: start)
        log.record("a", level: .notice, "again", metadata: [:], at: start + .seconds(10))
        log.record("a", level: .notice, "and again", metadata: [:], at: start + .seconds(10))
        #expect(lines.all.withLock { $0.suffix(3) } == ["another kind -", "again 6", "and again -"])
    }

    @Test func `a kind may have fewer lines`() {
        let lines = Lines()
        let log = BoundedLog(lines.log)
        let start = ContinuousClock.now
        for _ in 0..<3 { log.record("a", level: .notice, "a", metadata: [:], lines: 1, at: start) }
        log.record("a", level: .notice, "a", metadata: [:], lines: 1, at: start + .seconds(10))
        #expect(lines.all.withLock { $0 } == ["a -", "a 2"])
    }

    @Test func `what is not logged at all is neither made nor counted`() {
        let lines = Lines()
        let log = BoundedLog(lines.log)
        func fail() -> Logger.Metadata {
            Issue.record("made")
            return [:]
        }
        log.record("a", level: .debug, "a", metadata: fail())
        #expect(lines.all.withLock { $0 }.isEmpty)
    }
}
