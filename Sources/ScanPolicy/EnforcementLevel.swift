/// What a Windows device refuses, by the cumulative update it has installed: a device changes level on the day it installs that update, not on
/// a date.
///
/// Source: docs/scan-policy.md, the announcements of September 2020 and January 2021. The raw values are those of `martlet forecast --json`.
public enum EnforcementLevel: String, CaseIterable, Sendable, Hashable, Comparable {
    /// Before the cumulative update of 8 September 2020: the user's proxy is tried first.
    case before = "before-2020-09"
    /// From the cumulative update of 8 September 2020: a server on HTTP is not reached through the user's proxy unless the policy allows it.
    case september2020 = "2020-09"
    /// From the cumulative update of 12 January 2021: the same for a server on HTTPS, and the certificates that a device pins.
    case january2021 = "2021-01"

    public static func < (one: Self, other: Self) -> Bool { one.rank < other.rank }

    private var rank: Int {
        switch self {
        case .before: 0
        case .september2020: 1
        case .january2021: 2
        }
    }
}
