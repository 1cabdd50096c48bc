import Foundation
import Logging
import Storage
public import TrustedTransport
import UpdateProtocols
public import Updates

/// What vouches for a payload's bytes, apart from its SHA-1, which vouches for nothing.
public enum PayloadProof: String, Codable, Sendable {
    /// The SHA-256 in the update's metadata.
    case sha256
    /// A signature that was verified.
    case signature
    /// Nothing.
    case sha1Only = "sha1-only"
    /// It is not held, and its metadata have no SHA-256: its signature will say.
    case unknown
}

/// What was found when a payload's signature was looked at.
public struct SignatureSummary: Codable, Sendable {
    /// `microsoft`, `vouched` (by a root of Microsoft's, for somebody else), `publisher`, `unsigned` or `refused`.
    public let standing: String
    /// As the certificate names the signer; empty where nobody signed.
    public let signer: String
    /// Why a signature is refused; empty otherwise.
    public let detail: String
    public let signedAt: Timestamp?
    public let checked: Timestamp
}

/// One payload in a list.
public struct PayloadSummary: Codable, Sendable {
    public let file: FileSummary
    public let proof: PayloadProof
    /// Nothing for one that is not held.
    public let signature: SignatureSummary?
}

/// A certificate that signatures may lead to.
public struct TrustedCertificateSummary: Codable, Sendable {
    /// Hexadecimal, lower case.
    public let sha256: String
    public let role: String
    /// As the certificate names its holder: any text.
    public let name: String
    public let added: Timestamp
}

/// What became of certificates that were given.
public struct TrustReport: Codable, Sendable {
    public var added: [TrustedCertificateSummary] = []
    /// They were held already.
    public var unchanged: [TrustedCertificateSummary] = []
    /// In a file of many, those that are none of Microsoft's roots for signatures.
    public var ignored = 0
    public var refused: [ImportReport.Problem] = []

    public init() {}
}

extension UpdateEngine {
    // MARK: - Whom signatures may lead to

    static func trust(_ store: SQLiteStore, _ table: RootTable) async throws -> SigningTrust {
        SigningTrust(
            try await store.certificates().compactMap { stored in
                TrustedCertificate.Role(rawValue: stored.role).map { TrustedCertificate(role: $0, der: stored.der) }
            }, table: table)
    }

    public func trustedCertificates(_ roles: [TrustedCertificate.Role]) async throws -> [TrustedCertificateSummary] {
        try await store.certificates().filter { stored in roles.contains { $0.rawValue == stored.role } }.map(Self.summary)
    }

    /// Takes certificates from files (PEM or DER). Of Microsoft's roots only those count whose fingerprint comes with the program.
    public func addCertificates(files paths: [String], as role: TrustedCertificate.Role) async throws -> TrustReport {
        var report = TrustReport()
        var offered: [StoredCertificate] = []
        let now = clock()
        for path in paths {
            do {
                let ders = try await blocking { try SigningTrust.certificates(of: Array(try Self.smallFile(path)), named: path) }
                let found = ders.map { TrustedCertificate(role: role, der: $0) }.filter { role != .microsoftRoot || rootTable.row($0.sha256) != nil }
                if let objection = found.lazy.compactMap(\.objection).first { throw EngineError(.refused, objection) }
                report.ignored += ders.count - found.count
                guard !found.isEmpty else {
                    throw EngineError(.refused, "none of its certificates is a root of Microsoft's that this program knows the fingerprint of")
                }
                offered += found.map { StoredCertificate(sha256: $0.sha256, role: role.rawValue, der: $0.der, addedAt: now) }
            } catch {
                report.refused.append(.init(path: path, message: "\(path): \(error)"))
            }
        }
        let wanted = offered
        let added = try await gate.perform { [self] in
            let added = try await store.addCertificates(wanted)
            let trust = try await Self.trust(store, rootTable)
            publish { $0.trust = trust }
            return Set(added.map(\.sha256))
        }
        var seen: Set<SHA256Digest> = []
        for certificate in offered where seen.insert(certificate.sha256).inserted {
            let summary = Self.summary(certificate)
            if added.contains(certificate.sha256) { report.added.append(summary) } else { report.unchanged.append(summary) }
        }
        return report
    }

