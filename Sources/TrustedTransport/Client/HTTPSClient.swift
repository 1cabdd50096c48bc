import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// What a server's certificate must come from.
public enum TrustRoots: Hashable, Sendable {
    /// The certificates of one PEM file, and no others: not those of the system.
    case pemFile(String)
    /// Those of several such files.
    case pemFiles([String])
    /// Those that the system's administrator trusts, from the one file where this system keeps them. Neither an environment variable nor a
    /// home folder has a say in it.
    case system

    /// Where systems keep them: Debian and its kin, Fedora and its kin, SUSE, Alpine.
    public static let systemFiles = [
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem",
    ]
}

/// An answer, read whole.
public struct HTTPSResponse: Sendable {
    public let status: Int
    public let headers: [(name: String, value: String)]
    public let body: [UInt8]

    /// The first header of this name, in any case.
    public func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// Asks servers over HTTPS: roots of its own, no redirects, a proxy only where it is named, answers of bounded size. TLS always ends at the
/// server, through a proxy too.
///
/// Connections are kept and used again until ``shutdown()``, or until it goes.
public final class HTTPSClient: Sendable {
    /// How long to wait, and how often to try.
    public struct Patience: Hashable, Sendable {
        /// For TCP and TLS to stand.
        public var connect: Duration = .seconds(10)
        /// The same through a proxy, where it is shorter: the library bounds what a proxy sends before its tunnel stands by time alone.
        public var proxy: Duration = .seconds(5)
        /// Between two pieces of an answer.
        public var idle: Duration = .seconds(60)
        /// For the whole answer to ``HTTPSClient/post(_:headers:body:limit:)``.
        public var answer: Duration = .seconds(600)
        /// A download slower than this, in bytes a second, is given up.
        public var slowestDownload = 1024
        /// How often ``HTTPSClient/download(_:to:size:progress:)`` asks before it gives up.
        public var downloadAttempts = 5
        /// Before the second attempt; doubled before each further one.
        public var retryPause: Duration = .milliseconds(500)

        public init() {}
    }

    let patience: Patience
    let allowsPlain: Bool
    private let client: HTTPClient

    /// - Parameters:
    ///   - path: how servers are reached. No environment variable changes it.
    ///   - pins: of the certificates that servers show one must be among these, unless they are none.
    ///   - allowsPlainHTTP: for a laboratory: `http` URLs are asked too, and nothing that comes over them can be trusted.
    /// - Throws: ``TrustError`` where the roots cannot be read or are none.
    public init(
        roots: TrustRoots, path: NetworkPath = .direct, pins: PinnedCertificates? = nil, allowsPlainHTTP: Bool = false,
        patience: Patience = Patience()
    ) throws(TrustError) {
        let anchors = try TrustAnchors(roots)
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        tls.cipherSuiteValues = TLSConfiguration.authenticatedSuites
        tls.certificateVerification = .fullVerification
        tls.renegotiationSupport = .none
        // A server that goes on sending what is no longer wanted does not hold us up.
        tls.shutdownTimeout = .milliseconds(200)
        tls.trustRoots = .certificates(anchors.certificates)
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls, redirectConfiguration: .disallow, decompression: .disabled)
        configuration.timeout.connect = TimeAmount(patience.connect)
        configuration.timeout.read = TimeAmount(patience.idle)
        configuration.httpVersion = .http1Only
        // Below the 75 s after which our server closes an idle connection.
        configuration.connectionPool.idleTimeout = .seconds(60)
        // Else a server that cannot be trusted is asked again until the deadline.
        configuration.connectionPool.retryConnectionEstablishment = false
        if case .proxy(let proxy) = path {
            configuration.proxy = .server(host: proxy.host, port: proxy.port)
            configuration.timeout.connect = TimeAmount(min(patience.connect, patience.proxy))
        }
        let pins = pins.flatMap { $0.isEmpty ? nil : $0 }
        if anchors.haveAddressConstraints || pins != nil {
            // Called for every new connection, before a request is written to it.
            configuration.http1_1ConnectionDebugInitializer = { channel in
                channel.eventLoop.submit {
                    // Without TLS there is nothing to judge.
                    if allowsPlainHTTP, (try? channel.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self)) == nil { return }
                    let handler = try channel.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self)
                    if anchors.haveAddressConstraints { try anchors.checkAddresses(of: handler) }
                    try pins?.check(handler)
                }.flatMapErrorThrowing { error in
                    // Why it ends is said at once: how the other side takes it does not matter.
                    channel.close(promise: nil)
                    throw error
                }
            }
        }
        self.patience = patience
        allowsPlain = allowsPlainHTTP
        client = HTTPClient(eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton), configuration: configuration)
    }

    /// Sends a body and reads the answer, whatever its status but a redirect.
    ///
    /// - Parameters:
    ///   - url: `https` only.
    ///   - headers: in order; those that frame the message are refused.
    ///   - limit: the most bytes of body that are taken.
    public func post(
        _ url: String, headers: [(name: String, value: String)] = [], body: [UInt8], limit: Int
    ) async throws(HTTPSError) -> HTTPSResponse {
        var request = try HTTPSRequest(.POST, url, headers: headers, allowsPlain: allowsPlain).request
        request.body = .bytes(ByteBuffer(bytes: body))
        let deadline = ContinuousClock.now + patience.answer
        let response = try await execute(request)
        if let length = response.headers.first(name: "content-length").flatMap({ Int($0) }), length > limit {
            throw HTTPSError(.tooLarge, "the answer has \(length) bytes, more than the \(limit) that are taken")
        }
        var bytes: [UInt8] = []
        do {
            for try await part in response.body {
                guard bytes.count + part.readableBytes <= limit else {
                    throw HTTPSError(.tooLarge, "the answer has more than the \(limit) bytes that are taken")
                }
                guard ContinuousClock.now < deadline else { throw HTTPSError(.timedOut, "the answer took too long") }
                bytes.append(contentsOf: part.readableBytesView)
            }
        } catch {
            throw HTTPSError.of(error)
        }
        return HTTPSResponse(
            status: Int(response.status.code), headers: response.headers.map { (name: $0.name, value: $0.value) }, body: bytes)
    }

    deinit {
        // The library traps where a client goes that was not shut down.
        Task { [client] in try? await client.shutdown() }
    }

    /// Closes every connection. Nothing can be asked afterwards.
    public func shutdown() async {
        try? await client.shutdown()
    }

    /// Sends a request and reads the head of the answer. A redirect is an error.
    func execute(_ request: HTTPClientRequest) async throws(HTTPSError) -> HTTPClientResponse {
        let response: HTTPClientResponse
        do {
            response = try await client.execute(request, timeout: TimeAmount(patience.answer))
        } catch {
            throw HTTPSError.of(error)
        }
        guard !(300..<400).contains(response.status.code) else {
            throw HTTPSError(.redirected, "the server answered with a redirect", status: Int(response.status.code))
        }
        return response
    }
}
