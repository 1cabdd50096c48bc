import Crypto
import Foundation
import NIOCore
import NIOSSL
import SwiftASN1
import X509

extension TrustRoots {
    /// The file of trusted CAs that this system has.
    public static var systemFile: String? { systemFiles.first { FileManager.default.isReadableFile(atPath: $0) } }
}

/// The roots a client trusts, in a form that BoringSSL can use.
///
/// BoringSSL knows no constraints to IP addresses and refuses every certificate with an address below a root that has some, as ours does
/// (ADR 0005). So it is given the root without its address constraints, which it takes for the original: name, key and all other extensions
/// are the same, and a root's own signature proves nothing and is not looked at. The address constraints are enforced here, once TLS stands
/// and before the first byte of a request.
struct TrustAnchors: Sendable {
    /// For ``NIOSSL``.
    let certificates: [NIOSSLCertificate]
    private let originals: [Certificate]
    let haveAddressConstraints: Bool

    init(_ roots: TrustRoots) throws(TrustError) {
        switch roots {
        case .pemFile(let path): try self.init(files: [path])
        case .pemFiles(let paths): try self.init(files: paths)
        case .system:
            guard let path = TrustRoots.systemFile else {
                throw TrustError(.missing, "this system has no file of trusted CAs where one is looked for; name one with --ca")
            }
            try self.init(files: [path])
        }
    }

    /// - Parameter files: each with one or more certificates in PEM form. In the system's, one that is not understood is left out: of so many
    ///   one may be odd.
    private init(files: [String]) throws(TrustError) {
        var originals: [Certificate] = []
        for file in files {
            let isLenient = TrustRoots.systemFiles.contains(file)
            let malformed = TrustError(.malformed, "\(file) does not hold certificates in PEM form")
            guard let data = FileManager.default.contents(atPath: file) else { throw TrustError(.missing, "\(file) cannot be read") }
            do {
                let documents = try PEMDocument.parseMultiple(pemString: String(decoding: data, as: UTF8.self))
                let found = try documents.compactMap { isLenient ? try? Certificate(pemDocument: $0) : try Certificate(pemDocument: $0) }
                guard !found.isEmpty else { throw malformed }
                originals += found
            } catch {
                throw malformed
            }
        }
        self.originals = originals
        do {
            haveAddressConstraints = try originals.contains { try $0.hasAddressConstraints }
            certificates = try originals.map { original in
                let anchor = try original.hasAddressConstraints ? original.withoutConstraints(where: \.isAddress) : original
                return try NIOSSLCertificate(bytes: Array(anchor.serializeAsPEM().pemString.utf8), format: .pem)
            }
        } catch {
            throw TrustError(.malformed, "\(files.joined(separator: ", ")) does not hold certificates that can be used")
        }
    }

    /// Refuses a server whose certificate, already verified otherwise, has an address that its root must not vouch for.
    ///
    /// A root with such constraints must have signed the certificate itself: of a longer chain nothing is known here.
    func checkAddresses(of handler: NIOSSLClientHandler) throws {
        let refusal = HTTPSError(.untrusted, "the server is not trusted: its certificate has an address that the CA was not made for")
        guard let der = try handler.peerCertificate?.toDERBytes() else { throw refusal }
        let leaf = try Certificate(derEncoded: der)
        let issuers = originals.filter { $0.subject == leaf.issuer && $0.publicKey.isValidSignature(leaf.signature, for: leaf) }
        let addresses: [[UInt8]] =
            try leaf.extensions.subjectAlternativeNames.map(Array.init)?.compactMap {
                if case .ipAddress(let address) = $0 { Array(address.bytes) } else { nil }
            } ?? []
        let isPermitted = try issuers.contains { issuer in
            let constraints = try issuer.extensions.nameConstraints
            return addresses.allSatisfy { constraints?.permits($0) ?? true }
        }
        guard isPermitted else { throw refusal }
    }
}

extension Certificate {
    fileprivate var hasAddressConstraints: Bool {
        get throws { try extensions.nameConstraints.map { !$0.permittedIPRanges.isEmpty || !$0.excludedIPRanges.isEmpty } ?? false }
    }

    /// The same certificate but for some name constraints and its signature, which is by no one.
    func withoutConstraints(where isLeftOut: (GeneralName) -> Bool) throws -> Certificate {
        let others = try extensions.nameConstraints.map {
            NameConstraints(
                permittedSubtrees: $0.permittedSubtrees.filter { !isLeftOut($0) }, excludedSubtrees: $0.excludedSubtrees.filter { !isLeftOut($0) })
        }
        var extensions = extensions
        extensions.remove(.X509ExtensionID.nameConstraints)
        if let others, !(others.permittedSubtrees.isEmpty && others.excludedSubtrees.isEmpty) {
            try extensions.append(Certificate.Extension(others, critical: true))
        }
        return try Certificate(
            version: version, serialNumber: serialNumber, publicKey: publicKey, notValidBefore: notValidBefore, notValidAfter: notValidAfter,
            issuer: issuer, subject: subject, signatureAlgorithm: .ecdsaWithSHA256, extensions: extensions,
            issuerPrivateKey: Certificate.PrivateKey(P256.Signing.PrivateKey()))
    }
}

extension GeneralName {
    fileprivate var isAddress: Bool { if case .ipAddress = self { true } else { false } }

    /// Of the kinds whose constraints the library judges.
    var isJudged: Bool {
        switch self {
        case .dnsName, .ipAddress, .uniformResourceIdentifier: true
        default: false
        }
    }
}

extension NameConstraints {
    /// Whether an address is inside a permitted range, or there is none of any family, and outside every excluded one
    /// (RFC 5280 section 4.2.1.10: a range is an address and a mask of the same length).
    func permits(_ address: [UInt8]) -> Bool {
        func contains(_ range: ASN1OctetString) -> Bool {
            let range = Array(range.bytes)
            guard range.count == 2 * address.count else { return false }
            return address.indices.allSatisfy { address[$0] & range[address.count + $0] == range[$0] & range[address.count + $0] }
        }
        return (permittedIPRanges.isEmpty || permittedIPRanges.contains(where: contains)) && !excludedIPRanges.contains(where: contains)
    }
}
