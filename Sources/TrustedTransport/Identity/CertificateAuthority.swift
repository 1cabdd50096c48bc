import Crypto
import Foundation
import SwiftASN1
public import Updates
import X509

/// The home's own CA: it vouches for the names it was made for and for nothing else (ADR 0005).
///
/// Devices add its certificate to their trusted roots, so it is made to be harmless there: critical name constraints, no CA below it,
/// TLS servers only.
public struct CertificateAuthority: Sendable {
    /// Ten years.
    static let lifetimeSeconds: Int64 = 3650 * 86_400
    /// What TLS clients accept of a server's certificate is 398 days.
    static let leafLifetimeSeconds: Int64 = 397 * 86_400
    /// Devices' clocks are not ours.
    static let backdatingSeconds: Int64 = 3600
    static let nameLimit = 100

    let certificate: Certificate
    private let key: Certificate.PrivateKey

    init(certificate: Certificate, key: Certificate.PrivateKey) {
        self.certificate = certificate
        self.key = key
    }

    /// Makes a CA for these names, valid for ten years.
    ///
    /// - Throws: ``TrustError/Code/invalidName`` where there is no name, or more than 100.
    public static func create(names: [ServerName], now: Timestamp) throws(TrustError) -> CertificateAuthority {
        let names = names.withoutRepetitions
        guard let first = names.first, names.count <= nameLimit else {
            throw TrustError(.invalidName, "a CA is made for 1 to \(nameLimit) names, not for \(names.count)")
        }
        do {
            let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
            let serial = Certificate.SerialNumber()
            let mark = Hexadecimal.lowercase(serial.bytes.suffix(4))
            // RFC 5280 gives a common name 64 characters; the mark tells CAs of one host apart.
            let named = "Martlet CA \(mark) (\(first))"
            let subject = try DistinguishedName { CommonName(named.utf8.count <= 64 ? named : "Martlet CA \(mark)") }
            let notBefore = now.adding(seconds: -backdatingSeconds)
            let certificate = try Certificate(
                version: .v3, serialNumber: serial, publicKey: key.publicKey, notValidBefore: notBefore.date,
                notValidAfter: notBefore.adding(seconds: lifetimeSeconds).date, issuer: subject, subject: subject,
                signatureAlgorithm: .ecdsaWithSHA256,
                extensions: Certificate.Extensions {
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                    Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                    try ExtendedKeyUsage([.serverAuth])
                    Critical(constraints(to: names))
                    SubjectKeyIdentifier(hash: key.publicKey)
                }, issuerPrivateKey: key)
            return CertificateAuthority(certificate: certificate, key: key)
        } catch {
            throw TrustError(.certificate, "a CA could not be made: \(error)")
        }
    }

    /// When a server's certificate is valid.
    public struct Validity: Hashable, Sendable, Codable {
        public let notBefore: Timestamp
        public let notAfter: Timestamp

        /// The usual time from a moment on.
        init(from notBefore: Timestamp) {
            self.notBefore = notBefore
            notAfter = notBefore.adding(seconds: CertificateAuthority.leafLifetimeSeconds)
        }
    }

    /// Reads a CA from its files. See ``ServerIdentity/load(from:names:now:)`` for what is refused.
    public static func load(certificateFile: String, keyFile: String) throws(TrustError) -> CertificateAuthority {
        let certificate = try loadCertificate(certificateFile)
        let key = try PEM.privateKey(try PrivateFile.read(keyFile, .secret), from: keyFile)
        guard key.publicKey == certificate.publicKey else {
            throw TrustError(.certificate, "\(keyFile) is not the key of \(certificateFile)")
        }
        return CertificateAuthority(certificate: certificate, key: key)
    }

    /// Writes both files, 0600; refuses to overwrite either.
    public func save(certificateFile: String, keyFile: String) throws(TrustError) {
        try PrivateFile.create(keyFile, try PEM.bytes(of: key))
        try PrivateFile.create(certificateFile, try PEM.bytes(of: certificate))
    }

    static func loadCertificate(_ file: String) throws(TrustError) -> Certificate {
        try PEM.certificate(try PrivateFile.read(file, .published), from: file)
    }

    /// A certificate for a TLS server, and its new key. The subject is empty: the names stand in the critical alternative name only.
    ///
    /// - Throws: ``TrustError/Code/nameNotPermitted`` for a name outside what this CA was made for.
    func issue(names: [ServerName], now: Timestamp) throws(TrustError) -> HeldCertificate {
        try issue(names: names, Validity(from: now.adding(seconds: -Self.backdatingSeconds)), now: now)
    }

