public import Updates
import X509

/// What a change of the server's certificate comes to. Nothing is on disk yet.
public struct Renewal: Sendable {
    /// What is to be held from now on.
    public internal(set) var store: KeyStore
    /// The certificate to be shown, if it is another than before.
    public internal(set) var shown: HeldCertificate?
    /// The CA made new certificates.
    public internal(set) var hasMade = false
    /// What could not be done beside it, and does not stand in its way.
    public internal(set) var remark: TrustError?
    /// Why nothing is changed although it is time.
    public internal(set) var obstacle: TrustError?
}

extension KeyStore {
    /// A certificate with less time than this left is replaced.
    static let renewalSeconds: Int64 = 30 * 86_400
    /// From here on it is an error that it was not replaced.
    static let urgencySeconds: Int64 = 7 * 86_400
    /// The time alone makes the CA sign once in this long: a clock that jumps to and fro makes no storm.
    static let pauseSeconds: Int64 = 86_400

    /// Whether the current certificate should make room: it is near its end (and a new one would last longer), or not valid, or does not fit
    /// names or CA.
    func isDue(names: [ServerName], ca: Certificate, now: Timestamp) -> Bool {
        if !fits(current, names: names, ca: ca) || current.notBefore > now || current.notAfter <= now { return true }
        guard current.notAfter.milliseconds(since: now) < Self.renewalSeconds * 1000 else { return false }
        return current.origin == .imported || ca.notValidAfter.timestamp > current.notAfter
    }

    /// It can be shown for these names as far as time is not concerned.
    private func fits(_ certificate: HeldCertificate, names: [ServerName], ca: Certificate) -> Bool {
        guard certificate.leaf.publicKey == certificate.key.publicKey else { return false }
        switch certificate.origin {
        case .own:
            // While devices have its pin, a certificate with more names than needed is better kept.
            let isExact = Set(certificate.alternativeNames) == Set(names.map(\.generalName))
            return certificate.isFrom(ca) && (isExact || publication.isPinned && names.allSatisfy(certificate.vouches(for:)))
        case .imported: return names.allSatisfy { certificate.vouches(for: $0) || $0.isLoopback }
        }
    }

    private func obstacle(_ certificate: HeldCertificate, now: Timestamp) -> SwitchGate.Obstacle? {
        SwitchGate.obstacle(to: certificate.sha256, notBefore: certificate.notBefore, notAfter: certificate.notAfter, publication, now: now)
    }

    /// Why none of those held follows the current one by itself.
    private func noneFollows(_ names: [ServerName], _ ca: Certificate) -> String {
        if next.isEmpty { return ", for none is held: martlet certs renew --prepare makes one, martlet certs import --next brings one" }
        let others = next.count { $0.origin != current.origin && fits($0, names: names, ca: ca) }
        guard others == 0 else {
            return """
                : \(others) of another CA \(others == 1 ? "is" : "are") held, which is changed to by hand only: martlet certs renew if devices \
                trust that CA, else martlet certs import --next the one after the current one, and export pins
                """
        }
        return ": those held (\(next.count)) lack a name of this home or end no later than the current one"
    }

    // MARK: - By itself

    /// What the server does of itself at this moment, at its start and from time to time.
    func renewing(_ issuer: CertificateIssuer, names: [ServerName], ca: Certificate, now: Timestamp) -> Renewal {
        var renewal = Renewal(store: self)
        guard isDue(names: names, ca: ca, now: now) else {
            // Certificates ahead are made without haste, and never twice for the same reason.
            if case .authority = issuer, current.origin == .own { renewal.makeAhead(issuer, names: names, ca: ca, now: now) }
            return renewal
        }
        let isValid = current.notBefore <= now && now < current.notAfter
        let isFit = fits(current, names: names, ca: ca)
        var obstacle: SwitchGate.Obstacle?
        for certificate in next + (previous.map { [$0] } ?? []) where fits(certificate, names: names, ca: ca) {
            // A CA of another kind is the administrator's choice, made by hand.
            guard certificate.origin == current.origin, !isFit || !isValid || certificate.notAfter > current.notAfter else { continue }
            if let found = self.obstacle(certificate, now: now) {
                obstacle = obstacle ?? found
                continue
            }
            renewal.show(certificate, now: now)
            if case .authority = issuer, certificate.origin == .own { renewal.makeAhead(issuer, names: names, ca: ca, now: now) }
            return renewal
        }
        do throws(TrustError) {
            if publication.isPinned {
                throw TrustError(.pinned, "no next certificate can be shown\(obstacle.map { ": \($0)" } ?? noneFollows(names, ca))")
            }
            guard current.origin == .own else {
                throw TrustError(.certificate, "it was imported: import the one after it (martlet certs import)")
            }
            // Those made ahead last for years: a clock by which none of them is valid is rather wrong than right.
            guard isValid else {
                throw TrustError(
                    .certificate,
                    "no certificate that is held is valid at \(now.text(.seconds)): if the clock is right, martlet certs renew makes one")
            }
            if isFit, let renewedAt, abs(now.milliseconds(since: renewedAt)) < Self.pauseSeconds * 1000 {
                throw TrustError(.certificate, "one was made at \(renewedAt.text(.seconds)) already: is the clock right?")
            }
            try renewal.makeCurrent(issuer, RenewalOptions(), names: names, ca: ca, now: now)
            if isFit { renewal.store.renewedAt = now }
        } catch {
            renewal = Renewal(store: self)
            renewal.obstacle = error
        }
        return renewal
    }

