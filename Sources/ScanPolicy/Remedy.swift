/// A change that makes a verdict better.
public struct Remedy: Sendable, Hashable {
    public var kinds: [RemedyKind]
    /// The setting, exactly, one a line.
    public var settings: [String]
    /// What the channel then does at the same level.
    public var outcome: ScanOutcome

    public init(kinds: [RemedyKind], settings: [String], outcome: ScanOutcome) {
        self.kinds = kinds
        self.settings = settings
        self.outcome = outcome
    }
}

/// The remedies, the safest first. The raw values are those of `martlet remedy` and `martlet forecast --assume`.
public enum RemedyKind: String, CaseIterable, Sendable, Hashable {
    case tls
    case systemProxy = "system-proxy"
    case userProxyFallback = "user-proxy-fallback"
}
