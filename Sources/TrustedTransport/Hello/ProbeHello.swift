/// A ClientHello that asks for one version and some cipher suites, to see which of them a server takes. Nothing can follow it: it is made of
/// random numbers where a handshake would need keys.
///
/// Sources: RFC 5246 section 7.4.1.2, RFC 8446 section 4.1.2, RFC 6066 section 3 (the server's name), RFC 5746 section 3.3.
struct ProbeHello: Sendable {
    /// 0x0300 (SSL 3.0) to 0x0304 (TLS 1.3).
    var version: UInt16
    var cipherSuites: [UInt16]
    /// The server's name; none for an address.
    var serverName: String?

    /// One TLS record.
    func bytes() -> [UInt8] {
        let isModern = version >= 0x0304
        var body = Self.number(isModern ? 0x0303 : version) + Self.random(32)
        body += isModern ? [32] + Self.random(32) : [0]
        // The last suite stands for "renegotiates securely" (RFC 5746), and is understood where extensions are not.
        body += Self.vector((cipherSuites + (isModern ? [] : [0x00ff])).flatMap(Self.number))
        body += [1, 0]
        if version > 0x0300 { body += Self.vector(extensions(isModern: isModern)) }
        let message = [1, UInt8(body.count >> 16 & 0xff)] + Self.number(UInt16(body.count & 0xffff)) + body
        return [22] + Self.number(version == 0x0300 ? 0x0300 : 0x0301) + Self.vector(message)
    }

    private func extensions(isModern: Bool) -> [UInt8] {
        var extensions: [UInt8] = []
        func add(_ type: UInt16, _ value: [UInt8]) { extensions += Self.number(type) + Self.vector(value) }
        if let serverName { add(0, Self.vector([0] + Self.vector(Array(serverName.utf8)))) }
        // x25519, P-256, P-384, P-521, secp256k1, P-224, P-192
        add(10, Self.vector([0x001d, 0x0017, 0x0018, 0x0019, 0x0016, 0x0015, 0x0013].flatMap(Self.number)))
        add(11, [1, 0])
        if version >= 0x0303 { add(13, Self.vector(Self.signatures.flatMap(Self.number))) }
        if isModern {
            add(43, [2] + Self.number(0x0304))
            add(51, Self.vector(Self.number(0x001d) + Self.vector(Self.random(32))))
        }
        return extensions
    }

    /// ECDSA, RSA-PSS, RSA, DSA; SHA-2 first, then SHA-1 and MD5: a server that signs with those is to be seen.
    private static let signatures: [UInt16] = [
        0x0403, 0x0503, 0x0603, 0x0807, 0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b, 0x0401, 0x0501, 0x0601, 0x0303, 0x0301, 0x0402, 0x0203,
        0x0201,
        0x0202, 0x0101,
    ]

    private static func number(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xff)] }
    private static func vector(_ bytes: [UInt8]) -> [UInt8] { number(UInt16(truncatingIfNeeded: bytes.count)) + bytes }
    private static func random(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: .min ... .max) } }
}
