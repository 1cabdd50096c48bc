import Storage
import Updates

/// Gathers the reports that arrive while one commit runs, and commits them as one: each is answered after its own is on disk.
///
/// Bounded: beyond ``limit`` waiting batches a report is refused and the device sends it again.
actor ReportQueue {
    static let limit = 10_000
    /// Batches of one transaction.
    static let transactionLimit = 1000

    private let limit: Int
    private let store: any Store
    private let clock: @Sendable () -> Timestamp
    private var waiting: [(batch: EventBatch, answer: CheckedContinuation<[Device], any Error>)] = []
    private var isCommitting = false
    private var finishers: [CheckedContinuation<Void, Never>] = []

    init(store: any Store, limit: Int = ReportQueue.limit, clock: @escaping @Sendable () -> Timestamp) {
        self.limit = limit
        self.store = store
        self.clock = clock
    }

    struct Full: Error {}

    /// Returns once the batch is committed, with the devices it changed.
    func submit(_ batch: EventBatch) async throws -> [Device] {
        guard waiting.count < limit else { throw Full() }
        return try await withCheckedThrowingContinuation { continuation in
            waiting.append((batch, continuation))
            startCommitting()
        }
    }

    /// Returns when nothing waits any more.
    func finish() async {
        guard isCommitting || !waiting.isEmpty else { return }
        await withCheckedContinuation { finishers.append($0) }
    }

    private func startCommitting() {
        guard !isCommitting else { return }
        isCommitting = true
        Task { await commitAll() }
    }

    private func commitAll() async {
        while !waiting.isEmpty {
            let taken = Array(waiting.prefix(Self.transactionLimit))
            waiting.removeFirst(taken.count)
            do {
                let result = try await store.takeReports(taken.map(\.batch), at: clock())
                let devices = Dictionary(result.devices.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
                for (batch, answer) in taken { answer.resume(returning: devices[batch.deviceID].map { [$0] } ?? []) }
            } catch {
                for (_, answer) in taken { answer.resume(throwing: error) }
            }
        }
        isCommitting = false
        for finisher in finishers { finisher.resume() }
        finishers = []
    }
}
