import Storage
import UpdateCatalog
import Updates

extension UpdateEngine {
    /// The tree, parents before children, siblings by name.
    public func groups() async throws -> [GroupSummary] {
        let groups = try await store.groups()
        let devices = try await store.devices()
        let names = Dictionary(uniqueKeysWithValues: groups.map { ($0.id, $0.name) })
        let children = Dictionary(grouping: groups, by: \.parent)
        var summaries: [GroupSummary] = []
        func append(_ parent: GroupID?, _ depth: Int) {
            for group in (children[parent] ?? []).sorted(by: { $0.name.lowercased() < $1.name.lowercased() }) {
                summaries.append(
                    GroupSummary(
                        id: group.id, name: group.name, parent: group.parent.flatMap { names[$0] }, depth: depth,
                        devices: group.id == .allComputers ? devices.count : devices.count { $0.groups.contains(group.id) },
                        isBuiltIn: group.isBuiltIn))
                append(group.id, depth + 1)
            }
        }
        append(nil, 0)
        return summaries
    }

    /// Makes a group beneath `parent`, or beneath All Computers.
    public func createGroup(name: String, parent: String?) async throws -> GroupSummary {
        guard (1...256).contains(name.utf8.count), !name.contains(";"), !name.contains(where: \.isNewline),
            name.trimmingPrefix(while: \.isWhitespace) == name[...], name.last?.isWhitespace == false
        else {
            throw EngineError(.refused, "a group's name has 1 to 256 bytes, no semicolon or line break, and no white space at its ends")
        }
        let id = GroupID(guid: .random())
        _ = try await changeGroups(showing: name) { [self] in
            let parentID = try await parent.asyncMap { try await groupID($0) } ?? .allComputers
            guard parentID != .unassignedComputers else { throw EngineError(.refused, "Unassigned Computers has no groups beneath it") }
            return try await store.createGroup(TargetGroup(id: id, name: name, parent: parentID))
        }
        if configuration.targeting == .client { try await gather(id, named: name) }
        guard let summary = try await groups().first(where: { $0.id == id }) else { throw EngineError(.refused, "\(name) was removed meanwhile") }
        return summary
    }

    /// Devices that asked for a group before there was one are in it from now on.
    private func gather(_ group: GroupID, named name: String) async throws {
        try await gate.perform { [self] in
            let waiting = try await store.devices().filter { device in
                device.dispute == nil && device.requestedGroups?.contains { TargetGroup.areSame([$0], [name]) } == true
            }
            guard !waiting.isEmpty else { return }
            try await assignInGate(waiting.map { ($0.id, $0.groups.subtracting([.unassignedComputers]).union([group])) })
        }
    }

    public func removeGroup(name: String) async throws -> GroupSummary {
        guard let removed = try await groups().first(where: { $0.name.lowercased() == name.lowercased() }) else {
            throw EngineError(.refused, "there is no group \(name)")
        }
        guard !removed.isBuiltIn else { throw EngineError(.refused, "\(removed.name) cannot be removed") }
        _ = try await changeGroups(showing: nil) { [self] in try await store.removeGroup(removed.id) }
        return removed
    }

    public func moveGroup(name: String, parent: String) async throws -> GroupSummary {
        try await changeGroups(showing: name) { [self] in
            let id = try await groupID(name)
            guard id != .allComputers, id != .unassignedComputers else { throw EngineError(.refused, "\(name) cannot be moved") }
            let parentID = try await groupID(parent)
            guard parentID != .unassignedComputers else { throw EngineError(.refused, "Unassigned Computers has no groups beneath it") }
            return try await store.moveGroup(id, to: parentID)
        }
    }

    /// Commits a change of the tree and puts the new tree, with what hangs on it, before the devices.
    @discardableResult
    private func changeGroups(
        showing name: String?, _ change: @escaping @Sendable () async throws -> Generation
    ) async throws -> GroupSummary {
        try await gate.perform { [self] in
            let generation: Generation
            do {
                generation = try await change()
            } catch let error as StorageError {
                throw EngineError(.refused, error.context)
            }
            let next = catalog.replacing(
                groups: try await store.groups(), approvals: try await store.approvals(), generation: generation)
            let devices = try await store.devices()
            // At once: a scan between the two would be told of the new tree as if it had seen it.
            publish {
                $0.catalog = next
                $0.update(devices)
            }
        }
        let all = try await groups()
        guard let shown = name.flatMap({ name in all.first { $0.name.lowercased() == name.lowercased() } }) ?? all.first else {
            throw EngineError(.failed, "the tree of groups is empty")
        }
        return shown
    }

    func groupNames() async throws -> [GroupID: String] {
        Dictionary(uniqueKeysWithValues: try await store.groups().map { ($0.id, $0.name) })
    }

    func groupID(_ name: String) async throws -> GroupID {
        try Self.groupID(name, in: try await store.groups())
    }

    static func groupID(_ name: String, in groups: [TargetGroup]) throws(EngineError) -> GroupID {
        guard let group = groups.first(where: { $0.name.lowercased() == name.lowercased() || $0.id.description == name.lowercased() })
        else {
            throw EngineError(.refused, "there is no group \(name); see them with: martlet groups list")
        }
        return group.id
    }

    func groupIDs(_ names: [String]) async throws -> [GroupID] {
        var ids: [GroupID] = []
        for name in names {
            let id = try await groupID(name)
            if !ids.contains(id) { ids.append(id) }
        }
        return ids
    }
}

extension Optional {
    fileprivate func asyncMap<Result>(_ transform: (Wrapped) async throws -> Result) async rethrows -> Result? {
        guard let self else { return nil }
        return try await transform(self)
    }
}
