/// Exports of the registry editor (.reg): version 5 (UTF-16LE or UTF-8) and REGEDIT4.
///
/// Source: Microsoft's support article 310516 on .reg files, and the exports themselves: `[KEY]`, `[-KEY]`, `"name"="text"`, `dword:`, `hex:`,
/// `hex(TYPE):` with lines continued by a backslash, `-` for a deletion, `@` for the default value, `;` before a comment.
public enum RegistryExport {
    static let version5 = "Windows Registry Editor Version 5.00"
    static let version4 = "REGEDIT4"

    public static func read(
        _ bytes: [UInt8], file: String, limits: PolicyFileLimits = .standard
    ) throws(PolicyFileError) -> [RegistryEntry] {
        var reader = RegistryExportReader(text: try TextFile(bytes, file: file, limits: limits), limits: limits)
        return try reader.read()
    }

    /// The export of these entries, in UTF-16LE with a byte order mark, lines ended as Windows does.
    public static func write(_ entries: [RegistryEntry]) -> [UInt8] {
        var text = "\(version5)\r\n"
        var key: String?
        for entry in entries {
            let path = "\(entry.hive.rawValue)\\\(entry.key)"
            if entry.action == .deleteKey {
                text += "\r\n[-\(path)]\r\n"
                key = nil
                continue
            }
            if key != path { text += "\r\n[\(path)]\r\n" }
            key = path
            let name = entry.name.isEmpty ? "@" : quoted(entry.name)
            switch entry.action {
            case .set(let data), .setIfAbsent(let data): text += "\(name)=\(written(data))\r\n"
            case .deleteValue: text += "\(name)=-\r\n"
            case .key, .deleteKey, .deleteAllValues: break
            }
        }
        return [0xff, 0xfe] + UTF16Text.encode(text)
    }

    /// The root and the rest of a key's whole name.
    static func key(
        _ name: String, text: TextFile, at index: Int, limits: PolicyFileLimits
    ) throws(PolicyFileError) -> (hive: RegistryHive, path: String) {
        if name.utf16.count > limits.name { throw text.error(.tooLarge, at: index, "the name of a key, at most \(limits.name) characters long") }
        let parts = name.unicodeScalars.split(separator: "\\", maxSplits: 1, omittingEmptySubsequences: false)
        guard let hive = RegistryHive(name: String(parts[0])) else {
            throw text.error(.syntax, at: index, "a key that begins with HKEY_LOCAL_MACHINE or another root")
        }
        return (hive, parts.count > 1 ? String(parts[1]) : "")
    }

    private static func quoted(_ text: String) -> String {
        "\"\(text.unicodeScalars.map { $0 == "\\" || $0 == "\"" ? "\\\($0)" : String($0) }.joined())\""
    }

    private static func written(_ data: RegistryData) -> String {
        // Text as text only where it reads back to the same bytes.
        if data.type == .string, let text = data.text, RegistryData.string(text) == data { return quoted(text) }
        if data.type == .dword, let number = data.number {
            let digits = String(number, radix: 16)
            return "dword:\(String(repeating: "0", count: 8 - digits.count))\(digits)"
        }
        let prefix = data.type == .binary ? "hex:" : "hex(\(String(data.type.rawValue, radix: 16))):"
        return prefix + Hexadecimal.text(data.bytes, separator: ",")
    }
}

private struct RegistryExportReader {
    let text: TextFile
    let limits: PolicyFileLimits
    var position = 0
    var isVersion5 = true
    var key: (hive: RegistryHive, path: String)?
    var isDeleted = false
    var entries: [RegistryEntry] = []

    init(text: TextFile, limits: PolicyFileLimits) {
        self.text = text
        self.limits = limits
    }

    private var bytes: [UInt8] { text.bytes }
    private var isAtEnd: Bool { position >= bytes.count }

    mutating func read() throws(PolicyFileError) -> [RegistryEntry] {
        try readHeader()
        while !isAtEnd {
            skipBlanks()
            if isAtEnd { break }
            switch bytes[position] {
            case UInt8(ascii: "\r"), UInt8(ascii: "\n"): position += 1
            case UInt8(ascii: ";"): position = text.lineEnd(from: position)
            case UInt8(ascii: "["): try readKey()
            case UInt8(ascii: "\""), UInt8(ascii: "@"): try readValue()
            default: throw text.error(.syntax, at: position, "a key in brackets, a value's name in quotation marks, or a comment")
            }
        }
        return entries
    }

