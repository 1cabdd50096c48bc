public import Updates

/// XML being written: every text is escaped on its way in, every element opened is closed.
///
/// Text is escaped as a real server's writers do: `&`, `<`, `>` and the carriage return; quotes stand as they are (observed.md section 3). A control
/// character that XML forbids, which no document that was read can hold, becomes U+FFFD.
public struct XMLBytes: Sendable {
    public internal(set) var bytes: [UInt8]

    /// `capacity` is a hint, in bytes.
    public init(capacity: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// An element with what `content` writes; `<name/>` where it writes nothing.
    public mutating func element(
        _ name: String, attributes: [(name: String, value: String)] = [], _ content: (inout XMLBytes) throws -> Void
    ) rethrows {
        open(name, attributes: attributes)
        let start = bytes.count
        try content(&self)
        if bytes.count == start {
            bytes[start - 1] = UInt8(ascii: "/")
            bytes.append(UInt8(ascii: ">"))
        } else {
            close(name)
        }
    }

    /// The tag alone, for what is written in several steps; ``close(_:)`` ends it.
    mutating func open(_ name: String, attributes: [(name: String, value: String)] = []) {
        bytes.append(UInt8(ascii: "<"))
        bytes.append(contentsOf: name.utf8)
        for attribute in attributes {
            bytes.append(UInt8(ascii: " "))
            bytes.append(contentsOf: attribute.name.utf8)
            bytes.append(contentsOf: "=\"".utf8)
            appendEscaped(attribute.value, isAttribute: true)
            bytes.append(UInt8(ascii: "\""))
        }
        bytes.append(UInt8(ascii: ">"))
    }

    mutating func close(_ name: String) {
        bytes.append(contentsOf: "</".utf8)
        bytes.append(contentsOf: name.utf8)
        bytes.append(UInt8(ascii: ">"))
    }

    /// `<name/>`
    public mutating func element(_ name: String) {
        element(name) { _ in }
    }

    /// An element that holds a text.
    public mutating func element(_ name: String, _ text: String) {
        element(name) { $0.appendEscaped(text) }
    }

    public mutating func element(_ name: String, _ number: Int32) {
        element(name) { $0.bytes.append(contentsOf: String(number).utf8) }
    }

    public mutating func element(_ name: String, _ value: Bool) {
        element(name) { $0.bytes.append(contentsOf: (value ? "true" : "false").utf8) }
    }

    public mutating func element(_ name: String, base64 data: [UInt8]) {
        element(name) { $0.bytes.append(contentsOf: Base64.encode(data)) }
    }

    /// An element that holds a list, or nothing where the list is empty.
    mutating func list<Item>(_ name: String, _ items: [Item], _ write: (inout XMLBytes, Item) throws -> Void) rethrows {
        if items.isEmpty { return }
        try element(name) { xml in
            for item in items { try write(&xml, item) }
        }
    }

    /// UTF-8 as text.
    public mutating func appendEscaped(_ text: UnsafeRawBufferPointer) {
        append(text, isAttribute: false)
    }

    public mutating func appendEscaped(_ text: ChunkedBytes) {
        for chunk in text.chunks { chunk.withUnsafeBytes { appendEscaped($0) } }
    }

    public mutating func appendEscaped(_ text: [UInt8]) {
        text.withUnsafeBytes { appendEscaped($0) }
    }

    public mutating func appendEscaped(_ text: String) {
        appendEscaped(text, isAttribute: false)
    }

    /// Bytes that are escaped already, as those kept ready for sending are.
    public mutating func appendVerbatim(_ escaped: UnsafeRawBufferPointer) {
        bytes.append(contentsOf: escaped)
    }

    private mutating func appendEscaped(_ text: String, isAttribute: Bool) {
        var text = text
        text.withUTF8 { append(UnsafeRawBufferPointer($0), isAttribute: isAttribute) }
    }

    private mutating func append(_ text: UnsafeRawBufferPointer, isAttribute: Bool) {
        var start = 0
        for index in 0..<text.count {
            let replacement: StaticString
            switch text[index] {
            case UInt8(ascii: "&"): replacement = "&amp;"
            case UInt8(ascii: "<"): replacement = "&lt;"
            case UInt8(ascii: ">"): replacement = "&gt;"
            case UInt8(ascii: "\r"): replacement = "&#xD;"
            case UInt8(ascii: "\""): if isAttribute { replacement = "&quot;" } else { continue }
            case UInt8(ascii: "\t"), UInt8(ascii: "\n"): if isAttribute { replacement = " " } else { continue }
            case 0..<0x20: replacement = "\u{fffd}"
            default: continue
            }
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[start..<index]))
            replacement.withUTF8Buffer { bytes.append(contentsOf: $0) }
            start = index + 1
        }
        bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[start...]))
    }

    /// Bytes that a byte of text becomes at most.
    static let longestEscape = 5

    /// Bytes that text becomes when it is escaped.
    static func escapedCount(of text: UnsafeRawBufferPointer) -> Int {
        var count = text.count
        for byte in text where byte < 0x40 {
            switch byte {
            case UInt8(ascii: "&"), UInt8(ascii: "\r"): count += 4
            case UInt8(ascii: "<"), UInt8(ascii: ">"): count += 3
            case UInt8(ascii: "\t"), UInt8(ascii: "\n"): break
            case 0..<0x20: count += 2
            default: break
            }
        }
        return count
    }
}
