import Foundation
import Logging
import Synchronization
import TestSupport
import UpdateEngine
import Updates

/// An engine on a home of its own, with a clock that tests turn.
final class TestEngine: Sendable {
    let folder: TemporaryFolder
    let home: Home
    let clock: ManualClock
    let engine: UpdateEngine

    init(targeting: Targeting = .server) async throws {
        folder = try TemporaryFolder()
        home = Home(path: folder.path + "/home")
        let clock = ManualClock()
        self.clock = clock
        try await UpdateEngine.create(home, hosts: ["server.example.test", "localhost"], targeting: targeting, at: clock.now, log: Self.log)
        engine = try await UpdateEngine.open(home, clock: { clock.now }, log: Self.log)
    }

    /// A second engine on the same home, after the first was closed.
    func reopened() async throws -> UpdateEngine {
        try await engine.close()
        let clock = clock
        return try await UpdateEngine.open(home, clock: { clock.now }, log: Self.log)
    }

    static let log: Logger = {
        var log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        log.logLevel = .critical
        return log
    }()

    /// Imports documents from files of their own and gives the report.
    @discardableResult
    func importing(_ documents: DocumentText..., source: String = "local") async throws -> ImportReport {
        let batch = try TemporaryFolder()
        for (number, document) in documents.enumerated() {
            try batch.write(document.bytes, to: String(format: "%04d-%d.xml", number, document.revision))
        }
        return try await engine.importUpdates(paths: [batch.path], source: source) { _ in }
    }
}

/// A time of day that stands still until a test turns it.
final class ManualClock: Sendable {
    private let time = Mutex(Timestamp(millisecondsSince1970: 1_800_000_000_000))

    var now: Timestamp { time.withLock { $0 } }

    func advance(seconds: Int64) {
        time.withLock { $0 = $0.adding(seconds: seconds) }
    }
}

extension UpdateID {
    /// A GUID of a small number, for tests to name updates by.
    static func numbered(_ number: UInt64) -> UpdateID { UpdateID(high: 0x1111_2222_3333_4444, low: number) }
}
