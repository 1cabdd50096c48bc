extension AuditGrading {
    static let day = 86_400
    private static let renew = ["get a new certificate and bind it; where devices pin the old one, give them the new one first"]

    mutating func gradeCertificate() {
        guard let tls = observation.https?.tls, !tls.spoken.isEmpty else { return }
        guard let leaf = tls.chain.first else {
            find(.certificateTrust, .unknown, tls.chainFault ?? "no certificate was seen")
            return
        }
        gradeTrust(tls, leaf)
        gradeName(leaf)
        gradeDates(tls.chain)
        gradeKeys(tls.chain)
        gradeSignatures(tls.chain)
        gradeUsage(leaf)
        if !leaf.hasRevocation {
            find(
                .certificateRevocation, .note, "the certificate names no list and no service of revocation",
                why: "A stolen key is good until the certificate ends. Private authorities without one are common; then keep certificates short.")
        }
    }

    private mutating func gradeTrust(_ tls: AuditTLS, _ leaf: AuditCertificate) {
        switch tls.trust {
        case .trusted: find(.certificateTrust, .good, "it leads to \(tls.roots)")
        case .unknown(let reason): find(.certificateTrust, .unknown, reason)
        case .untrusted(let reason) where leaf.isSelfIssued:
            find(
                .certificateTrust, .weak, "the certificate is its own issuer (\(reason))",
                why: "Every device must hold it itself in the computer's Trusted Root store, where it counts as an authority for all names.",
                mend: ["get a certificate from an authority that devices trust already, or from one of its own whose key is kept elsewhere"])
        case .untrusted(let reason) where tls.rootsAreGiven:
            find(
                .certificateTrust, .dangerous, "it does not lead to \(tls.roots): \(reason)",
                why: "Devices that trust that authority and no other show 0x80072F8F or 0x800B0109.",
                mend: [
                    "give devices the authority's certificate in the computer's Trusted Root store",
                    "let the server send the intermediate certificates",
                ])
        case .untrusted(let reason):
            find(
                .certificateTrust, .unknown, "it does not lead to \(tls.roots): \(reason)",
                why: "Which authorities devices trust is not known here.", mend: ["name the authority that devices trust with --ca FILE"])
        }
    }

    private mutating func gradeName(_ leaf: AuditCertificate) {
        let mend = ["get a certificate for the name that stands in the devices' policy (WUServer): names go into the alternative names"]
        let host = observation.host
        guard let names = leaf.names, !names.isEmpty else {
            let isCommon = leaf.commonName.map { Self.matches($0, host, isAddress: false) } ?? false
            return find(
                .certificateName, isCommon ? .weak : .dangerous,
                "the certificate has no alternative names" + (isCommon ? ", only the common name \(host)" : " and its common name is another"),
                why: isCommon ? "Many TLS clients look at alternative names alone." : "Devices show 0x80072F8F.", mend: mend)
        }
        let matching = names.filter { Self.matches($0, host, isAddress: observation.isAddress) }
        if matching.contains(host.lowercased()) || !matching.isEmpty && observation.isAddress {
            find(.certificateName, .good, "it is for \(host)")
        } else if let wildcard = matching.first {
            find(
                .certificateName, .note, "it is for \(wildcard)",
                why: "Whoever has its key can stand in for every name of that domain.", mend: ["prefer a certificate for this name alone"])
        } else {
            find(
                .certificateName, .dangerous, "it is not for \(host) but for \(names.prefix(5).joined(separator: ", "))",
                why: "Devices show 0x80072F8F.", mend: mend)
        }
    }

    /// A wildcard stands for a label of a domain, never for a whole one, and never for part of an address.
    static func matches(_ name: String, _ host: String, isAddress: Bool) -> Bool {
        let isWildcard = name.hasPrefix("*.")
        return TLSMove.matches(name, host) && !(isWildcard && (isAddress || !name.dropFirst(2).contains(".")))
    }

    private mutating func gradeDates(_ chain: [AuditCertificate]) {
        let now = observation.asOf
        for (index, certificate) in chain.enumerated() where index == 0 || !certificate.isSelfIssued {
            let what = index == 0 ? "the certificate" : "the intermediate certificate of \(certificate.subject)"
            if certificate.notAfter < now {
                return find(
                    .certificateDates, .dangerous, "\(what) ended at \(CivilTime.text(certificate.notAfter))", why: "Devices show 0x80072F8F.",
                    mend: Self.renew)
            }
            if certificate.notBefore > now {
                return find(
                    .certificateDates, .dangerous, "\(what) begins only at \(CivilTime.text(certificate.notBefore))", why: "Devices show 0x80072F8F.",
                    mend: ["check the clocks of this machine, the server and the authority"])
            }
        }
        let (what, end) =
            chain.enumerated().filter { $0.offset == 0 || !$0.element.isSelfIssued }
            .map { ($0.offset == 0 ? "the certificate" : "an intermediate certificate", $0.element.notAfter) }
            .min { $0.1 < $1.1 } ?? ("the certificate", now)
        let left = (end - now) / Self.day
        let seen = "\(what) ends at \(CivilTime.text(end)), in \(left) \(left == 1 ? "day" : "days")"
        switch left {
        case ..<14: find(.certificateDates, .weak, seen, why: "Then every device stops scanning at once (0x80072F8F).", mend: Self.renew)
        case ..<30: find(.certificateDates, .note, seen, mend: Self.renew)
        default: find(.certificateDates, .good, seen)
        }
    }

    private mutating func gradeKeys(_ chain: [AuditCertificate]) {
        var worst: (grade: AuditGrade, seen: String)?
        for (index, certificate) in chain.enumerated() {
            let what = index == 0 ? "" : "of \(certificate.subject): "
            let grade: AuditGrade =
                switch certificate.key {
                case .rsa(..<1024): .dangerous
                case .rsa(..<2048): .weak
                case .rsa: .good
                case .ellipticCurve(_, ..<224): .dangerous
                case .ellipticCurve(_, ..<256): .weak
                case .ellipticCurve: .good
                case .other: .unknown
                }
            let isWorse = worst.map { AuditGrade.worst(of: [$0.grade, grade]) != $0.grade } ?? true
            if isWorse { worst = (grade, what + certificate.keyText) }
        }
        guard let worst else { return }
        switch worst.grade {
        case .good: find(.certificateKey, .good, chain.first?.keyText ?? worst.seen)
        case .unknown:
            find(.certificateKey, .unknown, worst.seen, why: "Windows offers RSA, P-256 and P-384 for TLS by default.")
        default:
            find(
                .certificateKey, worst.grade, worst.seen,
                why: "A key of this size can be found with enough computers; then anyone can stand in for the server.",
                mend: ["get a certificate with a new key: ECDSA on P-256, or RSA of 2,048 bits or more"])
        }
    }

    private mutating func gradeSignatures(_ chain: [AuditCertificate]) {
        // A root's own signature proves nothing and is not looked at.
        let counted = chain.enumerated().filter { $0.offset == 0 || !$0.element.isSelfIssued }.map(\.element)
        let broken = counted.filter { $0.signature.hasPrefix("MD") }
        let old = counted.filter { $0.signature.hasPrefix("SHA-1") }
        if let certificate = broken.first {
            find(
                .certificateSignature, .dangerous,
                "\(certificate.subject.isEmpty ? "the certificate" : certificate.subject) is signed with \(certificate.signature)",
                why: "Such signatures can be forged.", mend: ["have the chain issued anew with SHA-256"])
        } else if let certificate = old.first {
            find(
                .certificateSignature, .weak,
                "\(certificate.subject.isEmpty ? "the certificate" : certificate.subject) is signed with \(certificate.signature)",
                why: "Windows refuses it below public authorities, and SHA-1 collisions can be made.",
                mend: ["have the chain issued anew with SHA-256"])
        } else {
            find(.certificateSignature, .good, counted.first?.signature ?? "")
        }
    }

    private mutating func gradeUsage(_ leaf: AuditCertificate) {
        let usages = leaf.usages ?? []
        if leaf.usages != nil, !usages.contains("1.3.6.1.5.5.7.3.1"), !usages.contains("2.5.29.37.0") {
            return find(
                .certificateUsage, .dangerous, "it is not for servers: \(usages.map(AuditCertificate.usageName).joined(separator: ", "))",
                why: "Devices show 0x80072F8F.", mend: ["get a certificate with the extended key usage \"server authentication\""])
        }
        if usages.contains("1.3.6.1.5.5.7.3.3") || usages.contains("2.5.29.37.0") {
            return find(
                .certificateUsage, .weak, "it may sign programs too",
                why: "Who takes the server's key can sign what devices then trust.", mend: ["get a certificate for \"server authentication\" alone"])
        }
        if leaf.isAuthority {
            return find(
                .certificateUsage, .weak, "it is the certificate of an authority",
                why: "Who takes the server's key can make certificates for any name that devices then trust.",
                mend: ["keep the authority's key elsewhere, and give the server a certificate from it"])
        }
        if leaf.usages == nil {
            return find(
                .certificateUsage, .note, "it does not say what it is for", mend: ["prefer one with the extended key usage \"server authentication\""]
            )
        }
        find(.certificateUsage, .good, usages.map(AuditCertificate.usageName).joined(separator: ", "))
    }
}
