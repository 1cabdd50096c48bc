/// Characters: text, CDATA sections, comments, attribute values and references.
extension RequestTokenizer {
    /// The text up to the next `<`, with references decoded and line ends made line feeds.
    mutating func characterData() throws(RequestXMLError) -> Token {
        var run = Run(start: position)
        while true {
            skipPlainText()
            if try byte(at: position) == UInt8(ascii: "<") { break }
            switch document[position] {
            case UInt8(ascii: "&"): try reference(&run)
            case UInt8(ascii: "\r"): lineEnd(&run)
            case UInt8(ascii: "]"):
                if document[position...].prefix(3).elementsEqual("]]>".utf8) { throw error(.malformed) }
                position += 1
            default: try character()
            }
        }
        return try finish(run)
    }

    mutating func characterDataSection() throws(RequestXMLError) -> Token {
        try take("<![CDATA[")
        var run = Run(start: position)
        while true {
            switch try byte(at: position) {
            case UInt8(ascii: "\r"): lineEnd(&run)
            case UInt8(ascii: "]") where document[position...].prefix(3).elementsEqual("]]>".utf8):
                let token = try finish(run)
                position += 3
                return token
            default: try character()
            }
        }
    }

    mutating func comment() throws(RequestXMLError) {
        if document[position...].prefix(9).elementsEqual("<!DOCTYPE".utf8) { throw error(.documentType) }
        try take("<!--")
        while true {
            if try byte(at: position) == UInt8(ascii: "-"), try byte(at: position + 1) == UInt8(ascii: "-") {
                return try take("-->")
            }
            try character()
        }
    }

    /// A quoted value, with references decoded and white space made spaces.
    mutating func attributeValue() throws(RequestXMLError) -> ArraySlice<UInt8> {
        let quote = try byte(at: position)
        guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { throw error(.malformed) }
        position += 1
        var run = Run(start: position)
        while try byte(at: position) != quote {
            switch document[position] {
            case UInt8(ascii: "<"): throw error(.malformed)
            case UInt8(ascii: "&"): try reference(&run)
            case UInt8(ascii: "\t"), UInt8(ascii: "\n"):
                replace(1, in: &run, by: UInt8(ascii: " "))
            case UInt8(ascii: "\r"):
                replace(document[position...].starts(with: "\r\n".utf8) ? 2 : 1, in: &run, by: UInt8(ascii: " "))
            default: try character()
            }
        }
        let value = value(of: run)
        guard value.count <= limits.text else { throw error(.textTooLong) }
        position += 1
        return value
    }

    /// What was read of a text: a piece of the document until something has to be replaced, then a copy.
    struct Run {
        /// The document from here on is not in `copy` yet.
        var start: Int
        var copy: [UInt8]?

        init(start: Int) {
            self.start = start
        }
    }

    private func value(of run: Run) -> ArraySlice<UInt8> {
        guard var copy = run.copy else { return document[run.start..<position] }
        copy.append(contentsOf: document[run.start..<position])
        return copy[...]
    }

    private mutating func finish(_ run: Run) throws(RequestXMLError) -> Token {
        text = value(of: run)
        textLength += text.count
        guard textLength <= limits.text else { throw error(.textTooLong) }
        return .text
    }

    private mutating func lineEnd(_ run: inout Run) {
        replace(document[position...].starts(with: "\r\n".utf8) ? 2 : 1, in: &run, by: UInt8(ascii: "\n"))
    }

    private mutating func replace(_ count: Int, in run: inout Run, by byte: UInt8) {
        let start = run.start
        var copy = run.copy.take() ?? []
        copy.append(contentsOf: document[start..<position])
        copy.append(byte)
        position += count
        run.copy = copy
        run.start = position
    }

