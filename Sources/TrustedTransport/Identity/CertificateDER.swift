import SwiftASN1

/// A look at a certificate that the library refuses to read, for the reason (RFC 5280 section 4.1).
enum CertificateDER {
    private static let rsa: ASN1ObjectIdentifier = [1, 2, 840, 113_549, 1, 1, 1]
    private static let ellipticCurve: ASN1ObjectIdentifier = [1, 2, 840, 10_045, 2, 1]
    private static let weakSignatures: [ASN1ObjectIdentifier: String] = [
        [1, 2, 840, 113_549, 1, 1, 4]: "MD5", [1, 2, 840, 113_549, 1, 1, 5]: "SHA-1", [1, 2, 840, 10_045, 4, 1]: "SHA-1",
    ]

    /// What is weak or unusual about its key or signature; nothing where that is not the reason, or it is no certificate.
    static func weakness(_ der: [UInt8]) -> String? {
        guard let root = try? DER.parse(der), let parts = children(root), parts.count == 3, let fields = children(parts[0]) else { return nil }
        if let algorithm = children(parts[1])?.first.flatMap({ try? ASN1ObjectIdentifier(derEncoded: $0) }), let name = weakSignatures[algorithm] {
            return "it is signed with \(name)"
        }
        // The version is there in every certificate with extensions: serial, signature, issuer, validity and subject stand before the key.
        let keyIndex = fields.first?.identifier.tagClass == .contextSpecific ? 6 : 5
        guard fields.indices.contains(keyIndex), let key = children(fields[keyIndex]), key.count == 2, let algorithm = children(key[0]),
            let kind = algorithm.first.flatMap({ try? ASN1ObjectIdentifier(derEncoded: $0) })
        else { return nil }
        switch kind {
        case rsa:
            guard let bits = try? ASN1BitString(derEncoded: key[1]), let numbers = (try? DER.parse(Array(bits.bytes))).flatMap({ children($0) }),
                let modulus = numbers.first, case .primitive(let bytes) = modulus.content
            else { return nil }
            let digits = bytes.drop { $0 == 0 }
            let size = digits.count * 8 - (digits.first?.leadingZeroBitCount ?? 0)
            return size < 2048 ? "its RSA key has \(size) bits; 2048 are the least" : nil
        case ellipticCurve: return "its key is on a curve that is not P-256 or P-384"
        default: return "its key is of a kind that Windows does not offer for TLS"
        }
    }

    private static func children(_ node: ASN1Node) -> [ASN1Node]? {
        if case .constructed(let nodes) = node.content { Array(nodes) } else { nil }
    }
}
