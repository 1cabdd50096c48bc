import NIOCore
import Synchronization
import Updates

/// The connections that stand: at most so many in all, from one address, and in their handshake; and all known, so that the server can end
/// without cutting an answer short.
final class ConnectionSet: Sendable {
    struct Limits: Sendable {
        var all: Int
        var perAddress: Int
        /// Not through their handshake yet. When there are as many, the address that has the most gives one up, its oldest, for one of an address
        /// that has fewer.
        var unproven: Int
    }

    enum Refusal: String, Equatable {
        case tooMany = "there are as many connections as allowed"
        case tooManyOfAddress = "there are as many connections from one address as allowed"
        case tooManyUnproven = "there are as many handshakes in progress as allowed"
        case ending = "the server is ending"
    }

    private struct Contents {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var addresses: [String: Int] = [:]
        var unproven = Unproven()
        var isEnding = false
    }

    /// Connections whose handshake is not done, by address, the oldest first.
    private struct Unproven {
        private var addresses: [ObjectIdentifier: String] = [:]
        private var counts: [String: Int] = [:]
        /// Those that are done or gone stay until it is their turn, or there are more of them than of the others.
        private var inOrder: [String: CircularBuffer<ObjectIdentifier>] = [:]

        var count: Int { addresses.count }

        mutating func insert(_ id: ObjectIdentifier, _ address: String) {
            addresses[id] = address
            counts[address, default: 0] += 1
            inOrder[address, default: CircularBuffer()].append(id)
        }

        mutating func remove(_ id: ObjectIdentifier) {
            guard let address = addresses.removeValue(forKey: id), let count = counts[address] else { return }
            guard count > 1 else {
                counts[address] = nil
                inOrder[address] = nil
                return
            }
            counts[address] = count - 1
            guard let order = inOrder[address], order.count > 2 * count + 16 else { return }
            inOrder[address] = CircularBuffer(order.filter { addresses[$0] == address })
        }

        /// The oldest of the address that has the most, if that is more than `address` would have.
        func toGiveUp(for address: String) -> ObjectIdentifier? {
            guard let most = counts.max(by: { $0.value < $1.value }), most.value > counts[address, default: 0] + 1 else { return nil }
            return inOrder[most.key]?.first { addresses[$0] == most.key }
        }
    }

    private let limits: Limits
    private let contents = Mutex(Contents())

    init(limits: Limits) {
        self.limits = limits
    }

    /// Takes a new connection in, or says why it may not stand. It is forgotten when it closes.
    func admit(_ channel: any Channel, from address: String) -> Refusal? {
        let id = ObjectIdentifier(channel)
        let (refusal, givenUp) = contents.withLock { contents -> (Refusal?, (any Channel)?) in
            if contents.isEnding { return (.ending, nil) }
            guard contents.channels.count < limits.all else { return (.tooMany, nil) }
            guard contents.addresses[address, default: 0] < limits.perAddress else { return (.tooManyOfAddress, nil) }
            var givenUp: (any Channel)?
            if contents.unproven.count >= limits.unproven {
                guard let oldest = contents.unproven.toGiveUp(for: address) else { return (.tooManyUnproven, nil) }
                contents.unproven.remove(oldest)
                givenUp = contents.channels[oldest]
            }
            contents.channels[id] = channel
            contents.addresses[address, default: 0] += 1
            contents.unproven.insert(id, address)
            return (nil, givenUp)
        }
        givenUp?.close(promise: nil)
        if refusal == nil { channel.closeFuture.whenComplete { [self] _ in forget(id, address) } }
        return refusal
    }

    private func forget(_ id: ObjectIdentifier, _ address: String) {
        contents.withLock { contents in
            contents.channels[id] = nil
            contents.unproven.remove(id)
            let left = contents.addresses[address, default: 1] - 1
            contents.addresses[address] = left > 0 ? left : nil
        }
    }

    /// Its handshake is done.
    func prove(_ channel: any Channel) {
        contents.withLock { $0.unproven.remove(ObjectIdentifier(channel)) }
    }

    var count: Int { contents.withLock { $0.channels.count } }
    var unprovenCount: Int { contents.withLock { $0.unproven.count } }

    /// Admits no more, and tells every connection to end after the request it is at.
    func quiesce() {
        let channels = contents.withLock { contents in
            contents.isEnding = true
            return Array(contents.channels.values)
        }
        for channel in channels { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
    }

    /// Waits until all have ended, and closes what is left when the time is over. True where nothing was left.
    func waitUntilEmpty(atMost time: TimeAmount) async -> Bool {
        let deadline = ContinuousClock.now.advanced(by: .nanoseconds(time.nanoseconds))
        while count > 0, ContinuousClock.now < deadline { try? await Task.sleep(for: .milliseconds(20)) }
        let left = contents.withLock { Array($0.channels.values) }
        for channel in left { channel.close(promise: nil) }
        return left.isEmpty
    }
}

/// Where a connection comes from, as far as limits and turns go.
enum SourceAddress {
    /// As ``SourceNetwork`` has it; `?` where the system does not say.
    static func network(of address: SocketAddress?) -> String { SourceNetwork(address?.ipAddress ?? "?").description }
}
