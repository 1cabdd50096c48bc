public import Updates
import X509

/// Why a certificate must not be shown to devices: they would refuse it, or it is weaker than they may rely on.
public struct CertificateFault: Hashable, Sendable, Codable {
    public enum Code: String, Hashable, Sendable, Codable {
        /// RSA of less than 2,048 bits.
        case weakKey
        /// A curve or kind of key that Windows does not offer by default.
        case unsupportedKey
        /// SHA-1 somewhere in the chain.
        case weakSignature
        case expired
        case notYetValid
        /// A name that devices use is not in it.
        case wrongName
        /// Its extended key usage lacks server authentication: client-only, or something else.
        case notForServers
        /// It could also sign programs.
        case signsCode
        /// Its key usage forbids signatures, which every suite here needs.
        case keyUsage
        /// It is a CA's.
        case authority
        /// The key is another's.
        case keyMismatch
        /// A certificate of the chain did not issue the one before it.
        case brokenChain
        /// It calls itself the home's own and is not from the home's CA.
        case foreign
    }

    public let code: Code
    /// For the administrator.
    public let message: String
}

extension HeldCertificate {
    /// Everything that stands against showing it for these names at this moment.
    ///
    /// Of names that lead to the machine itself (localhost and its addresses) an imported certificate may lack any.
    public func faults(names: [ServerName], now: Timestamp) -> [CertificateFault] {
        var faults: [CertificateFault] = []
        func fault(_ code: CertificateFault.Code, _ message: String) { faults.append(CertificateFault(code: code, message: message)) }
        if key.publicKey != leaf.publicKey { fault(.keyMismatch, "the key is not the certificate's") }
        switch PublicKeyKind(leaf.publicKey) {
        case .p256, .p384: break
        case .rsa(let bits) where bits >= 2048: break
        case .rsa(let bits): fault(.weakKey, "its RSA key has \(bits) bits; 2048 are the least")
        case let kind: fault(.unsupportedKey, "its key is \(kind); Windows offers P-256, P-384 and RSA by default")
        }
        for (index, certificate) in chain.enumerated() {
            let place = index == 0 ? "it" : "certificate \(index + 1) of its chain"
            // A root's own signature proves nothing and is not looked at.
            if certificate.signatureAlgorithm == .sha1WithRSAEncryption, certificate.issuer != certificate.subject || index == 0 {
                fault(.weakSignature, "\(place) is signed with SHA-1")
            }
            if certificate.notValidAfter.timestamp <= now {
                fault(.expired, "\(place) ended at \(certificate.notValidAfter.timestamp.text(.seconds)); the clock says \(now.text(.seconds))")
            }
            if certificate.notValidBefore.timestamp > now {
                fault(
                    .notYetValid,
                    "\(place) is valid from \(certificate.notValidBefore.timestamp.text(.seconds)) on; the clock says \(now.text(.seconds))")
            }
            if index > 0, !certificate.publicKey.isValidSignature(chain[index - 1].signature, for: chain[index - 1]) {
                fault(.brokenChain, "certificate \(index + 1) of its chain did not sign the one before it")
            }
        }
        for name in names where !vouches(for: name) && !(origin == .imported && name.isLoopback) {
            fault(.wrongName, "it does not name \(name)\(self.names.isEmpty ? "" : ", but \(self.names.joined(separator: ", "))")")
        }
        usageFaults { fault($0, $1) }
        return faults
    }

    /// What the extensions say it is for (RFC 5280 section 4.2.1). Ones that cannot be read count against it.
    private func usageFaults(_ fault: (CertificateFault.Code, String) -> Void) {
        do {
            if case .isCertificateAuthority = try leaf.extensions.basicConstraints { fault(.authority, "it is the certificate of a CA") }
        } catch {
            fault(.authority, "its basic constraints cannot be read")
        }
        do {
            if let usage = try leaf.extensions.keyUsage, !usage.digitalSignature { fault(.keyUsage, "its key usage forbids digital signatures") }
        } catch {
            fault(.keyUsage, "its key usage cannot be read")
        }
        do {
            guard let purposes = try leaf.extensions.extendedKeyUsage else { return }
            if !purposes.contains(.serverAuth), !purposes.contains(.any) {
                fault(.notForServers, "it is not for servers\(purposes.contains(.clientAuth) ? ", but for clients only" : "")")
            }
            if purposes.contains(.codeSigning) { fault(.signsCode, "it may also sign programs, which no server's key should") }
        } catch {
            fault(.notForServers, "its extended key usage cannot be read")
        }
    }

    /// Whether this CA made it.
    func isFrom(_ ca: Certificate) -> Bool { ca.publicKey.isValidSignature(leaf.signature, for: leaf) }
}

extension ServerName {
    /// It leads to the machine itself.
    public var isLoopback: Bool {
        switch kind {
        case .host(let host): host == "localhost" || host.hasSuffix(".localhost")
        case .address(let bytes): bytes.count == 4 ? bytes[0] == 127 : bytes == [UInt8](repeating: 0, count: 15) + [1]
        }
    }
}
