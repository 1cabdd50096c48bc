import Foundation
import SwiftASN1
import X509

/// The text form of certificates and keys (RFC 7468). No error repeats what a key file holds.
enum PEM {
    static func certificate(_ bytes: [UInt8], from file: String) throws(TrustError) -> Certificate {
        do {
            return try Certificate(pemEncoded: String(decoding: bytes, as: UTF8.self))
        } catch {
            throw TrustError(.malformed, "\(file) does not hold one certificate in PEM form")
        }
    }

    /// One or more, in the order of the file.
    static func certificates(_ bytes: [UInt8], from file: String) throws(TrustError) -> [Certificate] {
        let documents: [PEMDocument]
        do {
            documents = try PEMDocument.parseMultiple(pemString: String(decoding: bytes, as: UTF8.self))
        } catch {
            throw TrustError(.malformed, "\(file) does not hold certificates in PEM form")
        }
        var certificates: [Certificate] = []
        for document in documents where document.discriminator == Certificate.defaultPEMDiscriminator {
            certificates.append(try certificate(der: document.derBytes, from: file))
        }
        guard !certificates.isEmpty else { throw TrustError(.malformed, "\(file) does not hold a certificate in PEM form") }
        return certificates
    }

    /// Says of a certificate that cannot be used why, where its key or signature is the reason.
    static func certificate(der: [UInt8], from file: String) throws(TrustError) -> Certificate {
        do {
            return try Certificate(derEncoded: der)
        } catch {
            let reason = CertificateDER.weakness(der).map { "holds a certificate that is refused: \($0)" }
            throw TrustError(reason == nil ? .malformed : .certificate, "\(file) \(reason ?? "holds a certificate that cannot be read")")
        }
    }

    static func privateKey(_ bytes: [UInt8], from file: String) throws(TrustError) -> Certificate.PrivateKey {
        do {
            return try Certificate.PrivateKey(pemEncoded: String(decoding: bytes, as: UTF8.self))
        } catch {
            throw TrustError(.malformed, "\(file) does not hold a private key in PEM form")
        }
    }

    static func bytes(of certificate: Certificate) throws(TrustError) -> [UInt8] {
        do {
            return Array((try certificate.serializeAsPEM().pemString + "\n").utf8)
        } catch {
            throw TrustError(.certificate, "a certificate could not be written as text")
        }
    }

    static func text(of chain: [Certificate]) throws(TrustError) -> String {
        var text = ""
        for certificate in chain { text += String(decoding: try bytes(of: certificate), as: UTF8.self) }
        return text
    }

    static func bytes(of key: Certificate.PrivateKey) throws(TrustError) -> [UInt8] {
        do {
            return Array((try key.serializeAsPEM().pemString + "\n").utf8)
        } catch {
            throw TrustError(.certificate, "a private key could not be written as text")
        }
    }
}
