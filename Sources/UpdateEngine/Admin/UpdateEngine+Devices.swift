import Storage
import UpdateCatalog
import Updates

extension UpdateEngine {
    /// Devices by name; only those of a group and of the groups beneath it where one is named.
    public func devices(inGroup name: String?) async throws -> [DeviceSummary] {
        let names = try await groupNames()
        var wanted: Set<GroupID>?
        if let name {
            let root = try await groupID(name)
            if root != .allComputers { wanted = Self.subtree(of: root, in: try await store.groups()) }
        }
        let updates = try await self.updates(UpdateFilter()).count
        let counts = try await store.deviceStatusCounts()
        return try await store.devices()
            .filter { device in wanted.map { !$0.isDisjoint(with: device.groups) } ?? true }
            .map { Self.summary(of: $0, states: counts[$0.id] ?? [:], updates: updates, groupNames: names) }
            .sorted { ($0.name ?? $0.id.text) < ($1.name ?? $1.id.text) }
    }

    private static func subtree(of root: GroupID, in groups: [TargetGroup]) -> Set<GroupID> {
        var found: Set<GroupID> = [root]
        var count = 0
        while count != found.count {
            count = found.count
            for group in groups where group.parent.map(found.contains) == true { found.insert(group.id) }
        }
        return found
    }

    private static func summary(
        of device: Device, states: [UpdateState: Int], updates: Int, groupNames: [GroupID: String]
    ) -> DeviceSummary {
        var counts = StatusCounts()
        for (state, count) in states { counts.add(state, count) }
        let rest = max(0, updates - counts.needed - counts.installed - counts.failed)
        if device.lastReported == nil { counts.unknown = rest } else { counts.notApplicable = rest }
        return DeviceSummary(
            id: device.id, name: device.facts?.dnsName, groups: device.groups.map { groupNames[$0] ?? $0.description }.sorted(),
            osVersion: device.facts?.osVersion, osDescription: device.facts?.osDescription, lastSeen: device.lastSeen,
            lastReported: device.lastReported, status: counts)
    }

    /// Everything about the one device that `text` names, by id or DNS name.
    public func deviceDetails(_ text: String) async throws -> DeviceDetails {
        let device = try await one(text)
        let library = try await library()
        let states = try await store.statuses(of: device.id)
        let count = library.updateIDs.count { library.passes($0, UpdateFilter()) }
        return DeviceDetails(
            summary: Self.summary(
                of: device, states: Dictionary(states.map { ($0.state, 1) }, uniquingKeysWith: +), updates: count,
                groupNames: try await groupNames()), facts: device.facts,
            firstSeen: device.firstSeen,
            updates: states.map { .init(update: library.name($0.updateID), state: $0.state.word, since: $0.changedAt) }
                .sorted { ($0.state, $0.update.title ?? "") < ($1.state, $1.update.title ?? "") },
            events: try await store.events(of: device.id, limit: 50).map {
                .init(
                    eventID: $0.event.eventID.rawValue, time: $0.event.timeAtTarget, received: $0.receivedAt,
                    update: $0.event.update?.updateID, win32HResult: $0.event.win32HResult, text: $0.event.replacementStrings)
            })
    }

    private func one(_ text: String) async throws -> Device {
        if let id = DeviceID(text), let device = try await store.device(id) { return device }
        let named = try await store.devices().filter { $0.facts?.dnsName.lowercased() == text.lowercased() }
        guard let device = named.first else { throw EngineError(.refused, "there is no device \(text)") }
        guard named.count == 1 else {
            throw EngineError(
                .refused, "\(named.count) devices call themselves \(text); name one by its id: \(named.map(\.id.text).joined(separator: ", "))")
        }
        return device
    }

    /// Puts devices into groups, replacing those they were in. A device not seen yet is known by its id from then on.
    public func assign(_ assignments: [DeviceAssignment]) async throws -> DeviceChangeReport {
        try await gate.perform { [self] in
            var report = DeviceChangeReport()
            var groupsByDevice: [DeviceID: Set<GroupID>] = [:]
            for assignment in assignments {
                do {
                    let group = try await groupID(assignment.group)
                    guard group != .allComputers else {
                        throw EngineError(.refused, "every device is in All Computers; assign it to a group beneath")
                    }
                    let id: DeviceID
                    do { id = try await one(assignment.device).id } catch {
                        // Not seen yet: only an id can be told apart from a misspelt name.
                        guard UpdateID(assignment.device) != nil, let unseen = DeviceID(assignment.device) else { throw error }
                        id = unseen
                    }
                    groupsByDevice[id, default: []].insert(group)
                    report.changed.append(assignment.device)
                } catch let error as EngineError {
                    report.refused.append(.init(id: assignment.device, message: error.message))
                }
            }
            guard !groupsByDevice.isEmpty else { return report }
            // Unassigned is for devices without another group.
            let groups = groupsByDevice.mapValues { $0.count > 1 ? $0.subtracting([.unassignedComputers]) : $0 }
            let (generation, devices) = try await store.assign(groups.map { ($0.key, $0.value) })
            let next = catalog.applying(approvals: [], declines: [], generation: generation)
            publish {
                $0.catalog = next
                $0.update(devices)
            }
            return report
        }
    }

    /// Removes devices with all they reported. One that still runs registers again by itself.
    public func forget(_ names: [String]) async throws -> DeviceChangeReport {
        try await gate.perform { [self] in
            var report = DeviceChangeReport()
            var ids: [DeviceID] = []
            for name in names {
                do {
                    ids.append(try await one(name).id)
                    report.changed.append(name)
                } catch let error as EngineError {
                    report.refused.append(.init(id: name, message: error.message))
                }
            }
            guard !ids.isEmpty else { return report }
            let (generation, forgotten) = try await store.forget(ids)
            let next = catalog.applying(approvals: [], declines: [], generation: generation)
            publish {
                $0.catalog = next
                for id in forgotten { $0.devices[id] = nil }
            }
            return report
        }
    }
}
