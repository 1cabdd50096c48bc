import Glibc

/// Where a request comes from, as far as limits and comparisons go: an IPv4 address as it is, of an IPv6 address the first 64 bits. Whoever has
/// one of those has all the rest, and a device takes another every day (RFC 8981).
public struct SourceNetwork: Hashable, Sendable, CustomStringConvertible {
    private enum Family: Hashable, Sendable { case v4, v6, unknown }

    private let family: Family
    /// `192.0.2.7`, `2001:db8:1:2::/64`, or what was given where that is no address.
    public let description: String

    /// - Parameter text: an address, or a ``description``.
    public init(_ text: String) {
        let address = text.hasSuffix("/64") ? String(text.dropLast(3)) : String(text.prefix { $0 != "%" })
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, address, &bytes) == 1 {
            (family, description) = (.v4, address)
        } else if inet_pton(AF_INET6, address, &bytes) == 1 {
            if bytes.starts(with: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]) {
                (family, description) = (.v4, bytes[12...].map(String.init).joined(separator: "."))
            } else {
                bytes.replaceSubrange(8..., with: repeatElement(0, count: 8))
                var name = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
                let isNamed = inet_ntop(AF_INET6, bytes, &name, socklen_t(name.count)) != nil
                let prefix = isNamed ? String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) : address
                (family, description) = (.v6, prefix + "/64")
            }
        } else {
            (family, description) = (.unknown, text)
        }
    }

    /// Whether the two are surely two places. An IPv4 and an IPv6 address may be one device's.
    public func isApart(from other: SourceNetwork) -> Bool {
        family != .unknown && family == other.family && self != other
    }
}
