extension AuditGrading {
    private static let requireTLS = [
        "WSUS: bind a certificate to the HTTPS site, require SSL in IIS on SimpleAuthWebService, DSSAuthWebService, ServerSyncWebService, APIremoting30 "
            + "and ClientWebService, then run: wsusutil configuressl NAME",
        "then set WUServer and WUStatusServer in the devices' policy to the https:// address",
    ]

    mutating func gradeHTTP() {
        guard let port = observation.http else {
            find(
                .httpPort, .unknown, "no HTTP port was looked at: the one that belongs to port \(observation.https?.number ?? 0) is not known",
                mend: ["name it with --http-port"])
            return
        }
        switch port.state {
        case .closed: return find(.httpPort, .good, "port \(port.number) is closed: nothing is served in the clear")
        case .silent, .failed:
            return find(.httpPort, .unknown, "port \(port.number): \(port.state.text); it may be open for others than this machine")
        case .open: break
        }
        guard port.speaksHTTP else {
            let failure = port.answers.compactMap(\.failure).first ?? "no answer"
            return find(.httpPort, .unknown, "port \(port.number) is open and does not speak HTTP: \(failure)")
        }
        if gradeWatch(port) { return }
        gradeMetadata(port)
        gradeSync(port)
        gradeAdministration(port)
        gradeRest(port)
    }

    /// A port that refuses all alike serves nothing; ours does so on purpose, to see who still comes.
    private mutating func gradeWatch(_ port: AuditPort) -> Bool {
        let statuses = port.answers.map(\.status)
        guard statuses.allSatisfy({ $0 == 403 }) else { return false }
        find(
            .httpPort, .good, "port \(port.number) refuses everything with 403 from here: nothing was served in the clear",
            why:
                "Devices that still come here fail, and say with their requests which computer they are, for everyone on the way. A server that "
                + "refuses some addresses only looks the same to those.",
            mend: ["close the port once no device comes any more", "audit from an address that devices have, too"])
        return true
    }

    private mutating func gradeMetadata(_ port: AuditPort) {
        let services: [AuditService] = [.simpleAuth, .client]
        let open = services.filter { [.present, .credentials].contains(port.presence(of: $0)) }
        if !open.isEmpty {
            let proof = port.called(.getConfig).map { $0.isTheCallsAnswer } ?? false
            return find(
                .httpMetadata, .dangerous,
                "\(names(open)) \(open.count == 1 ? "answers" : "answer") on port \(port.number)" + (proof ? ", and GetConfig works there" : ""),
                why:
                    "What devices are told is not signed. Whoever is on the way can make every device that asks here run a signed program with arguments "
                    + "of their choice, as the system (WSUSpect, PyWSUS, wsuks).",
                mend: Self.requireTLS)
        }
        gradeElsewhere(.httpMetadata, services, port)
    }

    /// What is neither open nor surely shut.
    private mutating func gradeElsewhere(_ id: AuditSubject, _ services: [AuditService], _ port: AuditPort) {
        let presences = services.map { port.presence(of: $0) }
        if presences.contains(.redirected) {
            let place = port.answers.first { services.contains($0.service ?? .content) && $0.location != nil }?.location ?? "elsewhere"
            return find(
                id, .weak, "port \(port.number) points to \(place) and serves nothing itself",
                why: "Whoever is on the way answers the request in the clear instead of passing the redirection on.",
                mend: ["refuse the request (403) or close the port", "set WUServer and WUStatusServer to the https:// address"])
        }
        if presences.contains(.indistinct) {
            return find(id, .unknown, "port \(port.number) answers every path alike, so nothing can be said of \(names(services))")
        }
        if presences.contains(.unknown) {
            let answer = port.answers.first { services.contains($0.service ?? .content) && port.presence($0) == .unknown }
            let seen = answer?.failure ?? answer?.status.map { "status \($0)" } ?? "not asked"
            return find(id, .unknown, "port \(port.number): \(seen)")
        }
        find(id, .good, "port \(port.number) refuses \(names(services)) or does not have \(services.count == 1 ? "it" : "them")")
    }

    private mutating func gradeSync(_ port: AuditPort) {
        let services: [AuditService] = [.serverSync, .dssAuth]
        let open = services.filter { [.present, .credentials].contains(port.presence(of: $0)) }
        guard !open.isEmpty else { return gradeElsewhere(.httpSync, services, port) }
        find(
            .httpSync, .dangerous, "\(names(open)) \(open.count == 1 ? "answers" : "answer") on port \(port.number)",
            why: "A downstream server that synchronises in the clear can be told anything, and passes it on to its devices.",
            mend: Self.requireTLS + ["WSUS: on each downstream server, set the upstream server to use SSL"])
    }

    private mutating func gradeAdministration(_ port: AuditPort) {
        guard [.present, .credentials].contains(port.presence(of: .administration)) else {
            return gradeElsewhere(.httpAdministration, [.administration], port)
        }
        find(
            .httpAdministration, .dangerous, "ApiRemoting30 answers on port \(port.number)",
            why: "Who administers over it approves updates in the clear, and shows credentials that can be relayed.", mend: Self.requireTLS)
    }

    private mutating func gradeRest(_ port: AuditPort) {
        if [.present, .credentials].contains(port.presence(of: .reporting)) {
            find(
                .httpReporting, .weak, "ReportingWebService answers on port \(port.number)",
                why:
                    "Devices' reports can be read and forged on their way. WSUS's documentation leaves this service without TLS; with WUStatusServer on "
                    + "https:// no device uses it so.",
                mend: ["set WUStatusServer in the devices' policy to the https:// address"])
        }
        switch port.presence(of: .content) {
        case .present, .refused, .credentials:
            find(
                .httpContent, .note, "/Content/ is there on port \(port.number); nothing was downloaded",
                why:
                    "WSUS serves files over HTTP by design: devices check digest and signature by what they were told over TLS. Which files are fetched can "
                    + "be read on the way.")
        default: break
        }
        if port.presence(of: .selfUpdate) == .present {
            find(
                .httpSelfUpdate, .note, "/SelfUpdate/ is there on port \(port.number)",
                why: "WSUS serves it over HTTP by design; agents of Windows 10 and newer do not use it.")
        }
    }

    func names(_ services: [AuditService]) -> String {
        services.map(\.rawValue).joined(separator: " and ")
    }
}
