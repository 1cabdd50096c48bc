import Synchronization
import Testing

@testable import UpdateEngine

struct SerialGateTests {
    @Test func `one change at a time passes, however many come`() async throws {
        let gate = SerialGate()
        let inside = Inside()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    try await gate.perform {
                        inside.enter()
                        await Task.yield()
                        inside.leave()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(inside.most == 1)
    }

    @Test func `a change that fails lets the next one in`() async throws {
        let gate = SerialGate()
        await #expect(throws: EngineError.self) { try await gate.perform { throw EngineError(.refused, "no") } }
        #expect(try await gate.perform { 7 } == 7)
    }
}

/// Counts how many are inside, and the most there ever were.
private final class Inside: Sendable {
    private let counts = Mutex((now: 0, most: 0))

    func enter() {
        counts.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
    }

    func leave() {
        counts.withLock { $0.now -= 1 }
    }

    var most: Int { counts.withLock { $0.most } }
}
