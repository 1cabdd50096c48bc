import Foundation
import GRDB
public import Updates

/// A certificate that signatures may lead to, as it is kept.
public struct StoredCertificate: Hashable, Sendable {
    public let sha256: SHA256Digest
    /// A word of whoever judges signatures.
    public let role: String
    public let der: [UInt8]
    public let addedAt: Timestamp

    public init(sha256: SHA256Digest, role: String, der: [UInt8], addedAt: Timestamp) {
        self.sha256 = sha256
        self.role = role
        self.der = der
        self.addedAt = addedAt
    }
}

/// What was found when a payload was looked into.
public struct PayloadFinding: Hashable, Sendable {
    public let sha1: SHA1Digest
    /// A word of whoever judges signatures.
    public let standing: String
    /// As the signer's certificate names it: any text.
    public let signer: String
    /// Why the signature is none, where it is not.
    public let detail: String
    public let signedAt: Timestamp?
    public let checkedAt: Timestamp

    public init(sha1: SHA1Digest, standing: String, signer: String, detail: String, signedAt: Timestamp?, checkedAt: Timestamp) {
        self.sha1 = sha1
        self.standing = standing
        self.signer = signer
        self.detail = detail
        self.signedAt = signedAt
        self.checkedAt = checkedAt
    }
}

extension SQLiteStore {
    // MARK: - Certificates

    public func certificates() async throws -> [StoredCertificate] {
        try await read { db in
            try db.rows("SELECT sha256, role, der, added_at FROM trusted_certificate ORDER BY role, sha256") { row in
                let der: Data = try row.value(2)
                return StoredCertificate(sha256: try row.value(0), role: try row.value(1), der: Array(der), addedAt: try row.value(3))
            }
        }
    }

    /// Returns those that were not held before.
    public func addCertificates(_ certificates: [StoredCertificate]) async throws -> [StoredCertificate] {
        try await write { db in
            try certificates.filter { certificate in
                try db.run(
                    "INSERT INTO trusted_certificate VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    [certificate.sha256, certificate.role, Data(certificate.der), certificate.addedAt])
                return db.changesCount > 0
            }
        }
    }

    /// Returns whether it was held.
    public func removeCertificate(_ sha256: SHA256Digest, role: String) async throws -> Bool {
        try await write { db in
            try db.run("DELETE FROM trusted_certificate WHERE sha256 = ? AND role = ?", [sha256, role])
            return db.changesCount > 0
        }
    }

    // MARK: - Payloads

    public func payloadFindings() async throws -> [PayloadFinding] {
        try await read { db in
            try db.rows("SELECT sha1, standing, signer, detail, signed_at, checked_at FROM payload_finding ORDER BY sha1") { row in
                PayloadFinding(
                    sha1: try row.value(0), standing: try row.value(1), signer: try row.value(2), detail: try row.value(3),
                    signedAt: try row.optional(4), checkedAt: try row.value(5))
            }
        }
    }

    public func setPayloadFindings(_ findings: [PayloadFinding]) async throws {
        try await write { db in
            for finding in findings {
                try db.run(
                    "INSERT OR REPLACE INTO payload_finding VALUES (?, ?, ?, ?, ?, ?)",
                    [finding.sha1, finding.standing, finding.signer, finding.detail, finding.signedAt, finding.checkedAt])
            }
        }
    }

    /// The members of every payload that was looked into and is a cabinet.
    public func cabinetMembers() async throws -> [SHA1Digest: Set<String>] {
        try await read { db in
            var members: [SHA1Digest: Set<String>] = [:]
            try db.forEachRow("SELECT sha1, name FROM cabinet_member", []) { row in
                members[try row.value(0) as SHA1Digest, default: []].insert(try row.value(1))
            }
            return members
        }
    }

    public func setCabinetMembers(_ members: Set<String>, of sha1: SHA1Digest) async throws {
        try await write { db in
            try db.run("DELETE FROM cabinet_member WHERE sha1 = ?", [sha1])
            for name in members.sorted() { try db.run("INSERT INTO cabinet_member VALUES (?, ?)", [sha1, name]) }
        }
    }

    // MARK: - Quarantine

    public func allowances() async throws -> [Allowance] {
        try await read { try Self.allowances($0, "ORDER BY update_id, revision_number") }
    }

    public func setAllowed(
        _ revisions: [UpdateIdentity], _ isAllowed: Bool, reason: String, at now: Timestamp
    ) async throws -> (Generation, [Allowance]) {
        try await write { db in
            let generation = try Self.generation(db).next
            for identity in revisions {
                try db.run(
                    "INSERT OR REPLACE INTO allowance VALUES (?, ?, ?, ?, ?, ?)",
                    [identity.updateID, identity.revisionNumber, isAllowed, reason, now, generation])
            }
            let allowances = try revisions.flatMap {
                try Self.allowances(db, "WHERE update_id = ? AND revision_number = ?", [$0.updateID, $0.revisionNumber])
            }
            return (revisions.isEmpty ? try Self.generation(db) : try Self.advance(db), allowances)
        }
    }

    private static func allowances(_ db: Database, _ condition: String, _ arguments: [(any ColumnValue)?] = []) throws -> [Allowance] {
        let sql = "SELECT update_id, revision_number, is_allowed, reason, changed_at, generation FROM allowance \(condition)"
        return try db.rows(sql, arguments) { row in
            Allowance(
                identity: UpdateIdentity(updateID: try row.value(0), revisionNumber: try row.value(1)), isAllowed: try row.value(2),
                reason: try row.value(3), changedAt: try row.value(4), generation: try row.value(5))
        }
    }

    /// Revisions whose metadata were read before commands were, or before all of them were, by ascending id.
    public func revisionsWithoutCommands(after last: RevisionID, limit: Int) async throws -> [RevisionID] {
        try await read {
            try $0.rows("SELECT id FROM revision WHERE has_commands = 0 AND id > ? ORDER BY id LIMIT ?", [last, limit]) { try $0.value(0) }
        }
    }

    /// Records what revisions start, found in their fragments; the rest of their metadata stays. All in one transaction. Those that could not be read
    /// are listed by ``revisionsWithoutCommands(after:limit:)`` again: a fragment may be rebuilt.
    public func setCommands(_ commands: [(RevisionID, [HandlerCommand])]) async throws {
        try await write { db in
            for (id, commands) in commands {
                guard var metadata = try Self.revisions(db, "WHERE id = ?", [id]).first?.revision.metadata else { continue }
                let isRead = !commands.contains { $0.kind == .unread }
                guard metadata.commands != commands else {
                    try db.run("UPDATE revision SET has_commands = ? WHERE id = ?", [isRead, id])
                    continue
                }
                metadata.commands = commands
                try db.run("UPDATE revision SET metadata = ?, has_commands = ? WHERE id = ?", [metadata.encoded, isRead, id])
            }
        }
    }
}
