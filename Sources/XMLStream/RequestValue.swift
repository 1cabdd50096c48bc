/// The simple types of XML Schema that requests carry, read from bytes.
public enum RequestValue {
    /// `xs:int`: nothing for another text or a number beyond 32 bits.
    public static func int32(_ text: ArraySlice<UInt8>) -> Int32? {
        var digits = trimmed(text)
        guard let first = digits.first else { return nil }
        let isNegative = first == UInt8(ascii: "-")
        if isNegative || first == UInt8(ascii: "+") { digits = digits.dropFirst() }
        guard !digits.isEmpty else { return nil }
        var value: Int32 = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            // Counted downwards: the least value has no positive twin.
            let (next, isOut) = tens.subtractingReportingOverflow(Int32(digit - UInt8(ascii: "0")))
            if overflow || isOut { return nil }
            value = next
        }
        if isNegative { return value }
        return value == .min ? nil : -value
    }

    /// `xs:boolean`: `true`, `false`, `1`, `0`; nothing for another text.
    public static func boolean(_ text: ArraySlice<UInt8>) -> Bool? {
        let word = trimmed(text)
        if isEqual(word, "true") || isEqual(word, "1") { return true }
        if isEqual(word, "false") || isEqual(word, "0") { return false }
        return nil
    }

    /// Without the XML white space around it.
    public static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var text = text
        while let first = text.first, isWhiteSpace(first) { text = text.dropFirst() }
        while let last = text.last, isWhiteSpace(last) { text = text.dropLast() }
        return text
    }

    /// Space, tab, carriage return and line feed.
    public static func isWhiteSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n")
    }

    /// Byte for byte.
    public static func isEqual(_ bytes: ArraySlice<UInt8>, _ text: StaticString) -> Bool {
        guard bytes.count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { $0.elementsEqual(bytes) }
    }
}
