import NIOCore
import Synchronization

/// The connections that stand: at most so many, and all known, so that the server can end without cutting an answer short.
final class ConnectionSet: Sendable {
    enum Admission: Equatable {
        case admitted
        case refused
        /// The first refused since there was room: worth a line in the log.
        case refusedFirst
    }

    private struct Contents {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var isFull = false
        var isEnding = false
    }

    private let limit: Int
    private let contents = Mutex(Contents())

    init(limit: Int) {
        self.limit = limit
    }

    /// Whether a new connection may stand; it is forgotten when it closes.
    func admit(_ channel: any Channel) -> Admission {
        let id = ObjectIdentifier(channel)
        let admission = contents.withLock { contents -> Admission in
            guard contents.channels.count < limit, !contents.isEnding else {
                defer { contents.isFull = true }
                return contents.isFull || contents.isEnding ? .refused : .refusedFirst
            }
            contents.channels[id] = channel
            contents.isFull = false
            return .admitted
        }
        if admission == .admitted {
            channel.closeFuture.whenComplete { [self] _ in contents.withLock { _ = $0.channels.removeValue(forKey: id) } }
        }
        return admission
    }

    var count: Int { contents.withLock { $0.channels.count } }

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
