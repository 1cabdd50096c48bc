import Storage
import UpdateCatalog
public import Updates

extension UpdateEngine {
    /// Devices by name; only those of a group and of the groups beneath it where one is named.
    public func devices(inGroup name: String?) async throws -> [DeviceSummary] {
        try await devices(DeviceFilter(group: name))
    }

    /// The devices that pass a filter, by name.
    public func devices(_ filter: DeviceFilter) async throws -> [DeviceSummary] {
        let groups = try await store.groups()
        let names = GroupNames(groups)
        var wanted: Set<GroupID>?
        if let name = filter.group {
            let root = try Self.groupID(name, in: groups)
            if root != .allComputers { wanted = Self.subtree(of: root, in: groups) }
        }
        let updates = try await self.updates(UpdateFilter()).count
        let counts = try await store.deviceStatusCounts()
        let transports = try await store.deviceTransports()
        func isWanted(_ groups: Set<GroupID>) -> Bool { wanted.map { !$0.isDisjoint(with: groups) } ?? true }
        var found = try await store.devices().filter { isWanted($0.groups) && (!filter.isDisputed || $0.dispute != nil) }
            .map { summary(of: $0, states: counts[$0.id] ?? [:], updates: updates, names, transports[$0.id]) }
        if filter.asksForUnknown { found.removeAll { $0.unknownGroups.isEmpty } }
        if !filter.isDisputed, !filter.asksForUnknown {
            found += try await store.expectedDevices().filter { isWanted($0.groups) }.map { device in
                DeviceSummary(
                    id: nil, name: device.name, groups: names[device.groups], osVersion: nil, osDescription: nil, lastSeen: nil, lastReported: nil,
                    status: StatusCounts(), isDisputed: false, disputes: [], disputeNetwork: nil, requestedGroups: [], unknownGroups: [],
                    basis: DeviceSummary.selfReported, transport: nil)
            }
        }
        return found.sorted { ($0.name ?? $0.id?.text ?? "") < ($1.name ?? $1.id?.text ?? "") }
    }

    /// The names of groups both ways.
    private struct GroupNames {
        private let names: [GroupID: String]
        private let folded: Set<String>

        init(_ groups: [TargetGroup]) {
            names = Dictionary(uniqueKeysWithValues: groups.map { ($0.id, $0.name) })
            folded = Set(groups.map { TargetGroup.folded($0.name) })
        }

        subscript(groups: Set<GroupID>) -> [String] { groups.map { names[$0] ?? $0.description }.sorted() }

        func isKnown(_ name: String) -> Bool { folded.contains(TargetGroup.folded(name)) }
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

    private func summary(
        of device: Device, states: [UpdateState: Int], updates: Int, _ names: GroupNames, _ transport: SeenTransport?
    ) -> DeviceSummary {
        var counts = StatusCounts()
        if device.dispute == nil {
            for (state, count) in states { counts.add(state, count) }
        }
        let rest = max(0, updates - counts.needed - counts.installed - counts.failed)
        if device.lastReported == nil || device.dispute != nil { counts.unknown = rest } else { counts.notApplicable = rest }
        let requested = device.requestedGroups ?? []
        return DeviceSummary(
            id: device.id, name: device.facts?.dnsName, groups: names[device.groups], osVersion: device.facts?.osVersion,
            osDescription: device.facts?.osDescription, lastSeen: lastSeen(device),
            lastReported: device.lastReported, status: counts, isDisputed: device.dispute != nil, disputes: device.dispute?.reasons.words ?? [],
            disputeNetwork: device.dispute?.network?.description, requestedGroups: requested, unknownGroups: requested.filter { !names.isKnown($0) },
            basis: DeviceSummary.selfReported, transport: transport.map { TransportSummary($0) })
    }