    // MARK: - By hand

    /// What `martlet certs renew` comes to.
    func renewing(
        by options: RenewalOptions, _ issuer: CertificateIssuer, names: [ServerName], ca: Certificate, now: Timestamp
    ) throws(TrustError) -> Renewal {
        var renewal = Renewal(store: self)
        if options.prepares {
            let times = missing(options, ca: ca, now: now)
            renewal.store.next.insert(contentsOf: try issuer.certificates(times, names: names, ca: ca, now: now), at: 0)
            renewal.hasMade = true
            return renewal
        }
        if options.isForced || !publication.isPinned && current.origin == .own && issuer.isAble {
            try renewal.makeCurrent(issuer, options, names: names, ca: ca, now: now)
            return renewal
        }
        var reasons: [String] = []
        var open: [HeldCertificate] = []
        for certificate in next {
            let name = "\(certificate.sha256.description.prefix(16))"
            if !fits(certificate, names: names, ca: ca) {
                reasons.append("\(name) lacks a name of this home")
            } else if let obstacle = obstacle(certificate, now: now) {
                reasons.append("\(name): \(obstacle)")
            } else {
                open.append(certificate)
            }
        }
        // In their order, but none that would be due at once while another lasts longer.
        let lasting = open.first { $0.notAfter.milliseconds(since: now) >= Self.renewalSeconds * 1000 }
        if let certificate = lasting ?? open.max(by: { $0.notAfter < $1.notAfter }) {
            renewal.show(certificate, now: now)
            if certificate.origin == .own { try renewal.addMissing(to: self, issuer, options, names: names, ca: ca, now: now) }
            return renewal
        }
        if publication.isPinned {
            let why = reasons.isEmpty ? "none is held (martlet certs renew --prepare makes one)" : reasons.joined(separator: "; ")
            throw TrustError(.pinned, "no next certificate can be shown: \(why)")
        }
        if current.origin == .imported {
            throw TrustError(
                .certificate,
                "the certificate was imported: import the one after it (martlet certs import), or go back to the home's own CA with --force")
        }
        if case .nobody(let reason) = issuer { throw reason }
        throw TrustError(.certificate, "no certificate can be shown: \(reasons.joined(separator: "; "))")
    }

    /// Takes a certificate of another CA: to be shown at once, or as the next one.
    public func importing(
        _ certificate: HeldCertificate, asNext: Bool, isForced: Bool, names: [ServerName], now: Timestamp
    ) throws(TrustError) -> Renewal {
        let faults = certificate.faults(names: names, now: now).filter { !(asNext && $0.code == .notYetValid) }
        guard faults.isEmpty else {
            throw TrustError(.certificate, "the certificate is refused: \(faults.map(\.message).joined(separator: "; "))")
        }
        var renewal = Renewal(store: self)
        if request?.publicKey == certificate.leaf.publicKey { renewal.store.request = nil }
        guard certificate != current else { throw TrustError(.exists, "this certificate is the current one already") }
        if asNext {
            renewal.store.next.removeAll { $0 == certificate }
            renewal.store.next.insert(certificate, at: 0)
            return renewal
        }
        if !isForced, let obstacle = obstacle(certificate, now: now) {
            throw TrustError(
                .pinned,
                "it cannot be shown: \(obstacle). Take it as the next one (--next), export pins, and change to it with martlet certs renew")
        }
        renewal.show(certificate, now: now)
        // Certificates of the home's own CA do not follow on another's: devices may trust one CA only.
        if !publication.isPinned { renewal.store.next.removeAll { $0.origin == .own } }
        return renewal
    }
}

extension Renewal {
    fileprivate mutating func show(_ certificate: HeldCertificate, now: Timestamp) {
        store.use(certificate, now: now)
        shown = certificate
    }

    /// A new one from now on. Certificates that were published stay in line.
    fileprivate mutating func makeCurrent(
        _ issuer: CertificateIssuer, _ options: RenewalOptions, names: [ServerName], ca: Certificate, now: Timestamp
    ) throws(TrustError) {
        let made = try issuer.certificates(store.missing(options, ca: ca, now: now), names: names, ca: ca, now: now)
        guard let first = made.first else { throw TrustError(.certificate, "the CA has expired") }
        if !store.publication.isPinned { store.next = Array(made.dropFirst()) }
        show(first, now: now)
        hasMade = true
    }

    /// Those that a change with pins has yet to add behind the ones that are held.
    fileprivate mutating func addMissing(
        to before: KeyStore, _ issuer: CertificateIssuer, _ options: RenewalOptions, names: [ServerName], ca: Certificate, now: Timestamp
    ) throws(TrustError) {
        if case .brought = issuer {
            let times = before.missing(options, ca: ca, now: now)
            guard !times.isEmpty else { return }
            store.next += try issuer.certificates(times, names: names, ca: ca, now: now)
            hasMade = true
        } else {
            makeAhead(issuer, names: names, ca: ca, now: now)
        }
    }

    fileprivate mutating func makeAhead(_ issuer: CertificateIssuer, names: [ServerName], ca: Certificate, now: Timestamp) {
        let times = store.ahead(ca: ca, now: now)
        guard !times.isEmpty else { return }
        do throws(TrustError) {
            store.forgetEnded(now: now)
            store.next += try issuer.certificates(times, names: names, ca: ca, now: now)
            hasMade = true
        } catch {
            remark = error
        }
    }
}
