/// What `reg query` prints: a line with a key, then a line for each value, indented, with name, type and data.
///
/// Source: Microsoft's reference of `reg query`, and its output. Between name, type and data stand four spaces. Several outputs may follow
/// each other. A message of the command (in any language) is refused: what it would have said is not known.
public enum RegistryQuery {
    public static func read(
        _ bytes: [UInt8], file: String, limits: PolicyFileLimits = .standard
    ) throws(PolicyFileError) -> [RegistryEntry] {
        let text = try TextFile(bytes, file: file, limits: limits)
        var entries: [RegistryEntry] = []
        var key: (hive: RegistryHive, path: String)?
        for line in text.lines() where !text.trimmed(line).isEmpty {
            if entries.count >= limits.values { throw text.error(.tooLarge, at: line.lowerBound, "at most \(limits.values) values") }
            if text.bytes[line.lowerBound] != 0x20 {
                if key != nil, isEnd(text.string(line)) { continue }
                let split = try RegistryExport.key(text.string(text.trimmed(line)), text: text, at: line.lowerBound, limits: limits)
                key = split
                entries.append(
                    RegistryEntry(hive: split.hive, key: split.path, name: "", action: .key, byteOffset: text.byteOffset(line.lowerBound)))
                continue
            }
            guard let key else { throw text.error(.syntax, at: line.lowerBound, "a key (HKEY_...) before the first value") }
            let (name, data) = try value(in: line, of: text, limits: limits)
            entries.append(
                RegistryEntry(hive: key.hive, key: key.path, name: name, action: .set(data), byteOffset: text.byteOffset(line.lowerBound)))
        }
        return entries
    }

    /// `End of search: 9 match(es) found.`, in the language of the machine: a colon, a number and more words. Messages of failures have no number there.
    private static func isEnd(_ line: String) -> Bool {
        guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")) else { return false }
        let rest = line.utf8[colon...].dropFirst()
        guard rest.first == 0x20 else { return false }
        let words = rest.dropFirst().split(separator: 0x20)
        return words.count > 1 && words[0].allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    private static func value(
        in line: Range<Int>, of text: TextFile, limits: PolicyFileLimits
    ) throws(PolicyFileError) -> (String, RegistryData) {
        guard let (name, type, rest) = split(text, line) else {
            throw text.error(.syntax, at: line.lowerBound, "four spaces, then name, type (REG_...) and data with four spaces between them")
        }
        if name.utf16.count > limits.name { throw text.error(.tooLarge, at: line.lowerBound, "a name of at most \(limits.name) characters") }
        if rest.utf8.count > limits.data / 2 { throw text.error(.tooLarge, at: line.lowerBound, "data of at most \(limits.data) bytes") }
        guard let data = data(of: type, rest) else {
            throw text.error(.value, at: line.lowerBound, "the data of a \(type.name)")
        }
        // The name of the default value is written in the language of the machine: in brackets, which no setting of ours has.
        return (name.hasPrefix("(") && name.hasSuffix(")") ? "" : name, data)
    }

    private static let separator = Array("    ".utf8)

    /// The first place where four spaces, a type and four spaces (or the end) stand: names may hold spaces too.
    private static func split(_ text: TextFile, _ line: Range<Int>) -> (String, RegistryType, String)? {
        let content = text.bytes[line]
        guard content.starts(with: separator) else { return nil }
        let nameStart = line.lowerBound + separator.count
        var searched = nameStart
        while let found = text.bytes[searched..<line.upperBound].firstRange(of: separator + Array("REG_".utf8)) {
            let typeStart = found.lowerBound + separator.count
            let typeEnd = text.bytes[typeStart..<line.upperBound].firstIndex(of: 0x20) ?? line.upperBound
            let rest = text.bytes[typeEnd..<line.upperBound]
            if let type = RegistryType(name: text.string(typeStart..<typeEnd)), rest.isEmpty || rest.starts(with: separator) {
                return (text.string(nameStart..<found.lowerBound), type, String(decoding: rest.dropFirst(separator.count), as: UTF8.self))
            }
            searched = typeEnd
        }
        return nil
    }

    private static func data(of type: RegistryType, _ text: String) -> RegistryData? {
        switch type {
        case .string, .expandString, .link: return .string(text, type: type)
        case .multiString: return .strings(text.split(separator: "\\0").map(String.init))
        case .dword, .dwordBigEndian, .qword:
            guard text.hasPrefix("0x"), let number = UInt64(text.dropFirst(2), radix: 16) else { return nil }
            if type == .qword {
                return RegistryData(
                    type: type, bytes: LittleEndian.bytes(UInt32(truncatingIfNeeded: number)) + LittleEndian.bytes(UInt32(number >> 32)))
            }
            guard let word = UInt32(exactly: number) else { return nil }
            return RegistryData(type: type, bytes: LittleEndian.bytes(type == .dword ? word : word.byteSwapped))
        default: return Hexadecimal.bytes(text.utf8).map { RegistryData(type: type, bytes: $0) }
        }
    }
}
