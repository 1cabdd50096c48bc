import FoundationEssentials
import ScanPolicy
import SwiftASN1
@_spi(FixedExpiryValidationTime) import X509

/// Says whether a chain leads to a root, apart from names and dates, which are judged by themselves.
struct ChainTrust: Sendable {
    let isGiven: Bool
    private let roots: CertificateStore
    private let words: String

    /// - Parameter caFile: PEM; `nil`: the roots of this machine, wherever it keeps them, and never the environment's.
    init(caFile: String?) throws(TrustError) {
        isGiven = caFile != nil
        guard let caFile else {
            roots = .systemTrustRoots
            words = "an authority that this machine trusts"
            return
        }
        guard let data = FileManager.default.contents(atPath: caFile) else { throw TrustError(.missing, "\(caFile) cannot be read") }
        let certificates: [Certificate]
        do {
            certificates = try PEMDocument.parseMultiple(pemString: String(decoding: data, as: UTF8.self)).map { try Certificate(pemDocument: $0) }
        } catch {
            throw TrustError(.malformed, "\(caFile) does not hold certificates in PEM form")
        }
        guard !certificates.isEmpty else { throw TrustError(.malformed, "\(caFile) does not hold certificates in PEM form") }
        do {
            // Constraints to kinds of names that no server has (electronic mail, say) are more than the library judges. A root's own signature
            // proves nothing and is not looked at.
            roots = CertificateStore(
                try certificates.map { root in
                    let constraints = try root.extensions.nameConstraints
                    let isJudged = constraints.map { ($0.permittedSubtrees + $0.excludedSubtrees).allSatisfy(\.isJudged) } ?? true
                    return isJudged ? root : try root.withoutConstraints { !$0.isJudged }
                })
        } catch {
            throw TrustError(.malformed, "\(caFile) holds a certificate whose name constraints cannot be read")
        }
        words = "an authority of \(caFile)"
    }

    func judge(_ chain: [[UInt8]], leaf: AuditCertificate, asOf: Int) async -> (AuditTLS.Trust, roots: String) {
        let certificates = chain.compactMap { try? Certificate(derEncoded: $0) }
        guard certificates.count == chain.count, let first = certificates.first else {
            if leaf.isSelfIssued { return (.untrusted("it is signed by itself"), words) }
            return (.unknown("a key or a signature of the chain is of a kind that is not verified here"), words)
        }
        if leaf.signature.hasPrefix("SHA-1") || leaf.signature.hasPrefix("MD") {
            return (.unknown("\(leaf.signature) proves nothing here, so nothing is known of who issued it"), words)
        }
        // A certificate whose time is over, or not yet come, is judged by a time at which it was good: its dates are another finding.
        let time = Date(timeIntervalSince1970: Double(min(max(asOf, leaf.notBefore), leaf.notAfter)))
        var verifier = Verifier(rootCertificates: roots) {
            RFC5280Policy(fixedExpiryValidationTime: time)
            JudgedElsewhere()
        }
        switch await verifier.validate(leaf: first, intermediates: CertificateStore(certificates.dropFirst())) {
        case .validCertificate: return (.trusted, words)
        case .couldNotValidate(let failures):
            if leaf.isSelfIssued { return (.untrusted("it is signed by itself"), words) }
            if let failure = failures.first { return (.untrusted("\(failure.policyFailureReason)"), words) }
            return (.untrusted("its issuer, \(quoted(leaf.issuer)), is not among them"), words)
        }
    }
}

/// Names and usages may be critical; they are findings of their own.
private struct JudgedElsewhere: VerifierPolicy {
    let verifyingCriticalExtensions: [ASN1ObjectIdentifier] = [
        .X509ExtensionID.subjectAlternativeName, .X509ExtensionID.extendedKeyUsage, .X509ExtensionID.keyUsage,
    ]

    mutating func chainMeetsPolicyRequirements(chain: UnverifiedCertificateChain) -> PolicyEvaluationResult { .meetsPolicy }
}
