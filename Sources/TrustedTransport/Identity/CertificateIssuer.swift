import Updates
import X509

/// Where new certificates of the home's own CA come from.
public enum CertificateIssuer: Sendable {
    /// The CA's key is at hand.
    case authority(CertificateAuthority)
    /// They were made elsewhere by the CA's key and brought here, in the order of the times that ``KeyStore/missing(_:names:ca:now:)`` said.
    case brought([HeldCertificate])
    /// Nowhere: why.
    case nobody(TrustError)

    var isAble: Bool {
        switch self {
        case .authority: true
        case .brought(let certificates): !certificates.isEmpty
        case .nobody: false
        }
    }

    /// - Throws: where there is no key, or what was brought is not what is wanted.
    func certificates(
        _ times: [CertificateAuthority.Validity], names: [ServerName], ca: Certificate, now: Timestamp
    ) throws(TrustError) -> [HeldCertificate] {
        var made: [HeldCertificate] = []
        switch self {
        case .authority(let authority):
            for time in times { made.append(try authority.issue(names: names, time, now: now)) }
        case .brought(let certificates):
            guard certificates.count == times.count else {
                throw TrustError(.certificate, "\(certificates.count) certificates were brought, and \(times.count) are wanted: try again")
            }
            for (certificate, time) in zip(certificates, times) {
                let faults = certificate.faults(names: names, now: max(now, time.notBefore.adding(seconds: 1)))
                if let fault = faults.first { throw TrustError(.certificate, "a certificate that was brought is refused: \(fault.message)") }
                guard certificate.isFrom(ca) else { throw TrustError(.certificate, "a certificate that was brought is not from this home's CA") }
                made.append(certificate)
            }
        case .nobody(let reason):
            throw reason
        }
        return made
    }
}

/// What a renewal is to do beside the usual.
public struct RenewalOptions: Hashable, Sendable, Codable {
    /// Only make another next certificate, valid from now on, and show none of them yet.
    public var prepares: Bool
    /// Pass the gate of pins; said in the log.
    public var isForced: Bool

    public init(prepares: Bool = false, isForced: Bool = false) {
        self.prepares = prepares
        self.isForced = isForced
    }
}

extension KeyStore {
    /// Days that a certificate and the one after it are both valid.
    static let overlapSeconds: Int64 = 60 * 86_400

    /// The times of the certificates that a renewal needs from the CA, in order.
    ///
    /// Without pins that is a current one from now on and those after it. With pins the next ones are final: they are used, and what is
    /// missing is added to them.
    func missing(_ options: RenewalOptions, ca: Certificate, now: Timestamp) -> [CertificateAuthority.Validity] {
        let fresh = CertificateAuthority.Validity(from: now.adding(seconds: -CertificateAuthority.backdatingSeconds))
        if options.prepares { return [fresh] }
        if options.isForced { return [fresh] + following(fresh.notAfter, count: publication.isPinned ? 0 : Self.nextCount, ca: ca, now: now) }
        guard publication.isPinned else { return [fresh] + following(fresh.notAfter, count: Self.nextCount, ca: ca, now: now) }
        let kept = next.filter { $0.notAfter > now }
        // The first of those kept becomes the current one.
        return following(lastEnd(kept, now), count: Self.nextCount - max(0, kept.count - 1), ca: ca, now: now)
    }

    /// The times of those that are to be made ahead beside what is held.
    func ahead(ca: Certificate, now: Timestamp) -> [CertificateAuthority.Validity] {
        let kept = next.filter { $0.notAfter > now }
        return following(lastEnd(kept, now), count: Self.nextCount - kept.count, ca: ca, now: now)
    }

    private func lastEnd(_ kept: [HeldCertificate], _ now: Timestamp) -> Timestamp {
        (kept.map(\.notAfter) + [current.notAfter, now]).max() ?? now
    }

    private func following(_ end: Timestamp, count: Int, ca: Certificate, now: Timestamp) -> [CertificateAuthority.Validity] {
        var times: [CertificateAuthority.Validity] = []
        var end = end
        let soonest = now.adding(seconds: -CertificateAuthority.backdatingSeconds)
        // One that would end with the CA before it is of use is not made.
        while times.count < count, end < ca.notValidAfter.timestamp {
            let time = CertificateAuthority.Validity(from: max(end.adding(seconds: -Self.overlapSeconds), soonest))
            times.append(time)
            end = time.notAfter
        }
        return times
    }
}
