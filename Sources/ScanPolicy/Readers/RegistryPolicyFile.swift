/// Registry.pol: how a group policy object keeps its registry settings ([MS-GPREG] 2.2.1).
///
/// `PReg`, version 1, then `[key;value;type;size;data]` in UTF-16LE, names terminated, type and size as 32-bit numbers. Names that begin with
/// `**` are orders to delete ([MS-GPREG] 3.2.5.1); they are compared without regard to case.
public enum RegistryPolicyFile {
    static let signature: [UInt8] = [0x50, 0x52, 0x65, 0x67, 1, 0, 0, 0]

    /// - Parameter hive: the file does not say it: that of the computer's part is the machine's, that of the user's part the user's.
    public static func read(
        _ bytes: [UInt8], file: String, hive: RegistryHive = .localMachine, limits: PolicyFileLimits = .standard
    ) throws(PolicyFileError) -> [RegistryEntry] {
        var reader = RegistryPolicyReader(bytes: bytes, file: file, hive: hive, limits: limits)
        return try reader.read()
    }

    /// The file for these settings, in their order. Deletions of a whole key become `**DelVals.`, since the format has no other.
    public static func write(_ entries: [RegistryEntry]) -> [UInt8] {
        var bytes = signature
        for entry in entries {
            switch entry.action {
            case .key: append(entry.key, "", RegistryData(type: .none, bytes: []), to: &bytes)
            case .set(let data): append(entry.key, entry.name, data, to: &bytes)
            case .setIfAbsent(let data): append(entry.key, "**soft.\(entry.name)", data, to: &bytes)
            case .deleteValue: append(entry.key, "**del.\(entry.name)", .string(" "), to: &bytes)
            case .deleteAllValues, .deleteKey: append(entry.key, "**delvals.", .string(" "), to: &bytes)
            }
        }
        return bytes
    }

    private static func append(_ key: String, _ name: String, _ data: RegistryData, to bytes: inout [UInt8]) {
        bytes += UTF16Text.encode("[") + UTF16Text.encode(key, terminated: true)
        bytes += UTF16Text.encode(";") + UTF16Text.encode(name, terminated: true)
        bytes += UTF16Text.encode(";") + LittleEndian.bytes(data.type.rawValue)
        bytes += UTF16Text.encode(";") + LittleEndian.bytes(UInt32(truncatingIfNeeded: data.bytes.count))
        bytes += UTF16Text.encode(";") + data.bytes + UTF16Text.encode("]")
    }
}

private struct RegistryPolicyReader {
    let bytes: [UInt8]
    let file: String
    let hive: RegistryHive
    let limits: PolicyFileLimits
    var position = 0
    var entries: [RegistryEntry] = []

    init(bytes: [UInt8], file: String, hive: RegistryHive, limits: PolicyFileLimits) {
        self.bytes = bytes
        self.file = file
        self.hive = hive
        self.limits = limits
    }

    mutating func read() throws(PolicyFileError) -> [RegistryEntry] {
        if bytes.count > limits.file { throw error(.tooLarge, at: limits.file, "a file of at most \(limits.file) bytes") }
        let signature = RegistryPolicyFile.signature
        guard bytes.starts(with: signature.prefix(4)) else {
            throw error(bytes.count < 4 ? .truncated : .syntax, at: 0, "the signature PReg of a Registry.pol")
        }
        guard bytes.starts(with: signature) else {
            throw error(bytes.count < 8 ? .truncated : .unsupported, at: 4, "version 1 of the format of Registry.pol")
        }
        position = 8
        while position < bytes.count { try readEntry() }
        return entries
    }

    private mutating func readEntry() throws(PolicyFileError) {
        let start = position
        try skip("[", "the bracket that opens an entry")
        let key = try readName("the name of a key")
        if key.isEmpty { throw error(.syntax, at: start + 2, "the name of a key") }
        try skip(";", "a semicolon after the key")
        let nameStart = position
        let name = try readName("the name of a value")
        try skip(";", "a semicolon after the value's name")
        let typeStart = position
        let number = try readWord("the type of the value")
        guard let type = RegistryType(rawValue: number) else {
            throw error(.unsupported, at: typeStart, "a type from 0 (REG_NONE) to 11 (REG_QWORD), not \(number)")
        }
        try skip(";", "a semicolon after the type")
        let sizeStart = position
        let size = Int(try readWord("the size of the data"))
        if size > limits.data { throw error(.tooLarge, at: sizeStart, "data of at most \(limits.data) bytes, not \(size)") }
        try skip(";", "a semicolon after the size")
        guard size <= bytes.count - position else {
            throw error(.length, at: sizeStart, "a size within the file: \(size) bytes are named, \(bytes.count - position) are left")
        }
        let data = Array(bytes[position..<position + size])
        let dataStart = position
        position += size
        guard bytes.count - position >= 2 else { throw error(.truncated, at: position, "the bracket that closes an entry") }
        guard bytes[position] == UInt8(ascii: "]"), bytes[position + 1] == 0 else {
            throw error(.length, at: position, "the bracket that closes an entry after \(size) bytes of data")
        }
        position += 2
        try append(RegistryData(type: type, bytes: data), key: key, name: name, start: start, nameStart: nameStart, dataStart: dataStart)
    }

