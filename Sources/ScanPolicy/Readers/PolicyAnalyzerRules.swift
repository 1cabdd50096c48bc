/// Rule files of Microsoft's Policy Analyzer (.PolicyRules): one element a registry value, with the names of deletions that Registry.pol has.
public enum PolicyAnalyzerRules {
    public static func read(
        _ bytes: [UInt8], file: String, limits: PolicyFileLimits = .standard
    ) throws(PolicyFileError) -> [RegistryEntry] {
        try read(try XMLNode.read(bytes, file: file, limits: limits), file: file, limits: limits)
    }

    static func isRoot(_ root: XMLNode) -> Bool { root.name == "PolicyRules" }

    static func read(_ root: XMLNode, file: String, limits: PolicyFileLimits) throws(PolicyFileError) -> [RegistryEntry] {
        guard isRoot(root) else {
            throw PolicyFileError(.unknownFormat, file: file, at: root.byteOffset, expected: "PolicyRules as the outermost element")
        }
        var entries = UnorderedEntries(file: file, limits: limits)
        for rule in root.children {
            let hive: RegistryHive
            switch rule.name {
            case "ComputerConfig": hive = .localMachine
            case "UserConfig": hive = .currentUser
            default: continue
            }
            guard let key = rule.value("Key"), let name = rule.value("Value") else {
                throw PolicyFileError(.syntax, file: file, at: rule.byteOffset, expected: "Key and Value of a rule")
            }
            guard RegistryPlaces.isOfInterest(key) else { continue }
            let lower = name.lowercased()
            if lower.hasPrefix("**del.") {
                try entries.add(.deleteValue, key, String(name.unicodeScalars.dropFirst(6)), hive: hive, at: rule.byteOffset)
            } else if lower.hasPrefix("**delvals") {
                try entries.add(.deleteAllValues, key, "", hive: hive, at: rule.byteOffset)
            } else {
                try entries.add(.set(try data(of: rule, name, file)), key, name, hive: hive, at: rule.byteOffset)
            }
        }
        return entries.all
    }

    private static func data(of rule: XMLNode, _ name: String, _ file: String) throws(PolicyFileError) -> RegistryData {
        let text = rule.child("RegData")?.text ?? ""
        switch rule.value("RegType") {
        case "REG_SZ": return .string(text)
        case "REG_EXPAND_SZ": return .string(text, type: .expandString)
        case "REG_DWORD":
            guard let number = UInt32(text) else {
                throw PolicyFileError(.value, file: file, at: rule.byteOffset, expected: "a decimal number of 32 bits for \(name)")
            }
            return .dword(number)
        default:
            throw PolicyFileError(.unsupported, file: file, at: rule.byteOffset, expected: "REG_SZ, REG_EXPAND_SZ or REG_DWORD for \(name)")
        }
    }
}