    /// A certificate that is held in several of the roles is removed from each.
    ///
    /// - Parameter fingerprint: 64 hexadecimal digits, or the first eight or more of them where no other begins so.
    public func removeCertificate(_ fingerprint: String, _ roles: [TrustedCertificate.Role]) async throws -> [TrustedCertificateSummary] {
        let start = fingerprint.lowercased()
        guard start.utf8.count >= 8, start.allSatisfy(\.isHexDigit) else {
            throw EngineError(.refused, "name a certificate by its SHA-256, or by eight digits of it or more")
        }
        return try await gate.perform { [self] in
            let held = try await store.certificates().filter { stored in
                roles.contains { $0.rawValue == stored.role } && stored.sha256.description.hasPrefix(start)
            }
            guard Set(held.map(\.sha256)).count <= 1 else {
                throw EngineError(.refused, "\(fingerprint) is the start of more than one fingerprint")
            }
            guard !held.isEmpty else { throw EngineError(.refused, "no certificate \(fingerprint) is held") }
            for one in held { _ = try await store.removeCertificate(one.sha256, role: one.role) }
            let trust = try await Self.trust(store, rootTable)
            publish { $0.trust = trust }
            return held.map(Self.summary)
        }
    }

    private static func summary(_ stored: StoredCertificate) -> TrustedCertificateSummary {
        TrustedCertificateSummary(
            sha256: stored.sha256.description, role: stored.role, name: TrustedCertificate(role: .publisher, der: stored.der).name,
            added: stored.addedAt)
    }

    /// More than any list of roots has.
    private static let largestFile = 16 << 20

    private static func smallFile(_ path: String) throws -> Data {
        let file = try CabinetFile(path: path)
        let size = try file.size()
        guard size <= largestFile else { throw EngineError(.refused, "it is larger than a file of certificates") }
        var data = Data(count: Int(size))
        let count = try data.withUnsafeMutableBytes { try file.read(into: $0, at: 0) }
        return data.prefix(count)
    }

    // MARK: - Looking into payloads

    /// Looks at a payload's signature and, of a cabinet, at the names in it, and records both.
    func look(into path: String, _ sha1: SHA1Digest) async throws {
        let (trust, now) = (state { $0.trust }, clock())
        let (verdict, members) = try await blocking {
            (SignatureVerifier.verify(path: path, trust: trust, at: now), Self.cabinetMembers(of: path))
        }
        let finding = PayloadFinding(sha1, verdict, at: now)
        if case .refused(let refusal) = verdict {
            log.warning("a payload's signature proves nothing: \(DisplayText.escaped(refusal.message))", metadata: ["sha1": "\(sha1)"])
        }
        try await store.setPayloadFindings([finding])
        guard let members else { return }
        try await store.setCabinetMembers(members, of: sha1)
        publish { $0.cabinetMembers[sha1] = members }
    }

    /// The names in a cabinet as ``Updates/LaunchRule/member(_:)`` compares them; nothing for what is none, or cannot be read.
    private static func cabinetMembers(of path: String) -> Set<String>? {
        guard let cabinet = try? CabinetReader(try CabinetPart(try CabinetFile(path: path)), limits: .payload) else { return nil }
        return Set(cabinet.members.compactMap { LaunchRule.member($0.name) })
    }

    /// Every payload that an update names, by name.
    public func payloads() async throws -> [PayloadSummary] {
        let findings = Dictionary(try await store.payloadFindings().map { ($0.sha1, $0) }, uniquingKeysWith: { $1 })
        return fileIndex.all.map { file in
            let isHeld = files.lookup(file.sha1) != nil
            let finding = isHeld ? findings[file.sha1] : nil
            let proof: PayloadProof =
                if file.sha256 != nil {
                    .sha256
                } else if !isHeld {
                    .unknown
                } else {
                    finding?.isVerified == true ? .signature : .sha1Only
                }
            return PayloadSummary(
                file: Self.summary(of: file, isHeld: isHeld), proof: proof,
                signature: finding.map {
                    SignatureSummary(
                        standing: $0.standing, signer: $0.signer, detail: $0.detail, signedAt: $0.signedAt, checked: $0.checkedAt)
                })
        }.sorted { ($0.file.name ?? "", $0.file.sha1) < ($1.file.name ?? "", $1.file.sha1) }
    }
}

extension PayloadFinding {
    init(_ sha1: SHA1Digest, _ verdict: SignatureVerdict, at now: Timestamp) {
        switch verdict {
        case .verified(let signature):
            self.init(
                sha1: sha1, standing: signature.standing.rawValue, signer: signature.signer, detail: "", signedAt: signature.signedAt, checkedAt: now)
        case .unsigned: self.init(sha1: sha1, standing: "unsigned", signer: "", detail: "", signedAt: nil, checkedAt: now)
        case .refused(let refusal):
            self.init(sha1: sha1, standing: "refused", signer: "", detail: refusal.message, signedAt: nil, checkedAt: now)
        }
    }

    var isVerified: Bool { VerifiedSignature.Standing(rawValue: standing) != nil }
}
