import Logging
import Storage
import Updates

/// Gathers what devices bring while one commit runs, and commits it as one: each is answered after its own is on disk.
///
/// A commit starts as soon as the one before has ended, but not within ``interval`` of its start: a storm costs fifty syncs a second, and a
/// single device waits for none. Bounded by number and by bytes: beyond that a report or registration is refused and the device comes again.
actor ArrivalQueue {
    struct Limits: Sendable {
        var reports = 10_000
        var registrations = 10_000
        /// Of the texts of the events that wait.
        var bytes = 64 << 20
        /// Of one transaction, of each kind; and the bytes after which it takes no more reports.
        var transaction = 1000
        var transactionBytes = 8 << 20
        var interval = Duration.milliseconds(20)
        /// How long a device's last sighting waits for a commit of something else.
        var sightings = Duration.seconds(60)
    }

    struct Full: Error {}

    private let limits: Limits
    private let store: any Store
    private let policy: DevicePolicy
    private let presence: DevicePresence
    private let plainCallers: PlainCallers
    private let clock: @Sendable () -> Timestamp
    private let log: Logger
    private var registrations: [(item: DeviceRegistration, answer: CheckedContinuation<ArrivalResult.Registered, any Error>)] = []
    private var reports: [(item: EventBatch, bytes: Int, answer: CheckedContinuation<Reported, any Error>)] = []
    private var reportBytes = 0
    private var isCommitting = false
    private var isEnding = false
    /// Sightings are to be written though nothing else waits.
    private var isFlushDue = false
    private var flusher: Task<Void, Never>?
    private var lastStart: ContinuousClock.Instant?
    private var finishers: [Finisher] = []
    /// Of everything submitted, how much is no longer in a queue: counted when its commit has ended.
    private var ended = (registrations: 0, reports: 0)
    private var submitted = (registrations: 0, reports: 0)

    /// Who waits for what was submitted, and seen, until now.
    private struct Finisher {
        let registrations: Int
        let reports: Int
        /// What was seen has been taken by a commit.
        var hasSightings = false
        let continuation: CheckedContinuation<Void, Never>
    }

    /// What became of a report.
    struct Reported: Sendable {
        let isKnown: Bool
        /// The device, if a report of this commit made it disputed.
        let disputed: Device?
    }

    init(
        store: any Store, policy: DevicePolicy = DevicePolicy(), presence: DevicePresence = DevicePresence(),
        plainCallers: PlainCallers = PlainCallers(), limits: Limits = Limits(), log: Logger, clock: @escaping @Sendable () -> Timestamp
    ) {
        self.limits = limits
        self.store = store
        self.policy = policy
        self.presence = presence
        self.plainCallers = plainCallers
        self.log = log
        self.clock = clock
    }

    /// Returns once the batch is committed.
    func submit(_ batch: EventBatch) async throws -> Reported {
        let bytes = batch.textBytes
        guard reports.count < limits.reports, reportBytes + bytes <= limits.bytes else { throw Full() }
        return try await withCheckedThrowingContinuation { continuation in
            reports.append((batch, bytes, continuation))
            submitted.reports += 1
            reportBytes += bytes
            startCommitting()
        }
    }

    /// Returns once the registration is committed, or nothing of it was to be written.
    func submit(_ registration: DeviceRegistration) async throws -> ArrivalResult.Registered {
        guard registrations.count < limits.registrations else { throw Full() }
        return try await withCheckedThrowingContinuation { continuation in
            registrations.append((registration, continuation))
            submitted.registrations += 1
            startCommitting()
        }
    }

    /// Sees to it that sightings are written: now, or with the next commit, at the latest after a while.
    func noteSightings(isUrgent: Bool) {
        guard isUrgent else {
            guard flusher == nil, !isEnding else { return }
            flusher = Task { [limits] in
                do { try await Task.sleep(for: limits.sightings) } catch { return }
                flush()
            }
            return
        }
        flush()
    }

    private func flush() {
        flusher = nil
        isFlushDue = true
        startCommitting()
    }

    /// Returns when everything that came until now is written, whatever comes meanwhile.
    func writeSightings() async {
        flusher?.cancel()
        flush()
        guard isCommitting else { return }
        await withCheckedContinuation { continuation in
            finishers.append(Finisher(registrations: submitted.registrations, reports: submitted.reports, continuation: continuation))
        }
    }

    /// As ``writeSightings()``, for the last time.
    func finish() async {
        isEnding = true
        await writeSightings()
    }

    private func startCommitting() {
        guard !isCommitting else { return }
        isCommitting = true
        Task { await commitAll() }
    }

    private func commitAll() async {
        while !registrations.isEmpty || !reports.isEmpty || isFlushDue {
            if let lastStart, !isEnding {
                let rest = limits.interval - (ContinuousClock.now - lastStart)
                if rest > .zero { try? await Task.sleep(for: rest) }
            }
            lastStart = .now
            await commit()
            resumeFinishers()
        }
        isCommitting = false
        for finisher in finishers { finisher.continuation.resume() }
        finishers = []
    }

    /// Lets go on who waits for no more than has ended. At the end of the server all wait for all.
    private func resumeFinishers() {
        guard !isEnding else { return }
        finishers.removeAll { finisher in
            guard finisher.hasSightings, finisher.registrations <= ended.registrations, finisher.reports <= ended.reports else { return false }
            finisher.continuation.resume()
            return true
        }
    }

    private func commit() async {
        let registering = Array(registrations.prefix(limits.transaction))
        registrations.removeFirst(registering.count)
        var bytes = 0
        let reporting = Array(
            reports.prefix(limits.transaction).prefix { item in
                defer { bytes += item.bytes }
                return bytes < limits.transactionBytes
            })
        reports.removeFirst(reporting.count)
        reportBytes -= reporting.reduce(0) { $0 + $1.bytes }
        let (sightings, isAll) = presence.takeUnsaved(atMost: limits.transaction)
        let (visits, isAllOfPlain) = plainCallers.takeUnsaved(atMost: limits.transaction)
        if isAll, isAllOfPlain {
            isFlushDue = false
            for index in finishers.indices { finishers[index].hasSightings = true }
        } else {
            noteSightings(isUrgent: false)
        }
        defer {
            ended.registrations += registering.count
            ended.reports += reporting.count
        }
        let arrivals = DeviceArrivals(
            registrations: registering.map(\.item), reports: reporting.map(\.item), sightings: sightings, plainVisits: visits)
        guard !arrivals.isEmpty else { return }
        do {
            let result = try await store.take(arrivals, policy: policy, at: clock())
            presence.saved(sightings)
            for (registered, waiting) in zip(result.registered, registering) { waiting.answer.resume(returning: registered) }
            let disputed = Dictionary(result.disputed.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
            for report in reporting {
                let id = report.item.deviceID
                report.answer.resume(returning: Reported(isKnown: result.reporters.contains(id), disputed: disputed[id]))
            }
        } catch {
            presence.restore(sightings)
            plainCallers.restore(visits)
            if registering.isEmpty, reporting.isEmpty {
                // Nobody waits for these: they are tried again later.
                log.error("when devices were last seen could not be written: \(error)")
                isFlushDue = false
            }
            noteSightings(isUrgent: false)
            for waiting in registering { waiting.answer.resume(throwing: error) }
            for report in reporting { report.answer.resume(throwing: error) }
        }
    }
}

extension EventBatch {
    /// Roughly what it holds in memory.
    fileprivate var textBytes: Int {
        events.reduce(0) { sum, event in
            (event.replacementStrings + event.miscData).reduce(sum + 200 + event.appName.utf8.count) { $0 + 16 + $1.utf8.count }
        }
    }
}
