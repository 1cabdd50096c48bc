import Crypto
import Foundation
import SwiftASN1
public import Updates
import X509

/// A certificate that a server can show, the chain above it, and its key. What it is worth at a moment ``faults(names:now:)`` says.
public struct HeldCertificate: Sendable {
    /// Who vouches for it.
    public enum Origin: String, Codable, Sendable {
        /// The home's own CA.
        case own
        /// Another CA: an administrator brought it.
        case imported
    }

    public let origin: Origin
    /// Of the certificate's DER form.
    public let sha256: Updates.SHA256Digest
    /// What Windows calls a certificate by: SHA-1 of its DER form. It names, it proves nothing.
    public let thumbprint: SHA1Digest
    /// The certificate itself in DER form: what a pin is made of.
    public let encoded: [UInt8]
    /// The certificate first, then each one's issuer.
    let chain: [Certificate]
    let leaf: Certificate
    let key: Certificate.PrivateKey

    init(leaf: Certificate, above: [Certificate] = [], key: Certificate.PrivateKey, origin: Origin) throws(TrustError) {
        var serializer = DER.Serializer()
        do { try serializer.serialize(leaf) } catch { throw TrustError(.certificate, "a certificate could not be written in DER form") }
        encoded = serializer.serializedBytes
        sha256 = Updates.SHA256Digest(hash: SHA256.hash(data: encoded))
        thumbprint = SHA1Digest(hash: Insecure.SHA1.hash(data: encoded))
        self.leaf = leaf
        chain = [leaf] + above
        self.key = key
        self.origin = origin
    }

    public var notBefore: Timestamp { leaf.notValidBefore.timestamp }
    public var notAfter: Timestamp { leaf.notValidAfter.timestamp }
    public var issuer: String { leaf.issuer.description }

    /// The certificate and those above it, without the key.
    public var pem: String { (try? PEM.text(of: chain)) ?? "" }

    /// What it vouches for: names and addresses as they are written, wildcards too.
    public var names: [String] {
        alternativeNames.compactMap { name in
            switch name {
            case .dnsName(let host): host
            case .ipAddress(let bytes): ServerName(address: Array(bytes.bytes))?.description
            default: nil
            }
        }
    }

    /// Nothing where there are none, or they cannot be read.
    var alternativeNames: [GeneralName] { (try? leaf.extensions.subjectAlternativeNames).map { Array($0) } ?? [] }

    /// The kind of its key, as it is called: `ECDSA P-256`, `RSA 2048`.
    public var keyType: String { PublicKeyKind(leaf.publicKey).description }
    public var isRSA: Bool {
        if case .rsa = PublicKeyKind(leaf.publicKey) { true } else { false }
    }

    func vouches(for name: ServerName) -> Bool {
        alternativeNames.contains { other in
            switch (name.kind, other) {
            case (.address(let bytes), .ipAddress(let address)): return Array(address.bytes) == bytes
            case (.host(let host), .dnsName(let text)):
                let pattern = text.lowercased()
                if pattern == host { return true }
                // RFC 6125 section 6.4.3: a wildcard is the whole first label and stands for one.
                guard pattern.hasPrefix("*."), let dot = host.firstIndex(of: ".") else { return false }
                return host[dot...] == pattern.dropFirst()
            default: return false
            }
        }
    }
}

extension HeldCertificate: Hashable {
    public static func == (left: Self, right: Self) -> Bool { left.sha256 == right.sha256 }
    public func hash(into hasher: inout Hasher) { hasher.combine(sha256) }
}

extension HeldCertificate: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Names and time only.
    public var description: String {
        "HeldCertificate(\(names.joined(separator: ", ")), \(notBefore.text(.seconds)) to \(notAfter.text(.seconds)))"
    }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// The text form of one, as it lies in a key store and as one command hands it to another process of the same user. It holds the key.
public struct HeldCertificateText: Codable, Sendable, CustomStringConvertible, CustomReflectable {
    let origin: HeldCertificate.Origin
    /// PEM, the certificate first.
    let chain: String
    /// PEM (PKCS #8).
    let key: String

    public init(_ certificate: HeldCertificate) throws(TrustError) {
        origin = certificate.origin
        chain = try PEM.text(of: certificate.chain)
        key = String(decoding: try PEM.bytes(of: certificate.key), as: UTF8.self)
    }

    public func certificate() throws(TrustError) -> HeldCertificate {
        let chain = try PEM.certificates(Array(chain.utf8), from: "the key store")
        guard let leaf = chain.first else { throw TrustError(.malformed, "an entry of the key store has no certificate") }
        return try HeldCertificate(
            leaf: leaf, above: Array(chain.dropFirst()), key: try PEM.privateKey(Array(key.utf8), from: "the key store"), origin: origin)
    }

    public var description: String { "HeldCertificateText(\(origin.rawValue))" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// What a public key is, by the sizes that matter.
enum PublicKeyKind: Hashable, CustomStringConvertible {
    case p256
    case p384
    case p521
    case ed25519
    case rsa(bits: Int)
    case other

    init(_ key: Certificate.PublicKey) {
        if P256.Signing.PublicKey(key) != nil {
            self = .p256
        } else if P384.Signing.PublicKey(key) != nil {
            self = .p384
        } else if P521.Signing.PublicKey(key) != nil {
            self = .p521
        } else if Curve25519.Signing.PublicKey(key) != nil {
            self = .ed25519
        } else if let rsa = RSAKeys.bits(of: key) {
            self = .rsa(bits: rsa)
        } else {
            self = .other
        }
    }

    var description: String {
        switch self {
        case .p256: "ECDSA P-256"
        case .p384: "ECDSA P-384"
        case .p521: "ECDSA P-521"
        case .ed25519: "Ed25519"
        case .rsa(let bits): "RSA \(bits)"
        case .other: "of another kind"
        }
    }
}
