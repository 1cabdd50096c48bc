import Storage
import Synchronization
import Updates

/// When devices were last seen, by which line of sessions and from where: in memory, and on disk now and then.
///
/// It also notices two callers who take turns under one id. A caller keeps its line of sessions by showing its last cookie; one that lost it
/// begins a new line and never comes back to the old. So a line that goes on after another took its place shows a second caller: at once if the
/// two came from different networks, after some turns if from one, or if one came by IPv4 and one by IPv6. An address alone says
/// nothing: laptops roam, and a gateway has many devices behind one address or shows one device under many.
final class DevicePresence: Sendable {
    /// A device is written as seen no more often than this, in milliseconds.
    static let grain: UInt64 = 600_000
    /// Lines remembered besides the one in use.
    static let linesAtMost = 4
    /// Returns to an earlier line that one device in one network may make: an agent's reports may lag behind its scans.
    static let returnsAtMost = 2

    private let state = Mutex(State())

    private struct State {
        var entries: [DeviceID: Entry] = [:]
        var unsaved: [DeviceID: DeviceSighting] = [:]
    }

    private struct Line {
        let lineage: SessionLineage
        /// Nothing for one of before the start.
        var network: SourceNetwork?
    }

    private struct Entry {
        var lastSeen: Timestamp
        var savedAt: Timestamp?
        var line: Line?
        var earlier: [Line] = []
        var returns = 0
        var isDisputed = false
        /// Of how it came last: the whole is held only until it is written.
        var transport: Int?

        /// What a second caller has shown: that there are two, and where the second is.
        struct Second {
            let network: SourceNetwork?
        }

        /// Returns the second caller where one has shown.
        ///
        /// - Parameter own: the device's line: of the two it is the first. Where neither is, the one that took the other's place is the second.
        mutating func follow(_ lineage: SessionLineage, from network: SourceNetwork, own: SessionLineage?) -> Second? {
            guard let current = line, current.lineage != lineage else {
                line = Line(lineage: lineage, network: network)
                return nil
            }
            let isReturn = earlier.contains { $0.lineage == lineage }
            earlier.removeAll { $0.lineage == lineage }
            earlier.append(current)
            if earlier.count > linesAtMost { earlier.removeFirst() }
            line = Line(lineage: lineage, network: network)
            if isReturn { returns += 1 }
            guard isReturn, !isDisputed, current.network?.isApart(from: network) == true || returns > returnsAtMost else { return nil }
            isDisputed = true
            return Second(network: current.lineage == own ? network : current.network)
        }
    }

    /// What a use of a session tells.
    struct Use {
        /// The device has become disputed by it.
        let isDispute: Bool
        /// There is something to write, and there was not before.
        let isFirstUnsaved: Bool
    }

    /// Notes that a registered device was heard.
    ///
    /// - Parameters:
    ///   - lineage: of its session.
    ///   - transport: how it came; written where it is another than before.
    ///   - known: the newest line, the device's own, and the time the store has of it.
    func use(
        _ device: DeviceID, _ lineage: SessionLineage, from address: String, over transport: DeviceTransport? = nil, at now: Timestamp,
        known: (line: SessionLineage?, own: SessionLineage?, seen: Timestamp?)
    ) -> Use {
        let transportHash = transport?.hashValue
        return state.withLock { state in
            var entry = state.entries[device] ?? Entry(lastSeen: now, savedAt: known.seen, line: known.line.map { Line(lineage: $0, network: nil) })
            entry.lastSeen = max(entry.lastSeen, now)
            let isOtherLine = entry.line?.lineage != lineage
            let second = entry.follow(lineage, from: SourceNetwork(address), own: known.own)
            let isDispute = second != nil
            let isDue = entry.savedAt.map { now.milliseconds(since: $0).magnitude >= Self.grain } ?? true
            let isOtherWay = transportHash != nil && transportHash != entry.transport
            if isOtherWay { entry.transport = transportHash }
            let wasEmpty = state.unsaved.isEmpty
            if isOtherLine || isDispute || isDue || isOtherWay {
                let unsaved = state.unsaved[device]
                let reasons = unsaved?.reasons ?? []
                state.unsaved[device] = DeviceSighting(
                    deviceID: device, time: entry.lastSeen, lineage: lineage, address: address,
                    reasons: isDispute ? reasons.union(.twoPlaces) : reasons, secondNetwork: unsaved?.secondNetwork ?? second?.network,
                    transport: transport ?? unsaved?.transport)
            }
            state.entries[device] = entry
            return Use(isDispute: isDispute, isFirstUnsaved: wasEmpty && !state.unsaved.isEmpty)
        }
    }

    func lastSeen(_ device: DeviceID) -> Timestamp? { state.withLock { $0.entries[device]?.lastSeen } }

    /// Takes what is to be written, so many at most; those with a reason to dispute first.
    func takeUnsaved(atMost limit: Int) -> (sightings: [DeviceSighting], isAll: Bool) {
        state.withLock { state in
            guard state.unsaved.count > limit else {
                defer { state.unsaved.removeAll(keepingCapacity: true) }
                return (Array(state.unsaved.values), true)
            }
            var taken = state.unsaved.values.filter { !$0.reasons.isEmpty }
            for sighting in state.unsaved.values where taken.count < limit && sighting.reasons.isEmpty { taken.append(sighting) }
            for sighting in taken { state.unsaved[sighting.deviceID] = nil }
            return (taken, false)
        }
    }

    func saved(_ sightings: [DeviceSighting]) {
        state.withLock { state in
            for sighting in sightings { state.entries[sighting.deviceID]?.savedAt = sighting.time }
        }
    }

    /// Takes back what could not be written, unless something newer waits.
    func restore(_ sightings: [DeviceSighting]) {
        state.withLock { state in
            for sighting in sightings {
                var unsaved = state.unsaved[sighting.deviceID] ?? sighting
                unsaved.reasons.formUnion(sighting.reasons)
                unsaved.secondNetwork = sighting.secondNetwork ?? unsaved.secondNetwork
                state.unsaved[sighting.deviceID] = unsaved
            }
        }
    }

    /// Starts afresh with a device that was forgotten, or about which an administrator has decided.
    func forget(_ device: DeviceID) {
        state.withLock { state in
            state.entries[device] = nil
            state.unsaved[device] = nil
        }
    }
}
