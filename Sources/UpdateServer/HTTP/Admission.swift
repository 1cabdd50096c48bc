import Glibc
import NIOPosix
import Synchronization

/// Lets work that costs processor time in: so many at once, the rest in turn, and none beyond a limit (docs/adr/0012).
///
/// What is quick does not come here, so it waits for nobody.
final class Admission: Sendable {
    struct Work: Sendable {
        let run: @Sendable () -> Void
        /// Instead of `run`, where there is no room, or it has waited for ``Admission/longestWait``.
        let refuse: @Sendable () -> Void
        /// Whether anybody still waits for it; asked when its turn comes. What nobody waits for is dropped.
        var isWanted: @Sendable () -> Bool = { true }
        let submitted = ContinuousClock.now
    }

    /// A device that has waited for so long is told to come again, rather than answered when it has given up.
    static let longestWait = Duration.seconds(30)

    private struct State {
        var waiting: TurnQueue<Work>
        var running = 0
        var isEnding = false
    }

    private let threads: NIOThreadPool
    private let width: Int
    private let longestWait: Duration
    private let state: Mutex<State>

    /// - Parameters:
    ///   - width: how many run at once.
    ///   - limit: how many may wait.
    ///   - threads: as many as that; nobody else uses them.
    ///   - longestWait: after which what waits is refused.
    init(width: Int, limit: Int, threads: NIOThreadPool, longestWait: Duration = Admission.longestWait) {
        self.width = width
        self.longestWait = longestWait
        self.threads = threads
        state = Mutex(State(waiting: TurnQueue(limit: limit)))
    }

    /// How many wait.
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Runs work now, or when its turn comes.
    func submit(_ work: Work, address: String, device: String) {
        let (starts, refused) = state.withLock { state -> (Bool, Work?) in
            if state.isEnding { return (false, work) }
            let refused = state.waiting.append(work, address: address, device: device)
            guard state.running < width, state.waiting.count > 0 else { return (false, refused) }
            state.running += 1
            return (true, refused)
        }
        refused?.refuse()
        if starts { threads.submit { [self] in runAll(isActive: $0 == .active) } }
    }

    private func runAll(isActive: Bool) {
        // Whoever is answered without waiting goes before.
        setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 5)
        while let work = next() {
            guard work.isWanted() else { continue }
            if isActive, ContinuousClock.now - work.submitted < longestWait { work.run() } else { work.refuse() }
        }
    }

    private func next() -> Work? {
        state.withLock { state in
            let next = state.waiting.popFirst()
            if next == nil { state.running -= 1 }
            return next
        }
    }

    /// Refuses what waits and what comes.
    func end() {
        let waiting = state.withLock { state in
            state.isEnding = true
            var all: [Work] = []
            while let work = state.waiting.popFirst() { all.append(work) }
            return all
        }
        for work in waiting { work.refuse() }
    }
}
