import GRDB
public import Updates

extension SQLiteStore {
    public func approvals() async throws -> [Approval] {
        try await read { try Self.approvals($0, "ORDER BY update_id, group_id") }
    }

    public func declines() async throws -> [Decline] {
        try await read { db in
            try db.rows("SELECT update_id, is_declined, changed_at, generation FROM decline ORDER BY update_id", [], Self.decline)
        }
    }

    /// A change that asks for what already stands makes no change: the approval keeps its deployment id, and devices are told nothing.
    ///
    /// Throws ``StorageError/Code-swift.enum/notFound`` for an unknown group, and then nothing is changed. Returns the approvals of every
    /// update and group named, as they now stand; where nothing was withdrawn because nothing stood, there is none.
    public func setApprovals(_ changes: [ApprovalChange], at now: Timestamp) async throws -> (Generation, [Approval]) {
        try await write { db in
            let generation = try Self.generation(db).next
            var hasChanged = false
            for change in changes {
                try Self.requireGroup(change.groupID, db)
                let held = try Self.approval(change.updateID, change.groupID, db)
                let deadline = change.action == nil ? nil : change.deadline?.wholeSeconds
                guard change.action != held?.action || deadline != held?.deadline else { continue }
                try Self.set(change.updateID, change.groupID, change.action, deadline, now, generation, db)
                hasChanged = true
            }
            var named: Set<ApprovalKey> = []
            let keys = changes.map { ApprovalKey(updateID: $0.updateID, groupID: $0.groupID) }.filter { named.insert($0).inserted }
            let approvals = try keys.compactMap { try Self.approval($0.updateID, $0.groupID, db) }
            return (hasChanged ? try Self.advance(db) : try Self.generation(db), approvals)
        }
    }

    public func setDeclined(_ updates: [UpdateID], _ isDeclined: Bool, at now: Timestamp) async throws -> DeclineResult {
        try await write { db in
            let generation = try Self.generation(db).next
            var hasChanged = false
            var withdrawn: [Approval] = []
            var declines: [Decline] = []
            var named: Set<UpdateID> = []
            for update in updates where named.insert(update).inserted {
                let held = try Self.decline(update, db)
                if isDeclined != (held?.isDeclined ?? false) {
                    try db.run(
                        """
                        INSERT INTO decline VALUES (?, ?, ?, ?) ON CONFLICT (update_id) DO UPDATE
                        SET is_declined = excluded.is_declined, changed_at = excluded.changed_at, generation = excluded.generation
                        """, [update, isDeclined, now, generation])
                    hasChanged = true
                }
                for approval in isDeclined ? try Self.approvals(db, "WHERE update_id = ? AND action IS NOT NULL", [update]) : [] {
                    try Self.set(update, approval.groupID, nil, nil, now, generation, db)
                    withdrawn += try Self.approvals(db, "WHERE update_id = ? AND group_id = ?", [update, approval.groupID])
                    hasChanged = true
                }
                if let decline = try Self.decline(update, db) { declines.append(decline) }
            }
            let reached = hasChanged ? try Self.advance(db) : try Self.generation(db)
            return DeclineResult(generation: reached, declines: declines, approvals: withdrawn)
        }
    }

    private struct ApprovalKey: Hashable {
        let updateID: UpdateID
        let groupID: GroupID
    }

    private static func set(
        _ update: UpdateID, _ group: GroupID, _ action: ApprovalAction?, _ deadline: Timestamp?, _ now: Timestamp, _ generation: Generation,
        _ db: Database
    ) throws {
        try db.run(
            """
            INSERT INTO approval VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (update_id, group_id) DO UPDATE
            SET action = excluded.action, deadline = excluded.deadline, deployment_id = excluded.deployment_id,
                changed_at = excluded.changed_at, generation = excluded.generation
            """, [update, group, action, deadline, try takeDeploymentID(db), now, generation])
    }

    private static func approval(_ update: UpdateID, _ group: GroupID, _ db: Database) throws -> Approval? {
        try approvals(db, "WHERE update_id = ? AND group_id = ?", [update, group]).first
    }

    private static func approvals(_ db: Database, _ condition: String, _ arguments: [(any ColumnValue)?] = []) throws -> [Approval] {
        let sql = "SELECT update_id, group_id, action, deadline, deployment_id, changed_at, generation FROM approval \(condition)"
        return try db.rows(sql, arguments) { row in
            Approval(
                updateID: try row.value(0), groupID: try row.value(1), action: try row.optional(2),
                deadline: try row.optional(3), deploymentID: try row.value(4), changedAt: try row.value(5),
                generation: try row.value(6))
        }
    }

    private static func decline(_ update: UpdateID, _ db: Database) throws -> Decline? {
        try db.row("SELECT update_id, is_declined, changed_at, generation FROM decline WHERE update_id = ?", [update]).map(decline)
    }

    private static func decline(_ row: Row) throws -> Decline {
        Decline(
            updateID: try row.value(0), isDeclined: try row.value(1), changedAt: try row.value(2),
            generation: try row.value(3))
    }
}

extension Timestamp {
    /// Deadlines are in whole seconds on the wire; kept so, the same deadline given twice is no change.
    fileprivate var wholeSeconds: Timestamp {
        let remainder = millisecondsSince1970 % 1000
        return adding(milliseconds: -(remainder < 0 ? remainder + 1000 : remainder))
    }
}
