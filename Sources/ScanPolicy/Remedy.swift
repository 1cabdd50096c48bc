/// A change that makes a verdict better.
public struct Remedy: Sendable, Hashable {
    /// What to do; all of it together.
    public var kinds: [RemedyKind]
    /// The settings, exactly, one a line.
    public var settings: [String]
    /// What the channel then does.
    public var outcome: ScanOutcome

    public init(kinds: [RemedyKind], settings: [String], outcome: ScanOutcome) {
        self.kinds = kinds
        self.settings = settings
        self.outcome = outcome
    }
}

/// What can be done about a verdict, the safest first.
public enum RemedyKind: String, CaseIterable, Sendable, Hashable {
    /// Point the device at the server.
    case use
    /// Install the cumulative update that brings the later rules.
    case update
    case tls
    /// Take the permission to use the user's proxy back.
    case systemProxyOnly = "system-proxy-only"
    /// Put the server's certificate into the device's pin store.
    case pins
    case systemProxy = "system-proxy"
    /// The last resort: it lets every user of the device read and alter what it is told.
    case userProxyFallback = "user-proxy-fallback"

    /// Those that `martlet remedy` writes and `martlet forecast --assume` supposes.
    public static let commands: [RemedyKind] = [.tls, .systemProxy, .userProxyFallback]
}
