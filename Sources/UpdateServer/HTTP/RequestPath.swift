/// The path of a request target, as endpoints compare it.
enum RequestPath {
    /// Without the query, with `//` made `/` (agents join base and path carelessly, protocol.md section 1.1).
    ///
    /// Nothing for what no agent sends and what could mean another path to somebody else: `..`, `.`, percent signs, backslashes, what is
    /// not visible ASCII, or a target that is no path.
    static func normalised(_ target: String) -> String? {
        guard target.hasPrefix("/") else { return nil }
        let path = target.prefix { $0 != "?" && $0 != "#" }
        let isPlain = path.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "%") && $0 != UInt8(ascii: "\\") }
        let parts = path.split(separator: "/")
        guard isPlain, !parts.contains(where: { $0 == ".." || $0 == "." }) else { return nil }
        return "/" + parts.joined(separator: "/")
    }
}
