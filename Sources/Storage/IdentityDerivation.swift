public import Updates

/// What a registration under a known device's id makes of what is held: taken, or kept apart as a claim (ADR 0013).
///
/// A pure value: facts held, facts said, and whether the caller continues the device's sessions in; changes and reasons for a dispute out.
public struct IdentityDerivation: Hashable, Sendable {
    /// Which facts are said otherwise, old and new.
    public let changes: [Change]
    /// Why this caller may not be the device; empty where it may.
    public let reasons: DisputeReasons

    public struct Change: Hashable, Sendable {
        public let field: DeviceChange.Field
        public let old: String
        public let new: String

        public init(field: DeviceChange.Field, old: String, new: String) {
            self.field = field
            self.old = old
            self.new = new
        }
    }

    /// - Parameters:
    ///   - isContinued: the session is of the device's own line, or no line is known.
    ///   - earlierNames: names the device has had, in lower case: one that comes back is two machines taking turns.
    public init(held: DeviceFacts, said: DeviceFacts, targeting: Targeting, isContinued: Bool, earlierNames: Set<String> = []) {
        var changes: [Change] = []
        var reasons: DisputeReasons = []
        func compare(_ field: DeviceChange.Field, _ old: String, _ new: String) -> Bool {
            guard old != new else { return false }
            changes.append(Change(field: field, old: old, new: new))
            return true
        }
        if compare(.name, held.dnsName, said.dnsName), held.dnsName.lowercased() != said.dnsName.lowercased(),
            targeting == .server || !isContinued || earlierNames.contains(said.dnsName.lowercased())
        {
            reasons.insert(.otherName)
        }
        if compare(.osVersion, held.fullVersion, said.fullVersion), said.versionNumbers.lexicographicallyPrecedes(held.versionNumbers) {
            reasons.insert(.fallingVersion)
        }
        for (field, old, new) in [
            (DeviceChange.Field.manufacturer, held.manufacturer, said.manufacturer), (.model, held.model, said.model),
            (.architecture, held.processorArchitecture, said.processorArchitecture),
        ] where compare(field, old, new) && !old.isEmpty {
            reasons.insert(.otherHardware)
        }
        for (field, old, new) in [
            (DeviceChange.Field.osDescription, held.osDescription, said.osDescription), (.osLocale, held.osLocale, said.osLocale),
            (.biosVersion, held.biosVersion, said.biosVersion), (.agent, held.clientVersion, said.clientVersion),
        ] {
            _ = compare(field, old, new)
        }
        self.changes = changes
        self.reasons = reasons
    }
}

extension DeviceFacts {
    fileprivate var versionNumbers: [Int32] {
        [osMajorVersion, osMinorVersion, osBuildNumber, osServicePackMajorNumber, osServicePackMinorNumber]
    }

    /// With the service pack where there is one.
    fileprivate var fullVersion: String {
        osServicePackMajorNumber == 0 && osServicePackMinorNumber == 0
            ? osVersion : "\(osVersion) SP \(osServicePackMajorNumber).\(osServicePackMinorNumber)"
    }
}

extension Event {
    /// A 156 that names one update both needed and installed.
    var isContradictory: Bool {
        eventID == .clientStatus && !Set(updateIDs("U")).isDisjoint(with: updateIDs("V"))
    }
}
