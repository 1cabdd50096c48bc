import NIOCore
import NIOHTTP1

/// A request read whole, as endpoints are given it.
struct HTTPRequest: Sendable {
    var method: HTTPMethod
    /// As sent: path and query, visible ASCII.
    var target: String
    var headers: HTTPHeaders
    var body = ByteBuffer()
    /// The caller's address, for the log and the limits.
    var peer = ""
}
