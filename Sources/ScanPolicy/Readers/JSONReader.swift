/// Reads JSON (RFC 8259) from front to back, and says at which byte it is not what was asked for: the decoders there are do not. Nothing is kept but the place;
/// a name that comes twice in an object is refused, since two readers could take different ones.
struct JSONReader {
    private let text: TextFile
    private let limits: PolicyFileLimits
    private(set) var position: Int
    /// Of each object or array that is open: the names met, and whether something stood in it.
    private var open: [(names: Set<String>, isFirst: Bool)] = []

    init(_ text: TextFile, from start: Int = 0, limits: PolicyFileLimits) {
        self.text = text
        self.limits = limits
        position = start
    }

    mutating func beginObject(_ what: String) throws(PolicyFileError) { try begin(UInt8(ascii: "{"), what) }
    mutating func beginArray(_ what: String) throws(PolicyFileError) { try begin(UInt8(ascii: "["), what) }

    /// The next member's name, its colon passed; nil at the end of the object.
    mutating func nextMember() throws(PolicyFileError) -> String? {
        guard try next(UInt8(ascii: "}"), "a comma or } after a member") else { return nil }
        skipSpace()
        let start = position
        guard peek() == UInt8(ascii: "\"") else { throw error("the name of a member in quotation marks") }
        let name = try string()
        guard open[open.count - 1].names.insert(name).inserted else {
            throw text.error(.contradiction, at: start, "a name that was not in this object before")
        }
        skipSpace()
        guard peek() == UInt8(ascii: ":") else { throw error("a colon after the name of a member") }
        position += 1
        skipSpace()
        return name
    }

    /// Whether another element follows, at which reading goes on.
    mutating func nextElement() throws(PolicyFileError) -> Bool {
        let more = try next(UInt8(ascii: "]"), "a comma or ] after an element")
        skipSpace()
        return more
    }

    /// That nothing but white space follows.
    mutating func finish() throws(PolicyFileError) {
        skipSpace()
        if position < text.bytes.count { throw error("the end after the JSON value") }
    }

    mutating func string(_ what: String = "text in quotation marks") throws(PolicyFileError) -> String {
        skipSpace()
        let bytes = text.bytes
        guard peek() == UInt8(ascii: "\"") else { throw error(what) }
        position += 1
        let start = position
        while position < bytes.count, bytes[position] != UInt8(ascii: "\""), bytes[position] != UInt8(ascii: "\\"), bytes[position] >= 0x20 {
            position += 1
        }
        if peek() == UInt8(ascii: "\"") {
            position += 1
            return String(decoding: bytes[start..<position - 1], as: UTF8.self)
        }
        position = start
        return try escapedString()
    }

    mutating func boolean() throws(PolicyFileError) -> Bool {
        skipSpace()
        if take("true") { return true }
        if take("false") { return false }
        throw error("true or false")
    }

    /// A whole number in `range`.
    mutating func integer(_ range: ClosedRange<Int>) throws(PolicyFileError) -> Int {
        skipSpace()
        let start = position
        let isNegative = peek() == UInt8(ascii: "-")
        if isNegative { position += 1 }
        let digits = position
        var value = 0
        while let byte = peek(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            let (tens, over) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(Int(byte - UInt8(ascii: "0")))
            guard !over, !carry else { throw text.error(.value, at: start, "a number from \(range.lowerBound) to \(range.upperBound)") }
            value = sum
            position += 1
        }
        let count = position - digits
        let isPlain = count == 1 || count > 1 && text.bytes[digits] != UInt8(ascii: "0")
        guard isPlain, ![UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E")].contains(peek() ?? 0) else {
            throw text.error(position < text.bytes.count ? .syntax : .truncated, at: start, "a whole number")
        }
        if isNegative { value = -value }
        guard range.contains(value) else {
            throw text.error(.value, at: start, "a number from \(range.lowerBound) to \(range.upperBound), not \(value)")
        }
        return value
    }

    /// What stands here, in one character, to choose between forms of a value.
    mutating func peekValue() -> UInt8? {
        skipSpace()
        return peek()
    }

