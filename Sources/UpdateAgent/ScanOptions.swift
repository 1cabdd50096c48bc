public import TrustedTransport
public import Updates

/// What a scan is to do besides scanning.
public struct ScanOptions: Sendable {
    /// What the device says it has.
    public var rule: EvaluationRule
    /// The group asked for by client-side targeting; several are joined by `;` (protocol.md section 2.4).
    public var targetGroup: String?
    /// What the device says of itself; nothing for the simulated device's own (``DeviceFacts/simulated(_:)``).
    public var facts: DeviceFacts?
    /// The hardware it lists in the driver pass; nothing for a device without any.
    public var system: SystemSpec?
    /// Where the files of offered updates go; nothing to leave them.
    public var downloadFolder: String?
    /// Whether the server is told the outcome.
    public var isReporting: Bool
    /// Updates whose commands are believed whatever they start: an administrator said so, by name.
    public var allowed: Set<UpdateID>
    /// What signatures on files may lead to that have no SHA-256 in their metadata.
    public var trust: SigningTrust

    public init(
        rule: EvaluationRule = .fresh, targetGroup: String? = nil, facts: DeviceFacts? = nil, system: SystemSpec? = nil,
        downloadFolder: String? = nil,
        isReporting: Bool = false, allowed: Set<UpdateID> = [], trust: SigningTrust = .nothing
    ) {
        self.rule = rule
        self.targetGroup = targetGroup
        self.facts = facts
        self.system = system
        self.downloadFolder = downloadFolder
        self.isReporting = isReporting
        self.allowed = allowed
        self.trust = trust
    }
}

extension DeviceFacts {
    /// A device that says it is simulated, with the Windows version of the captures (observed.md section 2); its name comes from its id,
    /// so that many devices on one machine can be told apart.
    public static func simulated(_ id: DeviceID) -> DeviceFacts {
        DeviceFacts(
            dnsName: "agent-\(id.text.prefix(8))", osMajorVersion: 10, osMinorVersion: 0, osBuildNumber: 26200, osLocale: "en-US",
            manufacturer: "Martlet", model: "Simulated device", biosVersion: "unknown", processorArchitecture: "AMD64",
            osDescription: "Simulated by Martlet", clientVersion: AgentVersion.quad)
    }
}

/// The agent's own version.
enum AgentVersion {
    static let text = "0.1.0"
    /// As the four numbers of `ClientVersion...Number`.
    static let quad = "0.1.0.0"
    /// The client protocol it speaks: that of the agent in the captures (observed.md section 1).
    static let clientProtocol = "2.90"
}
