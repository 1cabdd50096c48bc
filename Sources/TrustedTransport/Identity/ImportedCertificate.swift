import Foundation
import NIOSSL
import SwiftASN1
public import Updates
import X509

/// What an administrator brings from another CA, read from PEM or PKCS #12. It may hold a key.
public struct ImportedCertificate: Codable, Sendable, CustomStringConvertible, CustomReflectable {
    /// PEM, in the order of the file.
    let certificates: String
    /// PEM; nothing where the key is that of a request made here.
    let key: String?

    /// Asks for the passphrase of what is encrypted; called once at most.
    public typealias Passphrase = () throws -> [UInt8]

    /// Reads a file of certificates with their key, or with the key in a file of its own.
    ///
    /// - Parameter passphrase: for an encrypted key, and for PKCS #12.
    public static func read(_ path: String, keyFile: String?, passphrase: Passphrase) throws -> ImportedCertificate {
        let bytes = try PrivateFile.read(path, .foreign)
        guard Self.isPEM(bytes) else {
            guard keyFile == nil else { throw TrustError(.malformed, "\(path) is not in PEM form: PKCS #12 has its key in it") }
            guard bytes.first == 0x30 else { throw TrustError(.malformed, "\(path) is neither PEM nor PKCS #12") }
            // It holds a key, so it is to be as private as any file of keys.
            return try pkcs12(try PrivateFile.read(path, .secret), path, try passphrase())
        }
        let certificates = try PEM.text(of: try PEM.certificates(bytes, from: path))
        let holdsKey = String(decoding: bytes, as: UTF8.self).contains("PRIVATE KEY-----")
        guard let source = keyFile ?? (holdsKey ? path : nil) else { return ImportedCertificate(certificates: certificates, key: nil) }
        let key = try EncryptedKey.read(try PrivateFile.read(source, .secret), from: source, passphrase: passphrase)
        return ImportedCertificate(certificates: certificates, key: String(decoding: try PEM.bytes(of: key), as: UTF8.self))
    }

    private static func isPEM(_ bytes: [UInt8]) -> Bool { String(decoding: bytes.prefix(1 << 16), as: UTF8.self).contains("-----BEGIN ") }

    private static func pkcs12(_ bytes: [UInt8], _ path: String, _ passphrase: [UInt8]) throws -> ImportedCertificate {
        let bundle: NIOSSLPKCS12Bundle
        do {
            bundle = try NIOSSLPKCS12Bundle(buffer: bytes, passphrase: passphrase)
        } catch {
            throw TrustError(
                .malformed,
                """
                \(path) cannot be opened: the passphrase is wrong, or it is protected by means that are no longer read. Protect it anew with: \
                openssl pkcs12 -legacy -in \(path) -nodes | openssl pkcs12 -export -out NEW.p12
                """)
        }
        var chain: [Certificate] = []
        for certificate in bundle.certificateChain { chain.append(try PEM.certificate(der: try certificate.toDERBytes(), from: path)) }
        let key = try EncryptedKey.key(der: try bundle.privateKey.derBytes, from: path)
        return ImportedCertificate(certificates: try PEM.text(of: chain), key: String(decoding: try PEM.bytes(of: key), as: UTF8.self))
    }

