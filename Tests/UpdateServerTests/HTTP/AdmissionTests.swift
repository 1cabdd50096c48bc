import Dispatch
import NIOPosix
import Synchronization
import Testing

@testable import UpdateServer

struct AdmissionTests {
    /// What was done, in order, and what holds the work up.
    private final class Record: Sendable {
        let lines = Mutex<[String]>([])
        let isRunning = Mutex(0)
        let most = Mutex(0)
        private let gate = DispatchGroup()

        init() { gate.enter() }

        var all: [String] { lines.withLock { $0 } }

        func work(_ name: String, waits: Bool = false, isWanted: @escaping @Sendable () -> Bool = { true }) -> Admission.Work {
            Admission.Work(
                run: { [self] in
                    let running = isRunning.withLock { running in
                        running += 1
                        return running
                    }
                    most.withLock { $0 = max($0, running) }
                    if waits { gate.wait() }
                    lines.withLock { $0.append(name) }
                    isRunning.withLock { $0 -= 1 }
                }, refuse: { [self] in lines.withLock { $0.append("refused \(name)") } }, isWanted: isWanted)
        }

        func open() { gate.leave() }
    }

    private static func until(_ condition: () -> Bool) async throws {
        while !condition() { try await Task.sleep(for: .milliseconds(1)) }
    }

    private static func with<Result>(
        _ width: Int, limit: Int, longestWait: Duration = Admission.longestWait, _ body: (Admission, Record) async throws -> Result
    ) async throws -> Result {
        let threads = NIOThreadPool(numberOfThreads: width)
        threads.start()
        let record = Record()
        let result = try await body(Admission(width: width, limit: limit, threads: threads, longestWait: longestWait), record)
        try await threads.shutdownGracefully()
        return result
    }

    @Test func `what nobody waits for any more is not done`() async throws {
        try await Self.with(1, limit: 10) { admission, record in
            admission.submit(record.work("held", waits: true), address: "a", device: "1")
            try await Self.until { record.isRunning.withLock { $0 } == 1 }
            admission.submit(record.work("gone", isWanted: { false }), address: "a", device: "2")
            admission.submit(record.work("there"), address: "a", device: "3")
            record.open()
            try await Self.until { record.all.contains("there") }
            #expect(record.all == ["held", "there"])
        }
    }

    @Test func `what has waited too long is refused`() async throws {
        try await Self.with(1, limit: 10, longestWait: .zero) { admission, record in
            admission.submit(record.work("late"), address: "a", device: "1")
            try await Self.until { !record.all.isEmpty }
            #expect(record.all == ["refused late"])
        }
    }

    @Test(arguments: [1, 2, 3])
    func `so many run at once, and all are done`(width: Int) async throws {
        try await Self.with(width, limit: 1000) { admission, record in
            for number in 0..<width { admission.submit(record.work("held \(number)", waits: true), address: "a", device: "1") }
            try await Self.until { record.isRunning.withLock { $0 } == width }
            for number in 0..<100 { admission.submit(record.work("\(number)"), address: "\(number % 7)", device: "1") }
            #expect(admission.waitingCount == 100)
            record.open()
            try await Self.until { record.all.count == 100 + width }
            #expect(record.most.withLock { $0 } == width)
            #expect(Set(record.all).count == 100 + width)
        }
    }

    @Test func `a flood of one address keeps another waiting for one turn only, and has the refusals`() async throws {
        try await Self.with(1, limit: 10) { admission, record in
            admission.submit(record.work("held", waits: true), address: "flood", device: "1")
            try await Self.until { record.isRunning.withLock { $0 } == 1 }
            for number in 0..<50 { admission.submit(record.work("flood \(number)"), address: "flood", device: "\(number)") }
            admission.submit(record.work("other"), address: "other", device: "1")
            record.open()
            try await Self.until { record.all.count == 52 }
            #expect(record.all.firstIndex(of: "other").map { record.all[..<$0].filter { !$0.hasPrefix("refused") } } == ["held", "flood 0"])
            #expect(record.all.filter { $0.hasPrefix("refused") }.count == 41)
            #expect(!record.all.contains("refused other"))
        }
    }

    @Test func `what waits when the server ends is refused, and so is what comes`() async throws {
        try await Self.with(1, limit: 10) { admission, record in
            admission.submit(record.work("held", waits: true), address: "a", device: "1")
            try await Self.until { record.isRunning.withLock { $0 } == 1 }
            admission.submit(record.work("waiting"), address: "a", device: "1")
            admission.end()
            admission.submit(record.work("late"), address: "a", device: "1")
            #expect(record.all == ["refused waiting", "refused late"])
            record.open()
            try await Self.until { record.all.count == 3 }
            #expect(record.all.last == "held")
        }
    }
}
