import ScanPolicy
import Testing

/// The whole of the small fact space, against a reading of the published table that knows nothing of the program.
@Suite struct ScanJudgePropertyTests {
    /// What a proxy setting means for wsus.example.net, said by whoever wrote it down here.
    enum Reach: String { case none, through, around }

    static let systems: [(ProxySettings?, Reach)] = [
        (nil, .none), (ProxySettings.none, .none), (.static("proxy:3128"), .through),
        (.static("proxy:3128", bypass: "<local>;*.example.net"), .around),
        (.pac("http://proxy/wpad.dat"), .through), (.wpad, .through), (.static("ftp=proxy:21"), .none),
    ]
    static let users: [(ProxySettings?, Reach)] = [
        (nil, .none), (.static("own:8080", bypass: "<local>"), .through), (.static("own:8080", bypass: "wsus.example.net"), .around),
        (.pac("http://own/x.pac"), .through),
    ]
    static let stores: [(PinStore?, String)] = [
        (nil, "empty"), (.empty, "empty"), (.certificates([]), "empty"), (ScanMatrixTests.ownPin, "same"), (ScanMatrixTests.otherPin, "other"),
    ]

    struct Case {
        var device: DeviceFacts
        var system: Reach
        var user: Reach
        var pins: String
        var network: NetworkRequirement?
    }

    /// Calls with every combination.
    static func enumerate(_ body: (Case) -> Void) {
        for scheme in ["http", "https"] {
            for (system, systemReach) in systems {
                for (user, userReach) in users {
                    for policy: UInt32? in [nil, 0, 1] {
                        for (store, pins) in stores {
                            for notEnforced: UInt32? in [nil, 1] {
                                for isSignedIn: Bool? in [nil, false] {
                                    let device = ScanMatrixTests.device(
                                        scheme, system: system, user: user, policy: policy, pins: store, notEnforced: notEnforced,
                                        isSignedIn: isSignedIn)
                                    for network: NetworkRequirement? in [nil, .direct, .proxyRequired] {
                                        body(Case(device: device, system: systemReach, user: userReach, pins: pins, network: network))
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// The needs that the facts leave possible, in the words of the table.
    static func needs(_ one: Case) -> [String] {
        let behindProxy =
            switch (one.system == .through, one.user == .through) {
            case (true, true): "either"
            case (true, false): "system proxy"
            default: "user proxy"
            }
        switch one.network {
        case .direct: return ["nothing"]
        case .proxyRequired: return [behindProxy]
        // Only the system's bypass list says something of the network, and only to whom nobody says more.
        case nil where one.system == .around: return ["nothing"]
        case nil: return one.system == .through || one.user != .none ? [behindProxy, "nothing"] : ["nothing"]
        }
    }

    @Test func `the judge says what the published table says, for everything that can be`() throws {
        let reading = try SlowMatrixReading()
        #expect(reading.count == 14)
        var judges: [NetworkRequirement?: ScanJudge] = [:]
        var count = 0
        Self.enumerate { one in
            var judge =
                judges[one.network] ?? ScanJudge(ScanJudge.Circumstances(network: one.network, certificate: ScanMatrixTests.presented))
            let verdicts = judge.verdicts(of: one.device)
            judges[one.network] = judge
            let policy = one.device.policy[.setProxyBehaviorForUpdateDetection] == 1 ? 1 : 0
            for (column, level) in EnforcementLevel.allCases.enumerated() {
                count += 1
                var answers = Self.needs(one).map { reading.answer(one.device, needs: $0, policy: policy, pins: one.pins, column: column) }
                // A system proxy is used in a network that would not need it, too.
                if one.system == .through {
                    for index in answers.indices { answers[index].path = answers[index].path.map { $0 == "direct" ? "system" : $0 } }
                }
                let verdict = verdicts[level, .detection]
                guard Set(answers.map(\.outcome)).count == 1, let expected = answers.first else {
                    if verdict.outcome != .unknown || verdict.missing.map(\.fact) != ["network"] {
                        Issue.record("\(one) at \(level.rawValue): \(verdict.outcome), though \(answers)")
                    }
                    continue
                }
                let found = SlowMatrixReading.Answer(
                    outcome: verdict.outcome.rawValue, path: verdict.path.map(\.rawValue), row: verdict.row.rawValue,
                    isInferred: verdict.evidence == .inferred)
                if found != expected { Issue.record("\(one) at \(level.rawValue): \(found), though \(expected)") }
            }
        }
        #expect(count == 2 * 7 * 4 * 3 * 5 * 2 * 2 * 3 * 3)
    }

    @Test func `from the level that forbids it no way leads through the user's proxy unless the policy allows it`() {
        var judge = ScanJudge()
        var forbidden = 0
        Self.enumerate { one in
            guard one.network == nil, one.device.policy[.setProxyBehaviorForUpdateDetection] != 1 else { return }
            let verdicts = judge.verdicts(of: one.device)
            let isHTTP = one.device.policy[.wuServer]?.hasPrefix("http:") == true
            for level in EnforcementLevel.allCases where level >= (isHTTP ? .september2020 : .january2021) {
                forbidden += 1
                if verdicts[level, .detection].path.contains(.user) { Issue.record("\(one) at \(level.rawValue)") }
                // Nor does a remedy open it before everything else, or with the promise of a safe scan.
                let remedies = verdicts[level, .detection].remedies
                for (place, remedy) in remedies.enumerated() where remedy.kinds.contains(.userProxyFallback) {
                    if remedy.kinds.count > 1 || remedy.outcome == .scans || place < remedies.count - 1 { Issue.record("\(one): \(remedies)") }
                }
            }
        }
        #expect(forbidden > 1000)
    }

    @Test func `each remedy keeps its promise`() {
        var judge = ScanJudge(ScanJudge.Circumstances(network: .proxyRequired))
        var tried = 0
        Self.enumerate { one in
            guard one.network == .proxyRequired, one.pins == "empty" else { return }
            let verdicts = judge.verdicts(of: one.device)
            for level in EnforcementLevel.allCases {
                for remedy in verdicts[level, .detection].remedies {
                    #expect(!remedy.settings.isEmpty)
                    // Pins need a certificate to compare with, and the update is another level.
                    guard let after = Self.apply(remedy.kinds, to: one.device) else { continue }
                    tried += 1
                    let outcome = judge.verdicts(of: after)[remedy.kinds.contains(.update) ? .january2021 : level, .detection].outcome
                    if outcome != remedy.outcome { Issue.record("\(one) at \(level.rawValue): \(remedy) leads to \(outcome)") }
                }
            }
        }
        #expect(tried > 500)
    }

    private static func apply(_ kinds: [RemedyKind], to device: DeviceFacts) -> DeviceFacts? {
        var device = device
        for kind in kinds {
            switch kind {
            case .pins, .use: return nil
            case .update: break
            case .tls:
                device.policy[.wuServer] = "https://wsus.example.net:8531"
                device.policy[.wuStatusServer] = "https://wsus.example.net:8531"
            case .systemProxyOnly: device.policy[.setProxyBehaviorForUpdateDetection] = 0
            case .systemProxy: device.systemProxy = .static("proxy:3128")
            case .userProxyFallback: device.policy[.setProxyBehaviorForUpdateDetection] = 1
            }
        }
        return device
    }
}
