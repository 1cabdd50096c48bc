import Foundation
import GRDB
public import Updates

extension SQLiteStore {
    /// Lines of a device's history that are kept; of them, lines that only say that it began anew.
    static let changesOfDevice = 100
    static let sessionsOfDevice = 20
    /// Characters of a value that stand in a line of history.
    static let changeText = 256
    /// How long a name that a device had is remembered, in seconds: one that comes back within it is two machines taking turns.
    static let nameMemory: Int64 = 30 * 86_400

    /// How long a line of sessions must have gone on before it is the device's own, in seconds: long enough for the device to come back with
    /// its own line if this one is another's.
    static let lineageProof: Int64 = 3 * 86_400

    public func take(_ arrivals: DeviceArrivals, policy: DevicePolicy, at now: Timestamp) async throws -> ArrivalResult {
        try await write { db in
            var result = ArrivalResult()
            for registration in arrivals.registrations { result.registered.append(try Self.register(registration, policy, now, db)) }
            for sighting in arrivals.sightings { try Self.take(sighting, db) }
            try Self.write(arrivals.plainVisits, limits: options.plainCallers, db)
            var reports = Reports(policy: policy, now: now)
            for batch in arrivals.reports { try reports.take(batch, db) }
            try reports.finish(into: &result, db)
            return result
        }
    }

    public func changes(of device: DeviceID) async throws -> [DeviceChange] {
        try await read { db in
            guard let key = try Self.key(of: device, db) else { return [] }
            let sql = "SELECT changed_at, address, field, old, new, outcome FROM device_change WHERE device_key = ? ORDER BY id DESC"
            return try db.rows(sql, [key]) { row in
                DeviceChange(
                    time: try row.value(0), address: try row.value(1), field: try row.value(2), old: try row.value(3), new: try row.value(4),
                    outcome: try row.value(5))
            }
        }
    }

    public func resolve(
        _ devices: [DeviceID], accepting: Bool, policy: DevicePolicy, at now: Timestamp
    ) async throws -> [ArrivalResult.Registered] {
        try await write { db in
            try devices.compactMap { id in
                guard let key = try Self.key(of: id, db), let held = try Self.device(id, db), held.dispute != nil || held.claim != nil else {
                    return nil
                }
                var changes = Changes(key: key, address: "", now: now)
                changes.record(.dispute, held.dispute?.reasons.words.joined(separator: ", ") ?? "", "", accepting ? .accepted : .rejected)
                var (facts, requested) = (held.facts, held.requestedGroups)
                if let claim = held.claim {
                    changes.record(held, claim.facts, claim.requestedGroups, accepting ? .accepted : .rejected)
                    if accepting {
                        (facts, requested) = (claim.facts, claim.requestedGroups ?? requested)
                        // Who said it is the device from now on.
                        try db.run("UPDATE device SET lineage = claim_lineage WHERE key = ?", [key])
                    }
                }
                // A decision gives no stranger a start: the device's own line stays, and any other begins its three days anew.
                try db.run(
                    """
                    UPDATE device SET dispute = NULL, disputed_at = NULL, dispute_network = NULL, claim = NULL, claim_lineage = NULL,
                        newer_lineage = NULL, newer_since = NULL, last_reported = NULL, facts = ?, requested_groups = ? WHERE key = ?
                    """, [facts?.encoded, requested.map(Self.encoded), key])
                try db.run("DELETE FROM status WHERE device_key = ?", [key])
                try changes.write(db)
                return try Self.registered(id, isWithdrawn: requested?.isEmpty == true && held.requestedGroups?.isEmpty == false, policy, db)
            }
        }
    }

    // MARK: - Registrations

