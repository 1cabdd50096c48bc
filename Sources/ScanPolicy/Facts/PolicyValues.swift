/// The policy values that bear on where a device asks and what it accepts, as they stand in the registry under
/// `HKLM\Software\Policies\Microsoft\Windows\WindowsUpdate` and its subkey `AU`. A value that is not there is `nil`.
///
/// Names, types and meanings: docs/scan-policy.md, "Policy values".
public struct PolicyValues: Sendable, Hashable {
    private var texts: [PolicyText: String] = [:]
    private var numbers: [PolicyNumber: UInt32] = [:]

    public init() {}

    public subscript(value: PolicyText) -> String? {
        get { texts[value] }
        set { texts[value] = newValue }
    }

    public subscript(value: PolicyNumber) -> UInt32? {
        get { numbers[value] }
        set { numbers[value] = newValue }
    }

    public var isEmpty: Bool { texts.isEmpty && numbers.isEmpty }
}

/// A policy value of type REG_SZ. The raw value is its name in the registry.
public enum PolicyText: String, CaseIterable, Sendable, Hashable {
    /// The URL for detection, with its port. Without effect unless `AU\UseWUServer` is 1.
    case wuServer = "WUServer"
    /// The URL for reports.
    case wuStatusServer = "WUStatusServer"
    /// A server for content only.
    case updateServiceURLAlternate = "UpdateServiceUrlAlternate"
    /// The group that the device asks for.
    case targetGroup = "TargetGroup"

    /// The value of this name; the registry ignores case.
    public init?(registryName: some StringProtocol) {
        guard let value = Self.byName[registryName.lowercased()] else { return nil }
        self = value
    }

    public var key: PolicyKey { .windowsUpdate }

    private static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.rawValue.lowercased(), $0) })
}

/// A policy value of type REG_DWORD. The raw value is its name in the registry.
public enum PolicyNumber: String, CaseIterable, Sendable, Hashable {
    case fillEmptyContentURLs = "FillEmptyContentUrls"
    /// 0: detection uses the system proxy only. 1: the user's proxy is its fallback.
    case setProxyBehaviorForUpdateDetection = "SetProxyBehaviorForUpdateDetection"
    /// 0: a filled pin store is enforced. 1: it is not.
    case doNotEnforceEnterpriseTLSCertPinningForUpdateDetection = "DoNotEnforceEnterpriseTLSCertPinningForUpdateDetection"
    /// 0: Windows Update. 1: the intranet server. Likewise the three after it.
    case setPolicyDrivenUpdateSourceForFeatureUpdates = "SetPolicyDrivenUpdateSourceForFeatureUpdates"
    case setPolicyDrivenUpdateSourceForQualityUpdates = "SetPolicyDrivenUpdateSourceForQualityUpdates"
    case setPolicyDrivenUpdateSourceForDriverUpdates = "SetPolicyDrivenUpdateSourceForDriverUpdates"
    case setPolicyDrivenUpdateSourceForOtherUpdates = "SetPolicyDrivenUpdateSourceForOtherUpdates"
    case acceptTrustedPublisherCerts = "AcceptTrustedPublisherCerts"
    case targetGroupEnabled = "TargetGroupEnabled"
    case doNotConnectToWindowsUpdateInternetLocations = "DoNotConnectToWindowsUpdateInternetLocations"
    case disableDualScan = "DisableDualScan"
    case elevateNonAdmins = "ElevateNonAdmins"
    case disableWindowsUpdateAccess = "DisableWindowsUpdateAccess"
    /// 1, or the four `SetPolicyDrivenUpdateSourceFor...` values are ignored.
    case useUpdateClassPolicySource = "UseUpdateClassPolicySource"
    /// 1, or the URLs have no effect.
    case useWUServer = "UseWUServer"
    /// 1: no automatic updates, and the URLs have no effect.
    case noAutoUpdate = "NoAutoUpdate"
    case auOptions = "AUOptions"
    case scheduledInstallDay = "ScheduledInstallDay"
    case scheduledInstallTime = "ScheduledInstallTime"
    case detectionFrequencyEnabled = "DetectionFrequencyEnabled"
    /// Hours, 1 to 22.
    case detectionFrequency = "DetectionFrequency"
    case noAutoRebootWithLoggedOnUsers = "NoAutoRebootWithLoggedOnUsers"
    case rescheduleWaitTimeEnabled = "RescheduleWaitTimeEnabled"
    /// Minutes.
    case rescheduleWaitTime = "RescheduleWaitTime"

    /// The value of this name; the registry ignores case.
    public init?(registryName: some StringProtocol) {
        guard let value = Self.byName[registryName.lowercased()] else { return nil }
        self = value
    }

    public var key: PolicyKey {
        switch self {
        case .useUpdateClassPolicySource, .useWUServer, .noAutoUpdate, .auOptions, .scheduledInstallDay, .scheduledInstallTime,
            .detectionFrequencyEnabled, .detectionFrequency, .noAutoRebootWithLoggedOnUsers, .rescheduleWaitTimeEnabled, .rescheduleWaitTime:
            .automaticUpdates
        default: .windowsUpdate
        }
    }

    private static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.rawValue.lowercased(), $0) })
}

/// A key that holds policy values. The raw value is its path under `HKEY_LOCAL_MACHINE`.
public enum PolicyKey: String, CaseIterable, Sendable, Hashable {
    case windowsUpdate = "Software\\Policies\\Microsoft\\Windows\\WindowsUpdate"
    case automaticUpdates = "Software\\Policies\\Microsoft\\Windows\\WindowsUpdate\\AU"
}
