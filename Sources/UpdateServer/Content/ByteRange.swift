/// The `Range` header of a GET, for one file (RFC 9110 section 14): whole, one part, or none that can be given.
enum ByteRange: Equatable {
    case whole
    /// Not empty, within the file.
    case part(Range<Int64>)
    /// 416.
    case unsatisfiable

    /// What is malformed, of another unit, or a list of ranges is answered with the whole file, as the RFC allows. So is any range of an
    /// empty file: nothing could be told apart in it.
    init(_ header: String?, size: Int64) {
        guard size > 0, let header, header.lowercased().hasPrefix("bytes=") else {
            self = .whole
            return
        }
        let ends = header.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let range = Self.parse(ends[0].trimmed, ends[1].trimmed, size) else {
            self = .whole
            return
        }
        self = range.isEmpty ? .unsatisfiable : .part(range)
    }

    /// Nothing for what is malformed; an empty range for what lies outside.
    private static func parse(_ first: Substring, _ last: Substring, _ size: Int64) -> Range<Int64>? {
        if first.isEmpty {
            guard let count = number(last) else { return nil }
            return max(0, size - count)..<size
        }
        guard let start = number(first) else { return nil }
        if last.isEmpty { return start < size ? start..<size : 0..<0 }
        guard let end = number(last), end >= start else { return nil }
        return start < size ? start..<min(end, size - 1) + 1 : 0..<0
    }

    /// Digits only; a number too large for 64 bits lies beyond any file.
    private static func number(_ digits: Substring) -> Int64? {
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int64(digits) ?? Int64.max
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        var text = self
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
