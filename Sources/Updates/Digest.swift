/// The SHA-1 of a file: its name on the wire and in `/Content/` (observed.md section 5). It proves nothing; ``SHA256Digest`` does.
public struct SHA1Digest: Hashable, Comparable, Sendable, Codable {
    public let bytes: [UInt8]

    /// Nothing unless there are exactly 20 bytes.
    public init?(bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count == 20 else { return nil }
        self.bytes = bytes
    }

    /// The digest that a hash function of this size just gave.
    package init(hash: some Sequence<UInt8>) {
        bytes = Array(hash)
        assert(bytes.count == 20)
    }

    public static func < (left: Self, right: Self) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }
}

/// The SHA-256 of a file's content: what Martlet keeps it by.
public struct SHA256Digest: Hashable, Comparable, Sendable, Codable {
    public let bytes: [UInt8]

    /// Nothing unless there are exactly 32 bytes.
    public init?(bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// The digest that a hash function of this size just gave.
    package init(hash: some Sequence<UInt8>) {
        bytes = Array(hash)
        assert(bytes.count == 32)
    }

    public static func < (left: Self, right: Self) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }
}

extension SHA1Digest: CustomStringConvertible {
    /// 40 hexadecimal digits in upper case, as content paths have them.
    public var description: String { Hexadecimal.uppercase(bytes) }

    /// Reads 40 hexadecimal digits of either case.
    public init?(hexadecimal: some StringProtocol) {
        guard let bytes = Hexadecimal.bytes(hexadecimal.utf8) else { return nil }
        self.init(bytes: bytes)
    }
}

extension SHA256Digest: CustomStringConvertible {
    /// 64 hexadecimal digits in lower case.
    public var description: String { Hexadecimal.lowercase(bytes) }

    /// Reads 64 hexadecimal digits of either case.
    public init?(hexadecimal: some StringProtocol) {
        guard let bytes = Hexadecimal.bytes(hexadecimal.utf8) else { return nil }
        self.init(bytes: bytes)
    }
}

/// Bytes as hexadecimal digits and back.
public enum Hexadecimal {
    static let lowercaseDigits = Array("0123456789abcdef".utf8)
    static let uppercaseDigits = Array("0123456789ABCDEF".utf8)

    public static func lowercase(_ bytes: some Sequence<UInt8>) -> String { text(bytes, lowercaseDigits) }
    public static func uppercase(_ bytes: some Sequence<UInt8>) -> String { text(bytes, uppercaseDigits) }

    /// Nothing if there is an odd number of digits or another character.
    public static func bytes(_ digits: some Sequence<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var half: UInt8?
        for digit in digits {
            let value: UInt8
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = digit - UInt8(ascii: "A") + 10
            default: return nil
            }
            if let first = half {
                bytes.append(first << 4 | value)
                half = nil
            } else {
                half = value
            }
        }
        return half == nil ? bytes : nil
    }

    private static func text(_ bytes: some Sequence<UInt8>, _ digits: [UInt8]) -> String {
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// Base64 as XML has it (RFC 4648, with padding), without Foundation.
public enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 0xff, count: 256)
        for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        return values
    }()

    public static func encode(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        var group: UInt32 = 0
        var count = 0
        func digit(_ shift: UInt32) -> UInt8 { alphabet[Int(group >> shift & 63)] }
        for byte in bytes {
            group = group << 8 | UInt32(byte)
            count += 1
            if count == 3 {
                text.append(contentsOf: [digit(18), digit(12), digit(6), digit(0)])
                group = 0
                count = 0
            }
        }
        switch count {
        case 1:
            group <<= 16
            text.append(contentsOf: [digit(18), digit(12), UInt8(ascii: "="), UInt8(ascii: "=")])
        case 2:
            group <<= 8
            text.append(contentsOf: [digit(18), digit(12), digit(6), UInt8(ascii: "=")])
        default: break
        }
        return text
    }

    /// Skips XML white space; nothing for any other foreign character, wrong padding or stray bits.
    public static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var group: UInt32 = 0
        var digits = 0
        var padding = 0
        for character in text {
            switch character {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"): continue
            case UInt8(ascii: "="):
                padding += 1
                continue
            default: break
            }
            let value = values[Int(character)]
            guard value != 0xff, padding == 0 else { return nil }
            group = group << 6 | UInt32(value)
            digits += 1
            if digits % 4 == 0 {
                bytes.append(UInt8(truncatingIfNeeded: group >> 16))
                bytes.append(UInt8(truncatingIfNeeded: group >> 8))
                bytes.append(UInt8(truncatingIfNeeded: group))
                group = 0
            }
        }
        switch (digits % 4, padding) {
        case (0, 0): return bytes
        case (2, 2) where group & 15 == 0:
            bytes.append(UInt8(truncatingIfNeeded: group >> 4))
            return bytes
        case (3, 1) where group & 3 == 0:
            bytes.append(UInt8(truncatingIfNeeded: group >> 10))
            bytes.append(UInt8(truncatingIfNeeded: group >> 2))
            return bytes
        default: return nil
        }
    }
}
