/// The path of a request target, as endpoints compare it.
enum RequestPath {
    /// Without the query, with `//` made `/` (agents join base and path carelessly, protocol.md section 1.1).
    ///
    /// Nothing for what no agent sends and what could mean another path to somebody else: `..`, `.`, percent signs, backslashes, what is
    /// not visible ASCII, or a target that is no path.
    static func normalised(_ target: String) -> String? {
        guard target.utf8.first == UInt8(ascii: "/") else { return nil }
        if isNormal(target) { return target }
        let path = target.prefix { $0 != "?" && $0 != "#" }
        let isPlain = path.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "%") && $0 != UInt8(ascii: "\\") }
        let parts = path.split(separator: "/")
        guard isPlain, !parts.contains(where: { $0 == ".." || $0 == "." }) else { return nil }
        return "/" + parts.joined(separator: "/")
    }

    /// Of letters, digits and single slashes with dots between, as nearly all are.
    private static func isNormal(_ target: String) -> Bool {
        var previous: UInt8 = 0
        for byte in target.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): break
            case UInt8(ascii: "/"), UInt8(ascii: "."): if previous == UInt8(ascii: "/") || previous == UInt8(ascii: ".") { return false }
            default: return false
            }
            previous = byte
        }
        return previous != UInt8(ascii: "/") && previous != UInt8(ascii: ".")
    }
}
