/// A root of the registry.
public enum RegistryHive: String, Sendable, Hashable, CaseIterable {
    case localMachine = "HKEY_LOCAL_MACHINE"
    case currentUser = "HKEY_CURRENT_USER"
    case users = "HKEY_USERS"
    case classesRoot = "HKEY_CLASSES_ROOT"
    case currentConfig = "HKEY_CURRENT_CONFIG"

    /// By its long or its usual short name, in any case.
    public init?(name: String) {
        switch name.uppercased() {
        case "HKEY_LOCAL_MACHINE", "HKLM": self = .localMachine
        case "HKEY_CURRENT_USER", "HKCU": self = .currentUser
        case "HKEY_USERS", "HKU": self = .users
        case "HKEY_CLASSES_ROOT", "HKCR": self = .classesRoot
        case "HKEY_CURRENT_CONFIG", "HKCC": self = .currentConfig
        default: return nil
        }
    }

    public var shortName: String {
        switch self {
        case .localMachine: "HKLM"
        case .currentUser: "HKCU"
        case .users: "HKU"
        case .classesRoot: "HKCR"
        case .currentConfig: "HKCC"
        }
    }
}

/// The types of registry values, by their numbers (winnt.h, [MS-GPREG] 2.2.1).
public enum RegistryType: UInt32, Sendable, Hashable, CaseIterable {
    case none = 0
    case string = 1
    case expandString = 2
    case binary = 3
    case dword = 4
    case dwordBigEndian = 5
    case link = 6
    case multiString = 7
    case resourceList = 8
    case fullResourceDescriptor = 9
    case resourceRequirementsList = 10
    case qword = 11

    public var name: String {
        switch self {
        case .none: "REG_NONE"
        case .string: "REG_SZ"
        case .expandString: "REG_EXPAND_SZ"
        case .binary: "REG_BINARY"
        case .dword: "REG_DWORD"
        case .dwordBigEndian: "REG_DWORD_BIG_ENDIAN"
        case .link: "REG_LINK"
        case .multiString: "REG_MULTI_SZ"
        case .resourceList: "REG_RESOURCE_LIST"
        case .fullResourceDescriptor: "REG_FULL_RESOURCE_DESCRIPTOR"
        case .resourceRequirementsList: "REG_RESOURCE_REQUIREMENTS_LIST"
        case .qword: "REG_QWORD"
        }
    }

    public init?(name: some StringProtocol) {
        guard let type = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = type
    }

    /// The only size that data of this type can have, where it has one.
    var size: Int? {
        switch self {
        case .dword, .dwordBigEndian: 4
        case .qword: 8
        default: nil
        }
    }
}

/// What a registry value holds: bytes as Windows keeps them (text is UTF-16, little-endian, usually with a terminator).
public struct RegistryData: Sendable, Hashable {
    public let type: RegistryType
    public let bytes: [UInt8]

    public init(type: RegistryType, bytes: [UInt8]) {
        self.type = type
        self.bytes = bytes
    }

    public static func string(_ text: String, type: RegistryType = .string) -> RegistryData {
        RegistryData(type: type, bytes: UTF16Text.encode(text, terminated: true))
    }

    /// Strings one after the other, each terminated, and a last terminator.
    public static func strings(_ texts: [String]) -> RegistryData {
        RegistryData(type: .multiString, bytes: texts.flatMap { UTF16Text.encode($0, terminated: true) } + [0, 0])
    }

    public static func dword(_ number: UInt32) -> RegistryData {
        RegistryData(type: .dword, bytes: LittleEndian.bytes(number))
    }

    /// The text of a REG_SZ or REG_EXPAND_SZ before its first terminator; nil for another type or what is no UTF-16.
    public var text: String? {
        guard type == .string || type == .expandString else { return nil }
        return UTF16Text.decode(bytes)
    }

    /// The number of a REG_DWORD of either order; nil for another type or size.
    public var number: UInt32? {
        guard bytes.count == 4 else { return nil }
        switch type {
        case .dword: return LittleEndian.word(bytes, at: 0)
        case .dwordBigEndian: return LittleEndian.word(bytes, at: 0)?.byteSwapped
        default: return nil
        }
    }

    /// The strings of a REG_MULTI_SZ; nil for another type or what is no UTF-16.
    public var strings: [String]? {
        guard type == .multiString, let whole = UTF16Text.decodeWhole(bytes) else { return nil }
        return whole.unicodeScalars.split(separator: "\0").map { String($0) }
    }
}

/// One line of what a file says about the registry, in the order of the file.
public struct RegistryEntry: Sendable, Hashable {
    public enum Action: Sendable, Hashable {
        /// The key is there; nothing is said of its values.
        case key
        case set(RegistryData)
        /// `**soft.` of Registry.pol: set where the value is not there yet.
        case setIfAbsent(RegistryData)
        case deleteValue
        case deleteAllValues
        case deleteKey
    }

    public let hive: RegistryHive
    /// Without the hive, as written; names of keys and values are compared without regard to case.
    public let key: String
    /// Empty for the default value of the key, and for actions on the whole key.
    public let name: String
    public let action: Action
    /// Where it begins in its file.
    public let byteOffset: Int

    public init(hive: RegistryHive, key: String, name: String, action: Action, byteOffset: Int) {
        self.hive = hive
        self.key = key
        self.name = name
        self.action = action
        self.byteOffset = byteOffset
    }
}