    private static func register(
        _ said: DeviceRegistration, _ policy: DevicePolicy, _ now: Timestamp, _ db: Database
    ) throws -> ArrivalResult.Registered {
        guard let key = try key(of: said.deviceID, db), let held = try device(said.deviceID, db), let facts = held.facts else {
            try registerNew(said, policy, now, db)
            return try registered(said.deviceID, isWithdrawn: false, policy, db)
        }
        var changes = Changes(key: key, address: said.address, now: now)
        let isContinued = try follow(said.lineage, of: key, isDisputed: held.dispute != nil, &changes, db)
        let isOtherName = facts.dnsName.lowercased() != said.facts.dnsName.lowercased()
        let derivation = IdentityDerivation(
            held: facts, said: said.facts, targeting: policy.targeting, isContinued: isContinued,
            earlierNames: isOtherName ? try earlierNames(of: key, since: now.adding(seconds: -nameMemory), db) : [])
        let asksForOthers = said.requestedGroups.map { !TargetGroup.areSame($0, held.requestedGroups ?? []) } ?? false
        var reasons = derivation.reasons
        if asksForOthers, policy.targeting == .client, !isContinued { reasons.insert(.otherGroups) }
        let isChanged = !derivation.changes.isEmpty || asksForOthers
        if held.dispute != nil || !reasons.isEmpty {
            let requested = asksForOthers ? said.requestedGroups : nil
            if isChanged, held.claim?.facts != said.facts || held.claim?.requestedGroups != requested {
                let claim = DeviceClaim(facts: said.facts, requestedGroups: requested, address: said.address, time: now)
                try db.run("UPDATE device SET claim = ?, claim_lineage = ? WHERE key = ?", [claim.encoded, said.lineage, key])
                changes.record(held, said.facts, requested, .claimed)
            }
            try changes.dispute(reasons, held: held.dispute?.reasons ?? [], by: SourceNetwork(said.address), db)
        } else if isChanged {
            try db.run(
                "UPDATE device SET facts = ?, requested_groups = ?, last_seen = ? WHERE key = ?",
                [said.facts.encoded, (asksForOthers ? said.requestedGroups : held.requestedGroups).map(encoded), now, key])
            changes.record(held, said.facts, asksForOthers ? said.requestedGroups : nil, .taken)
        }
        try changes.write(db)
        return try registered(said.deviceID, isWithdrawn: asksForOthers && said.requestedGroups?.isEmpty == true, policy, db)
    }

    /// Notes which line of sessions a device is heard by. Returns whether the caller is known to be the one before: where no line is known
    /// (after a restore), nobody is.
    private static func follow(
        _ lineage: SessionLineage?, of key: Int64, isDisputed: Bool, _ changes: inout Changes, _ db: Database
    ) throws -> Bool {
        guard let lineage, let row = try db.row("SELECT lineage, newer_lineage, newer_since FROM device WHERE key = ?", [key]) else { return true }
        let own: SessionLineage? = try row.optional(0)
        let newer: SessionLineage? = try row.optional(1)
        if lineage == own, newer == nil { return true }
        let isProved = try lineage == newer && changes.now.milliseconds(since: row.value(2)) >= lineageProof * 1000
        if isDisputed { return lineage == own || isProved }
        if lineage == own || isProved {
            try db.run("UPDATE device SET lineage = ?, newer_lineage = NULL, newer_since = NULL WHERE key = ?", [lineage, key])
            return true
        }
        if lineage != newer {
            try db.run("UPDATE device SET newer_lineage = ?, newer_since = ? WHERE key = ?", [lineage, changes.now, key])
            changes.record(.session, "", "", .taken)
        }
        return false
    }

    /// A new device counts as moved by the last change: where it was forgotten and comes again with an old cookie, what it saw is stale.
    private static func registerNew(_ said: DeviceRegistration, _ policy: DevicePolicy, _ now: Timestamp, _ db: Database) throws {
        let isNew = try key(of: said.deviceID, db) == nil
        let requested = said.requestedGroups.flatMap { $0.isEmpty ? nil : $0 }
        try db.run(
            """
            INSERT INTO device (id, facts, groups_generation, first_seen, last_seen, requested_groups, lineage) VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET facts = excluded.facts, first_seen = coalesce(first_seen, excluded.first_seen),
                last_seen = excluded.last_seen, requested_groups = excluded.requested_groups, lineage = excluded.lineage
            """, [said.deviceID, said.facts.encoded, try generation(db), now, now, requested.map(encoded), said.lineage])
        guard isNew else { return }
        let key = db.lastInsertedRowID
        if policy.targeting == .client, let requested {
            for group in try groups(named: requested, db) { try db.run("INSERT INTO device_group VALUES (?, ?)", [key, group]) }
            try db.run("DELETE FROM expected_device_group WHERE name = ?", [said.facts.dnsName.lowercased()])
        } else {
            try takeExpectedGroups(of: said.facts.dnsName.lowercased(), key: key, db)
        }
    }

    /// - Parameter isWithdrawn: the device asked for groups and does no more.
    private static func registered(
        _ id: DeviceID, isWithdrawn: Bool, _ policy: DevicePolicy, _ db: Database
    ) throws -> ArrivalResult.Registered {
        guard let device = try device(id, db) else { throw ByteReader.corrupt }
        guard policy.targeting == .client, device.dispute == nil else { return .init(device: device, groups: nil) }
        let requested = device.requestedGroups ?? []
        guard !requested.isEmpty || isWithdrawn else { return .init(device: device, groups: nil) }
        let groups = try groups(named: requested, db)
        let wanted = groups.isEmpty ? [.unassignedComputers] : groups
        return .init(device: device, groups: wanted == device.groups ? nil : wanted)
    }

    /// The groups of these names; names that no group has, and those of the built-in groups, give none.
    private static func groups(named names: [String], _ db: Database) throws -> Set<GroupID> {
        var found: Set<GroupID> = []
        for name in names {
            if let row = try db.row("SELECT id FROM target_group WHERE folded_name = ?", [TargetGroup.folded(name)]) {
                found.insert(try row.value(0))
            }
        }
        return found.subtracting(TargetGroup.builtIn.map(\.id))
    }

