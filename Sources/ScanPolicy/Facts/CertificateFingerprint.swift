/// The digest of a whole certificate (DER): SHA-256, or SHA-1 where nothing better is written down. The registry's certificate stores name
/// certificates by SHA-1, as do certutil and the certificate dialogues ("thumbprint").
public struct CertificateFingerprint: Sendable, Hashable, CustomStringConvertible {
    public enum Algorithm: String, Sendable, Hashable {
        case sha1, sha256
    }

    /// Hexadecimal digits in lower case: 64 of SHA-256, 40 of SHA-1.
    public let hex: String

    public var algorithm: Algorithm { hex.utf8.count == 64 ? .sha256 : .sha1 }
    public var description: String { hex }

    /// Of 64 or 40 hexadecimal digits in either case; colons and spaces between them are skipped, as tools print them.
    public init?(_ text: some StringProtocol) {
        var digits: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): digits.append(byte)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digits.append(byte | 0x20)
            case UInt8(ascii: ":"), UInt8(ascii: " "): break
            default: return nil
            }
            if digits.count > 64 { return nil }
        }
        guard digits.count == 64 || digits.count == 40 else { return nil }
        hex = String(decoding: digits, as: UTF8.self)
    }
}

/// What is known of the store `LocalMachine\WindowsServerUpdateServices`, where a device pins its server's certificate.
public enum PinStore: Sendable, Hashable {
    case empty
    /// The certificates in it, at least one.
    case certificates(Set<CertificateFingerprint>)
    /// Something says that there is or may be something in it, but not what.
    case unknown
}
