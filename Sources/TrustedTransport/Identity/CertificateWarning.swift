public import Updates
import X509

/// What an administrator should know about the server's certificates.
public struct CertificateWarning: Hashable, Sendable, Codable {
    public enum Level: String, Hashable, Sendable, Codable, Comparable {
        case notice
        case warning
        case error

        public static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }
        private var rank: Int { [Self.notice, .warning, .error].firstIndex(of: self) ?? 0 }
    }

    public enum Code: String, Hashable, Sendable, Codable {
        /// The current certificate ends within 30, 14 or 3 days, or has ended.
        case expires
        /// It is time for another certificate, and something stands in the way.
        case blocked
        /// Nothing follows the current certificate.
        case noNext
        /// Pins were exported, but not for a certificate that could follow.
        case unpublished
        /// The CA itself ends.
        case authorityEnds
        /// Devices would refuse the current certificate.
        case refused
        /// Some devices find no suite with it.
        case rsa
        /// Names that lead to this machine only are not in it.
        case localNames
    }

    public let level: Level
    public let code: Code
    public let message: String
}

extension IdentityFolder {
    /// Thresholds in days, and how loudly each is said.
    private static let days: [(days: Int64, level: CertificateWarning.Level)] = [(3, .error), (14, .warning), (30, .notice)]

    /// Everything to be said at this moment.
    ///
    /// - Parameter obstacle: what stood in the way of a change that is due.
    public func warnings(of store: KeyStore, obstacle: TrustError?, now: Timestamp) throws(TrustError) -> [CertificateWarning] {
        let ca = try authority()
        let current = store.current
        var warnings: [CertificateWarning] = []
        func warn(_ level: CertificateWarning.Level, _ code: CertificateWarning.Code, _ message: String) {
            warnings.append(CertificateWarning(level: level, code: code, message: message))
        }
        let left = current.notAfter.milliseconds(since: now)
        let faults = current.faults(names: names, now: now).filter { $0.code != .expired || left > 0 }
        for fault in faults { warn(.error, .refused, "devices would refuse the certificate: \(fault.message)") }
        if left <= 0 {
            warn(.error, .expires, "the certificate ended at \(current.notAfter.text(.seconds)): every device refuses it")
        } else if let threshold = Self.days.first(where: { left <= $0.days * 86_400_000 }) {
            let rest = left / 86_400_000
            warn(
                threshold.level, .expires, "the certificate ends at \(current.notAfter.text(.seconds)), in \(rest == 1 ? "1 day" : "\(rest) days")")
        }
        if let obstacle {
            let isUrgent = left <= KeyStore.urgencySeconds * 1000
            warn(isUrgent ? .error : .warning, .blocked, "the certificate is due to be changed and was not: \(obstacle)")
        }
        let following = store.next.filter { $0.notAfter > max(now, current.notAfter) }
        if following.isEmpty, ca.notAfter > current.notAfter || current.origin == .imported {
            let mend =
                current.origin == .imported
                ? "import it ahead (martlet certs import --next)" : "martlet certs renew --ca-key FILE makes it where the CA's key is at hand"
            warn(store.publication.isPinned ? .warning : .notice, .noNext, "no certificate is made ahead that follows the current one: \(mend)")
        }
        if store.publication.isPinned, !following.isEmpty, !following.contains(where: { store.publication[$0.sha256] != nil }) {
            warn(
                .warning, .unpublished,
                "pins were exported, and for no certificate that follows the current one: export them again (martlet pins export) in time")
        }
        authorityWarning(ca, current, now, warn)
        if ([current] + store.next).contains(where: \.isRSA) { warn(.notice, .rsa, Self.rsaPrediction) }
        let lacking = names.filter { !current.vouches(for: $0) && $0.isLoopback }
        if !lacking.isEmpty {
            warn(.notice, .localNames, "it does not name \(lacking.map(\.description).joined(separator: ", ")): local tools need another name")
        }
        return warnings
    }

    private func authorityWarning(
        _ ca: AuthorityCertificate, _ current: HeldCertificate, _ now: Timestamp,
        _ warn: (CertificateWarning.Level, CertificateWarning.Code, String) -> Void
    ) {
        guard current.origin == .own else { return }
        let days = ca.notAfter.milliseconds(since: now) / 86_400_000
        guard days < 365 else { return }
        let level: CertificateWarning.Level = days < 30 ? .error : days < 90 ? .warning : .notice
        warn(level, .authorityEnds, "the CA ends at \(ca.notAfter.text(.seconds)): make a new home with a new CA, which devices must trust first")
    }

    /// Which Windows finds no suite with an RSA key: of our suites of TLS 1.2 only ECDHE-RSA with AES-GCM fit one. Windows has these since
    /// Windows 10 version 1507 and Server 2016 (Microsoft Learn, "TLS (Schannel SSP) changes in Windows 10 and Windows Server"; "TLS Cipher
    /// Suites in Windows 8.1" lists none).
    public static let rsaPrediction = """
        a key is RSA. Prediction from Microsoft's lists of cipher suites: Windows 7, 8, 8.1 and Server 2008 R2, 2012, 2012 R2 find no \
        authenticated suite with it and cannot connect; Windows 10, Server 2016 and later can. A P-256 key serves them all
        """
}