    /// The certificate of the key, with those above it in their order; what belongs to neither is left out.
    ///
    /// - Parameter request: the key of a request that waits for its certificate.
    func certificate(request: Certificate.PrivateKey?) throws(TrustError) -> HeldCertificate {
        let all = try PEM.certificates(Array(certificates.utf8), from: "the import")
        let own: Certificate.PrivateKey? = if let text = key { try PEM.privateKey(Array(text.utf8), from: "the import") } else { nil }
        guard let key = own ?? request else {
            throw TrustError(.missing, "there is no key with it, and no request of this home waits for a certificate: name its key with --key")
        }
        guard let leaf = all.first(where: { $0.publicKey == key.publicKey }) else {
            throw TrustError(.certificate, "the key \(own == nil ? "of this home's request " : "")belongs to none of the certificates")
        }
        var above: [Certificate] = []
        var last = leaf
        // A root is left out: devices have it or do not trust it.
        while last.issuer != last.subject, above.count < all.count,
            let issuer = all.first(where: { $0.subject == last.issuer && $0.publicKey.isValidSignature(last.signature, for: last) }),
            issuer.issuer != issuer.subject
        {
            above.append(issuer)
            last = issuer
        }
        return try HeldCertificate(leaf: leaf, above: above, key: key, origin: .imported)
    }

    public var description: String { "ImportedCertificate" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Keys as they come from outside: PKCS #8, SEC 1 or PKCS #1, encrypted or not.
enum EncryptedKey {
    static func read(_ bytes: [UInt8], from file: String, passphrase: ImportedCertificate.Passphrase) throws -> Certificate.PrivateKey {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED") else { return try key(in: text, from: file) }
        let secret = try passphrase()
        let opened: NIOSSLPrivateKey
        do {
            opened = try NIOSSLPrivateKey(bytes: bytes, format: .pem) { set in set(secret) }
        } catch {
            throw TrustError(
                .malformed, "the key in \(file) cannot be opened: the passphrase is wrong, or it is protected by means that are not read")
        }
        return try key(der: try opened.derBytes, from: file)
    }

    private static func key(in text: String, from file: String) throws(TrustError) -> Certificate.PrivateKey {
        let documents: [PEMDocument]
        do { documents = try PEMDocument.parseMultiple(pemString: text) } catch {
            throw TrustError(.malformed, "\(file) does not hold a private key in PEM form")
        }
        // OpenSSL writes the parameters of a curve before the key.
        guard let document = documents.first(where: { $0.discriminator.hasSuffix("PRIVATE KEY") }) else {
            throw TrustError(.malformed, "\(file) does not hold a private key in PEM form")
        }
        do { return try Certificate.PrivateKey(pemDocument: document) } catch {
            throw TrustError(.malformed, "the key in \(file) is not one of P-256, P-384 or RSA of 2048 bits or more")
        }
    }

    static func key(der: [UInt8], from file: String) throws(TrustError) -> Certificate.PrivateKey {
        for kind in ["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"] {
            if let key = try? Certificate.PrivateKey(pemDocument: PEMDocument(type: kind, derBytes: der)) { return key }
        }
        throw TrustError(.malformed, "the key in \(file) is not one of P-256, P-384 or RSA of 2048 bits or more")
    }
}

extension CertificateAuthority {
    /// Reads a CA whose key is kept elsewhere: the certificate of the home, and a key file that only its owner may read.
    ///
    /// - Parameter passphrase: asked for if the key is encrypted.
    public static func load(
        certificateFile: String, keyBytes: KeyFileBytes, passphrase: ImportedCertificate.Passphrase
    ) throws -> CertificateAuthority {
        let certificate = try loadCertificate(certificateFile)
        let key = try EncryptedKey.read(keyBytes.bytes, from: keyBytes.path, passphrase: passphrase)
        guard key.publicKey == certificate.publicKey else { throw TrustError(.certificate, "\(keyBytes.path) is not the key of this home's CA") }
        return CertificateAuthority(certificate: certificate, key: key)
    }

    /// Certificates for these times, made where the key is. Their form is for the process that has the home.
    public func issue(names: [ServerName], _ times: [Validity], now: Timestamp) throws(TrustError) -> [HeldCertificateText] {
        var made: [HeldCertificateText] = []
        for time in times { made.append(try HeldCertificateText(try issue(names: names.withoutRepetitions, time, now: now))) }
        return made
    }
}

/// A key file that was read before the process became another user. Nothing shows what it holds.
public struct KeyFileBytes: Sendable, CustomStringConvertible, CustomReflectable {
    let path: String
    let bytes: [UInt8]

    /// Refuses one that is open to others or belongs to another user.
    public init(path: String) throws(TrustError) {
        self.path = path
        bytes = try PrivateFile.read(path, .secret)
    }

    public var description: String { "KeyFileBytes(\(path))" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
