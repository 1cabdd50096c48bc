/// A version of Windows as `ver`, `winver` and the registry give it: `10.0.19041.508`.
public struct WindowsVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
    public var major: UInt32
    public var minor: UInt32
    public var build: UInt32
    /// What cumulative updates raise (`UBR`); `nil` where only the build is known.
    public var revision: UInt32?

    public init(major: UInt32 = 10, minor: UInt32 = 0, build: UInt32, revision: UInt32?) {
        self.major = major
        self.minor = minor
        self.build = build
        self.revision = revision
    }

    /// Of `10.0.19041.508`, `10.0.19041` or `19041.508` (which is taken as 10.0).
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { part in part.allSatisfy { $0.isASCII && $0.isNumber } ? UInt32(part) : nil }
        guard numbers.count == parts.count else { return nil }
        switch numbers.count {
        case 2 where numbers[0] >= 10_240: self.init(build: numbers[0], revision: numbers[1])
        case 3: self.init(major: numbers[0], minor: numbers[1], build: numbers[2], revision: nil)
        case 4: self.init(major: numbers[0], minor: numbers[1], build: numbers[2], revision: numbers[3])
        default: return nil
        }
    }

    public var description: String { "\(major).\(minor).\(build)" + (revision.map { ".\($0)" } ?? "") }

    /// One without a revision comes before all of its build.
    public static func < (one: Self, other: Self) -> Bool { one.order < other.order }

    private var order: (UInt32, UInt32, UInt32, Int64) { (major, minor, build, revision.map(Int64.init) ?? -1) }
}
