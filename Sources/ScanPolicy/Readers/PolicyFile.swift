/// The formats that are read. Which one a file has is seen from its content; its name does not matter.
public enum PolicyFileFormat: String, Sendable, Hashable, CaseIterable {
    case registryPolicy = "Registry.pol"
    case registryExport = "registry export (.reg)"
    case registryQuery = "output of reg query"
    case groupPolicyReport = "group policy report (XML)"
    case groupPolicyPreferences = "group policy preferences (Registry.xml)"
    case policyAnalyzerRules = "Policy Analyzer rules"
    case winHTTPProxy = "output of netsh winhttp show proxy or advproxy"
    case windowsUpdateLog = "extract of WindowsUpdate.log"
    case device = "device (JSON)"
}

/// What one file says.
public struct PolicyReading: Sendable {
    enum Content: Sendable {
        case registry([RegistryEntry])
        case systemProxy(ProxySettings, isPerUser: Bool?)
        case log(WindowsUpdateLog)
        case device(DeviceFacts)
    }

    /// As the administrator named it.
    public let file: String
    public let format: PolicyFileFormat
    let content: Content

    /// The registry values and deletions that the file holds, in its order; empty for formats that hold other things.
    public var entries: [RegistryEntry] {
        if case .registry(let entries) = content { entries } else { [] }
    }

    /// Reads a file of any format there is.
    /// - Parameter file: its name or path, for errors and as the source of what is found. A Registry.pol in a folder `User` is of the user's part.
    public static func read(_ bytes: [UInt8], file: String, limits: PolicyFileLimits = .standard) throws(PolicyFileError) -> PolicyReading {
        if bytes.count > limits.file {
            throw PolicyFileError(.tooLarge, file: file, at: limits.file, expected: "a file of at most \(limits.file) bytes")
        }
        func registry(_ format: PolicyFileFormat, _ entries: [RegistryEntry]) -> PolicyReading {
            PolicyReading(file: file, format: format, content: .registry(entries))
        }
        switch Head(bytes).guess {
        case .policy:
            let parent = file.split(separator: "/").dropLast().last
            let hive: RegistryHive = parent?.lowercased() == "user" ? .currentUser : .localMachine
            return registry(.registryPolicy, try RegistryPolicyFile.read(bytes, file: file, hive: hive, limits: limits))
        case .export: return registry(.registryExport, try RegistryExport.read(bytes, file: file, limits: limits))
        case .query: return registry(.registryQuery, try RegistryQuery.read(bytes, file: file, limits: limits))
        case .proxy:
            let (proxy, isPerUser) = try WinHTTPProxyOutput.read(bytes, file: file, limits: limits)
            return PolicyReading(file: file, format: .winHTTPProxy, content: .systemProxy(proxy, isPerUser: isPerUser))
        case .log:
            return PolicyReading(
                file: file, format: .windowsUpdateLog, content: .log(try WindowsUpdateLog.read(bytes, file: file, limits: limits)))
        case .json:
            let facts = try DeviceDocument.read(bytes, file: file, name: "", limits: limits)
            return PolicyReading(file: file, format: .device, content: .device(facts))
        case .xml:
            let root = try XMLNode.read(bytes, file: file, limits: limits)
            if GroupPolicyReport.isRoot(root) {
                return registry(.groupPolicyReport, try GroupPolicyReport.read(root, file: file, limits: limits))
            }
            if PolicyAnalyzerRules.isRoot(root) {
                return registry(.policyAnalyzerRules, try PolicyAnalyzerRules.read(root, file: file, limits: limits))
            }
            if GroupPolicyPreferences.isRoot(root) {
                var entries = UnorderedEntries(file: file, limits: limits)
                try GroupPolicyPreferences.read(root, into: &entries, file: file)
                return registry(.groupPolicyPreferences, entries.all)
            }
            throw PolicyFileError(
                .unknownFormat, file: file, at: root.byteOffset,
                expected: "a group policy report (Rsop, GPO), preferences (RegistrySettings) or Policy Analyzer rules (PolicyRules), not \(root.name)"
            )
        case nil:
            let known = PolicyFileFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw PolicyFileError(.unknownFormat, file: file, at: 0, expected: "one of: \(known)")
        }
    }
}

/// The beginning of a file, enough of it to tell formats apart.
private struct Head {
    enum Guess { case policy, export, query, proxy, log, json, xml }

    private let bytes: [UInt8]
    private let text: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        let start = bytes.prefix(8192)
        let isUTF16 = start.starts(with: [0xff, 0xfe]) || start.starts(with: [0xfe, 0xff])
        let plain =
            isUTF16 ? start.dropFirst(2).filter { $0 != 0 } : start.starts(with: [0xef, 0xbb, 0xbf]) ? Array(start.dropFirst(3)) : Array(start)
        text = Array(plain.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0a || $0 == 0x0d })
    }

    var guess: Guess? {
        if bytes.starts(with: Array("PReg".utf8)) { return .policy }
        guard let first = text.first else { return nil }
        if first == UInt8(ascii: "<") || isXMLInUTF16 { return .xml }
        if starts("Windows Registry Editor") || starts("REGEDIT") { return .export }
        if starts("HKEY_") { return .query }
        if first == UInt8(ascii: "{") { return contains("\"ProxyIsEnabled\"") ? .proxy : .json }
        let lines = text.split(separator: UInt8(ascii: "\n"))
        if lines.contains(where: WindowsUpdateLog.isDated) { return .log }
        if let line = lines.first, String(decoding: line, as: UTF8.self).contains("WinHTTP") { return .proxy }
        return nil
    }

    /// A document in UTF-16 without a byte order mark, which XML allows.
    private var isXMLInUTF16: Bool { bytes.starts(with: [0x3c, 0, 0x3f, 0]) || bytes.starts(with: [0, 0x3c, 0, 0x3f]) }

    private func starts(_ word: String) -> Bool { text.starts(with: Array(word.utf8)) }
    private func contains(_ word: String) -> Bool { text.firstRange(of: Array(word.utf8)) != nil }
}
