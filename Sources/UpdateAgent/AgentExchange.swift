public import UpdateProtocols

/// A SOAP call to make.
public struct AgentRequest: Hashable, Sendable {
    public let operation: DeviceOperation
    /// Beneath the server's origin, with its first slash.
    public let path: String
    public let body: [UInt8]

    /// In a native agent's order (observed.md section 1), less those the transport makes itself: Connection, Content-Length, Host.
    public var headers: [(name: String, value: String)] {
        [
            ("Cache-Control", "no-cache"),
            ("Pragma", "no-cache"),
            ("Content-Type", "text/xml; charset=utf-8"),
            ("Accept-Encoding", "xpress"),
            ("User-Agent", "Martlet-Agent/\(AgentVersion.text) Client-Protocol/\(AgentVersion.clientProtocol)"),
            ("SOAPAction", "\"\(operation.soapAction)\""),
        ]
    }
}

/// What came back.
public struct AgentResponse: Hashable, Sendable {
    /// The HTTP status.
    public let status: Int
    /// `Content-Encoding`, if any.
    public let contentEncoding: String?
    /// `Retry-After` in seconds, if any.
    public let retryAfter: Int64?
    /// As received: still compressed where ``contentEncoding`` says so.
    public let body: [UInt8]

    public init(status: Int, contentEncoding: String? = nil, retryAfter: Int64? = nil, body: [UInt8]) {
        self.status = status
        self.contentEncoding = contentEncoding
        self.retryAfter = retryAfter
        self.body = body
    }

    /// Answers decompress to at most this many bytes, and to at most 64 times their length (architecture: limits).
    static let longestBody = 256 << 20
    static let greatestExpansion = 64

    /// The body without its coding.
    func plainBody(of operation: DeviceOperation) throws(ResponseError) -> [UInt8] {
        guard let contentEncoding, contentEncoding.lowercased() != "identity" else { return body }
        guard contentEncoding.lowercased() == "xpress" else { throw ResponseError(.unexpected("Content-Encoding"), operation: operation.name) }
        do {
            return try Xpress.decompress(body, limit: min(Self.longestBody, body.count * Self.greatestExpansion))
        } catch {
            throw ResponseError(.unexpected("Content-Encoding (\(error))"), operation: operation.name)
        }
    }
}
