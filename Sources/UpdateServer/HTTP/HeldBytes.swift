import Synchronization

/// How many bytes all connections hold together: with slow senders and slow readers, memory is bounded by this and not by their number.
final class HeldBytes: Sendable {
    private let limit: Int
    private let held = Atomic<Int>(0)

    init(limit: Int) {
        self.limit = limit
    }

    var count: Int { held.load(ordering: .relaxed) }

    /// Whether so many more are allowed; if not, none are taken.
    func take(_ count: Int) -> Bool {
        if held.add(count, ordering: .relaxed).newValue <= limit { return true }
        held.subtract(count, ordering: .relaxed)
        return false
    }

    /// As many as wanted, or `least` where that is too many: who is being answered is carried on with.
    func take(upTo wanted: Int, least: Int) -> Int {
        if take(wanted) { return wanted }
        held.add(least, ordering: .relaxed)
        return least
    }

    func giveBack(_ count: Int) {
        held.subtract(count, ordering: .relaxed)
    }
}
