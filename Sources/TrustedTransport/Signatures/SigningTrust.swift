import COpenSSL
import Crypto
import ScanPolicy
import SwiftASN1
public import Updates

/// A certificate that signatures may lead to, as a home keeps it.
public struct TrustedCertificate: Hashable, Sendable {
    /// What an administrator added it as.
    public enum Role: String, Sendable, Codable, CaseIterable {
        /// A root of Microsoft's, by fingerprint.
        case microsoftRoot = "microsoft-root"
        /// The home's own publisher: of a signer, or of a CA above signers.
        case publisher
        /// A root of timestamps on what publishers sign.
        case timestampRoot = "timestamp-root"
    }

    public let role: Role
    public let der: [UInt8]

    public init(role: Role, der: [UInt8]) {
        self.role = role
        self.der = der
    }

    public var sha256: Updates.SHA256Digest { Updates.SHA256Digest(hash: SHA256.hash(data: der)) }

    /// The common name, else the organisation; any text.
    public var name: String { Self.name(of: der) ?? "" }

    /// Why it cannot vouch for what its role is about; nothing where it may, or does not say what it is for.
    ///
    /// Only what an administrator brings is asked, and of it only certificates that are no CA's and name their purposes (RFC 5280 section
    /// 4.2.1.12): a server's, say, which signs no program.
    public var objection: String? {
        let (purpose, words): (String, String)
        switch role {
        case .microsoftRoot: return nil
        case .publisher: (purpose, words) = ("1.3.6.1.5.5.7.3.3", "sign programs")
        case .timestampRoot: (purpose, words) = ("1.3.6.1.5.5.7.3.8", "sign timestamps")
        }
        guard let read = try? CertificateReading(der).certificate, !read.isAuthority, let usages = read.usages else { return nil }
        guard !usages.contains(purpose), !usages.contains("2.5.29.37.0") else { return nil }
        let isServer = usages.contains("1.3.6.1.5.5.7.3.1")
        return "\(quoted(name)) may not \(words)\(isServer ? ": it is a TLS server's" : "")"
    }

    static func name(of der: [UInt8]) -> String? {
        SignatureHandle.text { buffer, size in copenssl_certificate_name(der, der.count, 0, buffer, size) }
            ?? SignatureHandle.text { buffer, size in copenssl_certificate_name(der, der.count, 1, buffer, size) }
    }
}

/// What signatures are measured by: the certificates they may lead to, and for what.
public struct SigningTrust: Sendable, CustomStringConvertible {
    struct Anchor: Sendable {
        let der: [UInt8]
        let purposes: RootPurposes
        let isPublisher: Bool
    }

    let anchors: [Anchor]

    /// Nothing is trusted.
    public static let nothing = SigningTrust([], table: .microsoft)

    /// - Parameters:
    ///   - certificates: those of Microsoft's roots that are not in the table count for nothing.
    ///   - table: which they are, and for what.
    public init(_ certificates: [TrustedCertificate], table: RootTable) {
        anchors = certificates.compactMap { certificate in
            switch certificate.role {
            case .microsoftRoot:
                table.row(certificate.sha256).map { Anchor(der: certificate.der, purposes: $0.purposes, isPublisher: false) }
            case .publisher: Anchor(der: certificate.der, purposes: .codeSigning, isPublisher: true)
            case .timestampRoot: Anchor(der: certificate.der, purposes: .timeStamping, isPublisher: true)
            }
        }
    }

    public var description: String { "\(anchors.count) trusted certificates" }
    public var isEmpty: Bool { anchors.isEmpty }

    /// The certificates of a file in PEM or DER form.
    ///
    /// - Throws: ``TrustError`` where it is neither, or has something that is no certificate.
    public static func certificates(of file: [UInt8], named name: String) throws(TrustError) -> [[UInt8]] {
        let found: [[UInt8]]
        if file.first == 0x30 {
            found = [file]
        } else {
            do {
                found = try PEMDocument.parseMultiple(pemString: String(decoding: file, as: UTF8.self)).map(\.derBytes)
            } catch {
                throw TrustError(.malformed, "\(name) does not hold certificates in PEM or DER form")
            }
        }
        guard !found.isEmpty, found.allSatisfy({ copenssl_certificate_check($0, $0.count) == COPENSSL_OK }) else {
            throw TrustError(.malformed, "\(name) has something that is no certificate")
        }
        return found
    }
}
