import Storage
import Synchronization
import Updates

/// Who came over plain HTTP since the last commit, counted in memory: a request costs no write of its own.
///
/// Bounded, also for one source network: beyond it a visit is not remembered, only counted as such.
final class PlainCallers: Sendable {
    static let atMost = 8192
    static let perNetwork = 1024
    /// When so many wait they are written soon; else with the next commit of something, or after a while.
    static let many = 1024

    private struct State {
        var waiting: [PlainCaller: PlainVisits] = [:]
        var networks: [String: Int] = [:]
    }

    private let state = Mutex(State())

    enum Outcome: Equatable {
        /// The first that waits: it is to be written within a while.
        case first
        /// There are so many that they are to be written now.
        case many
        case noted
        /// Not remembered: too many different ones wait.
        case leftOut
    }

    func note(_ caller: PlainCaller, at now: Timestamp) -> Outcome {
        state.withLock { state in
            if state.waiting[caller] != nil {
                state.waiting[caller]?.last = now
                state.waiting[caller]?.count += 1
                return .noted
            }
            let network = SourceNetwork(caller.address).description
            guard state.waiting.count < Self.atMost, state.networks[network, default: 0] < Self.perNetwork else {
                return .leftOut
            }
            state.waiting[caller] = PlainVisits(caller: caller, first: now, last: now, count: 1)
            state.networks[network, default: 0] += 1
            return state.waiting.count == 1 ? .first : state.waiting.count == Self.many ? .many : .noted
        }
    }

    /// Takes what is to be written, so many at most.
    func takeUnsaved(atMost limit: Int) -> (visits: [PlainVisits], isAll: Bool) {
        state.withLock { state in
            guard !state.waiting.isEmpty else { return ([], true) }
            let taken = Array(state.waiting.values.prefix(limit))
            if taken.count == state.waiting.count {
                state.waiting = [:]
                state.networks = [:]
                return (taken, true)
            }
            for visit in taken {
                state.waiting[visit.caller] = nil
                let network = SourceNetwork(visit.caller.address).description
                let left = state.networks[network, default: 1] - 1
                state.networks[network] = left > 0 ? left : nil
            }
            return (taken, false)
        }
    }

    /// Takes back what could not be written, as far as there is room.
    func restore(_ visits: [PlainVisits]) {
        state.withLock { state in
            for visit in visits {
                if let newer = state.waiting[visit.caller] {
                    state.waiting[visit.caller] = PlainVisits(
                        caller: visit.caller, first: visit.first, last: newer.last, count: newer.count + visit.count)
                } else if state.waiting.count < Self.atMost {
                    state.waiting[visit.caller] = visit
                    state.networks[SourceNetwork(visit.caller.address).description, default: 0] += 1
                }
            }
        }
    }
}
