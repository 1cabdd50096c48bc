/// The two binary registry values that keep proxies: `WinHttpSettings` (the system's) and `DefaultConnectionSettings` (the user's).
///
/// Microsoft does not document them. The layouts are those that independent readers agree on (docs/policy-files.md): numbers are 32-bit, little-endian; strings have
/// their length before them and 8-bit characters. What follows the last field is ignored.
public enum ProxyBlob {
    /// What was read, and whether the first number is one that nobody is known to have seen: then the rest may mean something else.
    public struct Reading: Sendable, Hashable {
        public let settings: ProxySettings
        public let isExperimental: Bool
    }

    /// - Parameter byteOffset: where the value stands in `file`; added to the places in errors.
    public static func winHTTPSettings(_ bytes: [UInt8], file: String, at byteOffset: Int = 0) throws(PolicyFileError) -> Reading {
        var fields = Fields(bytes: bytes, file: file, base: byteOffset, value: "WinHttpSettings")
        let magic = try fields.number("its first number")
        _ = try fields.number("its second number")
        let flagsAt = fields.position
        let flags = try fields.number("the flags")
        let proxy = try fields.string("the proxy")
        let bypass = try fields.string("the bypass list")
        guard flags & ~3 == 0, flags != 0 else { throw fields.error(.unsupported, at: flagsAt, "flags 1 (direct), 2 or 3 (a proxy), not \(flags)") }
        if flags & 2 != 0, proxy.isEmpty { throw fields.error(.value, at: flagsAt, "the name of the proxy that the flags announce") }
        return Reading(settings: flags & 2 == 0 ? .none : .static(proxy, bypass: bypass), isExperimental: magic != 0x18 && magic != 0x28)
    }

    /// - Parameter byteOffset: where the value stands in `file`; added to the places in errors.
    public static func defaultConnectionSettings(_ bytes: [UInt8], file: String, at byteOffset: Int = 0) throws(PolicyFileError) -> Reading {
        var fields = Fields(bytes: bytes, file: file, base: byteOffset, value: "DefaultConnectionSettings")
        let magic = try fields.number("its first number")
        _ = try fields.number("the change counter")
        let flagsAt = fields.position
        let flags = try fields.number("the flags")
        let proxy = try fields.string("the proxy")
        let bypass = try fields.string("the bypass list")
        let script = try fields.string("the script's URL")
        guard flags & ~0xf == 0 else { throw fields.error(.unsupported, at: flagsAt, "flags from 1 to 15, not \(flags)") }
        if flags & 2 != 0, proxy.isEmpty { throw fields.error(.value, at: flagsAt, "the name of the proxy that the flags announce") }
        if flags & 4 != 0, script.isEmpty { throw fields.error(.value, at: flagsAt, "the URL of the script that the flags announce") }
        let settings = ProxySettings(
            fixed: flags & 2 == 0 ? nil : StaticProxy(proxy, bypass: bypass), scriptURL: flags & 4 == 0 ? nil : script,
            detectsAutomatically: flags & 8 != 0)
        return Reading(settings: settings, isExperimental: magic != 0x46 && magic != 0x3c)
    }

    /// The value `WinHttpSettings` for a proxy with a bypass list, or for none.
    public static func winHTTPSettings(_ proxy: StaticProxy?) -> [UInt8] {
        let words: [UInt32] = [0x18, 0, proxy == nil ? 1 : 3]
        var bytes = words.flatMap(LittleEndian.bytes)
        for text in [proxy?.proxy ?? "", proxy?.bypass ?? ""] {
            bytes += LittleEndian.bytes(UInt32(truncatingIfNeeded: text.utf8.count)) + Array(text.utf8)
        }
        return bytes
    }

    private struct Fields {
        let bytes: [UInt8]
        let file: String
        let base: Int
        let value: String
        var position = 0

        init(bytes: [UInt8], file: String, base: Int, value: String) {
            self.bytes = bytes
            self.file = file
            self.base = base
            self.value = value
        }

        mutating func number(_ what: String) throws(PolicyFileError) -> UInt32 {
            guard let number = LittleEndian.word(bytes, at: position) else { throw error(.truncated, at: bytes.count, what) }
            position += 4
            return number
        }

        mutating func string(_ what: String) throws(PolicyFileError) -> String {
            let start = position
            let length = Int(try number("the length of \(what)"))
            guard length <= bytes.count - position else {
                throw error(.length, at: start, "a length of \(what) within the value: it says \(length), \(bytes.count - position) bytes are left")
            }
            let text = bytes[position..<position + length]
            guard text.allSatisfy({ (0x20...0x7e).contains($0) }) else { throw error(.encoding, at: position, "\(what) in ASCII") }
            position += length
            return String(decoding: text, as: UTF8.self)
        }

        func error(_ code: PolicyFileError.Code, at offset: Int, _ expected: String) -> PolicyFileError {
            PolicyFileError(code, file: file, at: base, expected: "\(expected) in \(value), at byte \(offset) of its data")
        }
    }
}
