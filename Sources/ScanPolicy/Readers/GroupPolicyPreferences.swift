/// Registry.xml of group policy preferences ([MS-GPPREF] 2.2.1.10), alone or within a report.
///
/// Items that are switched off count for nothing; an item with item-level targeting is refused where a fact could hang on it, since only the device
/// knows whether it applies.
public enum GroupPolicyPreferences {
    static let namespace = "http://www.microsoft.com/GroupPolicy/Settings/Windows/Registry"

    public static func read(
        _ bytes: [UInt8], file: String, limits: PolicyFileLimits = .standard
    ) throws(PolicyFileError) -> [RegistryEntry] {
        let root = try XMLNode.read(bytes, file: file, limits: limits)
        guard isRoot(root) else {
            throw PolicyFileError(.unknownFormat, file: file, at: root.byteOffset, expected: "RegistrySettings as the outermost element")
        }
        var entries = UnorderedEntries(file: file, limits: limits)
        try read(root, into: &entries, file: file)
        return entries.all
    }

    static func isRoot(_ root: XMLNode) -> Bool { root.name == "RegistrySettings" }

    static func read(_ settings: XMLNode, into entries: inout UnorderedEntries, file: String) throws(PolicyFileError) {
        for item in settings.children where item.attributes["disabled"] != "1" {
            switch item.name {
            case "Collection":
                if hasFilters(item), item.children.contains(where: isOfInterest) { throw targeting(item, file) }
                try read(item, into: &entries, file: file)
            case "Registry": try readItem(item, into: &entries, file: file)
            default: break
            }
        }
    }

    private static func hasFilters(_ item: XMLNode) -> Bool { item.child("Filters")?.children.isEmpty == false }

    private static func isOfInterest(_ item: XMLNode) -> Bool {
        item.children.contains(where: isOfInterest) || item.child("Properties")?.attributes["key"].map(RegistryPlaces.isOfInterest) == true
    }

    private static func targeting(_ item: XMLNode, _ file: String) -> PolicyFileError {
        PolicyFileError(
            .unsupported, file: file, at: item.byteOffset, expected: "no item-level targeting: whether the item applies is known on the device only")
    }

    private static func readItem(_ item: XMLNode, into entries: inout UnorderedEntries, file: String) throws(PolicyFileError) {
        guard let properties = item.child("Properties") else {
            throw PolicyFileError(.syntax, file: file, at: item.byteOffset, expected: "Properties in a Registry item")
        }
        func error(_ code: PolicyFileError.Code, _ expected: String) -> PolicyFileError {
            PolicyFileError(code, file: file, at: properties.byteOffset, expected: expected)
        }
        let attributes = properties.attributes
        guard let key = attributes["key"], let hive = attributes["hive"].flatMap(RegistryHive.init(name:)) else {
            throw error(.syntax, "hive and key of a registry value")
        }
        guard RegistryPlaces.isOfInterest(key) else { return }
        if hasFilters(item) { throw targeting(item, file) }
        let name = attributes["default"] == "1" ? "" : attributes["name"] ?? ""
        let action: RegistryEntry.Action
        switch attributes["action"] ?? "U" {
        case "U", "R": action = .set(try data(of: properties, error))
        case "C": action = .setIfAbsent(try data(of: properties, error))
        case "D": action = name.isEmpty && attributes["default"] != "1" ? .deleteKey : .deleteValue
        default: throw error(.unsupported, "C, R, U or D as the action")
        }
        try entries.add(action, key, name, hive: hive, at: properties.byteOffset)
    }

    private static func data(
        of properties: XMLNode, _ error: (PolicyFileError.Code, String) -> PolicyFileError
    ) throws(PolicyFileError) -> RegistryData {
        let value = properties.attributes["value"] ?? ""
        guard let type = RegistryType(name: properties.attributes["type"] ?? "") else { throw error(.unsupported, "a type such as REG_SZ") }
        switch type {
        case .string, .expandString: return .string(value, type: type)
        case .dword:
            guard (1...8).contains(value.utf8.count), let number = UInt32(value, radix: 16) else {
                throw error(.value, "up to eight hexadecimal digits of a REG_DWORD")
            }
            return .dword(number)
        case .binary:
            guard let bytes = Hexadecimal.bytes(value.utf8) else { throw error(.value, "pairs of hexadecimal digits of a REG_BINARY") }
            return RegistryData(type: type, bytes: bytes)
        default: throw error(.unsupported, "REG_SZ, REG_EXPAND_SZ, REG_DWORD or REG_BINARY, not \(type.name)")
        }
    }
}
