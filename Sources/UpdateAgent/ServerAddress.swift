/// The origin of an update server, `https://HOST[:PORT]`, and the judge of what lies under it.
///
/// `http` is another origin, for a laboratory only: it must be asked for when the address is read, never by what a server announces.
public struct ServerAddress: Hashable, Sendable, CustomStringConvertible {
    /// In lower case; an IPv6 address is in brackets.
    public let host: String
    public let port: Int
    /// Without TLS: whoever is on the way can say anything.
    public let isPlain: Bool

    /// Reads `https://HOST[:PORT]` with or without a slash at the end: the form of `WUServer` (scan-policy.md A4).
    ///
    /// - Parameter allowsPlainHTTP: `http://HOST[:PORT]` too.
    public init(_ text: String, allowsPlainHTTP: Bool = false) throws(AgentError) {
        guard let (address, rest) = Self.split(text), rest.isEmpty || rest == "/", allowsPlainHTTP || !address.isPlain else {
            throw AgentError(.badServerAddress, "the server's address must have the form https://HOST[:PORT]")
        }
        self = address
    }

    private init(host: String, port: Int, isPlain: Bool) {
        self.host = host
        self.port = port
        self.isPlain = isPlain
    }

    /// `https://HOST:PORT`, without a slash at the end.
    public var description: String { "\(isPlain ? "http" : "https")://\(host):\(port)" }

    /// Whether `url` lies under this origin and is written so plainly that no two readers can disagree on it.
    ///
    /// A server that could name any URL could make devices call anything they can reach.
    public func contains(_ url: String) -> Bool {
        guard let (address, rest) = Self.split(url) else { return false }
        return address == self && Self.isPlainPath(rest)
    }

    /// The path of the authorization service: what GetConfig names if that is a plain relative path, else nothing (observed.md section 2).
    static func path(ofService url: String) -> String? {
        let path = url.hasPrefix("/") ? url : "/" + url
        return isPlainPath(path) && path != "/" ? path : nil
    }

    private static func split(_ text: String) -> (ServerAddress, rest: String)? {
        guard text.utf8.count <= 4096, let scheme = ["https://", "http://"].first(where: { text.prefix($0.count).lowercased() == $0 }) else {
            return nil
        }
        let isPlain = scheme == "http://"
        let authority = text.dropFirst(scheme.count).prefix { $0 != "/" }
        let rest = String(text.dropFirst(scheme.count + authority.count))
        var host = authority
        var port = isPlain ? 80 : 443
        if let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") {
            let digits = authority[authority.index(after: colon)...]
            guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits), (1...65535).contains(number) else { return nil }
            host = authority[..<colon]
            port = number
        }
        guard isHost(host) else { return nil }
        return (ServerAddress(host: host.lowercased(), port: port, isPlain: isPlain), rest)
    }

    private static func isHost(_ host: Substring) -> Bool {
        if host.hasPrefix("["), host.hasSuffix("]") {
            return host.utf8.count > 4 && host.dropFirst().dropLast().utf8.allSatisfy { isHexadecimal($0) || $0 == 0x3a || $0 == 0x2e }
        }
        return (1...253).contains(host.utf8.count) && host.utf8.allSatisfy { isAlphanumeric($0) || $0 == 0x2d || $0 == 0x2e || $0 == 0x5f }
    }

    /// Starts with one slash, has no empty, `.` or `..` segment, no query, and no character but unreserved ones and `%`.
    private static func isPlainPath(_ path: String) -> Bool {
        guard path.hasPrefix("/"), path.utf8.allSatisfy({ isAlphanumeric($0) || "/-._~%".utf8.contains($0) }) else { return false }
        return path.dropFirst().split(separator: "/", omittingEmptySubsequences: false).allSatisfy { !["", ".", ".."].contains($0) }
            && !path.lowercased().contains("%2e") && !path.lowercased().contains("%2f") && !path.lowercased().contains("%5c")
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }
}