    private mutating func reference(_ run: inout Run) throws(RequestXMLError) {
        // The longest reference of use is &#x10FFFF; leading zeros make longer ones, which nobody writes.
        let end = document[position...].prefix(16).firstIndex(of: UInt8(ascii: ";"))
        guard let end else { throw error(position + 16 > document.count ? .unexpectedEnd : .malformed) }
        let name = document[(position + 1)..<end]
        // Taken out while it grows, so that it grows in place.
        var copy = run.copy.take() ?? []
        copy.append(contentsOf: document[run.start..<position])
        if name.first == UInt8(ascii: "#") {
            guard let scalar = Self.scalar(name.dropFirst()) else { throw error(.character) }
            copy.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        } else {
            guard let byte = Self.predefined(name) else { throw error(.unknownEntity) }
            copy.append(byte)
        }
        position = end + 1
        run.copy = copy
        run.start = position
    }

    private static func predefined(_ name: ArraySlice<UInt8>) -> UInt8? {
        if RequestValue.isEqual(name, "lt") { return UInt8(ascii: "<") }
        if RequestValue.isEqual(name, "gt") { return UInt8(ascii: ">") }
        if RequestValue.isEqual(name, "amp") { return UInt8(ascii: "&") }
        if RequestValue.isEqual(name, "quot") { return UInt8(ascii: "\"") }
        if RequestValue.isEqual(name, "apos") { return UInt8(ascii: "'") }
        return nil
    }

    /// The character a number stands for, unless XML forbids it.
    private static func scalar(_ number: ArraySlice<UInt8>) -> Unicode.Scalar? {
        let isHexadecimal = number.first == UInt8(ascii: "x")
        let digits = isHexadecimal ? number.dropFirst() : number
        guard !digits.isEmpty else { return nil }
        var value: UInt32 = 0
        for digit in digits {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value * (isHexadecimal ? 16 : 10) + UInt32(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f") where isHexadecimal: value = value * 16 + UInt32(digit - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F") where isHexadecimal: value = value * 16 + UInt32(digit - UInt8(ascii: "A") + 10)
            default: return nil
            }
            if value > 0x10_ffff { return nil }
        }
        switch value {
        case 0x9, 0xa, 0xd, 0x20...0xfffd, 0x1_0000...0x10_ffff: return Unicode.Scalar(value)
        default: return nil
        }
    }

    /// Steps over ASCII that means nothing but itself in text.
    private mutating func skipPlainText() {
        let start = position
        position = document.withUnsafeBufferPointer { document in
            var offset = start
            while offset < document.count {
                switch document[offset] {
                case 0x80..., UInt8(ascii: "<"), UInt8(ascii: "&"), UInt8(ascii: "]"), 0..<0x20: return offset
                default: offset += 1
                }
            }
            return offset
        }
    }

    /// Steps over one character that XML allows.
    private mutating func character() throws(RequestXMLError) {
        let first = document[position]
        if first < 0x80 {
            guard first >= 0x20 || RequestValue.isWhiteSpace(first) else { throw error(.character) }
            position += 1
            return
        }
        let length: Int
        var allowed: ClosedRange<UInt8> = 0x80...0xbf
        switch first {
        case 0xc2...0xdf: length = 2
        case 0xe0: (length, allowed) = (3, 0xa0...0xbf)
        case 0xed: (length, allowed) = (3, 0x80...0x9f)
        case 0xe1...0xef: length = 3
        case 0xf0: (length, allowed) = (4, 0x90...0xbf)
        case 0xf1...0xf3: length = 4
        case 0xf4: (length, allowed) = (4, 0x80...0x8f)
        default: throw error(.character)
        }
        guard allowed.contains(try byte(at: position + 1)) else { throw error(.character) }
        for offset in 2..<max(length, 2) {
            guard (0x80...0xbf).contains(try byte(at: position + offset)) else { throw error(.character) }
        }
        // U+FFFE and U+FFFF
        if first == 0xef, document[position + 1] == 0xbf, document[position + 2] >= 0xbe { throw error(.character) }
        position += length
    }
}