    /// A certificate for a time of its own, which may lie ahead; it is cut off at the CA's end.
    func issue(names: [ServerName], _ validity: Validity, now: Timestamp) throws(TrustError) -> HeldCertificate {
        let names = names.withoutRepetitions
        for name in names {
            guard try Self.permits(name, certificate) else {
                throw TrustError(.nameNotPermitted, "the CA was not made for \(name): a home for it needs a CA of its own")
            }
        }
        let notAfter = min(validity.notAfter, certificate.notValidAfter.timestamp)
        guard notAfter > now, notAfter > validity.notBefore else { throw TrustError(.certificate, "the CA has expired") }
        do {
            let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
            let leaf = try Certificate(
                version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey, notValidBefore: validity.notBefore.date,
                notValidAfter: notAfter.date, issuer: certificate.subject, subject: DistinguishedName(),
                signatureAlgorithm: .ecdsaWithSHA256,
                extensions: Certificate.Extensions {
                    Critical(BasicConstraints.notCertificateAuthority)
                    Critical(KeyUsage(digitalSignature: true))
                    try ExtendedKeyUsage([.serverAuth])
                    Critical(SubjectAlternativeNames(names.map(\.generalName)))
                    SubjectKeyIdentifier(hash: key.publicKey)
                    AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: certificate.publicKey).keyIdentifier)
                }, issuerPrivateKey: self.key)
            return try HeldCertificate(leaf: leaf, key: key, origin: .own)
        } catch let error as TrustError {
            throw error
        } catch {
            throw TrustError(.certificate, "a server certificate could not be made: \(error)")
        }
    }

    /// Whether the CA of this certificate may vouch for a name.
    static func permits(_ name: ServerName, _ certificate: Certificate) throws(TrustError) -> Bool {
        let constraints: NameConstraints?
        do {
            constraints = try certificate.extensions.nameConstraints
        } catch {
            throw TrustError(.malformed, "the CA's name constraints cannot be read")
        }
        guard let constraints else { return true }
        switch name.kind {
        case .host(let host):
            return constraints.permittedDNSDomains.contains { host == $0 || host.hasSuffix("." + $0) }
        case .address(let bytes):
            return constraints.permittedIPRanges.contains { Array($0.bytes) == ServerName.exactRange(of: bytes) }
        }
    }

    /// What the CA may vouch for (RFC 5280 section 4.2.1.10).
    ///
    /// A kind of name without any constraint is permitted, so each kind gets one. For mail and URIs the standard has no form that says "none":
    /// the empty one is excluded, and besides only the host `invalid`, which cannot exist (RFC 2606), is permitted.
    private static func constraints(to names: [ServerName]) -> NameConstraints {
        var permitted = names.map { name in
            switch name.kind {
            case .host(let host): GeneralName.dnsName(host)
            case .address(let bytes): GeneralName.ipAddress(ASN1OctetString(contentBytes: ServerName.exactRange(of: bytes)[...]))
            }
        }
        permitted += [.rfc822Name("invalid"), .uniformResourceIdentifier("invalid")]
        var excluded: [GeneralName] = [.rfc822Name(""), .uniformResourceIdentifier(""), .directoryName(DistinguishedName())]
        if names.allSatisfy(\.isAddress) { excluded.append(.dnsName("")) }
        for size in [4, 16] where !names.contains(where: { $0.addressSize == size }) {
            excluded.append(.ipAddress(ASN1OctetString(contentBytes: ArraySlice(repeating: 0, count: 2 * size))))
        }
        return NameConstraints(permittedSubtrees: permitted, excludedSubtrees: excluded)
    }
}

extension CertificateAuthority: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The subject only.
    public var description: String { "CertificateAuthority(\(certificate.subject))" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension ServerName {
    var addressSize: Int {
        if case .address(let bytes) = kind { bytes.count } else { 0 }
    }

    var generalName: GeneralName {
        switch kind {
        case .host(let host): .dnsName(host)
        case .address(let bytes): .ipAddress(ASN1OctetString(contentBytes: bytes[...]))
        }
    }

    /// The address with a mask of ones: the form of a constraint to this address alone.
    static func exactRange(of address: [UInt8]) -> [UInt8] {
        address + [UInt8](repeating: 0xff, count: address.count)
    }
}

extension [ServerName] {
    /// In order; of equal ones the first.
    var withoutRepetitions: [ServerName] {
        var seen: Set<ServerName> = []
        return filter { seen.insert($0).inserted }
    }
}

extension Timestamp {
    var date: Date { Date(timeIntervalSince1970: Double(millisecondsSince1970) / 1000) }
}

extension Date {
    var timestamp: Timestamp { Timestamp(millisecondsSince1970: Int64((timeIntervalSince1970 * 1000).rounded())) }
}
