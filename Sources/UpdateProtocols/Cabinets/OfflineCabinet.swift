public import Updates

/// What the members of an offline scan cabinet are, by their names.
///
/// wsusscn2.cab holds `index.xml`, `package.cab` with `package.xml`, and `package2.cab` and on with the fragments: `c/N` Core, `x/N` Extended,
/// `l/LANGUAGE/N` LocalizedProperties, where N is the revision's number in `package.xml`. All fragments of a revision are in one of them.
/// `index.xml` says which numbers are in which, for agents that look for one; who reads all of them needs none of it.
public enum OfflineCabinet {
    /// The list of revisions.
    public static let packageName = "package.xml"
    /// The cabinet that holds it.
    public static let packageCabinetName = "package.cab"

    /// Whether a cabinet is an offline scan cabinet, or a plain one with the list and the fragments in it.
    public static func isOne(_ cabinet: CabinetReader) -> Bool {
        cabinet.members.contains { $0.name == packageCabinetName }
            || cabinet.members.contains { $0.name == packageName } && cabinet.members.contains { fragment(named: $0.name) != nil }
    }

    /// Whether a member is one of the cabinets with fragments.
    public static func isCabinetOfFragments(_ name: String) -> Bool {
        name.hasPrefix("package") && name.hasSuffix(".cab") && name != packageCabinetName
    }

    /// What a member holds: the fragment of a kind of the revision of a number. Nothing where it is something else.
    public static func fragment(named name: String) -> (number: Int32, kind: FragmentKind)? {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard let last = parts.last, let number = number(last) else { return nil }
        switch (parts.count, parts[0]) {
        case (2, "c"): return (number, .core)
        case (2, "x"): return (number, .extended)
        case (3, "l"): return isToken(parts[1].utf8) ? (number, .localizedProperties(language: String(parts[1]))) : nil
        default: return nil
        }
    }

    /// In digits, as `package.xml` has it: one number has one name.
    private static func number(_ text: Substring) -> Int32? {
        guard let number = Int32(text), number > 0, String(number) == text else { return nil }
        return number
    }
}
