/// Reports of group policy in XML: `gpresult /x` (what a device applies) and `Get-GPOReport -ReportType Xml` (what one policy object says).
///
/// Policies of administrative templates are shown by name and not by value, in the language of the machine that wrote the report: they are put back
/// into values by ``UpdatePolicyTemplate``. Registry settings without a template and the preferences of the registry stand in it as values.
///
/// Source: the reports themselves; the names of WindowsUpdate.admx and WindowsUpdate.adml.
public enum GroupPolicyReport {
    static let registryNamespace = "http://www.microsoft.com/GroupPolicy/Settings/Registry"

    public static func read(
        _ bytes: [UInt8], file: String, limits: PolicyFileLimits = .standard
    ) throws(PolicyFileError) -> [RegistryEntry] {
        try read(try XMLNode.read(bytes, file: file, limits: limits), file: file, limits: limits)
    }

    static func isRoot(_ root: XMLNode) -> Bool { ["Rsop", "GPO", "report"].contains(root.name) }

    static func read(_ root: XMLNode, file: String, limits: PolicyFileLimits) throws(PolicyFileError) -> [RegistryEntry] {
        var reader = GroupPolicyReportReader(file: file, limits: limits)
        switch root.name {
        case "Rsop":
            for part in root.children("ComputerResults") { try reader.read(part, hive: .localMachine) }
            for part in root.children("UserResults") { try reader.read(part, hive: .currentUser) }
        case "GPO": try reader.readPolicyObject(root)
        case "report":
            let objects = root.children("GPO")
            guard objects.count == 1, let only = objects.first else {
                throw PolicyFileError(
                    .unsupported, file: file, at: root.byteOffset,
                    expected: "one policy object (of \(objects.count) it is not known which a device applies: use gpresult /x)")
            }
            try reader.readPolicyObject(only)
        default:
            throw PolicyFileError(.unknownFormat, file: file, at: root.byteOffset, expected: "Rsop, GPO or report as the outermost element")
        }
        return reader.entries.all
    }
}

private struct GroupPolicyReportReader {
    let file: String
    let limits: PolicyFileLimits
    var entries: UnorderedEntries

    init(file: String, limits: PolicyFileLimits) {
        self.file = file
        self.limits = limits
        entries = UnorderedEntries(file: file, limits: limits)
    }

    mutating func readPolicyObject(_ object: XMLNode) throws(PolicyFileError) {
        for part in object.children("Computer") { try read(part, hive: .localMachine) }
        for part in object.children("User") { try read(part, hive: .currentUser) }
    }

    mutating func read(_ part: XMLNode, hive: RegistryHive) throws(PolicyFileError) {
        // A part of a policy object that is switched off.
        if part.value("Enabled") == "false" { return }
        for data in part.children("ExtensionData") {
            for setting in data.children("Extension").flatMap(\.children) {
                if setting.namespace == GroupPolicyReport.registryNamespace {
                    try readSetting(setting, hive: hive)
                } else if setting.namespace == GroupPolicyPreferences.namespace, setting.name == "RegistrySettings" {
                    try GroupPolicyPreferences.read(setting, into: &entries, file: file)
                }
            }
        }
    }

    private mutating func readSetting(_ setting: XMLNode, hive: RegistryHive) throws(PolicyFileError) {
        // gpresult lists losers too; only the first counts on the device.
        if let precedence = setting.value("Precedence"), precedence != "1" { return }
        switch setting.name {
        case "Policy": if hive == .localMachine { try readPolicy(setting) }
        case "RegistrySetting": try readValue(setting, hive: hive)
        default: break
        }
    }

    // MARK: Policies of templates

    private mutating func readPolicy(_ policy: XMLNode) throws(PolicyFileError) {
        let name = policy.value("Name") ?? ""
        guard let template = UpdatePolicyTemplate.byName[name] else { return try checkLanguage(of: policy) }
        let state = policy.value("State") ?? ""
        switch state {
        case "Enabled":
            try entries.add(.set(.dword(template.enabled)), template.stateKey.rawValue, template.state, at: policy.byteOffset)
            for element in policy.children { try readElement(element, of: template) }
        case "Disabled":
            try entries.add(.set(.dword(template.disabled)), template.stateKey.rawValue, template.state, at: policy.byteOffset)
        case "Not Configured", "NotConfigured": break
        default: throw error(.value, policy, "Enabled, Disabled or Not Configured as the state of \"\(name)\"")
        }
    }

    /// The policies for updates are known by their English names only. What stands in the category of Windows Update in another language could be one.
    private func checkLanguage(of policy: XMLNode) throws(PolicyFileError) {
        let path = (policy.value("Category") ?? "").split(separator: "/")
        if path.contains("Windows Update"), path.first != "Windows Components" {
            throw error(.unsupported, policy, "the report in English: the policies of Windows Update are known by their English names")
        }
    }

