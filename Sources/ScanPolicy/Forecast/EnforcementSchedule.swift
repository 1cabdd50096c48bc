/// When each level takes effect on one device.
public struct EnforcementSchedule: Sendable, Hashable {
    public enum State: String, Sendable, Hashable {
        /// The device has the update that brings the level.
        case inEffect = "in-effect"
        /// It does not have it: the level comes on the day it installs it, which is not before `day`.
        case pending
        /// The version of Windows came with it.
        case always
        case unknown
    }

    public struct Entry: Sendable, Hashable {
        public var state: State
        /// The day on which the update was published.
        public var day: CalendarDay?
    }

    /// What the device enforces now; `nil` where its version is not known, or not to the table.
    public var current: EnforcementLevel?
    public var september2020: Entry
    public var january2021: Entry

    public static let september = CalendarDay(year: 2020, month: 9, day: 8) ?? CalendarDay(number: 18_513)
    public static let january = CalendarDay(year: 2021, month: 1, day: 12) ?? CalendarDay(number: 18_639)

    public init(of device: DeviceFacts) {
        let entry = device.windows.flatMap(EnforcementTable.entry)
        let current = device.level ?? device.windows.flatMap(EnforcementTable.level)
        self.current = current
        if device.level == nil, let entry, entry.september2020 == nil {
            september2020 = Entry(state: .always)
            january2021 = Entry(state: .always)
            return
        }
        let isKnown = device.level != nil || entry != nil
        func plan(_ level: EnforcementLevel, _ day: CalendarDay, isPublished: Bool) -> Entry {
            guard isKnown, isPublished else { return Entry(state: .unknown) }
            guard let current else { return Entry(state: .unknown, day: day) }
            return Entry(state: current >= level ? .inEffect : .pending, day: day)
        }
        september2020 = plan(.september2020, Self.september, isPublished: true)
        january2021 = plan(.january2021, Self.january, isPublished: device.level != nil || entry?.isJanuaryKnown == true)
        // A revision beyond September's on a version whose January is not known.
        if current == nil, let first = entry?.september2020?.revision, let revision = device.windows?.revision, revision >= first {
            september2020.state = .inEffect
        }
    }

    public subscript(level: EnforcementLevel) -> Entry {
        switch level {
        case .before: Entry(state: .always)
        case .september2020: september2020
        case .january2021: january2021
        }
    }

    /// The first update Tuesday that the device misses once a level is in effect: after the update was published, or, where the device does not
    /// have it yet, after `day`, on which it could install it.
    public func firstMissed(at level: EnforcementLevel, asOf day: CalendarDay) -> CalendarDay? {
        let entry = self[level]
        switch entry.state {
        case .inEffect: return entry.day?.followingUpdateTuesday
        case .pending: return entry.day.map { max($0, day).followingUpdateTuesday }
        case .always: return day.followingUpdateTuesday
        case .unknown: return nil
        }
    }
}
