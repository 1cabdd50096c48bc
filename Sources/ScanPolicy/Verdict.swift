/// What a Windows device will do on one channel at one enforcement level. On stock Windows it is a prediction, and it says what somebody
/// without rights on the device or the way to it *could* do, not only what is set up now.
///
/// Source: docs/scan-policy.md.
public struct Verdict: Sendable, Hashable {
    public var outcome: ScanOutcome
    /// The ways to the server in the order tried.
    public var path: [ScanPath]
    /// The row of the matrix it comes from.
    public var row: MatrixRow
    /// Rows that lead to `row` or limit it: that of an empty pin store, say.
    public var furtherRows: [MatrixRow]
    public var evidence: Evidence
    /// What the device shows or logs, where it fails.
    public var errors: [ScanError]
    /// What would make it better, the safest first.
    public var remedies: [Remedy]
    /// Facts that nobody gave and that were taken at their default.
    public var assumed: [Assumption]
    /// Facts that are missing, where the outcome is `unknown`.
    public var missing: [MissingFact]
    /// What else is to be known, in sentences.
    public var notes: [String]

    public init(
        outcome: ScanOutcome, path: [ScanPath], row: MatrixRow, furtherRows: [MatrixRow] = [], evidence: Evidence, errors: [ScanError] = [],
        remedies: [Remedy] = [], assumed: [Assumption] = [], missing: [MissingFact] = [], notes: [String] = []
    ) {
        self.outcome = outcome
        self.path = path
        self.row = row
        self.furtherRows = furtherRows
        self.evidence = evidence
        self.errors = errors
        self.remedies = remedies
        self.assumed = assumed
        self.missing = missing
        self.notes = notes
    }
}

public enum ScanOutcome: String, CaseIterable, Sendable, Hashable {
    /// It works, and nobody without administrator rights on the device or a trusted key can alter what the device is told.
    case scans
    /// It works, but someone on the way, or a local user without rights, can alter it.
    case interceptable
    case fails
    /// The device does not turn to this server.
    case doesNotAsk = "does-not-ask"
    /// A fact without a default is missing.
    case unknown
}

public enum ScanChannel: String, CaseIterable, Sendable, Hashable {
    case detection, reporting, download
}

public enum ScanPath: String, CaseIterable, Sendable, Hashable {
    /// Through the proxy of whoever is signed in.
    case user
    /// Through the system's proxy.
    case system
    case direct
}

/// Whether a public source states something, or it was concluded from what sources state.
public enum Evidence: String, CaseIterable, Sendable, Hashable {
    case sourced, inferred
}

/// An error code that a device shows.
public struct ScanError: Sendable, Hashable {
    /// `0x` and eight digits.
    public var code: String
    public var evidence: Evidence
    public var meaning: String

    public init(_ code: String, _ evidence: Evidence, _ meaning: String) {
        self.code = code
        self.evidence = evidence
        self.meaning = meaning
    }
}

/// A row of the matrix in docs/scan-policy.md: `A2-01` to `A2-21` for detection, `A2b-1` and `A2b-2` for the other channels.
public struct MatrixRow: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    public var rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }
    init(_ number: Int) { rawValue = number < 10 ? "A2-0\(number)" : "A2-\(number)" }

    public var description: String { rawValue }

    public static let reporting = Self(rawValue: "A2b-1")
    public static let download = Self(rawValue: "A2b-2")
}

/// A fact that was taken at its default, and which default.
public struct Assumption: Sendable, Hashable {
    public var fact: String
    public var value: String

    public init(_ fact: String, _ value: String) {
        self.fact = fact
        self.value = value
    }
}

/// A fact that is missing and has no default.
public struct MissingFact: Sendable, Hashable {
    public var fact: String
    /// How to find it out.
    public var reason: String

    public init(_ fact: String, _ reason: String) {
        self.fact = fact
        self.reason = reason
    }
}
