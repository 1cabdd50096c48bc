public import Logging
import Synchronization

/// Lines that others can cause at will, at most so many of a kind in a time: whoever floods a server fills no log.
///
/// The first line of a kind after some were left out says how many.
public final class BoundedLog: Sendable {
    public static let lines = 20
    public static let interval = Duration.seconds(10)

    private struct Kind {
        var began: ContinuousClock.Instant
        var said = 0
        var leftOut = 0
    }

    private let log: Logger
    private let kinds = Mutex<[String: Kind]>([:])

    public init(_ log: Logger) {
        self.log = log
    }

    /// - Parameters:
    ///   - kind: one of few: it is remembered. Lines of one kind are counted together.
    ///   - lines: of this kind in ``interval``.
    ///   - metadata: is not made for a line that is left out.
    public func record(
        _ kind: String, level: Logger.Level, _ message: String, metadata: @autoclosure () -> Logger.Metadata, lines: Int = BoundedLog.lines,
        at now: ContinuousClock.Instant = .now
    ) {
        guard log.logLevel <= level else { return }
        let leftOut: Int? = kinds.withLock { kinds in
            var state = kinds[kind] ?? Kind(began: now)
            defer { kinds[kind] = state }
            if now - state.began >= Self.interval { state = Kind(began: now, leftOut: state.leftOut) }
            guard state.said < lines else {
                state.leftOut += 1
                return nil
            }
            state.said += 1
            defer { state.leftOut = 0 }
            return state.leftOut
        }
        guard let leftOut else { return }
        var metadata = metadata()
        if leftOut > 0 { metadata["unsaid before it"] = "\(leftOut)" }
        log.log(level: level, "\(message)", metadata: metadata)
    }
}
