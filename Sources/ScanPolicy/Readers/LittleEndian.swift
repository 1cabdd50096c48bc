/// Numbers as Windows writes them.
enum LittleEndian {
    static func word(_ bytes: [UInt8], at offset: Int) -> UInt32? {
        guard offset >= 0, offset <= bytes.count - 4 else { return nil }
        return UInt32(bytes[offset]) | UInt32(bytes[offset + 1]) << 8 | UInt32(bytes[offset + 2]) << 16 | UInt32(bytes[offset + 3]) << 24
    }

    static func bytes(_ word: UInt32) -> [UInt8] {
        [UInt8(truncatingIfNeeded: word), UInt8(truncatingIfNeeded: word >> 8), UInt8(truncatingIfNeeded: word >> 16), UInt8(word >> 24)]
    }
}

/// UTF-16, little-endian, as the registry and most of Windows' files have it. Unpaired surrogates are refused: no setting of ours has them.
enum UTF16Text {
    static func encode(_ text: String, terminated: Bool = false) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(2 * text.utf16.count + 2)
        for unit in text.utf16 { bytes += [UInt8(truncatingIfNeeded: unit), UInt8(unit >> 8)] }
        return terminated ? bytes + [0, 0] : bytes
    }

    /// The text before the first terminator.
    static func decode(_ bytes: some Collection<UInt8>) -> String? {
        guard let whole = decodeWhole(bytes) else { return nil }
        return whole.unicodeScalars.firstIndex(of: "\0").map { String(whole.unicodeScalars[..<$0]) } ?? whole
    }

    static func decodeWhole(_ bytes: some Collection<UInt8>) -> String? {
        guard bytes.count.isMultiple(of: 2) else { return nil }
        var units: [UInt16] = []
        units.reserveCapacity(bytes.count / 2)
        var low: UInt8?
        for byte in bytes {
            if let first = low {
                units.append(UInt16(first) | UInt16(byte) << 8)
                low = nil
            } else {
                low = byte
            }
        }
        return String(validating: units, as: UTF16.self)
    }
}
