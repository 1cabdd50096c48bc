/// Grades what was seen of a server. A pure function: the same observation gives the same report.
///
/// Sources of the rules: docs/scan-policy.md (how a server's TLS is to be set up; error codes) and docs/adr/0024.
public struct AuditGrading {
    let observation: AuditObservation
    var findings: [AuditReport.Finding] = []
    var remarks: [String] = []

    public static func report(_ observation: AuditObservation) -> AuditReport {
        var grading = Self(observation: observation)
        grading.gradeAll()
        let grade = AuditGrade.worst(of: grading.findings.map(\.grade))
        return AuditReport(
            host: observation.host, address: observation.address, asOf: CivilTime.text(observation.asOf), grade: grade,
            isComplete: observation.notAsked.isEmpty && !grading.findings.contains { $0.grade == .unknown },
            findings: grading.findings, predictions: grading.predictions(), ports: grading.ports(), versions: grading.versions(),
            certificates: observation.https?.tls?.chain.map(\.shown) ?? [], roots: observation.https?.tls?.roots ?? "",
            remarks: grading.remarks, notAsked: observation.notAsked, connections: observation.connections,
            bytesReceived: observation.bytesReceived)
    }

    mutating func find(_ id: AuditSubject, _ grade: AuditGrade, _ seen: String, why: String? = nil, mend: [String] = []) {
        findings.append(AuditReport.Finding(id: id, grade: grade, seen: seen, why: why, mend: mend))
    }

    private mutating func gradeAll() {
        guard gradeReachable() else { return }
        gradeHTTP()
        gradeTLS()
        gradeCertificate()
        gradeExposure()
        remarks += [
            "Any certificate for this name from any authority that devices trust is enough to stand in for this server. Only a pin on the devices "
                + "(the computer's store WindowsServerUpdateServices) stops that, and no look at a server tells whether they have one.",
            "HSTS is of no concern here: the update agent keeps no memory of it.",
        ]
    }

    private mutating func gradeReachable() -> Bool {
        let ports = [observation.https, observation.http].compactMap { $0 }
        guard ports.contains(where: { $0.state == .open }) else {
            find(
                .reachable, .unknown,
                "nothing could be seen: "
                    + ports.map { "port \($0.number) \($0.state.text)" }.joined(separator: ", "),
                mend: ["check the name, the ports and the firewalls between this machine and the server"])
            return false
        }
        let answers = ports.flatMap(\.answers)
        if answers.contains(where: { $0.request == .getConfig && $0.isTheCallsAnswer }) {
            find(.reachable, .good, "it answers GetConfig, as an update server does")
        } else if ports.contains(where: { !$0.services(.present).isEmpty || !$0.services(.credentials).isEmpty }) {
            find(.reachable, .note, "paths of an update server are there, but GetConfig was not answered")
        } else {
            find(
                .reachable, .unknown, "nothing that an update server has was found: this may be another kind of server",
                mend: ["check that the URL is the one in the devices' policy (WUServer)"])
        }
        return true
    }

    private func ports() -> [AuditReport.Port] {
        [("https", observation.https), ("http", observation.http)].compactMap { scheme, port in
            port.map { port in
                AuditReport.Port(
                    port: port.number, scheme: scheme, state: port.state.text,
                    services: port.answers.compactMap { answer in
                        answer.service.map {
                            AuditReport.Service(
                                service: $0.rawValue, path: $0.path, request: answer.request, status: answer.status, presence: port.presence(answer),
                                redirect: answer.location, failure: answer.failure)
                        }
                    })
            }
        }
    }

    private func versions() -> [AuditReport.Version] {
        guard let tls = observation.https?.tls else { return [] }
        return TLSVersion.allCases.map { version in
            let suites = tls.suites(of: version).map { AuditReport.Suite(name: $0.description, grade: $0.worth.grade, reason: $0.worth.reason) }
            return switch tls.versions[version] {
            case .yes(_, let isWhole):
                AuditReport.Version(
                    version: version.description, isSpoken: true, reason: isWhole ? nil : "there may be more suites: time ran out", suites: suites)
            case .no(let reason): AuditReport.Version(version: version.description, isSpoken: false, reason: reason, suites: [])
            case .unknown(let reason): AuditReport.Version(version: version.description, isSpoken: nil, reason: reason, suites: [])
            case nil: AuditReport.Version(version: version.description, isSpoken: nil, reason: "not asked", suites: [])
            }
        }
    }
}

extension AuditPort.State {
    var text: String {
        switch self {
        case .open: "open"
        case .closed: "closed"
        case .silent: "silent"
        case .failed(let reason): reason
        }
    }
}

extension AuditCertificate {
    var keyText: String {
        switch key {
        case .rsa(let bits): "RSA, \(bits) bits"
        case .ellipticCurve(let name, _): "ECDSA, \(name)"
        case .other(let name): name
        }
    }

    fileprivate var shown: AuditReport.Certificate {
        AuditReport.Certificate(
            subject: subject, issuer: issuer, names: names ?? [], key: keyText, signature: signature, notBefore: CivilTime.text(notBefore),
            notAfter: CivilTime.text(notAfter), usages: usages?.map(Self.usageName) ?? [], isAuthority: isAuthority, sha1: sha1, sha256: sha256)
    }

    static func usageName(_ number: String) -> String {
        switch number {
        case "1.3.6.1.5.5.7.3.1": "server authentication"
        case "1.3.6.1.5.5.7.3.2": "client authentication"
        case "1.3.6.1.5.5.7.3.3": "code signing"
        case "2.5.29.37.0": "any"
        default: number
        }
    }
}
