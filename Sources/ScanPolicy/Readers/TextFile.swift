/// A text file as Windows tools write them, in UTF-8, with the way back from each character to its byte in the file.
///
/// UTF-16LE by its byte order mark (regedit, PowerShell's `>`), UTF-8 with or without a mark, and else the code page of some machine, which the file
/// does not name: its bytes from 0x80 on become U+FFFD, which no setting of ours can hold, so that none is guessed.
struct TextFile {
    enum Encoding { case utf8, utf16, codePage }

    let file: String
    /// UTF-8.
    let bytes: [UInt8]
    let encoding: Encoding
    /// Where the text begins in the file, behind a mark.
    private let start: Int
    private var blocks: [Int] = []

    /// - Parameter byteOffset: where `source` begins in the file.
    init(_ source: [UInt8], file: String, at byteOffset: Int = 0, limits: PolicyFileLimits) throws(PolicyFileError) {
        self.file = file
        if source.count > limits.file {
            throw PolicyFileError(.tooLarge, file: file, at: byteOffset + limits.file, expected: "a file of at most \(limits.file) bytes")
        }
        if source.starts(with: [0xff, 0xfe]) {
            (bytes, encoding, start) = (try Self.decodeUTF16(source, file: file, at: byteOffset), .utf16, byteOffset + 2)
        } else if source.starts(with: [0xfe, 0xff]) {
            throw PolicyFileError(.unsupported, file: file, at: byteOffset, expected: "UTF-16 in little-endian order")
        } else {
            let mark = source.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
            if let zero = source.firstIndex(of: 0) {
                throw PolicyFileError(
                    .encoding, file: file, at: byteOffset + zero, expected: "text in UTF-8, or in UTF-16 with a byte order mark, not a zero byte")
            }
            start = byteOffset + mark
            if String(validating: source, as: UTF8.self) != nil {
                (bytes, encoding) = (Array(source[mark...]), .utf8)
            } else if mark > 0 {
                throw PolicyFileError(.encoding, file: file, at: byteOffset, expected: "UTF-8, as the byte order mark says")
            } else {
                (bytes, encoding) = (source.flatMap { $0 < 0x80 ? [$0] : [0xef, 0xbf, 0xbd] }, .codePage)
            }
        }
        countBlocks()
    }

    private static func decodeUTF16(_ source: [UInt8], file: String, at byteOffset: Int) throws(PolicyFileError) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(source.count / 2)
        var position = 2
        func failure(_ expected: String) -> PolicyFileError {
            PolicyFileError(position + 1 < source.count ? .encoding : .truncated, file: file, at: byteOffset + position, expected: expected)
        }
        while position < source.count {
            guard position + 1 < source.count else { throw failure("two bytes for a character of UTF-16") }
            let unit = UInt32(source[position]) | UInt32(source[position + 1]) << 8
            var value = unit
            if unit & 0xfc00 == 0xd800 {
                guard position + 3 < source.count else { throw failure("the second half of a surrogate pair") }
                let second = UInt32(source[position + 2]) | UInt32(source[position + 3]) << 8
                guard second & 0xfc00 == 0xdc00 else { throw failure("the second half of a surrogate pair") }
                value = 0x10000 + (unit & 0x3ff) << 10 + second & 0x3ff
            }
            guard value != 0, let scalar = Unicode.Scalar(value) else { throw failure("a character of UTF-16") }
            text.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
            position += value > 0xffff ? 4 : 2
        }
        return text
    }

    /// The place in the file of a place in ``bytes``.
    func byteOffset(_ index: Int) -> Int {
        if encoding == .utf8 { return start + index }
        let block = min(index / Self.block, blocks.count - 1)
        guard block >= 0 else { return start }
        return blocks[block] + bytes[(block * Self.block)..<index].reduce(0) { $0 + width($1) }
    }

    /// Bytes of the file that a byte of ``bytes`` stands for: those of a character count with its first byte.
    private func width(_ byte: UInt8) -> Int {
        switch encoding {
        case .utf8: 1
        case .codePage: byte & 0xc0 == 0x80 ? 0 : 1
        case .utf16: byte & 0xc0 == 0x80 ? 0 : byte >= 0xf0 ? 4 : 2
        }
    }

    private static let block = 1024

    /// Where the blocks of ``bytes`` begin in the file, so that a place is found without counting from the beginning.
    private mutating func countBlocks() {
        guard encoding != .utf8 else { return }
        var offset = start
        for (index, byte) in bytes.enumerated() {
            if index.isMultiple(of: Self.block) { blocks.append(offset) }
            offset += width(byte)
        }
    }

    func error(_ code: PolicyFileError.Code, at index: Int, _ expected: String) -> PolicyFileError {
        PolicyFileError(code, file: file, at: byteOffset(index), expected: expected)
    }

    /// The end of the line that `start` is in: its line feed, or the end of the text.
    func lineEnd(from start: Int) -> Int { bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count }

    /// Where each line begins and ends, without its line end (`\n` or `\r\n`).
    func lines() -> [Range<Int>] {
        var lines: [Range<Int>] = []
        var start = 0
        while start < bytes.count {
            let end = lineEnd(from: start)
            lines.append(start..<(end > start && bytes[end - 1] == UInt8(ascii: "\r") ? end - 1 : end))
            start = end + 1
        }
        return lines
    }

    func string(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    func trimmed(_ range: Range<Int>) -> Range<Int> {
        var range = range
        while let first = range.first, bytes[first] == 0x20 || bytes[first] == 0x09 { range = range.dropFirst() }
        while let last = range.last, bytes[last] == 0x20 || bytes[last] == 0x09 || bytes[last] == 0x0d { range = range.dropLast() }
        return range
    }
}

enum Hexadecimal {
    static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// Pairs of digits, nothing between them.
    static func bytes(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 2)
        var high: UInt8?
        for byte in text {
            guard let digit = digit(byte) else { return nil }
            if let first = high {
                bytes.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        return bytes
    }

    static func text(_ bytes: some Sequence<UInt8>, separator: String = "") -> String {
        let digits = Array("0123456789abcdef".utf8)
        return bytes.map { String(decoding: [digits[Int($0 >> 4)], digits[Int($0 & 15)]], as: UTF8.self) }.joined(separator: separator)
    }
}
