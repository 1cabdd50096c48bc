import GRDB
public import Updates

extension SQLiteStore {
    /// How long an instance id is remembered, in seconds.
    static let instanceRetention: Int64 = 30 * 86_400
    /// How many instance ids of one device are remembered: whoever sends more repeats only its own events.
    static let instancesOfDevice = 5000
    /// How many bytes of the texts of one device's events are kept.
    static let eventBytesOfDevice = 1 << 20
    /// How many rows one call removes at most, of each kind: old rows go little by little.
    static let pruningStep = 1000

    public func statuses(of device: DeviceID) async throws -> [UpdateStatus] {
        try await read { db in
            guard let key = try Self.key(of: device, db) else { return [] }
            return try Self.statuses(of: key, db)
        }
    }

    public func statuses(of update: UpdateID) async throws -> [DeviceUpdateState] {
        try await read { db in
            let sql = "SELECT id, state, changed_at, dispute IS NOT NULL FROM status JOIN device ON key = device_key WHERE update_id = ? ORDER BY id"
            return try db.rows(sql, [update]) { row in
                DeviceUpdateState(
                    deviceID: try row.value(0), state: try row.value(1), changedAt: try row.value(2), isDisputed: try row.value(3))
            }
        }
    }

    public func statusCounts() async throws -> [UpdateID: [UpdateState: Int]] {
        try await read { db in
            var counts: [UpdateID: [UpdateState: Int]] = [:]
            try db.forEachRow("SELECT update_id, state, count FROM status_count") { row in
                let update: UpdateID = try row.value(0)
                let state: UpdateState = try row.value(1)
                counts[update, default: [:]][state] = try row.value(2) as Int
            }
            return counts
        }
    }

    public func deviceStatusCounts() async throws -> [DeviceID: [UpdateState: Int]] {
        try await read { db in
            var counts: [DeviceID: [UpdateState: Int]] = [:]
            let sql = """
                SELECT device.id, state, COUNT(*) FROM status JOIN device ON device.key = status.device_key WHERE dispute IS NULL
                GROUP BY device.key, state
                """
            try db.forEachRow(sql) { row in
                let device: DeviceID = try row.value(0)
                let state: UpdateState = try row.value(1)
                counts[device, default: [:]][state] = try row.value(2) as Int
            }
            return counts
        }
    }

    public func events(of device: DeviceID, limit: Int) async throws -> [StoredEvent] {
        try await read { db in
            guard let key = try Self.key(of: device, db) else { return [] }
            let sql = """
                SELECT instance_id, time_at_target, received_at, namespace_id, event_id, source_id, update_id, revision_number, win32_hresult,
                    app_name, replacement_strings, misc_data, disputed_from
                FROM event WHERE device_key = ? ORDER BY id DESC LIMIT ?
                """
            return try db.rows(sql, [key, max(0, limit)]) { try StoredEvent($0, device) }
        }
    }

    fileprivate static func statuses(of key: Int64, _ db: Database) throws -> [UpdateStatus] {
        try db.rows("SELECT update_id, state, changed_at FROM status WHERE device_key = ? ORDER BY update_id", [key]) { row in
            UpdateStatus(updateID: try row.value(0), state: try row.value(1), changedAt: try row.value(2))
        }
    }
}

/// The reports of one group commit, inside its transaction.
struct Reports {
    let policy: DevicePolicy
    let now: Timestamp
    private var devices: [DeviceID: Reporter] = [:]
    private var order: [DeviceID] = []
    private var stored = 0
    private var repeated = 0
    private var dropped = 0

    private struct Reporter {
        let key: Int64
        let heldReasons: DisputeReasons
        /// Reasons that its reports give.
        var reasons: DisputeReasons = []
        var address = ""
        var hasStored = false
        /// Read when the first event needs it.
        var states: (before: StatusDerivation, after: StatusDerivation)?

        var isDisputed: Bool { !heldReasons.isEmpty || !reasons.isEmpty }
    }

    init(policy: DevicePolicy, now: Timestamp) {
        self.policy = policy
        self.now = now
    }