    private mutating func append(
        _ data: RegistryData, key: String, name: String, start: Int, nameStart: Int, dataStart: Int
    ) throws(PolicyFileError) {
        // By bytes: a name may begin with a mark that a String joins with the point before it.
        let lower = Array(name.lowercased().utf8)
        func begins(_ order: String) -> Bool { lower.starts(with: Array(order.utf8)) }
        func plain(_ prefix: Int) -> String { String(name.unicodeScalars.dropFirst(prefix)) }
        if !begins("**") {
            if name.isEmpty, data.type == .none, data.bytes.isEmpty { return try add(.key, key, "", start) }
            try check(data, at: dataStart)
            return try add(.set(data), key, name, start)
        }
        if begins("**del.") {
            try add(.deleteValue, key, plain(6), start)
        } else if lower.elementsEqual("**delvals".utf8) || lower.elementsEqual("**delvals.".utf8) {
            try add(.deleteAllValues, key, "", start)
        } else if lower.elementsEqual("**deletevalues".utf8) {
            for value in try list(data, at: dataStart) { try add(.deleteValue, key, value, start) }
        } else if lower.elementsEqual("**deletekeys".utf8) {
            for subkey in try list(data, at: dataStart) { try add(.deleteKey, "\(key)\\\(subkey)", "", start) }
        } else if begins("**soft.") {
            try check(data, at: dataStart)
            try add(.setIfAbsent(data), key, plain(7), start)
        } else if begins("**securekey") {
            // Who may write the key: says nothing about a value.
            try add(.key, key, "", start)
        } else {
            throw error(.unsupported, at: nameStart, "one of **del., **delvals, **deletevalues, **deletekeys, **soft., **securekey")
        }
    }

    private func list(_ data: RegistryData, at offset: Int) throws(PolicyFileError) -> [String] {
        guard let text = data.text else { throw error(.value, at: offset, "names with semicolons between them, as REG_SZ") }
        return text.unicodeScalars.split(separator: ";").map { String($0) }
    }

    private func check(_ data: RegistryData, at offset: Int) throws(PolicyFileError) {
        if let size = data.type.size, data.bytes.count != size {
            throw error(.length, at: offset, "\(size) bytes of a \(data.type.name), not \(data.bytes.count)")
        }
    }

    private mutating func add(_ action: RegistryEntry.Action, _ key: String, _ name: String, _ start: Int) throws(PolicyFileError) {
        // Orders to delete name keys and values in their data too.
        if max(name.utf16.count, key.utf16.count) > limits.name {
            throw error(.tooLarge, at: start, "names of at most \(limits.name) characters")
        }
        if entries.count >= limits.values { throw error(.tooLarge, at: start, "at most \(limits.values) values") }
        entries.append(RegistryEntry(hive: hive, key: key, name: name, action: action, byteOffset: start))
    }

    private mutating func readName(_ what: String) throws(PolicyFileError) -> String {
        let start = position
        while true {
            guard position <= bytes.count - 2 else { throw error(.truncated, at: bytes.count, "the end of \(what)") }
            if bytes[position] == 0, bytes[position + 1] == 0 { break }
            position += 2
            if position - start > 2 * limits.name { throw error(.tooLarge, at: start, "\(what), at most \(limits.name) characters long") }
        }
        guard let text = UTF16Text.decodeWhole(bytes[start..<position]) else { throw error(.encoding, at: start, "\(what) in UTF-16") }
        position += 2
        return text
    }

    private mutating func readWord(_ what: String) throws(PolicyFileError) -> UInt32 {
        guard let word = LittleEndian.word(bytes, at: position) else { throw error(.truncated, at: bytes.count, what) }
        position += 4
        return word
    }

    private mutating func skip(_ mark: Unicode.Scalar, _ what: String) throws(PolicyFileError) {
        guard position <= bytes.count - 2 else { throw error(.truncated, at: bytes.count, what) }
        guard bytes[position] == UInt8(truncatingIfNeeded: mark.value), bytes[position + 1] == 0 else { throw error(.syntax, at: position, what) }
        position += 2
    }

    private func error(_ code: PolicyFileError.Code, at offset: Int, _ expected: String) -> PolicyFileError {
        PolicyFileError(code, file: file, at: offset, expected: expected)
    }
}
