/// A device's facts as the decision takes them: addresses read, proxies held against the server's name, defaults filled in and listed.
struct JudgedFacts {
    /// `nil` where `WUServer` is no address.
    private(set) var situation: ScanSituation?
    private(set) var server: ServerURL?
    /// What was taken at its default for detection.
    private(set) var assumed: [Assumption] = []
    private let device: DeviceFacts
    private let circumstances: ScanJudge.Circumstances
    private let asks: Bool
    private var system = ProxyReach.none
    private var user = ProxyReach.none

    init(_ device: DeviceFacts, _ circumstances: ScanJudge.Circumstances) {
        self.device = device
        self.circumstances = circumstances
        let text = device.policy[.wuServer] ?? ""
        let server = ServerURL(text)
        self.server = server
        asks = device.asksItsServer
        guard asks else {
            // Without an address, what a remedy would set is one on HTTPS.
            var situation = ScanSituation(scheme: server?.scheme ?? .https)
            situation.asks = false
            self.situation = situation
            assumeAboutAsking()
            return
        }
        guard let server else { return }
        system = (device.systemProxy ?? .none).reach(server)
        user = (device.userProxy ?? .none).reach(server)
        situation = situation(server)
        assume(server)
    }

    private func situation(_ server: ServerURL) -> ScanSituation {
        var situation = ScanSituation(scheme: server.scheme)
        situation.systemProxyApplies = system.applies
        situation.userProxyApplies = user.applies
        situation.isSignedIn = device.isSignedIn ?? true
        if let network = circumstances.network {
            situation.networks = [network]
        } else if system == .bypassed {
            // Detection goes by WinHTTP's list. The user's says nothing of the network: whoever is signed in writes it.
            situation.networks = [.direct]
        } else if system.applies || user != .none {
            situation.networks = [.proxyRequired, .direct]
        }
        situation.allowsUserProxy = Self.options(device.policy[.setProxyBehaviorForUpdateDetection])
        situation.pins = pins()
        if situation.pins != [.empty] {
            situation.enforcesPins = Self.options(device.policy[.doNotEnforceEnterpriseTLSCertPinningForUpdateDetection]).map { !$0 }
        }
        return situation
    }

    /// A switch as policies write it: 1 is on, 0 and nothing are off, of anything else it is not known.
    private static func options(_ value: UInt32?) -> [Bool] {
        switch value {
        case nil, 0: [false]
        case 1: [true]
        default: [true, false]
        }
    }

    private func pins() -> [ScanSituation.Pins] {
        switch device.pinStore {
        case nil, .empty, .certificates([]): return [.empty]
        case .unknown: return [.empty, .matching, .other]
        case .certificates(let pinned):
            guard let presented = circumstances.certificate?.fingerprints, !presented.isEmpty else { return [.matching, .other] }
            if !pinned.isDisjoint(with: presented) { return [.matching] }
            // A pin in an algorithm that the presented certificate is not known by may still be its own.
            let known = Set(presented.map(\.algorithm))
            return pinned.allSatisfy { known.contains($0.algorithm) } ? [.other] : [.matching, .other]
        }
    }

    // MARK: What was assumed, what is missing

    private mutating func assumeAboutAsking() {
        if device.policy[.wuServer] == nil { assumed.append(Assumption("WUServer", "not set")) }
        if device.policy[.useWUServer] == nil { assumed.append(Assumption("AU\\UseWUServer", "not set")) }
    }

    private mutating func assume(_ server: ServerURL) {
        if device.policy[.noAutoUpdate] == nil { assumed.append(Assumption("AU\\NoAutoUpdate", "not set")) }
        if device.policy[.setProxyBehaviorForUpdateDetection] == nil {
            assumed.append(Assumption("SetProxyBehaviorForUpdateDetection", "not set: system proxy only"))
        }
        if device.systemProxy == nil { assumed.append(Assumption("system proxy", "none")) }
        if device.userProxy == nil { assumed.append(Assumption("user proxy", "none")) }
        if case .proxied(true) = system { assumed.append(Assumption("script or WPAD of the system", "names a proxy for \(server.host)")) }
        if case .proxied(true) = user { assumed.append(Assumption("script or WPAD of the user", "names a proxy for \(server.host)")) }
        if circumstances.network == nil, system == .bypassed {
            assumed.append(Assumption("network", "lets the device reach \(server.host) directly, as the system's bypass list says"))
        } else if circumstances.network == nil, !system.applies, user == .none {
            assumed.append(Assumption("network", "direct"))
        }
        if server.scheme == .https, device.pinStore == nil { assumed.append(Assumption("pin store", "empty")) }
        if situation?.allowsUserProxy.contains(true) == true, device.isSignedIn == nil { assumed.append(Assumption("signed in", "somebody")) }
    }