    mutating func take(_ batch: EventBatch, _ db: Database) throws {
        if devices[batch.deviceID] == nil {
            guard let row = try db.row("SELECT key, dispute FROM device WHERE id = ?", [batch.deviceID]) else {
                dropped += batch.events.count
                return
            }
            devices[batch.deviceID] = Reporter(key: try row.value(0), heldReasons: DisputeReasons(rawValue: try row.optional(1) ?? 0))
            order.append(batch.deviceID)
        }
        guard var reporter = devices[batch.deviceID] else { return }
        for event in batch.events {
            guard try remember(event, reporter.key, db) else {
                repeated += 1
                continue
            }
            if event.isContradictory {
                reporter.reasons.insert(.contradiction)
                reporter.address = batch.address
            }
            if !reporter.isDisputed, event.eventID == .clientStatus || event.eventID == .installationFailed {
                var states = try reporter.states ?? load(reporter.key, db)
                states.after.take(event, now: now)
                reporter.states = states
            }
            // 156 is state, not history.
            if event.eventID != .clientStatus, try store(event, reporter.key, disputedFrom: reporter.isDisputed ? batch.address : nil, db) {
                stored += 1
                reporter.hasStored = true
            }
        }
        devices[batch.deviceID] = reporter
    }

    mutating func finish(into result: inout ArrivalResult, _ db: Database) throws {
        for id in order {
            guard let reporter = devices[id] else { continue }
            if reporter.hasStored { try bound(reporter.key, db) }
            try boundInstances(reporter.key, db)
            if let states = reporter.states { try save(states.before, states.after, reporter.key, db) }
            try db.run(
                "UPDATE device SET first_seen = coalesce(first_seen, ?), last_seen = ?, last_reported = coalesce(?, last_reported) WHERE key = ?",
                [now, now, reporter.states?.after.lastReported, reporter.key])
            // After its states were written: a disputed device's rows neither change nor count.
            if !reporter.reasons.subtracting(reporter.heldReasons).isEmpty {
                var changes = SQLiteStore.Changes(key: reporter.key, address: reporter.address, now: now)
                try changes.dispute(reporter.reasons, held: reporter.heldReasons, by: SourceNetwork(reporter.address), db)
                try changes.write(db)
                if let device = try SQLiteStore.device(id, db) { result.disputed.append(device) }
            }
            result.reporters.insert(id)
        }
        try prune(db)
        (result.storedEvents, result.repeatedEvents, result.droppedEvents) = (stored, repeated, dropped)
    }

    private func load(_ key: Int64, _ db: Database) throws -> (before: StatusDerivation, after: StatusDerivation) {
        let lastReported: Timestamp? = try db.row("SELECT last_reported FROM device WHERE key = ?", [key])?.optional(0)
        let states = StatusDerivation(rows: try SQLiteStore.statuses(of: key, db), lastReported: lastReported)
        return (states, states)
    }

    /// Writes only the rows that differ.
    private func save(_ before: StatusDerivation, _ after: StatusDerivation, _ key: Int64, _ db: Database) throws {
        for (id, row) in after.rows where before.rows[id] != row {
            if before.rows[id] == nil {
                try db.run("INSERT INTO status VALUES (?, ?, ?, ?)", [key, id, row.state, row.changedAt])
            } else {
                try db.run(
                    "UPDATE status SET state = ?, changed_at = ? WHERE device_key = ? AND update_id = ?", [row.state, row.changedAt, key, id])
            }
        }
        for id in before.rows.keys where after.rows[id] == nil {
            try db.run("DELETE FROM status WHERE device_key = ? AND update_id = ?", [key, id])
        }
    }

    /// False where this device sent an event of this instance id within the last 30 days.
    private func remember(_ event: Event, _ key: Int64, _ db: Database) throws -> Bool {
        try db.run(
            """
            INSERT INTO event_instance VALUES (?, ?, ?) ON CONFLICT (device_key, instance_id) DO UPDATE
            SET received_at = excluded.received_at WHERE received_at <= ?
            """, [key, event.instanceID, now, now.adding(seconds: -SQLiteStore.instanceRetention)])
        return db.changesCount > 0
    }

