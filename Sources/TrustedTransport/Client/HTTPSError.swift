import AsyncHTTPClient
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Why a request over HTTPS gave nothing. It holds no header and no body.
public struct HTTPSError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Code: Hashable, Sendable {
        /// Not an `https` URL, or one with a user name or characters that a URL does not have. Nothing was connected.
        case invalidURL
        /// A header that could change what the request means. Nothing was connected.
        case invalidHeader
        /// No connection was made.
        case unreachable
        /// The server could not be proved to be the one meant, or speaks no TLS that is allowed.
        case untrusted
        /// The server's certificate is trusted and none of those that are pinned.
        case notPinned
        /// The proxy does not connect to the server.
        case proxy
        case timedOut
        /// The connection ended before the answer did.
        case cut
        /// The answer points elsewhere; it is not followed.
        case redirected
        /// The answer is longer than its limit.
        case tooLarge
        /// The answer's status is not a success; see ``HTTPSError/status``.
        case status
        /// What came is no HTTP, or has another length than it should.
        case invalidAnswer
        /// The answer to a request for the rest of a file is not that rest.
        case wrongRange
        /// The file could not be written.
        case file
        case cancelled
    }

    public let code: Code
    public let message: String
    /// The status of the answer, where there was one.
    public let status: Int?

    init(_ code: Code, _ message: String, status: Int? = nil) {
        self.code = code
        self.message = message
        self.status = status
    }

    public var description: String { message }

    /// The same request may succeed later.
    public var isTransient: Bool {
        switch code {
        case .unreachable, .timedOut, .cut, .proxy: true
        case .status: status.map { $0 >= 500 || $0 == 408 || $0 == 429 } ?? false
        default: false
        }
    }

    /// Says which of our cases an error of the libraries is.
    static func of(_ error: any Error) -> HTTPSError {
        switch error {
        case let error as HTTPSError: error
        case is CancellationError: HTTPSError(.cancelled, "the request was cancelled")
        case let error as HTTPClientError: of(error)
        case NIOSSLError.uncleanShutdown: HTTPSError(.cut, "the server closed the connection")
        case NIOSSLError.handshakeFailed(.sslError(let stack)) where stack.contains(.eofDuringHandshake):
            HTTPSError(.cut, "the server closed the connection while TLS was set up")
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError: HTTPSError(.untrusted, "the server is not trusted: \(reason(of: error))")
        case HTTPParserError.invalidEOFState: HTTPSError(.cut, "the server closed the connection")
        case is HTTPParserError: HTTPSError(.invalidAnswer, "the answer is not HTTP")
        case is ChannelError: HTTPSError(.cut, "the connection failed: \(connectionWords(error) ?? "it was closed")")
        case is NIOConnectionError, is IOError, is SocketAddressError:
            HTTPSError(.unreachable, "the server cannot be reached: \(connectionWords(error) ?? "the connection failed")")
        // What the libraries say of themselves (names of their own types) helps no administrator.
        default: HTTPSError(.unreachable, "the request failed: the connection came to nothing")
        }
    }

    /// Why no connection was made, in words; nothing for an error of another kind.
    static func connectionWords(_ error: any Error) -> String? {
        switch error {
        case let error as NIOConnectionError:
            if let first = error.connectionErrors.first { return connectionWords(first.error) }
            return "the name \(quoted(error.host)) is not known here"
        case let error as IOError: return String(cString: strerror(error.errnoCode)).lowercased()
        case is SocketAddressError: return "its name is not known here"
        case ChannelError.connectTimeout: return "it did not answer in time"
        case is ChannelError: return "the connection was closed"
        default: return nil
        }
    }

    /// What TLS found wrong, in words where it is one of the usual three.
    private static func reason(of error: any Error) -> String {
        let text = "\(error)"
        if text.contains("CERTIFICATE_VERIFY_FAILED") { return "its certificate is not from the given CA, is not for a server, or is not valid now" }
        if let error = error as? NIOSSLExtraError, error == .failedToValidateHostname { return "its certificate is for another name" }
        if text.contains("PROTOCOL_VERSION") { return "it speaks neither TLS 1.2 nor 1.3" }
        return text
    }

    private static func of(_ error: HTTPClientError) -> HTTPSError {
        switch error {
        case .cancelled: HTTPSError(.cancelled, "the request was cancelled")
        case .connectTimeout, .readTimeout, .writeTimeout, .deadlineExceeded, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout:
            HTTPSError(.timedOut, "the server took too long: \(error.shortDescription)")
        case .remoteConnectionClosed: HTTPSError(.cut, "the server closed the connection")
        case .proxyAuthenticationRequired: HTTPSError(.proxy, "the proxy wants a user name and a password (status 407)", status: 407)
        case .invalidProxyResponse: HTTPSError(.proxy, "the proxy does not connect to the server any more")
        case .httpProxyHandshakeTimeout: HTTPSError(.timedOut, "the proxy did not answer in time")
        default: HTTPSError(.invalidAnswer, "the request failed: \(error.shortDescription)")
        }
    }
}
