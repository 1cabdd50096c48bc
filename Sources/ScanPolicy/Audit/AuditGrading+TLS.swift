extension AuditGrading {
    private static let setUpTLS = [
        "WSUS: bind a certificate to the HTTPS site in IIS, require SSL on the five web services, then run: wsusutil configuressl NAME"
    ]
    private static let disableOld = [
        "Windows Server: disable old versions under HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols "
            + "(VERSION\\Server: Enabled = 0, DisabledByDefault = 1) and restart"
    ]
    private static let orderSuites = [
        "Windows Server: leave only ECDHE suites with GCM in the policy \"SSL Cipher Suite Order\" (Network > SSL Configuration Settings) and restart"
    ]

    mutating func gradeTLS() {
        guard let port = observation.https else {
            find(
                .tlsServices, .unknown, "no TLS port was looked at: the one that belongs to port \(observation.http?.number ?? 0) is not known",
                mend: ["name it with --https-port"])
            return
        }
        guard port.state == .open, let tls = port.tls, !tls.spoken.isEmpty else {
            let reason: String
            if port.state == .open, let tls = port.tls {
                let why = TLSVersion.allCases.reversed().compactMap { version -> String? in
                    switch tls.versions[version] {
                    case .no(let reason), .unknown(let reason): reason
                    case .yes, nil: nil
                    }
                }.first
                reason = "open, but no version of TLS was spoken" + (why.map { ": \($0)" } ?? "")
            } else {
                reason = port.state.text
            }
            // A port that says nothing may still speak to others.
            let isSure = port.state == .closed || port.state == .open && !(port.tls?.versions.values.contains { $0.isUnknown } ?? true)
            find(
                .tlsServices, isSure ? .dangerous : .unknown, "port \(port.number): \(reason)",
                why: "Without TLS nothing protects what devices are told.", mend: Self.setUpTLS)
            return
        }
        gradeServices(port)
        gradeVersions(tls)
        gradeSuites(tls)
        switch tls.hasSecureRenegotiation {
        case true: find(.tlsRenegotiation, .good, "renegotiation is secure (RFC 5746)")
        case false:
            find(
                .tlsRenegotiation, .weak, "the server does not say that it renegotiates securely (RFC 5746)",
                why: "Someone on the way can put a request of theirs before a device's.",
                mend: ["update the server's operating system or TLS library"])
        case nil: break
        }
        gradeClientCertificates(tls)
    }

    private mutating func gradeServices(_ port: AuditPort) {
        let services: [AuditService] = [.simpleAuth, .client]
        let presences = services.map { port.presence(of: $0) }
        if presences.allSatisfy({ $0 == .present }) {
            find(.tlsServices, .good, "\(names(services)) answer on port \(port.number)")
        } else if presences.contains(.credentials) {
            find(
                .tlsServices, .dangerous, "port \(port.number) wants credentials for what devices ask",
                why: "Devices have none, and show 0x80244017.",
                mend: ["WSUS: allow anonymous authentication on SimpleAuthWebService and ClientWebService"])
        } else if presences.contains(.absent) || presences.contains(.refused) {
            let there = presences.contains(.refused) ? "refuses" : "does not have"
            find(
                .tlsServices, .dangerous, "port \(port.number) \(there) \(names(services))",
                why: "Devices that are sent here fail (\(presences.contains(.refused) ? "0x80244018" : "0x80244019")).",
                mend: ["check that the port is the update server's, and that its web services run"])
        } else {
            let answer = port.answers.first { $0.failure != nil }
            find(
                .tlsServices, .unknown,
                "port \(port.number): \(answer?.failure ?? "its answers say nothing of \(names(services))")")
        }
    }

    private mutating func gradeVersions(_ tls: AuditTLS) {
        let spoken = tls.spoken
        let text = spoken.map(\.description).joined(separator: ", ")
        let unseen = TLSVersion.allCases.filter { tls.versions[$0]?.isUnknown ?? true }
        if spoken.contains(.ssl3) {
            find(
                .tlsVersions, .dangerous, "\(text) are spoken", why: "SSL 3.0 is broken (POODLE, RFC 7568).", mend: Self.disableOld)
        } else if !spoken.contains(.tls12) && !spoken.contains(.tls13) {
            find(
                .tlsVersions, .dangerous, "only \(text) is spoken",
                why: "TLS 1.0 and 1.1 are deprecated (RFC 8996); newer Windows versions have them off by default and then cannot scan.",
                mend: ["enable TLS 1.2"] + Self.disableOld)
        } else if spoken.contains(.tls10) || spoken.contains(.tls11) {
            find(
                .tlsVersions, .weak, "\(text) are spoken", why: "TLS 1.0 and 1.1 are deprecated (RFC 8996).",
                mend: ["see first that no device needs them: Windows 7 and 8 have TLS 1.2 off in WinHTTP by default"] + Self.disableOld)
        } else if !spoken.contains(.tls12) {
            find(
                .tlsVersions, .weak, "only TLS 1.3 is spoken",
                why: "Windows 10 and Windows Server 2019 and older have no TLS 1.3 by default: they cannot connect.",
                mend: ["enable TLS 1.2 beside it"])
        } else if !unseen.isEmpty {
            find(.tlsVersions, .unknown, "\(text) are spoken; of \(unseen.map(\.description).joined(separator: ", ")) nothing was seen")
        } else {
            find(.tlsVersions, .good, "\(text), and nothing older")
        }
    }

    private mutating func gradeSuites(_ tls: AuditTLS) {
        let all = Set(tls.spoken.flatMap { tls.suites(of: $0) }).sorted()
        var byReason: [(reason: String, suites: [CipherSuite])] = []
        for suite in all {
            guard let reason = suite.worth.reason else { continue }
            if let place = byReason.firstIndex(where: { $0.reason == reason }) {
                byReason[place].suites.append(suite)
            } else {
                byReason.append((reason, [suite]))
            }
        }
        let worst = AuditGrade.worst(of: all.map(\.worth.grade))
        guard !byReason.isEmpty else {
            return find(.tlsSuites, .good, "\(all.count) suites, all with authenticated encryption and forward secrecy")
        }
        let seen = byReason.map { Self.words($0.reason, $0.suites) }.joined(separator: "; ")
        if !all.contains(where: { $0.worth.grade == .good }) {
            return find(
                .tlsSuites, worst == .dangerous ? .dangerous : .weak, "no suite with authenticated encryption and forward secrecy. \(seen)",
                why: "Every connection gets less protection than TLS can give; clients that ask for more cannot connect.", mend: Self.orderSuites)
        }
        find(.tlsSuites, worst, seen, why: worst == .note ? nil : "A connection may end up with one of them.", mend: Self.orderSuites)
    }

    /// Not all names: they stand with the versions.
    private static func words(_ reason: String, _ suites: [CipherSuite]) -> String {
        let names = suites.prefix(2).map(\.description).joined(separator: ", ")
        return "\(reason): \(names)" + (suites.count > 2 ? " and \(suites.count - 2) more" : "")
    }

    private mutating func gradeClientCertificates(_ tls: AuditTLS) {
        let mend = ["WSUS: in IIS set client certificates to Ignore on the site and every web service"]
        switch tls.clientCertificate {
        case .demanded:
            find(
                .clientCertificates, .dangerous, "the server demands a client certificate", why: "Devices have none for it, and show 0x80072F0C.",
                mend: mend)
        case .asked:
            find(
                .clientCertificates, .dangerous, "the server asks for a client certificate",
                why: "Devices were seen to fail where IIS accepts or requires one (0x80072F0C).", mend: mend)
        case .notAsked: find(.clientCertificates, .good, "none is asked for when TLS is set up")
        case .unknown(let reason): find(.clientCertificates, .unknown, reason)
        }
    }
}

extension AuditTLS.Spoken {
    var isUnknown: Bool { if case .unknown = self { true } else { false } }
}