    /// Everything about the one device that `text` names, by id or DNS name.
    public func deviceDetails(_ text: String) async throws -> DeviceDetails {
        let device = try await one(text)
        let library = try await library()
        let states = try await store.statuses(of: device.id)
        let count = library.updateIDs.count { library.passes($0, UpdateFilter()) }
        let rows = states.map { DeviceDetails.UpdateStateSummary(update: library.name($0.updateID), state: $0.state.word, since: $0.changedAt) }
            .sorted { ($0.state, $0.update.title ?? "") < ($1.state, $1.update.title ?? "") }
        return DeviceDetails(
            summary: summary(
                of: device, states: Dictionary(states.map { ($0.state, 1) }, uniquingKeysWith: +), updates: count,
                GroupNames(try await store.groups()), try await store.deviceTransports()[device.id]), facts: device.facts,
            firstSeen: device.firstSeen,
            updates: device.dispute == nil ? rows : [], heldApart: device.dispute == nil ? [] : rows, disputedSince: device.dispute?.since,
            claim: device.claim.map { .init(facts: $0.facts, requestedGroups: $0.requestedGroups, address: $0.address, time: $0.time) },
            history: try await store.changes(of: device.id).map {
                .init(time: $0.time, address: $0.address, field: $0.field, old: $0.old, new: $0.new, outcome: $0.outcome)
            },
            events: try await store.events(of: device.id, limit: 50).map {
                .init(
                    eventID: $0.event.eventID.rawValue, time: $0.event.timeAtTarget, received: $0.receivedAt,
                    update: $0.event.update?.updateID, win32HResult: $0.event.win32HResult, text: $0.event.replacementStrings,
                    disputedFrom: $0.disputedFrom)
            })
    }

    /// Ends the disputes of devices: takes over what was said last under their ids, or keeps what is held. Their status counts again from
    /// their next report.
    public func resolveDevices(_ names: [String], accepting: Bool) async throws -> DeviceChangeReport {
        // What was seen and not yet written would dispute them again, after the decision.
        await arrivals.writeSightings()
        return try await gate.perform { [self] in
            var report = DeviceChangeReport()
            for name in names {
                do {
                    let device = try await one(name)
                    let resolved = try await store.resolve([device.id], accepting: accepting, policy: configuration.devicePolicy, at: clock())
                    guard let result = resolved.first else { throw EngineError(.refused, "\(name) is not disputed") }
                    presence.forget(device.id)
                    publish { $0.devices[device.id] = KnownDevice(result.device) }
                    if let groups = result.groups { try await assignInGate([(device.id, groups)]) }
                    report.changed.append(name)
                } catch let error as EngineError {
                    report.refused.append(.init(id: name, message: error.message))
                }
            }
            return report
        }
    }

    /// As ``resolveDevices(_:accepting:)``, for all whose dispute came from one network: what is held is kept.
    ///
    /// - Parameter address: one of the network's, or the network as it is listed.
    public func rejectDevices(from address: String) async throws -> DeviceChangeReport {
        await arrivals.writeSightings()
        return try await gate.perform { [self] in
            let network = SourceNetwork(address)
            let disputed = try await store.devices().filter { $0.dispute != nil && $0.dispute?.network == network }.map(\.id)
            guard !disputed.isEmpty else { throw EngineError(.refused, "no device is disputed from \(network)") }
            let resolved = try await store.resolve(disputed, accepting: false, policy: configuration.devicePolicy, at: clock())
            for result in resolved { presence.forget(result.device.id) }
            publish { state in
                for result in resolved { state.devices[result.device.id] = KnownDevice(result.device) }
            }
            let moved = resolved.compactMap { result in result.groups.map { (result.device.id, $0) } }
            if !moved.isEmpty { try await assignInGate(moved) }
            return DeviceChangeReport(changed: resolved.map(\.device.id.text))
        }
    }

    /// Puts devices into groups and before the next request. The gate is the caller's.
    func assignInGate(_ assignments: [(DeviceID, Set<GroupID>)]) async throws {
        let (generation, devices) = try await store.assign(assignments)
        let next = catalog.applying(approvals: [], declines: [], generation: generation)
        publish {
            $0.catalog = next
            $0.updateGroups(devices)
        }
    }

    private func one(_ text: String) async throws -> Device {
        if UpdateID(text) != nil, let id = DeviceID(text), let device = try await store.device(id) { return device }
        let named = try await store.devices().filter { $0.facts?.dnsName.lowercased() == text.lowercased() }
        guard let device = named.first else {
            if try await store.expectedDevices().contains(where: { $0.name == text.lowercased() }) {
                throw EngineError(.refused, "\(text) was named but has not been seen yet")
            }
            if let id = DeviceID(text), let device = try await store.device(id) { return device }
            throw EngineError(.refused, "there is no device \(text)")
        }
        guard named.count == 1 else {
            throw EngineError(
                .refused, "\(named.count) devices call themselves \(text); name one by its id: \(named.map(\.id.text).joined(separator: ", "))")
        }
        return device
    }

