import Crypto
import Foundation
import NIOSSL
import SwiftASN1
import X509

/// The certificates that a device pins: files in place of the store `LocalMachine\WindowsServerUpdateServices` (docs/scan-policy.md).
///
/// A pin means exactly the leaf certificate, by the SHA-256 of its DER bytes, until devices were seen to take an issuer too.
public struct PinnedCertificates: Hashable, Sendable {
    /// SHA-256 of each certificate's DER bytes.
    public let fingerprints: Set<[UInt8]>

    static let endings = ["cer", "crt", "der", "pem"]
    static let fileLimit = 1 << 20
    static let filesLimit = 1000

    /// Whether it has no effect.
    public var isEmpty: Bool { fingerprints.isEmpty }

    /// Reads a file, or the certificates of a folder (`.cer`, `.crt`, `.der`, `.pem`; other files beside them are passed over, so that a folder
    /// of `martlet pins export` serves as it is). Each holds certificates in PEM or one in DER form. What is empty is an empty store.
    ///
    /// - Throws: ``TrustError`` for what is not there, for a file that is no certificate, and for a folder with files of which none is named as
    ///   one: what cannot be read must not turn into no pin.
    public init(path: String) throws(TrustError) {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw TrustError(.missing, "there is no \(path); an empty folder is an empty pin store")
        }
        var files = [path]
        if isFolder.boolValue {
            guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else { throw TrustError(.missing, "\(path) cannot be read") }
            guard names.count <= Self.filesLimit else { throw TrustError(.malformed, "\(path) has more than \(Self.filesLimit) files") }
            let certificates = names.filter { Self.endings.contains(URL(fileURLWithPath: $0).pathExtension.lowercased()) }
            guard names.isEmpty || !certificates.isEmpty else {
                let endings = Self.endings.map { "*." + $0 }.joined(separator: ", ")
                throw TrustError(.malformed, "\(path) has files, but none is named as a certificate: \(endings)")
            }
            files = certificates.sorted().map { path + "/" + $0 }
        }
        var found: Set<[UInt8]> = []
        for file in files {
            let bytes = try Self.read(file)
            // An empty file among others is a mistake; by itself it is an empty store.
            if bytes.isEmpty, files.count == 1 { continue }
            for certificate in try Self.certificates(bytes, file) { found.insert(Array(SHA256.hash(data: certificate))) }
        }
        fingerprints = found
    }

    func contains(der: [UInt8]) -> Bool { fingerprints.contains(Array(SHA256.hash(data: der))) }

    /// Refuses a server whose certificate is none of these. The handshake is over, and nothing was said to it.
    func check(_ handler: NIOSSLClientHandler) throws {
        guard !isEmpty else { return }
        guard let leaf = try handler.peerCertificate?.toDERBytes(), contains(der: leaf) else {
            throw HTTPSError(
                .notPinned,
                "the server's certificate is none of those that are pinned: something on the way opens TLS, or the server changed its certificate")
        }
    }

    /// At most ``fileLimit`` bytes of a regular file, or of one that a link leads to; a FIFO or a device is never waited for.
    private static func read(_ path: String) throws(TrustError) -> [UInt8] {
        let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: target), attributes[.type] as? FileAttributeType == .typeRegular,
            let size = attributes[.size] as? NSNumber, size.intValue <= fileLimit
        else { throw TrustError(.malformed, "\(path) is no file of certificates") }
        guard let data = FileManager.default.contents(atPath: target) else { throw TrustError(.missing, "\(path) cannot be read") }
        return Array(data.prefix(fileLimit))
    }

    private static func certificates(_ bytes: [UInt8], _ path: String) throws(TrustError) -> [[UInt8]] {
        do {
            if bytes.first == 0x30 {
                // One that is followed by something else is not what it seems.
                _ = try Certificate(derEncoded: bytes)
                return [bytes]
            }
            let documents = try PEMDocument.parseMultiple(pemString: String(decoding: bytes, as: UTF8.self)).filter {
                $0.discriminator == "CERTIFICATE"
            }
            guard !documents.isEmpty else { throw TrustError(.malformed, "") }
            return try documents.map { document in
                _ = try Certificate(pemDocument: document)
                return document.derBytes
            }
        } catch {
            throw TrustError(.malformed, "\(path) does not hold certificates in PEM or DER form")
        }
    }
}
