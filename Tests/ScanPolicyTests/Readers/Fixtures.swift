import ScanPolicy
import Testing

/// The values that point a device at a server, as each format writes them.
enum Fixtures {
    static let key = #"Software\Policies\Microsoft\Windows\WindowsUpdate"#
    static let url = "https://wsus.example.test:8531"

    static func entry(_ key: String, _ name: String, _ data: RegistryData, hive: RegistryHive = .localMachine) -> RegistryEntry {
        RegistryEntry(hive: hive, key: key, name: name, action: .set(data), byteOffset: 0)
    }

    static let basics = [
        entry(key, "WUServer", .string(url)), entry(key, "WUStatusServer", .string(url)), entry(key + "\\AU", "UseWUServer", .dword(1)),
        entry(key, "SetProxyBehaviorForUpdateDetection", .dword(0)),
    ]

    static func utf16(_ text: String, mark: Bool = true) -> [UInt8] {
        (mark ? [0xff, 0xfe] : []) + text.utf16.flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }
    }

    /// A number as Windows writes it.
    static func word(_ number: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }

    /// One entry of a Registry.pol, byte by byte and not by the writer of the program.
    static func policyEntry(_ key: String, _ name: String, _ type: UInt32, _ data: [UInt8], size: UInt32? = nil) -> [UInt8] {
        utf16("[\(key)\0;\(name)\0;", mark: false) + word(type) + utf16(";", mark: false) + word(size ?? UInt32(data.count))
            + utf16(";", mark: false) + data + utf16("]", mark: false)
    }

    static let policyHeader: [UInt8] = [0x50, 0x52, 0x65, 0x67, 1, 0, 0, 0]
}

/// Like entries without their places, which differ from format to format.
func plain(_ entries: [RegistryEntry]) -> [RegistryEntry] {
    entries.filter { $0.action != .key }.map {
        RegistryEntry(hive: $0.hive, key: $0.key, name: $0.name, action: $0.action, byteOffset: 0)
    }
}

/// The error that a reader refuses its input with.
func refusal<Result>(_ body: () throws(PolicyFileError) -> Result, _ location: SourceLocation = #_sourceLocation) -> PolicyFileError? {
    do throws(PolicyFileError) {
        let result = try body()
        Issue.record("not refused: \(result)", sourceLocation: location)
        return nil
    } catch {
        return error
    }
}
