public import Updates

/// What a device's events make of its states, as a real server derives them (observed.md section 6).
///
/// A pure value: rows and the time of the last 156 in, events one by one, rows out. Times are the device's (`TimeAtTarget`), so events
/// may come late, twice, or with a wrong clock.
public struct StatusDerivation: Hashable, Sendable {
    /// By update.
    public private(set) var rows: [UpdateID: UpdateStatus]
    /// `TimeAtTarget` of the last 156 taken.
    public private(set) var lastReported: Timestamp?

    /// How far a device's clock may be ahead, in seconds.
    public static let tolerance: Int64 = 300
    /// Rows a device may have: what is named beyond them is left out, so that no device fills the disk.
    public static let maximumRows = 10_000

    public init(rows: [UpdateStatus], lastReported: Timestamp?) {
        self.rows = Dictionary(rows.map { ($0.updateID, $0) }) { $1 }
        self.lastReported = lastReported
    }

    /// Takes one event; only 156 and 182 change anything.
    ///
    /// A clock that is ahead by less than ``tolerance`` counts as this moment: what is written never lies in the future, where it would
    /// outlive what comes after it.
    public mutating func take(_ event: Event, now: Timestamp) {
        guard event.timeAtTarget <= now.adding(seconds: Self.tolerance) else { return }
        let time = min(event.timeAtTarget, now)
        switch event.eventID {
        case .clientStatus: takeStatus(event, at: time)
        case .installationFailed: takeFailure(event, at: time)
        default: break
        }
    }

    /// The lists replace all rows but those that a later 182 has made.
    private mutating func takeStatus(_ event: Event, at time: Timestamp) {
        if let lastReported, time < lastReported { return }
        lastReported = time
        var next = rows.filter { $0.value.changedAt > time }
        // An update in both lists is needed: a device that contradicts itself never counts as patched.
        for (key, state) in [("U", UpdateState.notInstalled), ("V", .installed)] {
            for id in event.updateIDs(key) where next[id] == nil && next.count < Self.maximumRows {
                let held = rows[id]
                let stays = held.map { $0.state == state || ($0.state == .failed && state == .notInstalled) } ?? false
                next[id] = stays ? held : UpdateStatus(updateID: id, state: state, changedAt: time)
            }
        }
        rows = next
    }

    /// A failure counts unless something newer is known: a later change of the row, or a later 156 that said "installed" or left it out.
    private mutating func takeFailure(_ event: Event, at time: Timestamp) {
        guard let id = event.update?.updateID else { return }
        let held = rows[id]
        switch held?.state {
        case .failed: return
        case .notInstalled: break
        default:
            if let lastReported, time < lastReported { return }
        }
        if let held, time < held.changedAt { return }
        guard held != nil || rows.count < Self.maximumRows else { return }
        rows[id] = UpdateStatus(updateID: id, state: .failed, changedAt: time)
    }
}
