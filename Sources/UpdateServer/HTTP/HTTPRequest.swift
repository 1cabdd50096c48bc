import NIOCore
import NIOHTTP1
import Updates

/// A request read whole, as endpoints are given it.
struct HTTPRequest: Sendable {
    var method: HTTPMethod
    /// As sent: path and query, visible ASCII.
    var target: String
    var headers: HTTPHeaders
    var body = ByteBuffer()
    /// The caller's address, for the log and the limits.
    var peer = ""
    /// What the connection's handshake came to; nothing where that was not seen.
    var tls: TLSParameters?

    /// How it came, with what its fields claim.
    var transport: DeviceTransport? {
        tls.map { tls in
            DeviceTransport(
                tls: tls, address: peer, agent: claim("User-Agent"),
                proxies: ProxyClaims(via: claim("Via"), forwarded: claim("Forwarded"), forwardedFor: claim("X-Forwarded-For")))
        }
    }

    /// All fields of a name, as one.
    private func claim(_ name: String) -> String {
        guard let first = headers.first(name: name) else { return "" }
        let all = headers[name]
        return all.count > 1 ? all.joined(separator: ", ") : first
    }
}
