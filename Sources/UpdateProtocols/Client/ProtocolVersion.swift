/// A version of the client protocol: two numbers, not a decimal, so that 2.90 is later than 2.4 (protocol.md section 2.1).
public struct ProtocolVersion: Hashable, Comparable, Sendable {
    public let major: UInt16
    public let minor: UInt16

    public init(major: UInt16, minor: UInt16) {
        self.major = major
        self.minor = minor
    }

    /// Reads `2.90`; nothing for another text.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } }),
            let major = UInt16(parts[0]), let minor = UInt16(parts[1])
        else { return nil }
        self.init(major: major, minor: minor)
    }

    /// The version native agents speak (observed.md section 0.7).
    public static let native = ProtocolVersion(major: 2, minor: 90)
    /// From here on a `Deployment` may have `HardwareIds`.
    static let hardwareIDs = ProtocolVersion(major: 1, minor: 6)
    /// From here on a `Deployment` may have `AutoSelect`, `AutoDownload` and `SupersedenceBehavior`.
    static let automation = ProtocolVersion(major: 1, minor: 8)

    public static func < (left: Self, right: Self) -> Bool { (left.major, left.minor) < (right.major, right.minor) }
}
