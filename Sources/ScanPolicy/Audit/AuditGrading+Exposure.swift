extension AuditGrading {
    /// What else the devices' port lets strangers reach, and the clock.
    mutating func gradeExposure() {
        guard let port = observation.https, port.state == .open, port.speaksHTTP else { return }
        gradeAdministration(port)
        gradeDownstream(port)
        let offsets = port.answers.compactMap(\.clockOffset)
        guard let offset = offsets.min(by: { abs($0) < abs($1) }) else { return }
        if abs(offset) > 300 {
            find(
                .clock, .weak, "the server's clock is \(abs(offset)) seconds \(offset > 0 ? "ahead of" : "behind") this machine's",
                why: "Cookies and certificates end by clocks; one of the two is wrong.", mend: ["let both follow a time server"])
        } else {
            find(.clock, .good, "within \(max(1, abs(offset))) seconds of this machine's")
        }
    }

    private mutating func gradeAdministration(_ port: AuditPort) {
        switch port.presence(of: .administration) {
        case .present, .credentials:
            find(
                .administration, .weak, "ApiRemoting30 answers on port \(port.number), where every device can reach it",
                why: "A stolen administrator's credential works from any device, and every flaw in it is every device's to try.",
                mend: ["WSUS: let only administrators' machines reach /ApiRemoting30 (IIS: IP Address and Domain Restrictions)"])
        case .absent: find(.administration, .good, "ApiRemoting30 is not on port \(port.number)")
        case .refused: find(.administration, .good, "port \(port.number) refuses ApiRemoting30 to this machine")
        case .redirected, .indistinct, .unknown: find(.administration, .unknown, "nothing is known of ApiRemoting30 on port \(port.number)")
        }
    }

    private mutating func gradeDownstream(_ port: AuditPort) {
        let mend = [
            "WSUS: name the downstream servers that may synchronise (Web.config of DssAuthWebService and ServerSyncWebService, with authentication)",
            "let only downstream servers reach /ServerSyncWebService and /DssAuthWebService",
        ]
        if let answer = port.called(.getAuthConfig), answer.isTheCallsAnswer {
            return find(
                .downstream, .weak, "ServerSyncWebService answered GetAuthConfig to a stranger on port \(port.number)",
                why:
                    "Whoever asks as a downstream server learns what is approved and what is not, and servers are known by a number they say themselves.",
                mend: mend)
        }
        let services: [AuditService] = [.serverSync, .dssAuth]
        let presences = services.map { port.presence(of: $0) }
        if presences.contains(.present) {
            find(
                .downstream, .note, "services for downstream servers are there on port \(port.number), but GetAuthConfig was not answered", mend: mend
            )
        } else if presences.contains(.credentials) {
            find(.downstream, .good, "services for downstream servers want credentials")
        } else if presences.allSatisfy({ $0 == .absent || $0 == .refused }) {
            find(.downstream, .good, "port \(port.number) refuses services for downstream servers, or does not have them")
        } else {
            find(.downstream, .unknown, "nothing is known of services for downstream servers on port \(port.number)")
        }
    }
}
