import Foundation
import NIOCore
import TrustedTransport
import Updates

/// What a phase of a storm does.
struct StormPhase: Sendable {
    var weights: [(kind: StormTask, weight: Double)]
    /// Tasks begun a second, whatever becomes of them; nothing to begin one whenever another ended.
    var rate: Double?
    /// At most this many tasks are under way at once.
    var concurrency: Int
    /// At most this many are begun.
    var count = Int.max
    /// None is begun later, in nanoseconds after the start.
    var duration: UInt64
    /// Times a task that the server is too busy for asks again.
    var retries = 0
    /// Whether each check-in gets itself a new cookie first, as after the 22 hours between two scans.
    var renewsCookies = false
    /// Of the answers, how many are decoded whole: 0 to 1.
    var verifiedShare = 0.0
    var mostBytes = Int64.max
    /// Nanoseconds that one exchange may take.
    var patience: UInt64 = 30_000_000_000
}

/// What is the same for all tasks of a storm.
struct StormSite: Sendable {
    let dialer: HTTPSDialer
    let sources: SourceAddresses
    let profiles: [DeviceProfile]
    let seed: UInt64
    /// `HOST:PORT`
    let host: String
}

/// Begins tasks, and keeps what they have in common. It lives on one event loop, and everything in it happens there.
final class StormLoop {
    let loop: any EventLoop
    let site: StormSite
    var templates: StormTemplates
    var fleet: Fleet
    var statistics = StormStatistics()
    private(set) var phase: StormPhase
    /// The server said that its configuration changed: the next task asks for it.
    var needsConfiguration = false

    private var turns: WeightedTurns<StormTask>
    private var pacing: Pacing?
    private var start: UInt64 = 0
    /// When the phase could begin nothing more.
    private var overAt: UInt64?
    private var doneInTime: [Int] = []
    private var begun = 0
    private var running: [any StormErrand] = []
    private var isBeginning = false
    private var ended: EventLoopPromise<StormOutcome>?
    private var lastSweep: UInt64 = 0
    private var verification = 0.0
    private var nextNumber: Int

    init?(loop: any EventLoop, site: StormSite, templates: StormTemplates, fleet: Fleet) {
        let phase = StormPhase(weights: [(.checkIn, 1)], concurrency: 1, duration: 0)
        guard let turns = WeightedTurns(phase.weights) else { return nil }
        self.loop = loop
        self.site = site
        self.templates = templates
        self.fleet = fleet
        self.phase = phase
        self.turns = turns
        nextNumber = fleet.count
    }

    static func nanoseconds() -> UInt64 { NIODeadline.now().uptimeNanoseconds }

    func wallClock() -> Timestamp { Timestamp(millisecondsSince1970: Int64(Date().timeIntervalSince1970 * 1000)) }

    /// One phase at a time.
    func run(_ phase: StormPhase) -> EventLoopFuture<StormOutcome> {
        guard ended == nil, let turns = WeightedTurns(phase.weights) else {
            return loop.makeFailedFuture(AgentError(.stateInUse, "a phase is running"))
        }
        self.phase = phase
        self.turns = turns
        statistics = StormStatistics()
        begun = 0
        overAt = nil
        start = Self.nanoseconds()
        pacing = phase.rate.map { Pacing(start: start, rate: $0) }
        let promise = loop.makePromise(of: StormOutcome.self)
        ended = promise
        tick()
        return promise.futureResult
    }

    /// A task ended, one way or the other.
    func finished(_ errand: any StormErrand) {
        let last = running.count - 1
        guard errand.place < running.count, running[errand.place] === errand else { return }
        running.swapAt(errand.place, last)
        running[errand.place].place = errand.place
        running.removeLast()
        if pacing == nil { begin() }
    }

    /// Whether the next answer is to be decoded whole.
    func isToVerify() -> Bool {
        verification += phase.verifiedShare
        guard verification >= 1 else { return false }
        verification -= 1
        return true
    }

    private func tick() {
        let now = Self.nanoseconds()
        begin()
        if now - lastSweep > 100_000_000 {
            lastSweep = now
            for errand in running where errand.deadline < now { errand.timedOut() }
        }
        if overAt == nil, isOver(now) {
            overAt = now
            doneInTime = statistics.tasks.map(\.count)
        }
        if running.isEmpty, overAt != nil { return finish(now) }
        // A millisecond: 1,000 tasks a second begin one at a time.
        loop.assumeIsolated().scheduleTask(in: .milliseconds(1)) { [weak self] in self?.tick() }
    }

    private func isOver(_ now: UInt64) -> Bool {
        begun >= phase.count || now - start >= phase.duration
            || statistics.bytesSent + statistics.bytesReceived >= phase.mostBytes
    }

    private func finish(_ now: UInt64) {
        if let pacing { statistics.notBegun = max(0, min(pacing.due(at: min(now, start + phase.duration - 1)), phase.count) - begun) }
        let promise = ended
        ended = nil
        promise?.succeed(
            StormOutcome(statistics: statistics, nanoseconds: now - start, begunFor: (overAt ?? now) - start, begun: begun, doneInTime: doneInTime))
    }

    /// Begins what is due. An errand that ends at once calls back: hence the guard.
    private func begin() {
        guard !isBeginning, ended != nil else { return }
        isBeginning = true
        defer { isBeginning = false }
        var now = Self.nanoseconds()
        while !isOver(now), running.count < phase.concurrency {
            var intended = now
            if let pacing {
                let due = pacing.due(at: now)
                statistics.longestBacklog = max(statistics.longestBacklog, due - begun)
                guard due > begun else { return }
                intended = pacing.time(of: begun)
            }
            guard let errand = makeErrand(turns.next(), intended: intended) else { return }
            begun += 1
            errand.place = running.count
            running.append(errand)
            errand.begin()
            now = Self.nanoseconds()
        }
    }

    private func makeErrand(_ task: StormTask, intended: UInt64) -> (any StormErrand)? {
        switch task {
        case .checkIn, .report:
            return fleet.take().map { DeviceErrand(task, device: $0, in: self, intended: intended) }
        case .firstScan, .registration:
            guard fleet.count < Fleet.mostDevices else { return nil }
            let device = fleet.add(Fleet.id(seed: site.seed, number: nextNumber))
            nextNumber += 1
            return DeviceErrand(task, device: device, in: self, intended: intended)
        case .download:
            let kinds = site.profiles.filter { !$0.files.isEmpty }
            guard !kinds.isEmpty else { return nil }
            let files = kinds[begun % kinds.count].files
            return DownloadErrand(files[begun / kinds.count % files.count], number: begun, in: self, intended: intended)
        }
    }
}

/// How a phase ended.
struct StormOutcome: Sendable {
    var statistics: StormStatistics
    /// Until the last task was over.
    var nanoseconds: UInt64
    /// Until the last was begun, or could no longer be.
    var begunFor: UInt64
    var begun: Int
    /// Tasks of each kind done by then.
    var doneInTime: [Int]
}

/// A task under way.
protocol StormErrand: AnyObject {
    /// Where it stands among those under way.
    var place: Int { get set }
    /// When it has taken too long.
    var deadline: UInt64 { get }
    func begin()
    func timedOut()
}
