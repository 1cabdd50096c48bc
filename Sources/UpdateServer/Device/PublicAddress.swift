import TrustedTransport

/// The URL that devices are told: the name they asked by if it is one of the certificate's, else the first.
struct PublicAddress: Sendable {
    /// The certificate's, the first being the default.
    let names: [ServerName]
    let port: Int

    /// `https://NAME:PORT`.
    ///
    /// - Parameter host: the request's `Host`, whose port is of no concern: the server's own is told (observed.md section 5).
    func baseURL(for host: String?) -> String {
        let asked = host.flatMap { try? ServerName(Self.name(of: $0)) }
        let name = names.first { $0 == asked } ?? names.first
        return "https://\(name?.urlHost ?? "localhost"):\(port)"
    }

    /// Without the port, and without the brackets of an IPv6 address.
    private static func name(of host: String) -> Substring {
        guard host.hasPrefix("["), let end = host.firstIndex(of: "]") else { return host.prefix { $0 != ":" } }
        return host[host.index(after: host.startIndex)..<end]
    }
}
