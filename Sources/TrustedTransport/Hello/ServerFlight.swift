/// Reads what a server sends in answer to a ClientHello, up to where the client would have to speak again: ServerHello alone in TLS 1.3, all to
/// ServerHelloDone before. It takes bytes as they come and keeps no more than ``maximumSize`` of them.
///
/// It proves nothing: whoever is at the other end may have sent it. Sources: RFC 5246 sections 6 and 7, RFC 8446 section 4.1.3, RFC 6101.
struct ServerFlight: Sendable {
    /// Why the answer cannot be read.
    struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        enum Code: Hashable, Sendable {
            /// Another protocol.
            case notTLS
            case malformed
            case tooLarge
        }

        let code: Code
        let description: String

        init(_ code: Code, _ description: String) {
            self.code = code
            self.description = description
        }
    }

    /// How far to read.
    enum End: Sendable {
        case serverHello
        /// Up to ServerHelloDone, where there is one.
        case flight
    }

    struct Alert: Hashable, Sendable {
        let isFatal: Bool
        /// RFC 8446 section 6: 40 handshake_failure, 70 protocol_version, ...
        let number: UInt8
    }

    static let maximumSize = 256 * 1024
    static let maximumCertificates = 32
    /// RFC 5246 section 6.2.3: 2^14 bytes and 2,048 of expansion.
    static let maximumRecord = 16_384 + 2_048
    static let maximumRecords = 1_024

    /// What was chosen: 0x0300 is SSL 3.0, 0x0304 TLS 1.3. `nil` before a ServerHello came.
    private(set) var version: UInt16?
    private(set) var cipherSuite: UInt16?
    /// The server asks for another key share; version and suite are chosen all the same (RFC 8446 section 4.1.4).
    private(set) var isRetryRequest = false
    /// It answered that it renegotiates securely, or knows no renegotiation (RFC 5746). In TLS 1.3 there is none.
    private(set) var hasSecureRenegotiation = false
    /// The Certificate message, the server's own first, DER. In TLS 1.3 it is encrypted and not seen.
    private(set) var certificates: [[UInt8]] = []
    /// A CertificateRequest came.
    private(set) var asksForCertificate = false
    /// ServerHelloDone came: what was not in the flight is not asked for.
    private(set) var isComplete = false
    private(set) var alert: Alert?
    /// What came is no TLS.
    private(set) var isOtherProtocol = false

    private let end: End
    private var size = 0
    private var records = 0
    private var isEnded = false
    private var unread: [UInt8] = []
    private var messages: [UInt8] = []

    init(upTo end: End) {
        self.end = end
    }

    /// - Returns: whether nothing more is wanted.
    /// - Throws: ``Failure``; after it nothing is to be given any more.
    mutating func take(_ bytes: some Collection<UInt8>) throws(Failure) -> Bool {
        if isEnded { return true }
        size += bytes.count
        guard size <= Self.maximumSize else { throw Failure(.tooLarge, "the answer to a ClientHello is longer than \(Self.maximumSize) bytes") }
        unread.append(contentsOf: bytes)
        var start = 0
        defer { unread.removeFirst(start) }
        while !isEnded, start < unread.count {
            let type = unread[start]
            guard type == 21 || type == 22, unread.count - start < 2 || unread[start + 1] == 3 else {
                isOtherProtocol = true
                throw notTLS(unread[start...])
            }
            guard unread.count - start >= 5 else { break }
            let length = Int(unread[start + 3]) << 8 | Int(unread[start + 4])
            guard length <= Self.maximumRecord else { throw Failure(.malformed, "a TLS record of \(length) bytes") }
            guard unread.count - start >= 5 + length else { break }
            records += 1
            guard records <= Self.maximumRecords else { throw Failure(.malformed, "more than \(Self.maximumRecords) TLS records") }
            let content = unread[(start + 5)..<(start + 5 + length)]
            start += 5 + length
            if type == 21 { try takeAlert(content) } else { try takeMessages(content) }
        }
        return isEnded
    }

    private mutating func takeAlert(_ content: ArraySlice<UInt8>) throws(Failure) {
        guard content.count == 2, let level = content.first, let number = content.last else {
            throw Failure(.malformed, "an alert of another length")
        }
        // A warning says that a name is not known (RFC 6066 section 3), say, and the handshake goes on.
        guard level == 2 || number == 0 else { return }
        alert = Alert(isFatal: level == 2, number: number)
        isEnded = true
    }

    private mutating func takeMessages(_ content: ArraySlice<UInt8>) throws(Failure) {
        messages.append(contentsOf: content)
        var start = 0
        while !isEnded, messages.count - start >= 4 {
            let length = Int(messages[start + 1]) << 16 | Int(messages[start + 2]) << 8 | Int(messages[start + 3])
            guard length <= Self.maximumSize else { throw Failure(.tooLarge, "a handshake message of \(length) bytes") }
            guard messages.count - start >= 4 + length else { break }
            try take(message: messages[start], messages[(start + 4)..<(start + 4 + length)])
            start += 4 + length
        }
        messages.removeFirst(start)
    }

    private mutating func take(message type: UInt8, _ body: ArraySlice<UInt8>) throws(Failure) {
        guard version != nil || type == 2 || type == 0 else { throw Failure(.malformed, "a handshake that does not begin with ServerHello") }
        switch type {
        case 2:
            guard version == nil else { throw Failure(.malformed, "a second ServerHello") }
            try takeServerHello(body)
            isEnded = end == .serverHello || version == 0x0304
        case 11: try takeCertificates(body)
        case 13: asksForCertificate = true
        case 14:
            isComplete = true
            isEnded = true
        default: break
        }
    }

    private mutating func takeServerHello(_ body: ArraySlice<UInt8>) throws(Failure) {
        var fields = Fields(body, of: "ServerHello")
        let legacy = try fields.number(2)
        guard 0x0300...0x03ff ~= legacy else { throw Failure(.malformed, "a ServerHello of version \(legacy)") }
        let random = try fields.bytes(32)
        guard try fields.vector(lengthBytes: 1).count <= 32 else { throw Failure(.malformed, "a session id of more than 32 bytes") }
        let suite = UInt16(try fields.number(2))
        _ = try fields.number(1)
        var chosen = UInt16(legacy)
        if !fields.isAtEnd {
            var extensions = Fields(try fields.vector(lengthBytes: 2), of: "ServerHello's extensions")
            while !extensions.isAtEnd {
                let type = try extensions.number(2)
                let value = try extensions.vector(lengthBytes: 2)
                switch type {
                case 0x002b where value.count == 2: chosen = value.reduce(0) { $0 << 8 | UInt16($1) }
                case 0xff01: hasSecureRenegotiation = true
                default: break
                }
            }
        }
        guard fields.isAtEnd else { throw Failure(.malformed, "bytes after the end of ServerHello") }
        version = chosen
        cipherSuite = suite
        isRetryRequest = random.elementsEqual(Self.retryRandom)
    }

    private mutating func takeCertificates(_ body: ArraySlice<UInt8>) throws(Failure) {
        guard certificates.isEmpty else { throw Failure(.malformed, "a second Certificate message") }
        var fields = Fields(body, of: "Certificate")
        var list = Fields(try fields.vector(lengthBytes: 3), of: "Certificate")
        while !list.isAtEnd {
            guard certificates.count < Self.maximumCertificates else {
                throw Failure(.tooLarge, "more than \(Self.maximumCertificates) certificates")
            }
            certificates.append(Array(try list.vector(lengthBytes: 3)))
        }
        guard fields.isAtEnd else { throw Failure(.malformed, "bytes after the end of Certificate") }
    }

    private func notTLS(_ bytes: ArraySlice<UInt8>) -> Failure {
        let start = String(decoding: bytes.prefix(16), as: UTF8.self)
        if start.hasPrefix("HTTP/") { return Failure(.notTLS, "the port speaks HTTP, not TLS") }
        let shown = String(start.unicodeScalars.map { (0x20...0x7e).contains($0.value) ? Character($0) : "." })
        return Failure(.notTLS, "the port speaks something else than TLS: its answer begins with \"\(shown)\"")
    }

    /// SHA-256 of "HelloRetryRequest".
    private static let retryRandom: [UInt8] = [
        0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
        0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
    ]
}

/// The fields of one message, in order.
private struct Fields {
    private var rest: ArraySlice<UInt8>
    private let what: String

    init(_ bytes: ArraySlice<UInt8>, of what: String) {
        rest = bytes
        self.what = what
    }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func bytes(_ count: Int) throws(ServerFlight.Failure) -> ArraySlice<UInt8> {
        guard rest.count >= count else { throw ServerFlight.Failure(.malformed, "\(what) ends too early") }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    mutating func number(_ count: Int) throws(ServerFlight.Failure) -> Int {
        try bytes(count).reduce(0) { $0 << 8 | Int($1) }
    }

    mutating func vector(lengthBytes: Int) throws(ServerFlight.Failure) -> ArraySlice<UInt8> {
        try bytes(try number(lengthBytes))
    }
}
