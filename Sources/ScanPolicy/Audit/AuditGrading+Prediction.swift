extension AuditGrading {
    /// What a device does whose policy names this server and that has no proxy: one for each address that serves, or should serve, metadata.
    func predictions() -> [AuditReport.Prediction] {
        var predictions: [AuditReport.Prediction] = []
        if let port = observation.http, [AuditService.simpleAuth, .client].contains(where: { port.presence(of: $0) == .present }) {
            predictions += prediction(ServerURL(scheme: .http, host: observation.host, port: port.number), fails: nil)
        }
        if let port = observation.https, port.state == .open {
            predictions += prediction(ServerURL(scheme: .https, host: observation.host, port: port.number), fails: stop(port))
        }
        return predictions
    }

    private func prediction(_ url: ServerURL, fails: (reason: String, code: String)?) -> [AuditReport.Prediction] {
        var device = DeviceFacts(name: "")
        device.policy[.wuServer] = url.description
        device.policy[.wuStatusServer] = url.description
        device.policy[.useWUServer] = 1
        var judge = ScanJudge(ScanJudge.Circumstances(network: .direct, certificate: nil, target: nil))
        let verdicts = judge.verdicts(of: device)
        return EnforcementLevel.allCases.map { level in
            let verdict = verdicts[level, .detection]
            guard let fails else {
                return AuditReport.Prediction(
                    url: url.description, level: level.rawValue, outcome: verdict.outcome.rawValue, path: verdict.path.map(\.rawValue),
                    row: verdict.row.description, evidence: verdict.evidence.rawValue, errors: [], note: nil)
            }
            return AuditReport.Prediction(
                url: url.description, level: level.rawValue, outcome: ScanOutcome.fails.rawValue, path: verdict.path.map(\.rawValue),
                row: verdict.row.description, evidence: Evidence.inferred.rawValue, errors: [fails.code],
                note: "\(fails.reason); otherwise \(verdict.outcome.rawValue)")
        }
    }

    /// Why no device gets through TLS to this server, or to its services, and what it shows.
    private func stop(_ port: AuditPort) -> (reason: String, code: String)? {
        func isDangerous(_ id: AuditSubject) -> Bool { findings.contains { $0.id == id && $0.grade == .dangerous } }
        guard let tls = port.tls, !tls.spoken.isEmpty else {
            return isDangerous(.tlsServices) ? ("no version of TLS is spoken", "0x80072EFD") : nil
        }
        for (id, reason) in [
            (AuditSubject.certificateTrust, "the certificate is from another authority"), (.certificateName, "the certificate has another name"),
            (.certificateDates, "the certificate is not valid now"), (.certificateUsage, "the certificate is not for servers"),
        ] where isDangerous(id) { return (reason, "0x80072F8F") }
        switch tls.clientCertificate {
        case .demanded: return ("a client certificate is demanded", "0x80072F0C")
        case .asked: return ("a client certificate is asked for", "0x80072F0C")
        case .notAsked, .unknown: break
        }
        guard isDangerous(.tlsServices) else { return nil }
        let presences = [AuditService.simpleAuth, .client].map { port.presence(of: $0) }
        let code = presences.contains(.credentials) ? "0x80244017" : presences.contains(.refused) ? "0x80244018" : "0x80244019"
        return ("the services that devices ask are not there for them", code)
    }
}
