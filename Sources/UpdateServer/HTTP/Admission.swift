import Glibc
import NIOPosix
import Synchronization

/// Lets work that costs processor time in: so many at once, the rest in turn, and none beyond a limit (docs/adr/0012).
///
/// What is quick does not come here, so it waits for nobody.
final class Admission: Sendable {
    struct Work: Sendable {
        let run: @Sendable () -> Void
        /// Instead of `run`, where there is no room, or no more time.
        let refuse: @Sendable () -> Void
    }

    private struct State {
        var waiting: TurnQueue<Work>
        var running = 0
        var isEnding = false
    }

    private let threads: NIOThreadPool
    private let width: Int
    private let state: Mutex<State>

    /// - Parameters:
    ///   - width: how many run at once.
    ///   - limit: how many may wait.
    ///   - threads: as many as that; nobody else uses them.
    init(width: Int, limit: Int, threads: NIOThreadPool) {
        self.width = width
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
            if isActive { work.run() } else { work.refuse() }
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