    /// An event that names an update has a row of its own; of others, the latest of each kind is kept. Returns whether there is a new row.
    private func store(_ event: Event, _ key: Int64, disputedFrom: String?, _ db: Database) throws -> Bool {
        if event.update == nil {
            let held = try db.row(
                "SELECT time_at_target FROM event WHERE device_key = ? AND event_id = ? AND update_id IS NULL", [key, event.eventID])
            if let held {
                let time: Timestamp = try held.value(0)
                guard event.timeAtTarget >= time else { return false }
                try db.run("DELETE FROM event WHERE device_key = ? AND event_id = ? AND update_id IS NULL", [key, event.eventID])
            }
        }
        var replacementStrings = ByteWriter()
        replacementStrings.list(event.replacementStrings) { $0.string($1) }
        var miscData = ByteWriter()
        miscData.list(event.miscData) { $0.string($1) }
        try db.run(
            """
            INSERT INTO event (device_key, instance_id, time_at_target, received_at, namespace_id, event_id, source_id, update_id,
                revision_number, win32_hresult, app_name, replacement_strings, misc_data, disputed_from)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                key, event.instanceID, event.timeAtTarget, now, event.namespaceID, event.eventID, event.sourceID, event.update?.updateID,
                event.update?.revisionNumber, event.win32HResult, event.appName, replacementStrings, miscData, disputedFrom,
            ])
        return true
    }

    /// A device keeps its newest events, so many and so many bytes of them: whoever floods its own history loses only that.
    private func bound(_ key: Int64, _ db: Database) throws {
        try db.run(
            """
            DELETE FROM event WHERE id IN (SELECT id FROM (
                SELECT id, row_number() OVER newest AS place,
                    sum(length(replacement_strings) + length(misc_data) + length(app_name)) OVER newest AS bytes
                FROM event WHERE device_key = ? WINDOW newest AS (ORDER BY id DESC)
            ) WHERE place > ? OR bytes > ?)
            """, [key, policy.eventsOfDevice, SQLiteStore.eventBytesOfDevice])
    }

    private func boundInstances(_ key: Int64, _ db: Database) throws {
        let count: Int = try db.row("SELECT count(*) FROM event_instance WHERE device_key = ?", [key])?.value(0) ?? 0
        guard count > SQLiteStore.instancesOfDevice else { return }
        try db.run(
            """
            DELETE FROM event_instance WHERE device_key = ?1 AND instance_id IN
                (SELECT instance_id FROM event_instance WHERE device_key = ?1 ORDER BY received_at DESC, instance_id LIMIT -1 OFFSET ?2)
            """, [key, SQLiteStore.instancesOfDevice])
    }

    private func prune(_ db: Database) throws {
        try db.run(
            """
            DELETE FROM event_instance WHERE (device_key, instance_id) IN
                (SELECT device_key, instance_id FROM event_instance WHERE received_at <= ? ORDER BY received_at LIMIT ?)
            """, [now.adding(seconds: -SQLiteStore.instanceRetention), SQLiteStore.pruningStep])
        try db.run(
            "DELETE FROM event WHERE id IN (SELECT id FROM event WHERE received_at <= ? ORDER BY received_at LIMIT ?)",
            [now.adding(seconds: -policy.eventRetention), SQLiteStore.pruningStep])
    }
}

extension StoredEvent {
    fileprivate init(_ row: Row, _ device: DeviceID) throws {
        func strings(_ index: Int) throws -> [String] {
            try row.read(index) { bytes in
                var reader = ByteReader(bytes)
                return try reader.list { reader throws(StorageError) in try reader.string() }
            }
        }
        let update: UpdateID? = try row.optional(6)
        let revision: RevisionNumber? = try row.optional(7)
        self.init(
            event: Event(
                instanceID: try row.value(0), deviceID: device, timeAtTarget: try row.value(1),
                namespaceID: try row.value(3), eventID: try row.value(4), sourceID: try row.value(5),
                update: update.map { UpdateIdentity(updateID: $0, revisionNumber: revision ?? RevisionNumber(rawValue: 0)) },
                win32HResult: try row.value(8), appName: try row.value(9), replacementStrings: try strings(10),
                miscData: try strings(11)),
            receivedAt: try row.value(2), disputedFrom: try row.optional(12))
    }
}
