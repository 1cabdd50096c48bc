/// Writes elements into a byte array, escaping every value it is given (ADR 0002).
///
/// Names are the program's own or a reader's: they are not checked. What goes beyond the limit is not written; ``isOverLimit`` says so.
public struct XMLWriter: Sendable {
    /// Written and not drained yet.
    public private(set) var bytes: [UInt8] = []
    public private(set) var isOverLimit = false
    private var drained = 0
    private var isTagOpen = false
    private var names: [UInt8] = []
    private var nameStarts: [Int] = []
    private let limit: Int

    /// - Parameter limit: bytes written in all.
    public init(limit: Int) {
        self.limit = limit
    }

    /// Elements started and not ended.
    public var depth: Int { nameStarts.count }
    /// Bytes written, drained ones included.
    public var count: Int { drained + bytes.count }

    /// Begins an element, `prefix` and `name` making up its name.
    public mutating func start(_ name: UnsafeRawBufferPointer, prefix: StaticString = "") {
        closeTag()
        nameStarts.append(names.count)
        names.append(contentsOf: prefix.bytes)
        names.append(contentsOf: name)
        append(UInt8(ascii: "<"))
        append(prefix)
        append(name)
        isTagOpen = true
    }

    public mutating func start(_ name: StaticString) { start(name.bytes) }

    /// Adds an attribute to the element that was just started.
    public mutating func attribute(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        append(UInt8(ascii: " "))
        append(name)
        append("=\"" as StaticString)
        appendEscaped(value, isAttribute: true)
        append(UInt8(ascii: "\""))
    }

    public mutating func attribute(_ name: StaticString, _ value: UnsafeRawBufferPointer) { attribute(name.bytes, value) }

    public mutating func attribute(_ name: StaticString, _ value: String) {
        var value = value
        value.withUTF8 { attribute(name.bytes, UnsafeRawBufferPointer($0)) }
    }

    public mutating func text(_ text: UnsafeRawBufferPointer) {
        if text.isEmpty { return }
        closeTag()
        appendEscaped(text, isAttribute: false)
    }

    public mutating func text(_ text: String) {
        var text = text
        text.withUTF8 { self.text(UnsafeRawBufferPointer($0)) }
    }

    /// Ends the innermost element; `short` writes one that is empty as `<a />`, else it is `<a></a>`. Does nothing where none is started.
    public mutating func end(short: Bool = true) {
        guard let start = nameStarts.popLast() else { return }
        if isTagOpen, short {
            isTagOpen = false
            append(" />" as StaticString)
        } else {
            closeTag()
            append("</" as StaticString)
            names.withUnsafeBytes { append(UnsafeRawBufferPointer(rebasing: $0[start...])) }
            append(UInt8(ascii: ">"))
        }
        names.removeLast(names.count - start)
    }

    /// Hands out what is written and forgets it, keeping the memory.
    public mutating func drain(_ body: (UnsafeRawBufferPointer) -> Void) {
        bytes.withUnsafeBytes(body)
        drained += bytes.count
        bytes.removeAll(keepingCapacity: true)
    }

    private mutating func closeTag() {
        guard isTagOpen else { return }
        isTagOpen = false
        append(UInt8(ascii: ">"))
    }

    private mutating func append(_ byte: UInt8) {
        guard hasRoom(1) else { return }
        bytes.append(byte)
    }

    private mutating func append(_ text: StaticString) { append(text.bytes) }

    private mutating func append(_ more: UnsafeRawBufferPointer) {
        guard hasRoom(more.count) else { return }
        bytes.append(contentsOf: more)
    }

    private mutating func hasRoom(_ more: Int) -> Bool {
        if more > limit - count { isOverLimit = true }
        return !isOverLimit
    }

    private mutating func appendEscaped(_ value: UnsafeRawBufferPointer, isAttribute: Bool) {
        var position = 0
        while position < value.count, !isOverLimit {
            let length = XMLEscaping.plainLength(value, from: position, isAttribute: isAttribute)
            append(UnsafeRawBufferPointer(rebasing: value[position..<position + length]))
            position += length
            if position < value.count {
                let (replacement, count) = XMLEscaping.replacement(value, at: position, isAttribute: isAttribute)
                append(replacement)
                position += count
            }
        }
    }
}

/// What characters become in text and in attributes (ADR 0002).
public enum XMLEscaping {
    /// Appends text for between tags: `&`, `<` and `>` as entities, a carriage return as `&#xD;`, what XML cannot hold as U+FFFD.
    public static func appendText(_ text: UnsafeRawBufferPointer, to bytes: inout [UInt8]) {
        append(text, to: &bytes, isAttribute: false)
    }

    /// Appends a value for between double quotes: as text, and `"`, tab and line feed escaped too.
    public static func appendAttribute(_ value: UnsafeRawBufferPointer, to bytes: inout [UInt8]) {
        append(value, to: &bytes, isAttribute: true)
    }

    private static func append(_ value: UnsafeRawBufferPointer, to bytes: inout [UInt8], isAttribute: Bool) {
        var position = 0
        while position < value.count {
            let length = plainLength(value, from: position, isAttribute: isAttribute)
            bytes.append(contentsOf: value[position..<position + length])
            position += length
            guard position < value.count else { return }
            let (replacement, count) = replacement(value, at: position, isAttribute: isAttribute)
            bytes.append(contentsOf: replacement.bytes)
            position += count
        }
    }

    /// How many bytes from `start` on stand for themselves.
    static func plainLength(_ value: UnsafeRawBufferPointer, from start: Int, isAttribute: Bool) -> Int {
        var position = start
        while position < value.count {
            switch value[position] {
            case 0x20, 0x21, 0x23...0x25, 0x27...0x3b, 0x3d, 0x3f...0xee, 0xf0...0xff: position += 1
            case UInt8(ascii: "\""), UInt8(ascii: "\n"), UInt8(ascii: "\t"):
                if isAttribute { return position - start }
                position += 1
            case 0xef:
                if isNoncharacter(value, at: position) { return position - start }
                position += 1
            default: return position - start
            }
        }
        return position - start
    }

    /// What stands for the bytes at `position`, which do not stand for themselves, and how many they are.
    static func replacement(_ value: UnsafeRawBufferPointer, at position: Int, isAttribute: Bool) -> (StaticString, Int) {
        switch value[position] {
        case UInt8(ascii: "&"): ("&amp;", 1)
        case UInt8(ascii: "<"): ("&lt;", 1)
        case UInt8(ascii: ">"): ("&gt;", 1)
        case UInt8(ascii: "\""): ("&quot;", 1)
        case UInt8(ascii: "\r"): ("&#xD;", 1)
        case UInt8(ascii: "\n"): ("&#xA;", 1)
        case UInt8(ascii: "\t"): ("&#x9;", 1)
        default: ("\u{fffd}", value[position] == 0xef ? 3 : 1)
        }
    }

    /// U+FFFE and U+FFFF, which no XML document can hold.
    private static func isNoncharacter(_ value: UnsafeRawBufferPointer, at position: Int) -> Bool {
        position + 2 < value.count && value[position + 1] == 0xbf && value[position + 2] >= 0xbe
    }
}

extension StaticString {
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: utf8Start, count: utf8CodeUnitCount) }
}