    func missing(_ fact: ScanSituation.OpenFact) -> MissingFact {
        switch fact {
        case .network: MissingFact("network", "whether it lets the device reach \(server?.host ?? "the server") without a proxy (--network)")
        case .policy:
            MissingFact("SetProxyBehaviorForUpdateDetection", "its value here has no documented meaning; 0 and 1 have")
        case .pins:
            device.pinStore == .unknown
                ? MissingFact("pin store", "which certificates are in LocalMachine\\WindowsServerUpdateServices")
                : MissingFact("server certificate", "whether what \(server?.host ?? "the server") presents is one of those that the device pins")
        case .enforcement:
            MissingFact(
                "DoNotEnforceEnterpriseTLSCertPinningForUpdateDetection", "its value here has no documented meaning; 0 and 1 have")
        }
    }

    func unreadable(_ value: PolicyText) -> Verdict {
        Verdict(
            outcome: .unknown, path: [], row: value == .wuServer ? MatrixRow(20) : value == .wuStatusServer ? .reporting : .download,
            evidence: .inferred, missing: [MissingFact(value.rawValue, "what it holds is no http or https address")])
    }

    // MARK: The other channels

    private func silence() -> Verdict {
        Verdict(outcome: .doesNotAsk, path: [], row: MatrixRow(20), evidence: .sourced, assumed: assumed)
    }

    /// A2b-1: reports try the user's proxy first, at every level.
    func reporting() -> Verdict {
        guard asks else { return silence() }
        let text = device.policy[.wuStatusServer]
        guard let status = text.map({ ServerURL($0) }) ?? server else { return unreadable(text == nil ? .wuServer : .wuStatusServer) }
        var verdict = Verdict(outcome: .interceptable, path: [.user, .system], row: .reporting, evidence: .inferred)
        if text == nil { verdict.assumed.append(Assumption("WUStatusServer", "the same as WUServer")) }
        if device.systemProxy == nil { verdict.assumed.append(Assumption("system proxy", "none")) }
        if device.userProxy == nil { verdict.assumed.append(Assumption("user proxy", "none")) }
        if status.scheme == .http {
            verdict.notes.append("Reports go over HTTP: anyone on the way can read and alter them.")
        } else if device.proxySettingsPerUser == 0 {
            verdict.outcome = .unknown
            verdict.missing = [MissingFact("ProxySettingsPerUser", "whether 0 keeps users from setting a proxy for reports was not verified")]
        }
        verdict.notes.append("A user who sets a proxy of their own can read and forge status reports; what a pin does here is not known.")
        return verdict
    }

    /// A2b-2: over HTTPS with nothing between it works; of all else nothing is known.
    func download(_ settings: inout RemedySettings) -> Verdict {
        guard asks else { return silence() }
        let text = device.policy[.updateServiceURLAlternate].flatMap { $0.trimmedASCII.isEmpty ? nil : $0 }
        guard let content = text.map({ ServerURL($0) }) ?? server else {
            return unreadable(text == nil ? .wuServer : .updateServiceURLAlternate)
        }
        var verdict = Verdict(outcome: .unknown, path: [], row: .download, evidence: .inferred)
        let system = (device.systemProxy ?? .none).reach(content)
        let user = (device.userProxy ?? .none).reach(content)
        let isBelieved = system == .bypassed && circumstances.network == nil
        let isDirect = !system.applies && (user == .none || !user.applies && isBelieved) && circumstances.network != .proxyRequired
        if device.systemProxy == nil { verdict.assumed.append(Assumption("system proxy", "none")) }
        if device.userProxy == nil { verdict.assumed.append(Assumption("user proxy", "none")) }
        if circumstances.network == nil, isDirect { verdict.assumed.append(Assumption("network", "direct")) }
        switch (content.scheme, isDirect) {
        case (.https, true):
            verdict.outcome = .scans
            verdict.path = [.direct]
        case (.http, true):
            verdict.path = [.direct]
            verdict.missing = [MissingFact("download over HTTP", "files are checked by digest and signature, but no source says what else holds")]
            // An alternate server is not what the remedy changes.
            if text == nil { verdict.remedies = [Remedy(kinds: [.tls], settings: settings.lines(for: [.tls]), outcome: .scans)] }
        case (_, false):
            verdict.missing = [MissingFact("proxy of downloads", "BITS and Delivery Optimization have rules of their own, none sourced for this")]
        }
        return verdict
    }

