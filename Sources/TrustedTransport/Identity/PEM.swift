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

    static func bytes(of key: Certificate.PrivateKey) throws(TrustError) -> [UInt8] {
        do {
            return Array((try key.serializeAsPEM().pemString + "\n").utf8)
        } catch {
            throw TrustError(.certificate, "a private key could not be written as text")
        }
    }
}
