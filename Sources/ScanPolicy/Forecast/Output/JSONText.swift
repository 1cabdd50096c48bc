/// Writes JSON as bytes, in the order of the calls: for output too long to be held as values.
struct JSONText {
    private(set) var bytes: [UInt8] = []
    private var needsComma = false

    init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    mutating func object(_ key: StaticString? = nil, _ body: (inout Self) -> Void) { nest(key, UInt8(ascii: "{"), UInt8(ascii: "}"), body) }
    mutating func array(_ key: StaticString? = nil, _ body: (inout Self) -> Void) { nest(key, UInt8(ascii: "["), UInt8(ascii: "]"), body) }

    /// A key that is one of a known set of words: letters, digits, hyphens.
    mutating func object(named key: String, _ body: (inout Self) -> Void) {
        separate()
        quote(key)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
        nest(nil, UInt8(ascii: "{"), UInt8(ascii: "}"), body)
    }

    mutating func string(_ key: StaticString? = nil, _ text: String) {
        begin(key)
        quote(text)
    }

    mutating func string(_ key: StaticString, ifAny text: String?) {
        if let text { string(key, text) }
    }

    mutating func string(named key: String, _ text: String) {
        separate()
        quote(key)
        bytes.append(UInt8(ascii: ":"))
        quote(text)
    }

    mutating func number(_ key: StaticString, _ number: Int) {
        begin(key)
        bytes += Array(String(number).utf8)
    }

    mutating func number(named key: String, _ number: Int) {
        separate()
        quote(key)
        bytes.append(UInt8(ascii: ":"))
        bytes += Array(String(number).utf8)
    }

    mutating func flag(_ key: StaticString, _ flag: Bool) {
        begin(key)
        bytes += Array((flag ? "true" : "false").utf8)
    }

    mutating func strings(_ key: StaticString, _ texts: some Sequence<String>) {
        array(key) { json in
            for text in texts { json.string(nil, text) }
        }
    }

    private mutating func nest(_ key: StaticString?, _ open: UInt8, _ close: UInt8, _ body: (inout Self) -> Void) {
        begin(key)
        bytes.append(open)
        needsComma = false
        body(&self)
        bytes.append(close)
        needsComma = true
    }

    private mutating func begin(_ key: StaticString?) {
        separate()
        guard let key else { return }
        bytes.append(UInt8(ascii: "\""))
        key.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private static let digits = Array("0123456789abcdef".utf8)

    private mutating func quote(_ text: String) {
        var text = text
        bytes.append(UInt8(ascii: "\""))
        text.withUTF8 { utf8 in
            let isPlain = utf8.allSatisfy { $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
            if isPlain { return bytes.append(contentsOf: utf8) }
            for byte in utf8 {
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                    bytes.append(UInt8(ascii: "\\"))
                    bytes.append(byte)
                case 0..<0x20:
                    bytes += Array("\\u00".utf8)
                    bytes.append(Self.digits[Int(byte >> 4)])
                    bytes.append(Self.digits[Int(byte & 15)])
                default: bytes.append(byte)
                }
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
