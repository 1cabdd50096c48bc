import ScanPolicy
import Testing

/// Every row of the matrix by name, as a device that falls into it.
@Suite struct ScanMatrixTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var device: DeviceFacts
        var network: NetworkRequirement?
        var certificate: ServerCertificate?
        /// Before September 2020, from then on, from January 2021 on; as docs/scan-policy.md writes it.
        var expected: [String]
        var testDescription: String { name }
    }

    static let presented = ServerCertificate(names: ["wsus.example.net"], keyType: .ecdsa, fingerprints: Set([fingerprint("a")].compactMap(\.self)))
    static func fingerprint(_ digit: Character) -> CertificateFingerprint? { CertificateFingerprint(String(repeating: digit, count: 64)) }

    static func device(
        _ scheme: String, system: ProxySettings? = nil, user: ProxySettings? = nil, policy: UInt32? = nil, pins: PinStore? = nil,
        notEnforced: UInt32? = nil, isSignedIn: Bool? = nil
    ) -> DeviceFacts {
        var device = DeviceFacts(name: "device")
        device.policy[.wuServer] = scheme == "http" ? "http://wsus.example.net:8530" : "https://wsus.example.net:8531"
        device.policy[.wuStatusServer] = device.policy[.wuServer]
        device.policy[.useWUServer] = 1
        device.policy[.setProxyBehaviorForUpdateDetection] = policy
        device.policy[.doNotEnforceEnterpriseTLSCertPinningForUpdateDetection] = notEnforced
        device.systemProxy = system
        device.userProxy = user
        device.pinStore = pins
        device.isSignedIn = isSignedIn
        return device
    }

    static let proxy = ProxySettings.static("proxy.example.net:3128")
    static let ownPin = PinStore.certificates(Set([fingerprint("a")].compactMap(\.self)))
    static let otherPin = PinStore.certificates(Set([fingerprint("b")].compactMap(\.self)))

    static let rows: [Row] = [
        Row(
            name: "A2-01 HTTP, needs nothing", device: device("http"),
            expected: ["interceptable [user, direct] (i)", "interceptable [direct]", "interceptable [direct]"]),
        Row(
            name: "A2-02 HTTP, needs the system proxy", device: device("http", system: proxy), network: .proxyRequired,
            expected: ["interceptable [user, system] (i)", "interceptable [system]", "interceptable [system]"]),
        Row(
            name: "A2-03 HTTP, needs the user proxy", device: device("http", user: proxy), network: .proxyRequired,
            expected: ["interceptable [user]", "fails [system]", "fails [system]"]),
        Row(
            name: "A2-04 HTTP, needs the user proxy, allowed", device: device("http", user: proxy, policy: 1), network: .proxyRequired,
            expected: ["interceptable [user]", "interceptable [system, user]", "interceptable [system, user]"]),
        Row(
            name: "A2-05 HTTP, either proxy works", device: device("http", system: proxy, user: proxy), network: .proxyRequired,
            expected: ["interceptable [user, system] (i)", "interceptable [system]", "interceptable [system]"]),
        Row(
            name: "A2-06 HTTP, either proxy works, allowed", device: device("http", system: proxy, user: proxy, policy: 1),
            network: .proxyRequired,
            expected: ["interceptable [user, system] (i)", "interceptable [system, user]", "interceptable [system, user]"]),
        Row(
            name: "A2-07 HTTPS, needs nothing", device: device("https"),
            expected: ["interceptable [user, direct]", "interceptable [user, direct] (i)", "scans [direct]"]),
        Row(
            name: "A2-08 HTTPS, needs nothing, allowed", device: device("https", policy: 1),
            expected: ["interceptable [user, direct]", "interceptable [user, direct] (i)", "interceptable [direct, user] (i)"]),
        Row(
            name: "A2-09 HTTPS, needs the system proxy", device: device("https", system: proxy), network: .proxyRequired,
            expected: ["interceptable [user, system]", "interceptable [user, system] (i)", "scans [system]"]),
        Row(
            name: "A2-10 HTTPS, needs the system proxy, allowed", device: device("https", system: proxy, policy: 1), network: .proxyRequired,
            expected: ["interceptable [user, system]", "interceptable [user, system] (i)", "interceptable [system, user] (i)"]),
        Row(
            name: "A2-11 HTTPS, needs the user proxy", device: device("https", user: proxy), network: .proxyRequired,
            expected: ["interceptable [user]", "interceptable [user] (i)", "fails [system]"]),
        Row(
            name: "A2-12 HTTPS, needs the user proxy, allowed", device: device("https", user: proxy, policy: 1), network: .proxyRequired,
            expected: ["interceptable [user]", "interceptable [user] (i)", "interceptable [system, user]"]),
        Row(
            name: "A2-13 HTTPS, either proxy works", device: device("https", system: proxy, user: proxy), network: .proxyRequired,
            expected: ["interceptable [user, system]", "interceptable [user, system] (i)", "scans [system]"]),
        Row(
            name: "A2-14 HTTPS, either proxy works, allowed", device: device("https", system: proxy, user: proxy, policy: 1),
            network: .proxyRequired,
            expected: ["interceptable [user, system]", "interceptable [user, system] (i)", "interceptable [system, user] (i)"]),
        Row(
            name: "A2-15 HTTPS, pin store empty", device: device("https", user: proxy, policy: 1, pins: .empty), network: .proxyRequired,
            expected: ["interceptable [user]", "interceptable [user] (i)", "interceptable [system, user]"]),
        Row(
            name: "A2-16 HTTPS, the certificate is pinned", device: device("https", user: proxy, policy: 1, pins: ownPin),
            network: .proxyRequired, certificate: presented,
            expected: ["interceptable [user]", "interceptable [user] (i)", "scans [system, user]"]),
        Row(
            name: "A2-17 HTTPS, another certificate is pinned", device: device("https", system: proxy, pins: otherPin),
            network: .proxyRequired, certificate: presented,
            expected: ["interceptable [user, system]", "interceptable [user, system] (i)", "fails [system]"]),
        Row(
            name: "A2-18 HTTPS, pins are not enforced", device: device("https", pins: otherPin, notEnforced: 1), certificate: presented,
            expected: ["interceptable [user, direct]", "interceptable [user, direct] (i)", "scans [direct]"]),
        Row(
            name: "A2-19 HTTP, pins there", device: device("http", user: proxy, pins: otherPin), network: .proxyRequired,
            certificate: presented, expected: ["interceptable [user]", "fails [system]", "fails [system]"]),
        Row(
            name: "A2-20 UseWUServer is not 1", device: silent { $0[.useWUServer] = 0 },
            expected: ["does-not-ask []", "does-not-ask []", "does-not-ask []"]),
        Row(
            name: "A2-20 NoAutoUpdate is 1", device: silent { $0[.noAutoUpdate] = 1 },
            expected: ["does-not-ask []", "does-not-ask []", "does-not-ask []"]),
        Row(
            name: "A2-20 no WUServer", device: silent { $0[.wuServer] = nil }, expected: ["does-not-ask []", "does-not-ask []", "does-not-ask []"]),
        Row(
            name: "A2-20 all classes come from Windows Update",
            device: silent {
                $0[.useUpdateClassPolicySource] = 1
                for value in PolicyNumber.allCases where value.rawValue.hasPrefix("SetPolicyDriven") { $0[value] = 0 }
            }, expected: ["does-not-ask []", "does-not-ask []", "does-not-ask []"]),
        Row(
            name: "A2-21 allowed, but nobody is signed in", device: device("http", user: proxy, policy: 1, isSignedIn: false),
            network: .proxyRequired, expected: ["unknown [user] (i)", "fails [system] (i)", "fails [system] (i)"]),
    ]

    static func silent(_ change: (inout PolicyValues) -> Void) -> DeviceFacts {
        var device = device("https")
        change(&device.policy)
        return device
    }

    @Test(arguments: rows) func `a row of the matrix is what the judge says`(row: Row) {
        var judge = ScanJudge(ScanJudge.Circumstances(network: row.network, certificate: row.certificate))
        let verdicts = judge.verdicts(of: row.device)
        for (level, expected) in zip(EnforcementLevel.allCases, row.expected) {
            let verdict = verdicts[level, .detection]
            #expect(Self.text(verdict) == expected, "\(level.rawValue)")
            #expect(([verdict.row] + verdict.furtherRows).contains { row.name.hasPrefix($0.rawValue) }, "\(verdict.row) \(verdict.furtherRows)")
            #expect(verdict.errors.isEmpty == (verdict.outcome != .fails))
            #expect(verdict.missing.isEmpty == (verdict.outcome != .unknown))
        }
    }

    @Test(arguments: ["http", "https"], EnforcementLevel.allCases)
    func `A2b-1 reports are interceptable wherever a user can set a proxy`(scheme: String, level: EnforcementLevel) {
        for device in [Self.device(scheme), Self.device(scheme, system: Self.proxy, pins: Self.ownPin)] {
            var judge = ScanJudge(ScanJudge.Circumstances(network: .direct, certificate: Self.presented))
            let verdict = judge.verdicts(of: device)[level, .reporting]
            #expect(Self.text(verdict) == "interceptable [user, system] (i)")
            #expect(verdict.row == .reporting)
        }
    }

    @Test(arguments: EnforcementLevel.allCases)
    func `A2b-2 downloads are known only over HTTPS with nothing between`(level: EnforcementLevel) {
        let cases: [(DeviceFacts, NetworkRequirement?, ScanOutcome)] = [
            (Self.device("https"), nil, .scans), (Self.device("https"), .direct, .scans), (Self.device("https"), .proxyRequired, .unknown),
            (Self.device("https", system: Self.proxy), .direct, .unknown), (Self.device("https", user: Self.proxy), .direct, .unknown),
            (Self.device("https", system: .static("proxy:80", bypass: "*.example.net")), nil, .scans),
            (Self.device("https", system: .static("proxy:80", bypass: "*.example.net")), .proxyRequired, .unknown),
            (Self.device("https", user: .static("own:80", bypass: "*.example.net")), nil, .unknown),
            (Self.device("https", user: .static("own:80", bypass: "*.example.net")), .proxyRequired, .unknown),
            (Self.device("http"), .direct, .unknown),
            (Self.silent { $0[.useWUServer] = 0 }, .direct, .doesNotAsk),
            (Self.silent { $0[.updateServiceURLAlternate] = "http://files" }, nil, .unknown),
            (Self.silent { $0[.updateServiceURLAlternate] = "https://files" }, nil, .scans),
        ]
        for (device, network, outcome) in cases {
            var judge = ScanJudge(ScanJudge.Circumstances(network: network))
            let verdict = judge.verdicts(of: device)[level, .download]
            #expect(verdict.outcome == outcome)
            #expect(verdict.row == (outcome == .doesNotAsk ? MatrixRow(rawValue: "A2-20") : .download))
        }
    }

    @Test func `a bypass list does not lead through a network that is said to need a proxy, and the user's counts for nothing`() {
        let around = ProxySettings.static("proxy:80", bypass: "*.example.net")
        let cases: [(system: ProxySettings?, user: ProxySettings?, network: NetworkRequirement?, outcome: ScanOutcome, assumed: String?)] = [
            (around, nil, nil, .scans, "as the system's bypass list says"), (around, Self.proxy, nil, .scans, "as the system's bypass list says"),
            (around, nil, .proxyRequired, .fails, nil), (around, nil, .direct, .scans, nil),
            (nil, around, nil, .unknown, nil), (nil, around, .proxyRequired, .fails, nil), (nil, around, .direct, .scans, nil),
            (around, around, .proxyRequired, .fails, nil),
        ]
        for (system, user, network, outcome, assumed) in cases {
            var judge = ScanJudge(ScanJudge.Circumstances(network: network))
            let verdict = judge.verdicts(of: Self.device("https", system: system, user: user))[.january2021, .detection]
            #expect(verdict.outcome == outcome, "\(String(describing: (system, user, network)))")
            #expect(verdict.missing.map(\.fact) == (outcome == .unknown ? ["network"] : []))
            #expect(verdict.assumed.first { $0.fact == "network" }.map { $0.text.hasSuffix(assumed ?? "-") } ?? (assumed == nil))
            #expect(verdict.notes.contains { $0.contains("bypass list names the server") } == (network == .proxyRequired))
        }
    }

    @Test(
        arguments: [
            (ProxySettings.static("proxy:80", bypass: "*.example.net;<local>"), nil, "proxy:80", "<local>"), (nil, .static("own:80"), "own:80", ""),
            (nil, .static("own:80", bypass: "<local> other,WSUS.example.net;*"), "own:80", "<local>;other"),
            (.static("ftp=proxy:21"), .static("own:80"), "own:80", ""),
        ] as [(ProxySettings?, ProxySettings?, String, String)])
    func `the system proxy that is proposed leads to the server`(_ system: ProxySettings?, _ user: ProxySettings?, _ proxy: String, _ bypass: String)
    {
        var judge = ScanJudge(ScanJudge.Circumstances(network: .proxyRequired))
        let verdict = judge.verdicts(of: Self.device("https", system: system, user: user))[.january2021, .detection]
        let remedy = verdict.remedies.first { $0.kinds == [.systemProxy] }
        let list = bypass.isEmpty ? "" : " bypass-list=\"\(bypass)\""
        #expect(remedy?.settings == ["netsh winhttp set proxy proxy-server=\"\(proxy)\"\(list)"])
        #expect(remedy?.outcome == .scans)
    }

    static func text(_ verdict: Verdict) -> String {
        "\(verdict.outcome.rawValue) [\(verdict.path.map(\.rawValue).joined(separator: ", "))]" + (verdict.evidence == .inferred ? " (i)" : "")
    }
}