    // MARK: Notes

    func notes(on answer: ScanSituation.Answer, at level: EnforcementLevel) -> [String] {
        guard asks, let situation, let server else {
            return device.classSourcesPointAtWindowsUpdate ? ["Every class of updates comes from Windows Update."] : []
        }
        var notes: [String] = []
        if server.scheme == .http, answer.outcome == .interceptable {
            notes.append("Metadata is not signed: whoever is on the way can make the device run what they choose.")
        }
        if situation.networks == [.proxyRequired], system == .bypassed {
            notes.append("The system's bypass list names the server, but the network is said to need a proxy: the list does not lead there.")
        } else if situation.networks == [.proxyRequired], !system.applies, user == .bypassed {
            notes.append("The user's bypass list names the server, but the network is said to need a proxy: the list does not lead there.")
        } else if situation.networks == [.proxyRequired], !system.applies, !user.applies {
            notes.append("No proxy is set at all: as it stands the device does not reach the server. A user who sets one changes that.")
        }
        if answer.outcome == .scans, situation.systemProxyApplies, answer.row != MatrixRow(16) {
            notes.append("A system proxy that inspects TLS sees and can alter all of it, unless the certificate is pinned.")
        }
        if answer.path.first != .user, answer.path.contains(.user) {
            notes.append("The user's proxy is tried only after certain proxy, service and authentication errors.")
        }
        if device.proxySettingsPerUser == 0, answer.path.contains(.user) {
            notes.append("ProxySettingsPerUser is 0: that users then cannot set the proxy was not verified.")
        }
        if answer.row == MatrixRow(16) {
            notes.append("A pin is taken to mean exactly the presented certificate; whether an issuer counts is not known.")
        }
        return notes
    }
}

extension DeviceFacts {
    /// Whether the device turns to the server in its policy (row A2-20).
    var asksItsServer: Bool {
        guard policy[.useWUServer] == 1, policy[.noAutoUpdate] != 1 else { return false }
        guard let text = policy[.wuServer], !text.trimmedASCII.isEmpty else { return false }
        return !classSourcesPointAtWindowsUpdate
    }

    /// Whether all four classes of updates are set to come from Windows Update, and the device heeds that.
    var classSourcesPointAtWindowsUpdate: Bool {
        guard policy[.useUpdateClassPolicySource] == 1 else { return false }
        let sources = PolicyNumber.updateClassSources.map { policy[$0] }
        return sources.allSatisfy { $0 == 0 } && windows?.heedsUpdateClassSources != false
    }
}

extension PolicyNumber {
    static let updateClassSources: [PolicyNumber] = [
        .setPolicyDrivenUpdateSourceForFeatureUpdates, .setPolicyDrivenUpdateSourceForQualityUpdates, .setPolicyDrivenUpdateSourceForDriverUpdates,
        .setPolicyDrivenUpdateSourceForOtherUpdates,
    ]
}

extension WindowsVersion {
    /// Whether this version knows update sources by class; `nil` where the revision decides and is not known.
    ///
    /// Source: Policy CSP - Update, applicability of SetPolicyDrivenUpdateSourceForFeatureUpdates,
    /// https://learn.microsoft.com/windows/client-management/mdm/policy-csp-update
    var heedsUpdateClassSources: Bool? {
        guard major == 10 else { return major > 10 }
        if build >= 22000 { return true }
        let first: [UInt32: UInt32] = [19041: 1202, 19042: 1202, 19043: 1202, 19044: 1288, 19045: 2130, 20348: 371]
        guard let first = first[build] else { return build < 19041 ? false : nil }
        return revision.map { $0 >= first }
    }
}
