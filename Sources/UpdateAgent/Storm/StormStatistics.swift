/// What a device of a storm can be about.
public enum StormTask: String, Hashable, Sendable, Codable, CaseIterable {
    /// A new connection, a cookie where the last one ended, and a scan that finds nothing new.
    case checkIn = "check-in"
    /// Everything a new device does before it knows what it needs.
    case firstScan = "first-scan"
    case report
    /// A file, as Delivery Optimization fetches it.
    case download
    /// A new device that does not scan yet.
    case registration
}

/// One exchange with the server, or the making of a connection.
enum StormOperation: String, Hashable, Sendable, CaseIterable {
    /// TCP and TLS.
    case connection
    case getConfig = "GetConfig"
    case getAuthorizationCookie = "GetAuthorizationCookie"
    case getCookie = "GetCookie"
    case registerComputer = "RegisterComputer"
    case page = "SyncUpdates (first scan)"
    case delta = "SyncUpdates (delta)"
    case details = "GetExtendedUpdateInfo"
    case report = "ReportEventBatch"
    /// One range.
    case content
}

/// What a phase of a storm saw. Its size does not grow with what is counted.
struct StormStatistics: Sendable {
    struct Failure: Hashable, Sendable {
        var operation: StormOperation
        var kind: String
    }

    /// Kinds beyond this are counted as `other`.
    private static let mostFailureKinds = 200

    private(set) var operations = [Histogram](repeating: Histogram(), count: StormOperation.allCases.count)
    /// From the moment a task was to begin, waiting for a turn included.
    private(set) var tasks = [Histogram](repeating: Histogram(), count: StormTask.allCases.count)
    private(set) var failures: [Failure: Int] = [:]
    private(set) var failedTasks = [Int](repeating: 0, count: StormTask.allCases.count)
    /// Bytes inside TLS.
    var bytesSent: Int64 = 0
    var bytesReceived: Int64 = 0
    /// Times a task waited and asked again because the server was busy.
    var retries = 0
    /// Answers to check-ins that were not empty.
    var answersWithUpdates = 0
    /// Answers decoded whole.
    var verified = 0
    /// Tasks that were due and could not begin: as many as allowed were under way, or no device was idle.
    var notBegun = 0
    var longestBacklog = 0

    mutating func took(_ operation: StormOperation, nanoseconds: UInt64) {
        operations[Self.index(of: operation)].add(microseconds: nanoseconds / 1000)
    }

    mutating func ended(_ task: StormTask, nanoseconds: UInt64) {
        tasks[Self.index(of: task)].add(microseconds: nanoseconds / 1000)
    }

    mutating func failed(_ task: StormTask) { failedTasks[Self.index(of: task)] += 1 }

    mutating func failed(_ operation: StormOperation, _ kind: String) {
        let failure = Failure(operation: operation, kind: kind)
        let isKnown = failures[failure] != nil
        failures[isKnown || failures.count < Self.mostFailureKinds ? failure : Failure(operation: operation, kind: "other"), default: 0] += 1
    }

    subscript(operation: StormOperation) -> Histogram { operations[Self.index(of: operation)] }
    subscript(task: StormTask) -> Histogram { tasks[Self.index(of: task)] }
    func failed(of task: StormTask) -> Int { failedTasks[Self.index(of: task)] }

    private static func index<Value: CaseIterable & Equatable>(of value: Value) -> Int where Value.AllCases == [Value] {
        Value.allCases.firstIndex(of: value) ?? 0
    }
}
