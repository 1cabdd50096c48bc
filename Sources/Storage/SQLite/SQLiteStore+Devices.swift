import GRDB
public import Updates

extension SQLiteStore {
    public func devices() async throws -> [Device] {
        try await read { db in
            var groups: [Int64: Set<GroupID>] = [:]
            try db.forEachRow("SELECT device_key, group_id FROM device_group") { row in
                let key: Int64 = try row.value(0)
                groups[key, default: []].insert(try row.value(1))
            }
            return try Self.devices(db, "ORDER BY id") { groups[$0] ?? [] }
        }
    }

    public func device(_ id: DeviceID) async throws -> Device? {
        try await read { try Self.device(id, $0) }
    }

    /// Who registers first under a name that was expected gets its groups: they are given once.
    static func takeExpectedGroups(of name: String, key: Int64, _ db: Database) throws {
        let groups: [GroupID] = try db.rows("SELECT group_id FROM expected_device_group WHERE name = ?", [name]) { try $0.value(0) }
        for group in groups { try db.run("INSERT INTO device_group VALUES (?, ?)", [key, group]) }
        try db.run("DELETE FROM expected_device_group WHERE name = ?", [name])
    }

    public func expectDevices(_ assignments: [(String, Set<GroupID>)]) async throws {
        try await write { db in
            for (name, groups) in assignments {
                for group in groups { try Self.requireGroup(group, db) }
                let name = name.lowercased()
                try db.run("DELETE FROM expected_device_group WHERE name = ?", [name])
                for group in groups.subtracting(TargetGroup.builtIn.map(\.id)) {
                    try db.run("INSERT INTO expected_device_group VALUES (?, ?)", [name, group])
                }
            }
        }
    }

    public func expectedDevices() async throws -> [ExpectedDevice] {
        try await read { db in
            var groups: [String: Set<GroupID>] = [:]
            try db.forEachRow("SELECT name, group_id FROM expected_device_group") { row in
                groups[try row.value(0), default: []].insert(try row.value(1))
            }
            return groups.map { ExpectedDevice(name: $0.key, groups: $0.value) }.sorted { $0.name < $1.name }
        }
    }

    public func forgetExpectedDevices(_ names: [String]) async throws -> [String] {
        try await write { db in
            try names.filter { name in
                try db.run("DELETE FROM expected_device_group WHERE name = ?", [name.lowercased()])
                return db.changesCount > 0
            }
        }
    }

    public func assign(_ devices: [DeviceID], to groups: Set<GroupID>) async throws -> (Generation, [Device]) {
        try await assign(devices.map { ($0, groups) })
    }

    /// All Computers, and Unassigned Computers beside another group, add nothing and are left out. Throws
    /// ``StorageError/Code-swift.enum/notFound`` for an unknown group, and then nothing is changed.
    public func assign(_ assignments: [(DeviceID, Set<GroupID>)]) async throws -> (Generation, [Device]) {
        try await write { db in
            let generation = try Self.generation(db).next
            var hasChanged = false
            for (id, groups) in assignments {
                for group in groups { try Self.requireGroup(group, db) }
                let groups = groups.subtracting(TargetGroup.builtIn.map(\.id))
                let key: Int64
                if let held = try Self.key(of: id, db) {
                    guard try Self.storedGroups(of: held, db) != groups else { continue }
                    try db.run("UPDATE device SET groups_generation = ? WHERE key = ?", [generation, held])
                    try db.run("DELETE FROM device_group WHERE device_key = ?", [held])
                    key = held
                } else {
                    try db.run("INSERT INTO device (id, groups_generation) VALUES (?, ?)", [id, generation])
                    key = db.lastInsertedRowID
                }
                for group in groups { try db.run("INSERT INTO device_group VALUES (?, ?)", [key, group]) }
                hasChanged = true
            }
            var named: Set<DeviceID> = []
            let devices = try assignments.map(\.0).filter { named.insert($0).inserted }.compactMap { try Self.device($0, db) }
            return (hasChanged ? try Self.advance(db) : try Self.generation(db), devices)
        }
    }

    public func forget(_ devices: [DeviceID]) async throws -> (Generation, [DeviceID]) {
        try await write { db in
            var forgotten: [DeviceID] = []
            for id in devices {
                guard let key = try Self.key(of: id, db) else { continue }
                // Its groups, events and instance ids go by their foreign keys; its states by name, so that their triggers count them off.
                // Those of a disputed device were counted off already: they are counted again before.
                try db.run("UPDATE device SET dispute = NULL WHERE key = ? AND dispute IS NOT NULL", [key])
                try db.run("DELETE FROM status WHERE device_key = ?", [key])
                try db.run("DELETE FROM device WHERE key = ?", [key])
                forgotten.append(id)
            }
            return (forgotten.isEmpty ? try Self.generation(db) : try Self.advance(db), forgotten)
        }
    }

    // MARK: - Rows

    static func key(of id: DeviceID, _ db: Database) throws -> Int64? {
        try db.row("SELECT key FROM device WHERE id = ?", [id])?.value(0)
    }

    static func device(_ id: DeviceID, _ db: Database) throws -> Device? {
        try devices(db, "WHERE id = ?", [id]) { try storedGroups(of: $0, db) }.first
    }

    static func storedGroups(of key: Int64, _ db: Database) throws -> Set<GroupID> {
        try Set(db.rows("SELECT group_id FROM device_group WHERE device_key = ?", [key]) { try $0.value(0) })
    }

    private static func devices(
        _ db: Database, _ condition: String, _ arguments: [(any ColumnValue)?] = [], groups: (Int64) throws -> Set<GroupID>
    ) throws -> [Device] {
        let sql = """
            SELECT key, id, facts, groups_generation, first_seen, last_seen, last_reported, requested_groups, coalesce(newer_lineage, lineage), claim,
                dispute, disputed_at, lineage, dispute_network
            FROM device \(condition)
            """
        return try db.rows(sql, arguments) { row in
            let groups = try groups(try row.value(0))
            let reasons: Int? = try row.optional(10)
            return Device(
                id: try row.value(1), facts: row.hasNull(atIndex: 2) ? nil : try row.read(2) { try DeviceFacts(encoded: $0) },
                groups: groups.isEmpty ? [.unassignedComputers] : groups, groupsGeneration: try row.value(3),
                firstSeen: try row.optional(4), lastSeen: try row.optional(5), lastReported: try row.optional(6),
                requestedGroups: row.hasNull(atIndex: 7) ? nil : try row.read(7) { try Self.names($0) }, lineage: try row.optional(8),
                ownLineage: try row.optional(12),
                claim: row.hasNull(atIndex: 9) ? nil : try row.read(9) { try DeviceClaim(encoded: $0) },
                dispute: try reasons.map {
                    let network: String? = try row.optional(13)
                    return Dispute(reasons: DisputeReasons(rawValue: $0), since: try row.value(11), network: network.map { SourceNetwork($0) })
                })
        }
    }

    private static func names(_ bytes: UnsafeRawBufferPointer) throws -> [String] {
        var reader = ByteReader(bytes)
        return try reader.list { reader throws(StorageError) in try reader.string() }
    }

    static func encoded(_ names: [String]) -> ByteWriter {
        var writer = ByteWriter()
        writer.list(names) { $0.string($1) }
        return writer
    }
}
