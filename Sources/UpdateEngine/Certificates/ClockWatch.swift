import Updates

/// Whether the time of day can be believed: whether it went on as the time since the machine's start did.
///
/// A clock that is set far forward would end every certificate, and one that is set back would make new ones invalid; a change of
/// certificate must not follow from either (ADR 0019).
struct ClockWatch {
    /// Further than this is no correction of a clock that drifts.
    static let toleranceMilliseconds: Int64 = 15 * 60_000
    /// After a jump the time of day is believed when it went on evenly for this long.
    static let proofMilliseconds: Int64 = 60 * 60_000

    private var last: (time: Timestamp, uptime: Int64)?
    private var jumpedAt: Int64?

    enum Verdict: Hashable {
        case even
        /// It jumped by so many milliseconds since the last look.
        case jumped(Int64)
        /// It jumped a while ago, and is not believed yet.
        case doubted
    }

    /// - Parameter uptime: milliseconds of a clock that nobody sets.
    mutating func look(at time: Timestamp, uptime: Int64) -> Verdict {
        defer { last = (time, uptime) }
        guard let last else { return .even }
        let jump = time.milliseconds(since: last.time) - (uptime - last.uptime)
        if abs(jump) > Self.toleranceMilliseconds {
            jumpedAt = uptime
            return .jumped(jump)
        }
        guard let jumpedAt else { return .even }
        if uptime - jumpedAt < Self.proofMilliseconds { return .doubted }
        self.jumpedAt = nil
        return .even
    }
}
