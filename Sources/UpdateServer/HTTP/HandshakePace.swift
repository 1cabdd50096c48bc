import NIOCore

/// How fast handshakes from one source address may follow each other: so many at once, then one each interval (docs/adr/0012).
///
/// Whoever is faster waits; nobody is refused. Bounded: an address is forgotten once it could have its burst again.
struct HandshakePace {
    /// Handshakes that may come at once.
    static let burst = 50

    private let interval: TimeAmount
    /// For each address, when its next handshake would come at an even pace.
    private var due: [String: NIODeadline] = [:]
    private var cleanAt = 1024

    init(perSecond: Double) {
        interval = .nanoseconds(Int64(1e9 / max(perSecond, 0.001)))
    }

    /// How long the next handshake of an address must wait; counts it as begun then.
    mutating func wait(of address: String, at now: NIODeadline) -> TimeAmount {
        if due.count >= cleanAt {
            due = due.filter { $0.value > now }
            cleanAt = max(1024, due.count * 2)
        }
        let even = max(due[address] ?? now, now)
        due[address] = even + interval
        return max(.zero, even - now - interval * Self.burst)
    }

    var remembered: Int { due.count }
}
