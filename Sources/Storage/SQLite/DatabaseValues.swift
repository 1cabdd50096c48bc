import Foundation
import GRDB
import Updates

/// A value that a column holds. Our own protocol and not GRDB's, so that GRDB stays unseen outside this target.
protocol ColumnValue {
    var databaseValue: DatabaseValue { get }
    /// Nothing for a value of another kind.
    static func fromDatabaseValue(_ value: DatabaseValue) -> Self?
}

extension Bool: ColumnValue {}
extension Int: ColumnValue {}
extension Int32: ColumnValue {}
extension Int64: ColumnValue {}
extension String: ColumnValue {}
extension Data: ColumnValue {}

extension ColumnValue where Self: RawRepresentable, RawValue: ColumnValue {
    var databaseValue: DatabaseValue { rawValue.databaseValue }
    static func fromDatabaseValue(_ value: DatabaseValue) -> Self? { RawValue.fromDatabaseValue(value).flatMap { Self(rawValue: $0) } }
}

extension RevisionNumber: ColumnValue {}
extension RevisionID: ColumnValue {}
extension DeploymentID: ColumnValue {}
extension Generation: ColumnValue {}
extension EventID: ColumnValue {}
extension ApprovalAction: ColumnValue {}
extension UpdateState: ColumnValue {}
extension Revision.Origin: ColumnValue {}
extension StoredFile.State: ColumnValue {}
extension DeviceChange.Field: ColumnValue {}
extension DeviceChange.Outcome: ColumnValue {}

extension SessionLineage: ColumnValue {
    var databaseValue: DatabaseValue { Int64(bitPattern: rawValue).databaseValue }
    static func fromDatabaseValue(_ value: DatabaseValue) -> SessionLineage? {
        Int64.fromDatabaseValue(value).map { SessionLineage(rawValue: UInt64(bitPattern: $0)) }
    }
}

extension UpdateID: ColumnValue {
    var databaseValue: DatabaseValue { Data(bytes).databaseValue }
    static func fromDatabaseValue(_ value: DatabaseValue) -> UpdateID? { Data.fromDatabaseValue(value).flatMap { UpdateID(bytes: $0) } }
}

extension GroupID: ColumnValue {
    var databaseValue: DatabaseValue { guid.databaseValue }
    static func fromDatabaseValue(_ value: DatabaseValue) -> GroupID? { UpdateID.fromDatabaseValue(value).map { GroupID(guid: $0) } }
}

extension SHA1Digest: ColumnValue {
    var databaseValue: DatabaseValue { Data(bytes).databaseValue }
    static func fromDatabaseValue(_ value: DatabaseValue) -> SHA1Digest? { Data.fromDatabaseValue(value).flatMap { SHA1Digest(bytes: $0) } }
}

extension SHA256Digest: ColumnValue {
    var databaseValue: DatabaseValue { Data(bytes).databaseValue }
    static func fromDatabaseValue(_ value: DatabaseValue) -> SHA256Digest? { Data.fromDatabaseValue(value).flatMap { SHA256Digest(bytes: $0) } }
}

extension Timestamp: ColumnValue {
    var databaseValue: DatabaseValue { millisecondsSince1970.databaseValue }
    static func fromDatabaseValue(_ value: DatabaseValue) -> Timestamp? {
        Int64.fromDatabaseValue(value).map { Timestamp(millisecondsSince1970: $0) }
    }
}

extension DeviceID: ColumnValue {
    var databaseValue: DatabaseValue { text.databaseValue }
    static func fromDatabaseValue(_ value: DatabaseValue) -> DeviceID? { String.fromDatabaseValue(value).flatMap { DeviceID($0) } }
}

extension Provenance.Source: ColumnValue {
    var databaseValue: DatabaseValue { description.databaseValue }
    static func fromDatabaseValue(_ value: DatabaseValue) -> Provenance.Source? { String.fromDatabaseValue(value).flatMap { Self($0) } }
}

extension ByteWriter: ColumnValue {
    var databaseValue: DatabaseValue { Data(bytes).databaseValue }
    static func fromDatabaseValue(_ value: DatabaseValue) -> ByteWriter? { Data.fromDatabaseValue(value).map { ByteWriter(Array($0)) } }
}

extension Row {
    /// The value of a column; one of another kind is an error, never a trap.
    func value<Value: ColumnValue>(_ index: Int) throws -> Value {
        let stored: DatabaseValue = self[index]
        guard let value = Value.fromDatabaseValue(stored) else { throw ByteReader.corrupt }
        return value
    }

    /// As ``value(_:)``; nothing for NULL.
    func optional<Value: ColumnValue>(_ index: Int) throws -> Value? {
        hasNull(atIndex: index) ? nil : try value(index)
    }

    /// The blob of a column, taken apart by ``ByteReader``.
    func read<Value>(_ index: Int, _ body: (UnsafeRawBufferPointer) throws -> Value) throws -> Value {
        try withUnsafeData(atIndex: index) { data in
            guard let data else { throw ByteReader.corrupt }
            return try data.withUnsafeBytes(body)
        }
    }
}

extension Database {
    /// Runs a statement that is used again and again, so it is compiled once.
    func run(_ sql: String, _ arguments: [(any ColumnValue)?] = []) throws {
        try cachedStatement(sql: sql).execute(arguments: Self.arguments(arguments))
    }

    /// What `read` makes of each row of a statement that is used again and again.
    func rows<Value>(_ sql: String, _ arguments: [(any ColumnValue)?] = [], _ read: (Row) throws -> Value) throws -> [Value] {
        var values: [Value] = []
        try forEachRow(sql, arguments) { values.append(try read($0)) }
        return values
    }

    func forEachRow(_ sql: String, _ arguments: [(any ColumnValue)?] = [], _ body: (Row) throws -> Void) throws {
        let rows = try Row.fetchCursor(try cachedStatement(sql: sql), arguments: Self.arguments(arguments))
        while let row = try rows.next() { try body(row) }
    }

    func row(_ sql: String, _ arguments: [(any ColumnValue)?] = []) throws -> Row? {
        try Row.fetchOne(try cachedStatement(sql: sql), arguments: Self.arguments(arguments))
    }

    private static func arguments(_ values: [(any ColumnValue)?]) -> StatementArguments {
        StatementArguments(values.map { $0?.databaseValue ?? .null })
    }
}

extension StorageError {
    /// What the store says of an error from beneath it.
    static func wrapping(_ error: any Error, _ path: String) -> any Error {
        switch error {
        case is StorageError, is CancellationError: error
        case let error as DatabaseError: StorageError(code(of: error), "\(path): \(error)")
        default: StorageError(.unavailable, "\(path): \(error)")
        }
    }

    private static func code(of error: DatabaseError) -> Code {
        switch (error.resultCode, error.extendedResultCode) {
        // The second is what SQLite says where the index of its log cannot grow.
        case (.SQLITE_FULL, _), (_, .SQLITE_IOERR_SHMSIZE): .diskFull
        case (.SQLITE_CORRUPT, _), (.SQLITE_NOTADB, _): .corrupt
        default: .unavailable
        }
    }
}
