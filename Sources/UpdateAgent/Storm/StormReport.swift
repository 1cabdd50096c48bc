/// What a storm saw; made to be printed. Times are milliseconds; a quantile is less than 1 in 128 above the true value.
public struct StormReport: Hashable, Sendable, Codable {
    public let server: String
    public let startedAt: String
    /// Registered at the end.
    public internal(set) var devices = 0
    public internal(set) var sourceAddresses = 0
    /// How many files and connections this process may have.
    public internal(set) var openFiles = 0
    public internal(set) var kinds: [Kind] = []
    public internal(set) var phases: [Phase] = []
    public internal(set) var ramp: Ramp?
    public internal(set) var abuse: Abuse?
    /// From the last task of the overload begun to the first of five check-ins in a row that took no more than 100 ms each; nothing where there was
    /// no overload.
    public internal(set) var restoredAfterMilliseconds: Double?
    public internal(set) var notes: [String] = []

    public struct Kind: Hashable, Sendable, Codable {
        public let name: String
        public let installed: Int
        public let cached: Int
        public let pages: Int
        public let files: Int
    }

    public struct Latency: Hashable, Sendable, Codable {
        public let count: Int
        public let mean: Double
        public let p50: Double
        public let p95: Double
        public let p99: Double
        public let longest: Double

        init(_ histogram: Histogram) {
            func milliseconds(_ microseconds: Double) -> Double { microseconds.rounded() / 1000 }
            count = histogram.count
            mean = milliseconds(histogram.mean)
            p50 = milliseconds(Double(histogram.quantile(0.5)))
            p95 = milliseconds(Double(histogram.quantile(0.95)))
            p99 = milliseconds(Double(histogram.quantile(0.99)))
            longest = milliseconds(Double(histogram.longest))
        }
    }

    public struct Task: Hashable, Sendable, Codable {
        public let task: StormTask
        public let done: Int
        public let failed: Int
        /// Done while tasks were begun, over that time; where their number is fixed, all over the whole time.
        public let perSecond: Double
        public let latency: Latency
    }

    public struct Operation: Hashable, Sendable, Codable {
        public let operation: String
        public let latency: Latency
    }

    public struct Failure: Hashable, Sendable, Codable {
        public let operation: String
        public let kind: String
        public let count: Int
    }

    public struct Phase: Hashable, Sendable, Codable {
        public let name: String
        public let seconds: Double
        /// Of these, after the last task was begun.
        public let drainSeconds: Double
        /// Asked for; nothing where each task follows another.
        public let rate: Double?
        public let begun: Int
        /// Due, and not begun.
        public let notBegun: Int
        public let retries: Int
        public let answersWithUpdates: Int
        public let verified: Int
        /// Inside TLS.
        public let bytesSent: Int64
        public let bytesReceived: Int64
        public let tasks: [Task]
        public let operations: [Operation]
        public let failures: [Failure]

        init(_ name: String, _ phase: StormPhase, _ outcome: StormOutcome) {
            let statistics = outcome.statistics
            self.name = name
            seconds = (Double(outcome.nanoseconds) / 1e6).rounded() / 1000
            drainSeconds = (Double(outcome.nanoseconds - outcome.begunFor) / 1e6).rounded() / 1000
            rate = phase.rate
            begun = outcome.begun
            notBegun = statistics.notBegun
            retries = statistics.retries
            answersWithUpdates = statistics.answersWithUpdates
            verified = statistics.verified
            bytesSent = statistics.bytesSent
            bytesReceived = statistics.bytesReceived
            // Where their number is fixed, what counts is when all are done.
            let isCounted = outcome.begun >= phase.count
            let time = Double(max(isCounted ? outcome.nanoseconds : outcome.begunFor, 1)) / 1e9
            tasks = zip(StormTask.allCases, outcome.doneInTime).compactMap { task, doneInTime in
                let (done, failed) = (statistics[task].count, statistics.failed(of: task))
                guard done + failed > 0 else { return nil }
                return Task(
                    task: task, done: done, failed: failed, perSecond: (Double(isCounted ? done : doneInTime) / time * 10).rounded() / 10,
                    latency: Latency(statistics[task]))
            }
            operations = StormOperation.allCases.filter { statistics[$0].count > 0 }
                .map { Operation(operation: $0.rawValue, latency: Latency(statistics[$0])) }
            failures = statistics.failures.map { Failure(operation: $0.key.operation.rawValue, kind: $0.key.kind, count: $0.value) }
                .sorted { ($1.count, $0.operation, $0.kind) < ($0.count, $1.operation, $1.kind) }
        }

        var done: Int { tasks.reduce(0) { $0 + $1.done } }
        var failed: Int { tasks.reduce(0) { $0 + $1.failed } }
        func latency(of task: StormTask) -> Latency? { tasks.first { $0.task == task }?.latency }
    }

    public struct Ramp: Hashable, Sendable, Codable {
        /// The most tasks a second that were done in a step.
        public let mostPerSecond: Double
        /// The rate of the last step that was kept up with.
        public let lastRateKept: Double?
        public let halfRate: Double
        /// Of the phase `half`.
        public let p99AtHalfRate: Double?
    }

    public struct Abuse: Hashable, Sendable, Codable {
        public let kind: StormAbuse
        public let connections: Int
        public let quietP95: Double
        public let abusedP95: Double
        /// Of the two.
        public let ratio: Double
        public let counts: Counts

        public struct Counts: Hashable, Sendable, Codable {
            /// Connections begun.
            public internal(set) var begun = 0
            /// On which TLS stood.
            public internal(set) var secured = 0
            /// The most at once on which TLS stood.
            public internal(set) var mostAtOnce = 0
            /// Ended by the server or the network.
            public internal(set) var ended = 0
            /// Requests answered, by status or fault, or registrations by how they ended.
            public internal(set) var answers: [Answer] = []

            /// Kinds beyond 50 are not told apart.
            mutating func answered(_ kind: String, times: Int = 1) {
                if let index = answers.firstIndex(where: { $0.kind == kind }) {
                    answers[index].count += times
                } else if answers.count < 50 {
                    answers.append(Answer(kind: kind, count: times))
                }
            }
        }

        public struct Answer: Hashable, Sendable, Codable {
            public let kind: String
            public internal(set) var count: Int
        }
    }

    init(server: String, startedAt: String) {
        self.server = server
        self.startedAt = startedAt
    }

    /// Nothing failed but for being told to come again later.
    public var isClean: Bool {
        phases.allSatisfy { $0.failures.allSatisfy { $0.kind == "HTTP 503 with Retry-After" || $0.kind == "fault ServerBusy" } }
    }
}
