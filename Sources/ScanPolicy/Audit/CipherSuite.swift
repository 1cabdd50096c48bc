/// A cipher suite by the number that stands on the wire.
///
/// Source: IANA, "TLS Cipher Suites". Left out are suites that a server of updates has no use for: pre-shared keys, SRP, Kerberos, ARIA, GOST.
public struct CipherSuite: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let code: UInt16

    public init(code: UInt16) { self.code = code }

    /// Its IANA name, or its number where this table has none.
    public var description: String {
        if let name = Self.names[code] { return name }
        let digits = String(code, radix: 16)
        return "0x" + String(repeating: "0", count: 4 - digits.count) + digits
    }

    public static func < (one: Self, other: Self) -> Bool { one.code < other.code }

    /// Those of TLS 1.3.
    public static let modern = names.keys.filter { $0 >> 8 == 0x13 }.sorted().map(CipherSuite.init(code:))
    /// Those of TLS 1.2 and older.
    public static let classic = names.keys.filter { $0 >> 8 != 0x13 }.sorted().map(CipherSuite.init(code:))

    private static let names: [UInt16: String] = [
        0x0001: "TLS_RSA_WITH_NULL_MD5",
        0x0002: "TLS_RSA_WITH_NULL_SHA",
        0x0003: "TLS_RSA_EXPORT_WITH_RC4_40_MD5",
        0x0004: "TLS_RSA_WITH_RC4_128_MD5",
        0x0005: "TLS_RSA_WITH_RC4_128_SHA",
        0x0006: "TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5",
        0x0008: "TLS_RSA_EXPORT_WITH_DES40_CBC_SHA",
        0x0009: "TLS_RSA_WITH_DES_CBC_SHA",
        0x000a: "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
        0x0011: "TLS_DHE_DSS_EXPORT_WITH_DES40_CBC_SHA",
        0x0012: "TLS_DHE_DSS_WITH_DES_CBC_SHA",
        0x0013: "TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA",
        0x0014: "TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA",
        0x0015: "TLS_DHE_RSA_WITH_DES_CBC_SHA",
        0x0016: "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA",
        0x0017: "TLS_DH_anon_EXPORT_WITH_RC4_40_MD5",
        0x0018: "TLS_DH_anon_WITH_RC4_128_MD5",
        0x001a: "TLS_DH_anon_WITH_DES_CBC_SHA",
        0x001b: "TLS_DH_anon_WITH_3DES_EDE_CBC_SHA",
        0x002f: "TLS_RSA_WITH_AES_128_CBC_SHA",
        0x0032: "TLS_DHE_DSS_WITH_AES_128_CBC_SHA",
        0x0033: "TLS_DHE_RSA_WITH_AES_128_CBC_SHA",
        0x0034: "TLS_DH_anon_WITH_AES_128_CBC_SHA",
        0x0035: "TLS_RSA_WITH_AES_256_CBC_SHA",
        0x0038: "TLS_DHE_DSS_WITH_AES_256_CBC_SHA",
        0x0039: "TLS_DHE_RSA_WITH_AES_256_CBC_SHA",
        0x003a: "TLS_DH_anon_WITH_AES_256_CBC_SHA",
        0x003b: "TLS_RSA_WITH_NULL_SHA256",
        0x003c: "TLS_RSA_WITH_AES_128_CBC_SHA256",
        0x003d: "TLS_RSA_WITH_AES_256_CBC_SHA256",
        0x0040: "TLS_DHE_DSS_WITH_AES_128_CBC_SHA256",
        0x0041: "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA",
        0x0044: "TLS_DHE_DSS_WITH_CAMELLIA_128_CBC_SHA",
        0x0045: "TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA",
        0x0046: "TLS_DH_anon_WITH_CAMELLIA_128_CBC_SHA",
        0x0062: "TLS_RSA_EXPORT1024_WITH_DES_CBC_SHA",
        0x0063: "TLS_DHE_DSS_EXPORT1024_WITH_DES_CBC_SHA",
        0x0064: "TLS_RSA_EXPORT1024_WITH_RC4_56_SHA",
        0x0067: "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256",
        0x006a: "TLS_DHE_DSS_WITH_AES_256_CBC_SHA256",
        0x006b: "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256",
        0x006c: "TLS_DH_anon_WITH_AES_128_CBC_SHA256",
        0x006d: "TLS_DH_anon_WITH_AES_256_CBC_SHA256",
        0x0084: "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA",
        0x0087: "TLS_DHE_DSS_WITH_CAMELLIA_256_CBC_SHA",
        0x0088: "TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA",
        0x0089: "TLS_DH_anon_WITH_CAMELLIA_256_CBC_SHA",
        0x009c: "TLS_RSA_WITH_AES_128_GCM_SHA256",
        0x009d: "TLS_RSA_WITH_AES_256_GCM_SHA384",
        0x009e: "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
        0x009f: "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
        0x00a2: "TLS_DHE_DSS_WITH_AES_128_GCM_SHA256",
        0x00a3: "TLS_DHE_DSS_WITH_AES_256_GCM_SHA384",
        0x00a6: "TLS_DH_anon_WITH_AES_128_GCM_SHA256",
        0x00a7: "TLS_DH_anon_WITH_AES_256_GCM_SHA384",
        0x00ba: "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA256",
        0x00bd: "TLS_DHE_DSS_WITH_CAMELLIA_128_CBC_SHA256",
        0x00be: "TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA256",
        0x00bf: "TLS_DH_anon_WITH_CAMELLIA_128_CBC_SHA256",
        0x00c0: "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA256",
        0x00c3: "TLS_DHE_DSS_WITH_CAMELLIA_256_CBC_SHA256",
        0x00c4: "TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA256",
        0x00c5: "TLS_DH_anon_WITH_CAMELLIA_256_CBC_SHA256",
        0x1301: "TLS_AES_128_GCM_SHA256",
        0x1302: "TLS_AES_256_GCM_SHA384",
        0x1303: "TLS_CHACHA20_POLY1305_SHA256",
        0x1304: "TLS_AES_128_CCM_SHA256",
        0x1305: "TLS_AES_128_CCM_8_SHA256",
        0xc006: "TLS_ECDHE_ECDSA_WITH_NULL_SHA",
        0xc007: "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA",
        0xc008: "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA",
        0xc009: "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
        0xc00a: "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
        0xc010: "TLS_ECDHE_RSA_WITH_NULL_SHA",
        0xc011: "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
        0xc012: "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
        0xc013: "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
        0xc014: "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
        0xc015: "TLS_ECDH_anon_WITH_NULL_SHA",
        0xc016: "TLS_ECDH_anon_WITH_RC4_128_SHA",
        0xc017: "TLS_ECDH_anon_WITH_3DES_EDE_CBC_SHA",
        0xc018: "TLS_ECDH_anon_WITH_AES_128_CBC_SHA",
        0xc019: "TLS_ECDH_anon_WITH_AES_256_CBC_SHA",
        0xc023: "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
        0xc024: "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384",
        0xc027: "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
        0xc028: "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384",
        0xc02b: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        0xc02c: "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        0xc02f: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        0xc030: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        0xc072: "TLS_ECDHE_ECDSA_WITH_CAMELLIA_128_CBC_SHA256",
        0xc073: "TLS_ECDHE_ECDSA_WITH_CAMELLIA_256_CBC_SHA384",
        0xc076: "TLS_ECDHE_RSA_WITH_CAMELLIA_128_CBC_SHA256",
        0xc077: "TLS_ECDHE_RSA_WITH_CAMELLIA_256_CBC_SHA384",
        0xc09c: "TLS_RSA_WITH_AES_128_CCM",
        0xc09d: "TLS_RSA_WITH_AES_256_CCM",
        0xc09e: "TLS_DHE_RSA_WITH_AES_128_CCM",
        0xc09f: "TLS_DHE_RSA_WITH_AES_256_CCM",
        0xc0a0: "TLS_RSA_WITH_AES_128_CCM_8",
        0xc0a1: "TLS_RSA_WITH_AES_256_CCM_8",
        0xc0a2: "TLS_DHE_RSA_WITH_AES_128_CCM_8",
        0xc0a3: "TLS_DHE_RSA_WITH_AES_256_CCM_8",
        0xc0ac: "TLS_ECDHE_ECDSA_WITH_AES_128_CCM",
        0xc0ad: "TLS_ECDHE_ECDSA_WITH_AES_256_CCM",
        0xc0ae: "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8",
        0xc0af: "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8",
        0xcca8: "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        0xcca9: "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        0xccaa: "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    ]
}

