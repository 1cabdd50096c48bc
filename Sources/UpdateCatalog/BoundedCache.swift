import Synchronization

/// Remembers what was computed for a key, up to a number of keys; the one that came first makes room.
///
/// Safe from any thread. A value is computed outside the lock: two threads may both compute it, and one result is kept.
final class BoundedCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct State {
        var values: [Key: Value] = [:]
        var order: [Key] = []
        /// The position in `order` of the next key to make room.
        var oldest = 0
        var computations = 0
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = limit
    }

    /// How often a value had to be computed.
    var computations: Int { state.withLock { $0.computations } }

    func value(for key: Key, _ compute: () -> Value) -> Value {
        if let known = state.withLock({ $0.values[key] }) { return known }
        let value = compute()
        return state.withLock { state in
            state.computations += 1
            if let known = state.values[key] { return known }
            if state.order.count < limit {
                state.order.append(key)
            } else {
                state.values[state.order[state.oldest]] = nil
                state.order[state.oldest] = key
                state.oldest = (state.oldest + 1) % limit
            }
            state.values[key] = value
            return value
        }
    }
}
