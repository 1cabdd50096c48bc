import TrustedTransport
import Updates

/// A short digest of what a device says, to see in memory that it says the same again. A device that made two alike would miss nothing but its
/// own change.
struct FactsDigest: Hashable, Sendable {
    private let value: UInt64

    init(_ digest: SHA256Digest) {
        value = digest.bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    init(_ facts: DeviceFacts) {
        let texts = [
            facts.dnsName, facts.osLocale, facts.manufacturer, facts.model, facts.biosVersion, facts.processorArchitecture, facts.osDescription,
            facts.clientVersion,
        ]
        let numbers = [
            facts.osMajorVersion, facts.osMinorVersion, facts.osBuildNumber, facts.osServicePackMajorNumber, facts.osServicePackMinorNumber,
        ]
        // Lengths before the texts: no two lists are written alike.
        let text = texts.map { "\($0.utf8.count):\($0)" }.joined() + numbers.map { " \($0)" }.joined()
        self.init(TokenSealer.digest(of: text))
    }

    /// Of a device that asks for no groups.
    static let noGroups = FactsDigest(GroupClaim.none.digest)
}