extension CipherSuite {
    /// What a suite is worth, and why it is not worth more.
    public var worth: (grade: AuditGrade, reason: String?) {
        let name = description
        func has(_ word: String) -> Bool { name.contains(word) }
        if name.hasPrefix("0x") { return (.unknown, "not in the table of suites") }
        if has("_NULL_") { return (.dangerous, "no encryption") }
        if has("_anon_") { return (.dangerous, "no proof of the server") }
        if has("EXPORT") { return (.dangerous, "a key short enough to be found") }
        if has("_RC4_") || has("_RC2_") { return (.dangerous, "a broken cipher") }
        if has("_DES_") || has("_DES40_") { return (.dangerous, "a key short enough to be found") }
        if has("_3DES_") { return (.weak, "blocks of 64 bits") }
        if code >> 8 == 0x13 { return (.good, nil) }
        if name.hasPrefix("TLS_RSA_WITH_") { return (.weak, "no forward secrecy") }
        if has("_DSS_") { return (.weak, "DSA") }
        if has("_CBC_") { return (.note, "not authenticated encryption") }
        return (.good, nil)
    }

    /// Encryption and authentication in one, the only kind that this project's own server and agent speak.
    public var isAuthenticatedEncryption: Bool {
        let name = description
        return name.contains("_GCM_") || name.contains("_CCM") || name.contains("_POLY1305_")
    }
}
