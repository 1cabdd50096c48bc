/// `Content-Range: bytes FIRST-LAST/TOTAL` (RFC 9110 section 14.4) with all three numbers known.
struct ContentRange: Hashable {
    let first: Int64
    let last: Int64
    let total: Int64

    /// Nothing for another unit, an unknown total, a sign, white space beyond the one after the unit, or a range outside the total.
    init?(_ text: some StringProtocol) {
        let prefix = "bytes "
        guard text.lowercased().hasPrefix(prefix) else { return nil }
        let parts = text.dropFirst(prefix.count).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let total = Self.number(parts[1]) else { return nil }
        let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let first = Self.number(ends[0]), let last = Self.number(ends[1]), first <= last, last < total else { return nil }
        self.first = first
        self.last = last
        self.total = total
    }

    private static func number(_ text: some StringProtocol) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return Int64(text)
    }
}
