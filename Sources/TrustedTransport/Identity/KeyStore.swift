import Foundation
public import Updates
import X509

/// The server's certificates with their keys, and what devices were told of them: one file, replaced as a whole.
///
/// A certificate and its key, and a change of certificate and the state that allowed it, are therefore never of two moments (ADR 0019).
public struct KeyStore: Sendable {
    /// How many certificates are made ahead.
    public static let nextCount = 2
    /// How many that ended stay in line, the latest. A clock that was ahead for one start must not cost certificates that devices have
    /// pinned: their keys exist nowhere else.
    static let endedCount = 4

    /// What the server shows.
    public internal(set) var current: HeldCertificate
    /// Made ahead and final, in the order of their use.
    public internal(set) var next: [HeldCertificate]
    /// What was shown before: if the clock was wrong and goes back, it may be the valid one.
    public internal(set) var previous: HeldCertificate?
    public internal(set) var publication: Publication
    /// The key of a request to another CA, until its certificate comes.
    var request: Certificate.PrivateKey?
    /// When a certificate was last made because of the time alone.
    var renewedAt: Timestamp?

    init(current: HeldCertificate, next: [HeldCertificate] = []) {
        self.current = current
        self.next = next
        publication = Publication()
    }

    /// Every certificate that is held.
    public var all: [HeldCertificate] { [current] + next + (previous.map { [$0] } ?? []) }

    public subscript(_ digest: SHA256Digest) -> HeldCertificate? { all.first { $0.sha256 == digest } }

    /// Makes one of those held the current one.
    mutating func use(_ certificate: HeldCertificate, now: Timestamp) {
        guard certificate != current else { return }
        let replaced = current
        let wasPrevious = certificate == previous
        current = certificate
        next.removeAll { $0 == certificate }
        // A clock that went back: what was shown is of the future and stays in line, before those that follow it.
        if wasPrevious {
            if replaced.notBefore > now {
                next.insert(replaced, at: next.firstIndex { $0.notBefore > replaced.notBefore } ?? next.endIndex)
            }
            previous = nil
        } else {
            previous = replaced
        }
        forgetEnded(now: now)
        publication.keep(all.map(\.sha256))
    }

    /// Drops those that ended, but for the latest few.
    mutating func forgetEnded(now: Timestamp) {
        let ended = next.filter { $0.notAfter <= now }.sorted { $0.notAfter < $1.notAfter }
        let dropped = Set(ended.dropLast(Self.endedCount).map(\.sha256))
        next.removeAll { dropped.contains($0.sha256) }
    }

    // MARK: - Pins

    /// Pins are about to leave: from now on the gate is closed to what is not published.
    public mutating func beginPublication(at now: Timestamp) { publication.begin(at: now) }

    /// The pins of certificates that are held are with the devices from `time` on; see ``Publication/publish(_:at:isStated:)``.
    public mutating func publish(_ certificates: [SHA256Digest], at time: Timestamp, isStated: Bool) {
        publication.publish(certificates.filter { self[$0] != nil }, at: time, isStated: isStated)
    }

    /// No device has pins any more: every change is free again.
    public mutating func withdrawPublication() { publication = Publication() }

    /// A request waits for its certificate.
    public var hasRequest: Bool { request != nil }

    // MARK: - The file

    private struct File: Codable {
        static let currentVersion = 1
        let version: Int
        let current: HeldCertificateText
        let next: [HeldCertificateText]
        let previous: HeldCertificateText?
        let publication: Publication
        let request: String?
        let renewedAt: Timestamp?
    }

    /// What to do about one that is missing or damaged.
    static let mend = """
        take it from a backup, or make new certificates (devices with pins will refuse them) with martlet certs renew --force
        """

    static func load(_ path: String) throws(TrustError) -> KeyStore {
        let bytes = try PrivateFile.read(path, .secret)
        let file: File
        do {
            file = try JSONDecoder().decode(File.self, from: Data(bytes))
        } catch {
            // What the decoder says could repeat what the file holds.
            throw TrustError(.malformed, "\(path) cannot be read as a key store: \(mend)")
        }
        guard file.version == File.currentVersion else {
            throw TrustError(.malformed, "\(path) is of version \(file.version), from a newer program; this one reads \(File.currentVersion)")
        }
        do throws(TrustError) {
            var store = KeyStore(current: try file.current.certificate())
            for text in file.next { store.next.append(try text.certificate()) }
            store.previous = try file.previous?.certificate()
            if let key = file.request { store.request = try PEM.privateKey(Array(key.utf8), from: "the request") }
            store.publication = file.publication
            store.renewedAt = file.renewedAt
            return store
        } catch {
            throw TrustError(error.code, "\(path): \(error.message): \(mend)")
        }
    }

    private func bytes() throws(TrustError) -> [UInt8] {
        var next: [HeldCertificateText] = []
        for certificate in self.next { next.append(try HeldCertificateText(certificate)) }
        let previous: HeldCertificateText? = if let certificate = self.previous { try HeldCertificateText(certificate) } else { nil }
        let request: String? = if let key = self.request { String(decoding: try PEM.bytes(of: key), as: UTF8.self) } else { nil }
        let file = File(
            version: File.currentVersion, current: try HeldCertificateText(current), next: next, previous: previous, publication: publication,
            request: request, renewedAt: renewedAt)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(file)) + [0x0a]
        } catch {
            throw TrustError(.file, "the key store could not be written as text")
        }
    }

    /// Puts it in the place of the one on disk; after a crash there is the one or the other, whole.
    func save(_ path: String) throws(TrustError) { try PrivateFile.replace(path, try bytes()) }

    /// Refuses to overwrite.
    func create(_ path: String) throws(TrustError) { try PrivateFile.create(path, try bytes()) }
}

extension KeyStore: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "KeyStore(\(current), \(next.count) made ahead)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
