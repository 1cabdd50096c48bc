/// The 512 bytes before each file of a tar archive (POSIX ustar), in the one spelling that backups have: a plain file of 0600.
///
/// Read back, every byte must be the one that would have been written, so none can have changed unseen.
struct TarHeader: Hashable {
    static let size = 512
    static let nameLimit = 100

    let name: String
    /// Bytes of the file. From 8 GiB on it stands in base 256, as GNU and libarchive write it.
    let length: Int64
    /// Seconds since 1970.
    let time: Int64

    var bytes: [UInt8] {
        var block = [UInt8](repeating: 0, count: Self.size)
        func put(_ text: some Sequence<UInt8>, at offset: Int) {
            for (index, byte) in text.enumerated() { block[offset + index] = byte }
        }
        put(name.utf8.prefix(Self.nameLimit), at: 0)
        put("0000600".utf8, at: 100)
        put("0000000".utf8, at: 108)
        put("0000000".utf8, at: 116)
        if length < 1 << 33 {
            put(Self.octal(length, digits: 11).utf8, at: 124)
        } else {
            block[124] = 0x80
            withUnsafeBytes(of: length.bigEndian) { put($0, at: 128) }
        }
        put(Self.octal(time, digits: 11).utf8, at: 136)
        put("0".utf8, at: 156)
        put("ustar\0".utf8, at: 257)
        put("00".utf8, at: 263)
        put(repeatElement(UInt8(ascii: " "), count: 8), at: 148)
        put("\(Self.octal(block.reduce(0) { $0 + Int64($1) }, digits: 6))\0 ".utf8, at: 148)
        return block
    }

    init(name: String, length: Int64, time: Int64) {
        self.name = name
        self.length = length
        self.time = time
    }

    /// Nothing where the block is not exactly what ``bytes`` would be.
    init?(_ block: [UInt8]) {
        guard block.count == Self.size, let name = String(validating: block[..<Self.nameLimit].prefix { $0 != 0 }, as: UTF8.self),
            let time = Int64(String(decoding: block[136..<147], as: UTF8.self), radix: 8)
        else { return nil }
        let length: Int64?
        if block[124] == 0x80 {
            length = block[128..<136].reduce(0) { $0 << 8 | Int64($1) }
        } else {
            length = Int64(String(decoding: block[124..<135], as: UTF8.self), radix: 8)
        }
        guard let length, length >= 0, time >= 0 else { return nil }
        self.init(name: name, length: length, time: time)
        guard bytes == block else { return nil }
    }

    /// Zero bytes that fill the file's last block.
    var padding: Int { Int(-length & 511) }

    private static func octal(_ value: Int64, digits: Int) -> String {
        let text = String(value, radix: 8)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
}