    private mutating func readElement(_ element: XMLNode, of template: UpdatePolicyTemplate) throws(PolicyFileError) {
        guard ["EditText", "CheckBox", "DropDownList", "Numeric"].contains(element.name) else { return }
        let label = element.value("Name") ?? ""
        guard let known = template.elements[label] else {
            if template.isStrict { throw error(.unsupported, element, "a setting of \"\(template.name)\" that is known, not \"\(label)\"") }
            return
        }
        let shown = element.name == "DropDownList" ? element.child("Value")?.value("Name") : element.value("Value")
        switch known {
        case .text(let name):
            guard let shown else { return }
            try entries.add(.set(.string(shown)), template.key.rawValue, name, at: element.byteOffset)
        case .tick(let name):
            let state = element.value("State") ?? ""
            guard state == "Enabled" || state == "Disabled" else { throw error(.value, element, "Enabled or Disabled as the state of \"\(label)\"") }
            try entries.add(.set(.dword(state == "Enabled" ? 1 : 0)), template.key.rawValue, name, at: element.byteOffset)
        case .choice(let name, let choices):
            guard let number = choices[shown ?? ""] else {
                throw error(.unsupported, element, choices.keys.sorted().map { "\"\($0)\"" }.joined(separator: " or "))
            }
            try entries.add(.set(.dword(number)), template.key.rawValue, name, at: element.byteOffset)
        case .numbered(let name):
            guard let number = UInt32((shown ?? "").prefix { $0.isASCII && $0.isNumber }) else {
                throw error(.value, element, "a choice that begins with its number, for \"\(label)\"")
            }
            try entries.add(.set(.dword(number)), template.key.rawValue, name, at: element.byteOffset)
        case .number(let name):
            guard let number = UInt32(shown ?? "") else { throw error(.value, element, "a number for \"\(label)\"") }
            try entries.add(.set(.dword(number)), template.key.rawValue, name, at: element.byteOffset)
        }
    }

    // MARK: Registry settings without a template

    private mutating func readValue(_ setting: XMLNode, hive: RegistryHive) throws(PolicyFileError) {
        guard let key = setting.value("KeyPath"), !key.isEmpty else { throw error(.syntax, setting, "a KeyPath in a RegistrySetting") }
        guard RegistryPlaces.isOfInterest(key) else { return }
        if let other = setting.children.first(where: { !["KeyPath", "AdmSetting", "Value", "GPO", "Precedence"].contains($0.name) }) {
            throw error(.unsupported, other, "KeyPath and Value in a RegistrySetting of \(key), not \(other.name)")
        }
        for value in setting.children("Value") {
            guard let name = value.value("Name") else { throw error(.syntax, value, "the Name of a value") }
            if let number = value.value("Number") {
                guard let word = UInt32(number) else { throw error(.value, value, "a number of 32 bits for \(name)") }
                try entries.add(.set(.dword(word)), key, name, hive: hive, at: value.byteOffset)
            } else if let string = value.child("String") {
                try entries.add(.set(.string(string.text)), key, name, hive: hive, at: value.byteOffset)
            } else {
                throw error(.unsupported, value, "a Number or a String for \(name)")
            }
        }
    }

    private func error(_ code: PolicyFileError.Code, _ node: XMLNode, _ expected: String) -> PolicyFileError {
        PolicyFileError(code, file: file, at: node.byteOffset, expected: expected)
    }
}

/// Entries of a file without an order: two that say different things of one value are refused.
struct UnorderedEntries {
    private struct Place: Hashable {
        let hive: RegistryHive
        let key: String
        let name: String
    }

    private let file: String
    private let limits: PolicyFileLimits
    private(set) var all: [RegistryEntry] = []
    private var seen: [Place: RegistryEntry] = [:]

    init(file: String, limits: PolicyFileLimits) {
        self.file = file
        self.limits = limits
    }

    mutating func add(
        _ action: RegistryEntry.Action, _ key: String, _ name: String, hive: RegistryHive = .localMachine, at byteOffset: Int
    ) throws(PolicyFileError) {
        let place = Place(hive: hive, key: key.lowercased(), name: name.lowercased())
        if let other = seen[place] {
            if other.action == action { return }
            throw PolicyFileError(
                .contradiction, file: file, at: byteOffset, expected: "for \(key)\\\(name) what byte \(other.byteOffset) of the same file says")
        }
        if all.count >= limits.values {
            throw PolicyFileError(.tooLarge, file: file, at: byteOffset, expected: "at most \(limits.values) values")
        }
        let entry = RegistryEntry(hive: hive, key: key, name: name, action: action, byteOffset: byteOffset)
        seen[place] = entry
        all.append(entry)
    }
}