    private mutating func readHeader() throws(PolicyFileError) {
        let end = text.lineEnd(from: 0)
        let line = text.string(text.trimmed(0..<end))
        switch line {
        case RegistryExport.version5: isVersion5 = true
        case RegistryExport.version4: isVersion5 = false
        default: throw text.error(.unknownFormat, at: 0, "\(RegistryExport.version5) or \(RegistryExport.version4) as the first line")
        }
        position = end
    }

    private mutating func readKey() throws(PolicyFileError) {
        let start = position
        let end = text.lineEnd(from: start)
        // A name may hold a bracket: the last of the line closes it.
        guard let close = bytes[start..<end].lastIndex(of: UInt8(ascii: "]")) else {
            throw text.error(end == bytes.count ? .truncated : .syntax, at: end, "a bracket that closes the key")
        }
        let after = text.trimmed(close + 1..<end)
        guard after.isEmpty || bytes[after.lowerBound] == UInt8(ascii: ";") else {
            throw text.error(.syntax, at: after.lowerBound, "the end of the line after a key")
        }
        isDeleted = bytes[start + 1] == UInt8(ascii: "-")
        let nameStart = start + (isDeleted ? 2 : 1)
        guard nameStart <= close else { throw text.error(.syntax, at: start, "the name of a key") }
        let (hive, path) = try RegistryExport.key(text.string(nameStart..<close), text: text, at: nameStart, limits: limits)
        key = (hive, path)
        try add(isDeleted ? .deleteKey : .key, name: "", at: start)
        position = end
    }

    private mutating func readValue() throws(PolicyFileError) {
        let start = position
        guard key != nil else { throw text.error(.syntax, at: start, "a key before the first value") }
        if isDeleted { throw text.error(.syntax, at: start, "no value in a key that is deleted") }
        var name = ""
        if bytes[position] == UInt8(ascii: "@") { position += 1 } else { name = try readQuoted("the name of a value") }
        if name.utf16.count > limits.name { throw text.error(.tooLarge, at: start, "a name of at most \(limits.name) characters") }
        skipBlanks()
        guard !isAtEnd, bytes[position] == UInt8(ascii: "=") else {
            throw text.error(isAtEnd ? .truncated : .syntax, at: position, "= after the name of a value")
        }
        position += 1
        skipBlanks()
        let action = try readData()
        try endLine()
        try add(action, name: name, at: start)
    }

    private mutating func readData() throws(PolicyFileError) -> RegistryEntry.Action {
        guard !isAtEnd else { throw text.error(.truncated, at: position, "the data of a value") }
        let start = position
        switch bytes[position] {
        case UInt8(ascii: "-"):
            position += 1
            return .deleteValue
        case UInt8(ascii: "\""):
            let string = try readQuoted("text")
            if 2 * string.utf16.count > limits.data { throw text.error(.tooLarge, at: start, "data of at most \(limits.data) bytes") }
            return .set(.string(string))
        default: break
        }
        if take("dword:") { return .set(.dword(try readDWord())) }
        if take("hex:") { return .set(RegistryData(type: .binary, bytes: try readHex(from: start))) }
        if take("hex(") {
            var number: UInt32 = 0
            var digits = 0
            while !isAtEnd, digits < 8, let digit = Hexadecimal.digit(bytes[position]) {
                number = number << 4 | UInt32(digit)
                position += 1
                digits += 1
            }
            guard digits > 0, let type = RegistryType(rawValue: number), take("):") else {
                throw text.error(.unsupported, at: start, "hex(TYPE): with a type from 0 to b")
            }
            return .set(try checked(RegistryData(type: type, bytes: try readHex(from: start)), at: start))
        }
        throw text.error(.syntax, at: start, "text in quotation marks, dword:, hex:, hex(TYPE): or -")
    }

    private func checked(_ data: RegistryData, at start: Int) throws(PolicyFileError) -> RegistryData {
        if let size = data.type.size, data.bytes.count != size {
            throw text.error(.length, at: start, "\(size) bytes of a \(data.type.name), not \(data.bytes.count)")
        }
        // REGEDIT4 has text in the code page of a machine that it does not name.
        guard !isVersion5, [.string, .expandString, .multiString, .link].contains(data.type) else { return data }
        guard data.bytes.allSatisfy({ $0 < 0x80 }) else {
            throw text.error(.unsupported, at: start, "text in ASCII: REGEDIT4 does not say its code page")
        }
        return RegistryData(type: data.type, bytes: data.bytes.flatMap { [$0, 0] })
    }

