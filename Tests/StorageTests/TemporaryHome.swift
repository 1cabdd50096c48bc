import Foundation
import Logging
import Synchronization
import TestSupport
import Updates

@testable import Storage

/// A home of one test; removed when it goes.
final class TemporaryHome: Sendable {
    let folder: TemporaryFolder
    var path: String { folder.path + "/home" }

    init() throws {
        folder = try TemporaryFolder()
    }

    func create(_ options: StoreOptions = .quick, log: Logger = .silent) async throws -> SQLiteStore {
        try await SQLiteStore.create(home: path, at: StoreFixture.noon, log: log, options: options)
    }

    func open(_ options: StoreOptions = .quick, log: Logger = .silent) async throws -> SQLiteStore {
        try await SQLiteStore.open(home: path, log: log, options: options)
    }

    /// The bytes of a file beneath it.
    func bytes(_ file: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path + "/" + file))) }

    /// Overwrites a file beneath it.
    func write(_ bytes: [UInt8], to file: String) throws { try Data(bytes).write(to: URL(filePath: path + "/" + file)) }

    func exists(_ file: String) -> Bool { FileManager.default.fileExists(atPath: path + "/" + file) }

    func permissions(_ file: String = "") throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path + "/" + file)[.posixPermissions] as? Int
    }
}

extension StoreOptions {
    /// Without syncs: for tests of other things than durability.
    static var quick: StoreOptions {
        var options = StoreOptions()
        options.isDurable = false
        return options
    }
}

extension Logger {
    static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    static func recording(_ record: LogRecord) -> Logger { Logger(label: "test") { _ in RecordingHandler(record: record) } }
}

/// What was logged.
final class LogRecord: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func append(_ line: String) { lines.withLock { $0.append(line) } }
}

private struct RecordingHandler: LogHandler {
    let record: LogRecord
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        record.append("\(event.level): \(event.message) \(event.metadata ?? [:])")
    }
}

extension SQLiteStore {
    /// The whole of a fragment.
    func fragmentBytes(_ id: Int32, _ kind: FragmentKind) throws -> [UInt8]? {
        try withFragment(RevisionID(rawValue: id), kind) { Array($0) }
    }
}
