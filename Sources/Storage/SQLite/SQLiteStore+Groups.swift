import Foundation
import GRDB
public import Updates

extension TargetGroup {
    /// The groups of every home.
    static let builtIn = [
        TargetGroup(id: .allComputers, name: "All Computers", parent: nil),
        TargetGroup(id: .unassignedComputers, name: "Unassigned Computers", parent: .allComputers),
    ]
}

extension SQLiteStore {
    public func groups() async throws -> [TargetGroup] {
        try await read { db in try Self.groups(db, "ORDER BY folded_name") }
    }

    /// Throws ``StorageError/Code-swift.enum/alreadyExists`` for an id or a name (of any case) in use, `notFound` for an unknown parent, and
    /// `conflict` for a group without a name or parent, or beneath Unassigned Computers.
    public func createGroup(_ group: TargetGroup) async throws -> Generation {
        try await write { db in
            guard let parent = group.parent, !group.name.isEmpty else { throw StorageError(.conflict, "a group has a name and a parent") }
            guard try Self.groups(db, "WHERE id = ?", [group.id]).isEmpty else {
                throw StorageError(.alreadyExists, "there is a group \(group.id)")
            }
            guard try Self.groups(db, "WHERE folded_name = ?", [group.foldedName]).isEmpty else {
                throw StorageError(.alreadyExists, "there is a group named \(group.name)")
            }
            try Self.requireParent(parent, db)
            try Self.insert(group, db)
            return try Self.advance(db)
        }
    }

    public func removeGroup(_ id: GroupID) async throws -> Generation {
        try await write { db in
            let group = try Self.requireGroup(id, db)
            guard !group.isBuiltIn else { throw StorageError(.conflict, "\(group.name) is a built-in group") }
            guard try Self.groups(db, "WHERE parent = ?", [id]).isEmpty else {
                throw StorageError(.conflict, "there are groups beneath \(group.name)")
            }
            let generation = try Self.advance(db)
            try Self.touchDevices(of: [id], generation, db)
            try db.run("DELETE FROM device_group WHERE group_id = ?", [id])
            try db.run("DELETE FROM expected_device_group WHERE group_id = ?", [id])
            try db.run("DELETE FROM approval WHERE group_id = ?", [id])
            try db.run("DELETE FROM target_group WHERE id = ?", [id])
            return generation
        }
    }

    /// Devices of the group and of those beneath it get other approvals by inheritance, so they count as moved.
    public func moveGroup(_ id: GroupID, to parent: GroupID) async throws -> Generation {
        try await write { db in
            let group = try Self.requireGroup(id, db)
            guard !group.isBuiltIn else { throw StorageError(.conflict, "\(group.name) is a built-in group") }
            try Self.requireParent(parent, db)
            guard group.parent != parent else { return try Self.generation(db) }
            let subtree = try Self.subtree(id, db)
            guard !subtree.contains(parent) else { throw StorageError(.conflict, "\(group.name) cannot be moved beneath itself") }
            try db.run("UPDATE target_group SET parent = ? WHERE id = ?", [parent, id])
            let generation = try Self.advance(db)
            try Self.touchDevices(of: subtree, generation, db)
            return generation
        }
    }

    static func insert(_ group: TargetGroup, _ db: Database) throws {
        try db.run("INSERT INTO target_group VALUES (?, ?, ?, ?)", [group.id, group.name, group.foldedName, group.parent])
    }

    @discardableResult
    static func requireGroup(_ id: GroupID, _ db: Database) throws -> TargetGroup {
        guard let group = try groups(db, "WHERE id = ?", [id]).first else { throw StorageError(.notFound, "there is no group \(id)") }
        return group
    }

    private static func requireParent(_ id: GroupID, _ db: Database) throws {
        let parent = try requireGroup(id, db)
        guard parent.id != .unassignedComputers else { throw StorageError(.conflict, "\(parent.name) has no groups beneath it") }
    }

    /// A group and all groups beneath it.
    private static func subtree(_ id: GroupID, _ db: Database) throws -> Set<GroupID> {
        var found: Set<GroupID> = [id]
        var unvisited = [id]
        while let next = unvisited.popLast() {
            for group in try groups(db, "WHERE parent = ?", [next]) where found.insert(group.id).inserted { unvisited.append(group.id) }
        }
        return found
    }

    private static func touchDevices(of groups: Set<GroupID>, _ generation: Generation, _ db: Database) throws {
        for group in groups {
            try db.run(
                "UPDATE device SET groups_generation = ? WHERE key IN (SELECT device_key FROM device_group WHERE group_id = ?)",
                [generation, group])
        }
    }

    private static func groups(_ db: Database, _ condition: String, _ arguments: [(any ColumnValue)?] = []) throws -> [TargetGroup] {
        try db.rows("SELECT id, name, parent FROM target_group \(condition)", arguments) { row in
            TargetGroup(id: try row.value(0), name: try row.value(1), parent: try row.optional(2))
        }
    }
}

extension TargetGroup {
    fileprivate var foldedName: String { Self.folded(name) }
}
