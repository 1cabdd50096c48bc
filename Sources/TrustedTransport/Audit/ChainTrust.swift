import FoundationEssentials
import ScanPolicy
import SwiftASN1
@_spi(FixedExpiryValidationTime) @_spi(DisableValidityCheck) import X509

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
        // Who issued it is one question, dates are another: an authority may be younger than the certificate that ended.
        let chained = await verdict(first, certificates.dropFirst(), .withValidityCheckDisabled())
        if case .couldNotValidate(let failures) = chained {
            if leaf.isSelfIssued { return (.untrusted("it is signed by itself"), words) }
            // What the library says of its reasons shows whole certificates.
            if !failures.isEmpty { return (.untrusted("a certificate on the way may not vouch for it (constraints or extensions)"), words) }
            return (.untrusted("its issuer, \(quoted(leaf.issuer)), is not among them"), words)
        }
        // The certificate's own dates are a finding of their own; those of the ones above it, a root's too, are seen only here.
        guard leaf.notBefore...max(leaf.notBefore, leaf.notAfter) ~= asOf else { return (.trusted, words) }
        let now = Date(timeIntervalSince1970: Double(asOf))
        if case .couldNotValidate = await verdict(first, certificates.dropFirst(), RFC5280Policy(fixedExpiryValidationTime: now)) {
            return (.untrusted("a certificate above it has ended, or is not valid yet"), words)
        }
        return (.trusted, words)
    }

    private func verdict(_ leaf: Certificate, _ above: ArraySlice<Certificate>, _ policy: RFC5280Policy) async -> CertificateValidationResult {
        var verifier = Verifier(rootCertificates: roots) {
            policy
            JudgedElsewhere()
        }
        return await verifier.validate(leaf: leaf, intermediates: CertificateStore(above))
    }
}

/// Names and usages may be critical; they are findings of their own.
private struct JudgedElsewhere: VerifierPolicy {
    let verifyingCriticalExtensions: [ASN1ObjectIdentifier] = [
        .X509ExtensionID.subjectAlternativeName, .X509ExtensionID.extendedKeyUsage, .X509ExtensionID.keyUsage,
    ]

    mutating func chainMeetsPolicyRequirements(chain: UnverifiedCertificateChain) -> PolicyEvaluationResult { .meetsPolicy }
}