    /// Passes a value of any kind.
    mutating func skip() throws(PolicyFileError) {
        switch peekValue() {
        case UInt8(ascii: "{"):
            try beginObject("an object")
            while try nextMember() != nil { try skip() }
        case UInt8(ascii: "["):
            try beginArray("an array")
            while try nextElement() { try skip() }
        case UInt8(ascii: "\""): _ = try string()
        case UInt8(ascii: "t"), UInt8(ascii: "f"): _ = try boolean()
        case UInt8(ascii: "n"): guard take("null") else { throw error("null") }
        default: try skipNumber()
        }
    }

    func failure(_ code: PolicyFileError.Code, at index: Int, _ expected: String) -> PolicyFileError { text.error(code, at: index, expected) }

    // MARK: Parts

    private mutating func skipNumber() throws(PolicyFileError) {
        func digits(_ reader: inout JSONReader) throws(PolicyFileError) {
            let start = reader.position
            while let byte = reader.peek(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { reader.position += 1 }
            if reader.position == start { throw reader.error("a JSON value") }
        }
        if peek() == UInt8(ascii: "-") { position += 1 }
        try digits(&self)
        if peek() == UInt8(ascii: ".") {
            position += 1
            try digits(&self)
        }
        if peek() == UInt8(ascii: "e") || peek() == UInt8(ascii: "E") {
            position += 1
            if peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") { position += 1 }
            try digits(&self)
        }
    }

    private mutating func begin(_ bracket: UInt8, _ what: String) throws(PolicyFileError) {
        skipSpace()
        guard peek() == bracket else { throw error(what) }
        if open.count >= limits.nesting { throw text.error(.tooLarge, at: position, "at most \(limits.nesting) objects and arrays in each other") }
        position += 1
        open.append((names: [], isFirst: true))
    }

    private mutating func next(_ closing: UInt8, _ what: String) throws(PolicyFileError) -> Bool {
        skipSpace()
        if peek() == closing {
            position += 1
            open.removeLast()
            return false
        }
        if !open[open.count - 1].isFirst {
            guard peek() == UInt8(ascii: ",") else { throw error(what) }
            position += 1
        }
        open[open.count - 1].isFirst = false
        return true
    }

    private mutating func escapedString() throws(PolicyFileError) -> String {
        let bytes = text.bytes
        var result: [UInt8] = []
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return String(decoding: result, as: UTF8.self)
            case UInt8(ascii: "\\"): try appendEscape(to: &result)
            case 0..<0x20: throw error("no control character in text")
            default:
                result.append(bytes[position])
                position += 1
            }
        }
        throw error("the quotation mark that ends the text")
    }

    private mutating func appendEscape(to result: inout [UInt8]) throws(PolicyFileError) {
        let start = position
        position += 1
        guard let kind = peek() else { throw error("a character after \\") }
        position += 1
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(kind)
        case UInt8(ascii: "b"): result.append(8)
        case UInt8(ascii: "f"): result.append(12)
        case UInt8(ascii: "n"): result.append(10)
        case UInt8(ascii: "r"): result.append(13)
        case UInt8(ascii: "t"): result.append(9)
        case UInt8(ascii: "u"):
            var value = try hex4()
            if value & 0xfc00 == 0xd800, take("\\u") {
                let second = try hex4()
                guard second & 0xfc00 == 0xdc00 else { throw text.error(.encoding, at: start, "the second half of a surrogate pair") }
                value = 0x10000 + (value & 0x3ff) << 10 + second & 0x3ff
            }
            guard let scalar = Unicode.Scalar(value), let utf8 = UTF8.encode(scalar) else {
                throw text.error(.encoding, at: start, "a whole surrogate pair")
            }
            result.append(contentsOf: utf8)
        default: throw text.error(.syntax, at: start, "an escape of JSON")
        }
    }

    private mutating func hex4() throws(PolicyFileError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = peek().flatMap(Hexadecimal.digit) else { throw error("four hexadecimal digits after \\u") }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    private func peek() -> UInt8? { position < text.bytes.count ? text.bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { position += 1 }
    }

    private mutating func take(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard position + count <= text.bytes.count else { return false }
        for offset in 0..<count where text.bytes[position + offset] != word.utf8Start[offset] { return false }
        position += count
        return true
    }

    private func error(_ expected: String) -> PolicyFileError {
        text.error(position < text.bytes.count ? .syntax : .truncated, at: position, expected)
    }
}
