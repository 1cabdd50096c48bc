import Synchronization

/// The last number told to it.
final class Counter: Sendable {
    private let number = Mutex<Int64>(0)
    var value: Int64 { number.withLock { $0 } }

    func set(_ value: Int64) {
        number.withLock { $0 = value }
    }
}
