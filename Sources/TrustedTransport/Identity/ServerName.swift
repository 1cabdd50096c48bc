import Glibc

/// A name or an address by which devices reach the server: what its certificate vouches for.
public struct ServerName: Hashable, Sendable, CustomStringConvertible {
    enum Kind: Hashable, Sendable {
        /// Lower case, without a dot at its end.
        case host(String)
        /// 4 or 16 bytes.
        case address([UInt8])
    }

    let kind: Kind

    /// Reads a host name (labels of letters, digits and inner hyphens, RFC 1123 section 2.1), or an IPv4 or IPv6 address without brackets.
    ///
    /// Refuses wildcards, a dot at the end, an underscore, and names that could be taken for an address because their last label is a number.
    public init(_ text: some StringProtocol) throws(TrustError) {
        if let address = Self.address(String(text)) {
            kind = .address(address)
            return
        }
        func refused(_ why: String) -> TrustError {
            TrustError(.invalidName, "\(quoted(text)) is not a host name or an address: \(why)")
        }
        guard !text.isEmpty else { throw refused("it is empty") }
        guard text.utf8.count <= 253 else { throw refused("it is longer than 253 characters") }
        let labels = Array(text.utf8).split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        for label in labels {
            guard !label.isEmpty else { throw refused("a part between dots is empty") }
            guard label.count <= 63 else { throw refused("a part between dots is longer than 63 characters") }
            guard label.allSatisfy({ Self.isLetterOrDigit($0) || $0 == UInt8(ascii: "-") }) else {
                throw refused("it may hold letters, digits, hyphens and dots (a name in another script in its xn-- form)")
            }
            guard label.first != UInt8(ascii: "-"), label.last != UInt8(ascii: "-") else {
                throw refused("a part between dots begins or ends with a hyphen")
            }
        }
        guard let last = labels.last, !last.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            throw refused("its last part is a number")
        }
        kind = .host(text.lowercased())
    }

    /// An address of 4 or 16 bytes.
    init?(address bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        kind = .address(bytes)
    }

    public var isAddress: Bool {
        if case .address = kind { true } else { false }
    }

    /// As it is written in a list: `updates.example`, `192.0.2.1`, `2001:db8::1`.
    public var description: String {
        switch kind {
        case .host(let name): return name
        case .address(let bytes):
            var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
            let family = bytes.count == 4 ? AF_INET : AF_INET6
            _ = bytes.withUnsafeBytes { inet_ntop(family, $0.baseAddress, &text, socklen_t(INET6_ADDRSTRLEN)) }
            return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    /// As it is written in a URL: an IPv6 address stands in brackets.
    public var urlHost: String {
        if case .address(let bytes) = kind, bytes.count == 16 { "[\(description)]" } else { description }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }

    private static func address(_ text: String) -> [UInt8]? {
        // inet_pton reads up to a NUL.
        guard !text.utf8.contains(0) else { return nil }
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: count)
            if inet_pton(family, text, &bytes) == 1 { return bytes }
        }
        return nil
    }
}