    private mutating func readDWord() throws(PolicyFileError) -> UInt32 {
        let start = position
        var number: UInt32 = 0
        while !isAtEnd, let digit = Hexadecimal.digit(bytes[position]) {
            if position - start == 8 { throw text.error(.length, at: position, "at most eight digits of a dword") }
            number = number << 4 | UInt32(digit)
            position += 1
        }
        if position == start { throw text.error(isAtEnd ? .truncated : .syntax, at: start, "the digits of a dword") }
        return number
    }

    /// Bytes as pairs of digits with commas between them, over as many lines as a backslash at the end says.
    private mutating func readHex(from start: Int) throws(PolicyFileError) -> [UInt8] {
        var data: [UInt8] = []
        while true {
            skipBlanks()
            guard !isAtEnd else { return data }
            if bytes[position] == UInt8(ascii: "\\") {
                let end = text.lineEnd(from: position)
                guard text.trimmed(position + 1..<end).isEmpty else { throw text.error(.syntax, at: position + 1, "the end of the line after \\") }
                guard end < bytes.count else { throw text.error(.truncated, at: bytes.count, "the line that \\ announces") }
                position = end + 1
                continue
            }
            guard let high = Hexadecimal.digit(bytes[position]) else {
                if bytes[position] == UInt8(ascii: ",") { throw text.error(.syntax, at: position, "two digits before the comma") }
                return data
            }
            guard position + 1 < bytes.count, let low = Hexadecimal.digit(bytes[position + 1]) else {
                throw text.error(position + 1 < bytes.count ? .syntax : .truncated, at: position + 1, "the second digit of a byte")
            }
            if data.count == limits.data { throw text.error(.tooLarge, at: start, "data of at most \(limits.data) bytes") }
            data.append(high << 4 | low)
            position += 2
            skipBlanks()
            guard !isAtEnd, bytes[position] == UInt8(ascii: ",") else { return data }
            position += 1
        }
    }

    /// Text in quotation marks; regedit escapes backslash and quotation mark only, and writes line ends as they are.
    private mutating func readQuoted(_ what: String) throws(PolicyFileError) -> String {
        let start = position
        position += 1
        var result: [UInt8] = []
        while !isAtEnd {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return String(decoding: result, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard position + 1 < bytes.count else { throw text.error(.truncated, at: bytes.count, "the end of \(what)") }
                let next = bytes[position + 1]
                guard next == UInt8(ascii: "\\") || next == UInt8(ascii: "\"") else {
                    throw text.error(.syntax, at: position, "\\\\ or \\\" (a backslash stands twice)")
                }
                result.append(next)
                position += 2
            default:
                result.append(byte)
                position += 1
            }
        }
        throw text.error(.truncated, at: bytes.count, "the quotation mark that closes \(what) of byte \(text.byteOffset(start))")
    }

    private mutating func endLine() throws(PolicyFileError) {
        skipBlanks()
        if isAtEnd || bytes[position] == UInt8(ascii: "\n") || bytes[position] == UInt8(ascii: "\r") { return }
        if bytes[position] == UInt8(ascii: ";") {
            position = text.lineEnd(from: position)
            return
        }
        throw text.error(.syntax, at: position, "the end of the line after the data of a value")
    }

    private mutating func skipBlanks() {
        while !isAtEnd, bytes[position] == 0x20 || bytes[position] == 0x09 { position += 1 }
    }

    /// Goes on after `word` if it stands here, in any case.
    private mutating func take(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard position + count <= bytes.count else { return false }
        let here = String(decoding: bytes[position..<position + count], as: UTF8.self).lowercased()
        guard here == word.description else { return false }
        position += count
        return true
    }

    private mutating func add(_ action: RegistryEntry.Action, name: String, at start: Int) throws(PolicyFileError) {
        if entries.count >= limits.values { throw text.error(.tooLarge, at: start, "at most \(limits.values) values") }
        guard let key else { return }
        entries.append(RegistryEntry(hive: key.hive, key: key.path, name: name, action: action, byteOffset: text.byteOffset(start)))
    }
}
