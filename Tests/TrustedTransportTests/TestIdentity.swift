import Crypto
import Foundation
import SwiftASN1
import TrustedTransport
import Updates
import X509

/// A CA and server certificate of one test, on disk.
struct TestIdentity {
    static let now = Timestamp(millisecondsSince1970: Int64(Date().timeIntervalSince1970) * 1000)

    let folder: TemporaryFolder
    let files: IdentityFiles
    let identity: ServerIdentity

    init(_ names: String..., now: Timestamp = now) throws {
        try self.init(names: names, now: now)
    }

    init(names: [String], now: Timestamp = now) throws {
        folder = try TemporaryFolder()
        files = Self.files(in: folder)
        identity = try ServerIdentity.create(in: files, names: try names.map { try ServerName($0) }, now: now)
        try folder.write("leaf.pem", Array(try held("chain").utf8))
        try folder.write("leaf.key", Array(try held("key").utf8))
    }

    /// Of the current entry of the key store on disk.
    func held(_ field: String) throws -> String {
        struct File: Decodable { let current: [String: String] }
        let file = try JSONDecoder().decode(File.self, from: Data(contentsOf: URL(filePath: files.keyStore)))
        return file.current[field] ?? ""
    }

    /// The certificate that was made first, in PEM form.
    var certificateFile: String { folder.file("leaf.pem") }
    var keyFile: String { folder.file("leaf.key") }

    static func files(in folder: TemporaryFolder) -> IdentityFiles {
        IdentityFiles(caCertificate: folder.file("ca.pem"), folder: folder.path)
    }

    func listener() throws -> ListenerTLS { try ListenerTLS(identity) }

    var authority: Certificate {
        get throws { try Certificate(pemEncoded: String(contentsOfFile: files.caCertificate, encoding: .utf8)) }
    }

    var authorityKey: Certificate.PrivateKey {
        get throws { try Certificate.PrivateKey(pemEncoded: String(contentsOfFile: files.caKey, encoding: .utf8)) }
    }

    /// The CA once more, with the same key and another end. Returns the path of the certificate.
    static func authority(_ identity: TestIdentity, until end: Date) throws -> String {
        let (authority, key) = (try identity.authority, try identity.authorityKey)
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey, notValidBefore: end.addingTimeInterval(-86_400),
            notValidAfter: end, issuer: authority.subject, subject: authority.subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: authority.extensions, issuerPrivateKey: key)
        return try identity.folder.write("authority.pem", Array(try certificate.serializeAsPEM().pemString.utf8))
    }

    /// What someone who has stolen the CA's key could sign. Returns the path of the certificate.
    func forge(
        _ name: String, subject: DistinguishedName = DistinguishedName(), names: [GeneralName], isAuthority: Bool = false,
        key: Certificate.PrivateKey = Certificate.PrivateKey(P256.Signing.PrivateKey()),
        issuer: (subject: DistinguishedName, key: Certificate.PrivateKey)? = nil
    ) throws -> String {
        let now = Date()
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey,
            notValidBefore: now.addingTimeInterval(-60), notValidAfter: now.addingTimeInterval(86_400),
            issuer: try issuer?.subject ?? authority.subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                if isAuthority {
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                    Critical(KeyUsage(keyCertSign: true))
                } else {
                    Critical(BasicConstraints.notCertificateAuthority)
                    Critical(KeyUsage(digitalSignature: true))
                }
                try ExtendedKeyUsage([.serverAuth])
                if !names.isEmpty { Critical(SubjectAlternativeNames(names)) }
            }, issuerPrivateKey: try issuer?.key ?? authorityKey)
        return try folder.write(name, Array(try certificate.serializeAsPEM().pemString.utf8))
    }
}

extension GeneralName {
    static func address(_ bytes: [UInt8]) -> GeneralName { .ipAddress(ASN1OctetString(contentBytes: bytes[...])) }
}