    private static func earlierNames(of key: Int64, since time: Timestamp, _ db: Database) throws -> Set<String> {
        let sql = "SELECT old FROM device_change WHERE device_key = ? AND field = ? AND outcome = ? AND changed_at >= ?"
        let names: [String] = try db.rows(sql, [key, DeviceChange.Field.name, DeviceChange.Outcome.taken, time]) { try $0.value(0) }
        return Set(names.map { $0.lowercased() })
    }

    // MARK: - Sightings

    private static func take(_ sighting: DeviceSighting, _ db: Database) throws {
        guard let row = try db.row("SELECT key, dispute FROM device WHERE id = ?", [sighting.deviceID]) else { return }
        let key: Int64 = try row.value(0)
        let held = DisputeReasons(rawValue: try row.optional(1) ?? 0)
        var changes = Changes(key: key, address: sighting.address, now: sighting.time)
        try changes.dispute(sighting.reasons, held: held, by: sighting.secondNetwork, db)
        _ = try follow(sighting.lineage, of: key, isDisputed: !held.union(sighting.reasons).isEmpty, &changes, db)
        try db.run(
            "UPDATE device SET last_seen = max(coalesce(last_seen, ?1), ?1), first_seen = coalesce(first_seen, ?1) WHERE key = ?2",
            [sighting.time, key])
        if let transport = sighting.transport { try write(transport, of: key, at: sighting.time, db) }
        try changes.write(db)
    }

    // MARK: - History

    /// Lines of one device's history, written together.
    struct Changes {
        let key: Int64
        let address: String
        let now: Timestamp
        private var lines: [DeviceChange] = []

        init(key: Int64, address: String, now: Timestamp) {
            self.key = key
            self.address = address
            self.now = now
        }

        mutating func record(_ field: DeviceChange.Field, _ old: String, _ new: String, _ outcome: DeviceChange.Outcome) {
            lines.append(
                DeviceChange(
                    time: now, address: address, field: field, old: String(old.prefix(changeText)), new: String(new.prefix(changeText)),
                    outcome: outcome))
        }

        /// Everything in which a device's facts and requested groups would differ.
        mutating func record(_ held: Device, _ facts: DeviceFacts, _ requestedGroups: [String]?, _ outcome: DeviceChange.Outcome) {
            if let old = held.facts {
                let differences = IdentityDerivation(held: old, said: facts, targeting: .server, isContinued: true)
                for change in differences.changes { record(change.field, change.old, change.new, outcome) }
            }
            if let requestedGroups, !TargetGroup.areSame(requestedGroups, held.requestedGroups ?? []) {
                record(.requestedGroups, (held.requestedGroups ?? []).joined(separator: ";"), requestedGroups.joined(separator: ";"), outcome)
            }
        }

        /// Marks the device disputed for reasons that are new.
        ///
        /// - Parameter network: where the second caller is, as far as known; of several the first is kept.
        mutating func dispute(_ reasons: DisputeReasons, held: DisputeReasons, by network: SourceNetwork?, _ db: Database) throws {
            let new = reasons.subtracting(held)
            guard !new.isEmpty else { return }
            try db.run(
                """
                UPDATE device SET dispute = ?, disputed_at = coalesce(disputed_at, ?), dispute_network = coalesce(dispute_network, ?)
                WHERE key = ?
                """, [held.union(new).rawValue, now, network.flatMap { $0.description.isEmpty ? nil : $0.description }, key])
            record(.dispute, "", new.words.joined(separator: ", "), .disputed)
        }

        func write(_ db: Database) throws {
            guard !lines.isEmpty else { return }
            for line in lines {
                try db.run(
                    "INSERT INTO device_change (device_key, changed_at, address, field, old, new, outcome) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    [key, line.time, line.address, line.field, line.old, line.new, line.outcome])
            }
            for (isSession, limit) in [(true, sessionsOfDevice), (false, changesOfDevice - sessionsOfDevice)] {
                try db.run(
                    """
                    DELETE FROM device_change WHERE id IN
                        (SELECT id FROM device_change WHERE device_key = ? AND (field = 'session') = ? ORDER BY id DESC LIMIT -1 OFFSET ?)
                    """, [key, isSession, limit])
            }
        }
    }
}

extension TargetGroup {
    /// Two names that differ only in case, or in how an accent is composed, are one.
    public static func folded(_ name: String) -> String { name.lowercased().precomposedStringWithCanonicalMapping }

    /// The same names, in any order.
    public static func areSame(_ left: [String], _ right: [String]) -> Bool { Set(left.map(folded)) == Set(right.map(folded)) }
}
