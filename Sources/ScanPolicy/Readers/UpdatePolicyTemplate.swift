/// What the policies of WindowsUpdate.admx do to the registry, by the names that reports show of them: those of the English templates (WindowsUpdate.adml,
/// Windows 10 of 2018 to Windows 11 25H2). Other languages are not known here, and are refused.
struct UpdatePolicyTemplate {
    enum Element {
        case text(String)
        /// 1 where it is ticked, 0 where not.
        case tick(String)
        case choice(String, [String: UInt32])
        /// A choice whose text begins with its number: `4 - Auto download and schedule the install`.
        case numbered(String)
        case number(String)
    }

    let name: String
    let key: PolicyKey
    /// Where the value that the policy's own state sets stands.
    let stateKey: PolicyKey
    let state: String
    let enabled: UInt32
    let disabled: UInt32
    let elements: [String: Element]
    /// Whether every setting shown has to be known.
    let isStrict: Bool

    private init(
        _ name: String, key: PolicyKey = .windowsUpdate, stateKey: PolicyKey? = nil, state: String, enabled: UInt32 = 1, disabled: UInt32 = 0,
        elements: [String: Element] = [:], isStrict: Bool = false
    ) {
        self.name = name
        self.key = key
        self.stateKey = stateKey ?? key
        self.state = state
        self.enabled = enabled
        self.disabled = disabled
        self.elements = elements
        self.isStrict = isStrict
    }

    static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    private static let source: [String: UInt32] = ["Windows Server Update Services": 1, "Windows Update": 0]

    private static let all = [
        UpdatePolicyTemplate(
            "Specify intranet Microsoft update service location", stateKey: .automaticUpdates, state: "UseWUServer",
            elements: [
                "Set the intranet update service for detecting updates:": .text("WUServer"),
                "Set the intranet statistics server:": .text("WUStatusServer"),
                "Set the alternate download server:": .text("UpdateServiceUrlAlternate"),
                "Download files with no Url in the metadata if alternate download server is set.": .tick("FillEmptyContentUrls"),
                "Do not enforce TLS certificate pinning for Windows Update client for detecting updates.":
                    .tick("DoNotEnforceEnterpriseTLSCertPinningForUpdateDetection"),
                "Select the proxy behavior for Windows Update client for detecting updates:": .choice(
                    "SetProxyBehaviorForUpdateDetection",
                    [
                        "Only use system proxy for detecting updates (default)": 0,
                        "Allow user proxy to be used as a fallback if detection using system proxy fails": 1,
                    ]),
            ], isStrict: true),
        UpdatePolicyTemplate(
            "Specify source service for specific classes of Windows Updates", stateKey: .automaticUpdates, state: "UseUpdateClassPolicySource",
            elements: [
                "Feature Updates": .choice("SetPolicyDrivenUpdateSourceForFeatureUpdates", source),
                "Quality Updates": .choice("SetPolicyDrivenUpdateSourceForQualityUpdates", source),
                "Driver Updates": .choice("SetPolicyDrivenUpdateSourceForDriverUpdates", source),
                "Other Updates": .choice("SetPolicyDrivenUpdateSourceForOtherUpdates", source),
            ], isStrict: true),
        UpdatePolicyTemplate(
            "Configure Automatic Updates", key: .automaticUpdates, state: "NoAutoUpdate", enabled: 0, disabled: 1,
            elements: ["Configure automatic updating:": .numbered("AUOptions"), "Scheduled install day:": .numbered("ScheduledInstallDay")]),
        UpdatePolicyTemplate(
            "Automatic Updates detection frequency", key: .automaticUpdates, state: "DetectionFrequencyEnabled",
            elements: ["interval (hours):": .number("DetectionFrequency")]),
        UpdatePolicyTemplate(
            "Enable client-side targeting", state: "TargetGroupEnabled", elements: ["Target group name for this computer": .text("TargetGroup")]),
        UpdatePolicyTemplate(
            "Allow signed updates from an intranet Microsoft update service location", state: "AcceptTrustedPublisherCerts"),
        UpdatePolicyTemplate(
            "Do not connect to any Windows Update Internet locations", state: "DoNotConnectToWindowsUpdateInternetLocations"),
        UpdatePolicyTemplate(
            "Do not allow update deferral policies to cause scans against Windows Update", state: "DisableDualScan"),
    ]
}