    /// Puts devices into groups, replacing those they were in.
    ///
    /// A device that was not seen yet is named by its id (a GUID), or by its DNS name: then the first new device that registers under the
    /// name gets the groups.
    public func assign(_ assignments: [DeviceAssignment]) async throws -> DeviceChangeReport {
        try await gate.perform { [self] in
            var report = DeviceChangeReport()
            var groupsByDevice: [DeviceID: Set<GroupID>] = [:]
            var groupsByName: [String: Set<GroupID>] = [:]
            // Read once: a file may have a line for every device of a fleet.
            let allGroups = try await store.groups()
            let held = try await store.devices()
            let byName = Dictionary(grouping: held) { $0.facts?.dnsName.lowercased() ?? "" }
            // With client-side targeting a device that asks for groups would leave any other at its next registration.
            let asking = configuration.targeting == .client ? Set(held.filter { $0.requestedGroups?.isEmpty == false }.map(\.id)) : []
            func checked(_ id: DeviceID) throws(EngineError) -> DeviceID {
                guard !asking.contains(id) else {
                    throw EngineError(.refused, "\(id) asks for its groups itself, and targeting is client: change its policy, or the setting")
                }
                return id
            }
            for assignment in assignments {
                do {
                    let group = try Self.groupID(assignment.group, in: allGroups)
                    guard group != .allComputers else {
                        throw EngineError(.refused, "every device is in All Computers; assign it to a group beneath")
                    }
                    let name = assignment.device.lowercased()
                    let named = byName[name] ?? []
                    // Agents' ids are GUIDs. What is none is a name: an id that looks like one is a stranger's claim.
                    if UpdateID(name) != nil, let id = DeviceID(name) {
                        groupsByDevice[try checked(id), default: []].insert(group)
                    } else if named.count > 1 {
                        throw EngineError(.refused, "\(named.count) devices call themselves \(assignment.device); name one by its id")
                    } else if let device = named.first {
                        groupsByDevice[try checked(device.id), default: []].insert(group)
                    } else {
                        guard Self.isDNSName(name) else { throw EngineError(.refused, "\(assignment.device) is no device's id or name") }
                        groupsByName[name, default: []].insert(group)
                        report.notSeenYet.append(assignment.device)
                    }
                    report.changed.append(assignment.device)
                } catch let error as EngineError {
                    report.refused.append(.init(id: assignment.device, message: error.message))
                }
            }
            try await store.expectDevices(groupsByName.map { ($0.key, $0.value) })
            guard !groupsByDevice.isEmpty else { return report }
            // Unassigned is for devices without another group.
            let groups = groupsByDevice.mapValues { $0.count > 1 ? $0.subtracting([.unassignedComputers]) : $0 }
            try await assignInGate(groups.map { ($0.key, $0.value) })
            return report
        }
    }

    /// Removes devices with all they reported. One that still runs registers again by itself.
    public func forget(_ names: [String]) async throws -> DeviceChangeReport {
        // What came before this command is held before it, and removed by it.
        await arrivals.writeSightings()
        return try await gate.perform { [self] in
            var report = DeviceChangeReport()
            var ids: [DeviceID] = []
            for name in names {
                do {
                    if try await store.forgetExpectedDevices([name]).isEmpty { ids.append(try await one(name).id) }
                    report.changed.append(name)
                } catch let error as EngineError {
                    report.refused.append(.init(id: name, message: error.message))
                }
            }
            try await forgetInGate(ids)
            return report
        }
    }

    /// As ``forget(_:)``, for all that were last seen before a time. Those that were never seen, only named, stay.
    ///
    /// - Parameter isDryRun: nothing is changed, and the report is of what would be.
    public func forgetDevices(notSeenSince time: Timestamp, isDryRun: Bool) async throws -> DeviceChangeReport {
        guard time <= clock() else { throw EngineError(.refused, "\(time.text(.seconds)) is to come: every device would be forgotten") }
        await arrivals.writeSightings()
        return try await gate.perform { [self] in
            let ids = try await store.devices().filter { device in lastSeen(device).map { $0 < time } ?? false }.map(\.id)
            if !isDryRun { try await forgetInGate(ids) }
            return DeviceChangeReport(changed: ids.map(\.text).sorted())
        }
    }

    /// In transactions of their own, so that those who report meanwhile wait for none of them long.
    private func forgetInGate(_ ids: [DeviceID]) async throws {
        for start in stride(from: 0, to: ids.count, by: Self.forgottenAtOnce) {
            let (generation, forgotten) = try await store.forget(Array(ids[start..<min(start + Self.forgottenAtOnce, ids.count)]))
            let next = catalog.applying(approvals: [], declines: [], generation: generation)
            publish {
                $0.catalog = next
                $0.forget(forgotten, at: generation)
            }
            for id in forgotten { presence.forget(id) }
        }
    }

    private static let forgottenAtOnce = 500

    private func lastSeen(_ device: Device) -> Timestamp? { [device.lastSeen, presence.lastSeen(device.id)].compactMap(\.self).max() }
}
