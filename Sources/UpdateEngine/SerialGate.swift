/// Lets one change at a time through, in the order they came, across suspension points.
actor SerialGate {
    private var isTaken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Someone waits for their turn.
    var isWanted: Bool { !waiting.isEmpty }

    func perform<Result: Sendable>(_ work: @Sendable () async throws -> Result) async throws -> Result {
        if isTaken {
            await withCheckedContinuation { waiting.append($0) }
        } else {
            isTaken = true
        }
        defer {
            // The gate stays taken when it is handed to the next in line.
            if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().resume() }
        }
        return try await work()
    }
}
