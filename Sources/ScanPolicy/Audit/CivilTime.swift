/// A moment as people read it, of seconds since 1970.
enum CivilTime {
    /// `2026-11-23T13:04:00.000Z`; years before 1 and after 9999 are cut to those.
    static func text(_ seconds: Int) -> String {
        let seconds = min(max(seconds, -62_135_596_800), 253_402_300_799)
        let days = (seconds >= 0 ? seconds : seconds - 86_399) / 86_400
        let rest = seconds - days * 86_400
        return "\(CalendarDay(number: days))T\(padded(rest / 3_600)):\(padded(rest / 60 % 60)):\(padded(rest % 60)).000Z"
    }

    private static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
}
