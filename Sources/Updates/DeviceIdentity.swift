/// Whose word puts a device into groups.
public enum Targeting: String, Sendable, Codable, CaseIterable {
    /// The administrator's; what devices ask for is recorded and shown.
    case server
    /// The device's own (`targetGroupName` of GetAuthorizationCookie), where it names any.
    case client
}

/// Sessions of which each was begun with the cookie of the one before it: whoever continues one is the caller who had it before.
public struct SessionLineage: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt64

    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    public static func random() -> SessionLineage { SessionLineage(rawValue: .random(in: 1 ... .max)) }
}

/// Why a device's identity is disputed (ADR 0013).
public struct DisputeReasons: OptionSet, Hashable, Sendable {
    public let rawValue: Int

    public init(rawValue: Int) {
        self.rawValue = rawValue
    }

    /// Someone said another DNS name under the id.
    public static let otherName = DisputeReasons(rawValue: 1)
    /// Another manufacturer, model or processor architecture.
    public static let otherHardware = DisputeReasons(rawValue: 2)
    /// An operating system older than the one held.
    public static let fallingVersion = DisputeReasons(rawValue: 4)
    /// Other groups, by a caller who does not continue the device's sessions.
    public static let otherGroups = DisputeReasons(rawValue: 8)
    /// Two lines of sessions go on by turns.
    public static let twoPlaces = DisputeReasons(rawValue: 16)
    /// A status names one update both needed and installed.
    public static let contradiction = DisputeReasons(rawValue: 32)

    private static let all: [(reason: DisputeReasons, word: String)] = [
        (.otherName, "another name"), (.otherHardware, "other hardware"), (.fallingVersion, "an older operating system"),
        (.otherGroups, "other groups"), (.twoPlaces, "two places at once"), (.contradiction, "a contradictory report"),
    ]

    /// In an administrator's words.
    public var words: [String] { Self.all.filter { contains($0.reason) }.map(\.word) }
}

/// That more than one caller may be behind a device's id, or that what it says cannot be true. Its status counts nowhere until an
/// administrator decides.
public struct Dispute: Hashable, Sendable {
    public let reasons: DisputeReasons
    /// When the first of them was seen.
    public let since: Timestamp
    /// From where the second line of sessions was heard, or what disputes was said; nothing where that is not known.
    public let network: SourceNetwork?

    public init(reasons: DisputeReasons, since: Timestamp, network: SourceNetwork? = nil) {
        self.reasons = reasons
        self.since = since
        self.network = network
    }
}

/// What a caller said under a device's id and the server has not taken over.
public struct DeviceClaim: Hashable, Sendable {
    public let facts: DeviceFacts
    /// Nothing where it asked for what is held.
    public let requestedGroups: [String]?
    public let address: String
    public let time: Timestamp

    public init(facts: DeviceFacts, requestedGroups: [String]?, address: String, time: Timestamp) {
        self.facts = facts
        self.requestedGroups = requestedGroups
        self.address = address
        self.time = time
    }
}

/// One line of a device's history: what it said otherwise than before, and what became of it.
public struct DeviceChange: Hashable, Sendable {
    public let time: Timestamp
    /// Where the request came from.
    public let address: String
    public let field: Field
    public let old: String
    public let new: String
    public let outcome: Outcome

    public enum Field: String, Sendable, Codable, CaseIterable {
        case name
        case osVersion
        case osDescription
        case osLocale
        case manufacturer
        case model
        case biosVersion
        case architecture
        case agent
        case requestedGroups
        /// It began anew, without a cookie of the sessions before.
        case session
        case dispute
    }

    public enum Outcome: String, Sendable, Codable, CaseIterable {
        /// It holds from now on.
        case taken
        /// It waits for an administrator.
        case claimed
        case accepted
        case rejected
        /// The dispute of ``Field/dispute`` began, or got another reason.
        case disputed
    }

    public init(time: Timestamp, address: String, field: Field, old: String, new: String, outcome: Outcome) {
        self.time = time
        self.address = address
        self.field = field
        self.old = old
        self.new = new
        self.outcome = outcome
    }
}
