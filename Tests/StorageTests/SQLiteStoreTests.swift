import Foundation
import GRDB
import TestSupport
import Testing
import Updates

@testable import Storage

struct SQLiteStoreTests {
    @Test func `a home survives closing and opening, all of it`() async throws {
        let home = try TemporaryHome()
        let store = try await home.create()
        _ = try await store.importRevisions([StoreFixture.revision(1), StoreFixture.revision(2, isDocument: false)], at: StoreFixture.noon)
        _ = try await store.createGroup(TargetGroup(id: StoreFixture.group(1), name: "Pilot", parent: .allComputers))
        _ = try await store.setApprovals(
            [ApprovalChange(updateID: StoreFixture.update(1), groupID: StoreFixture.group(1), action: .install, deadline: StoreFixture.noon)],
            at: StoreFixture.noon)
        _ = try await store.register(StoreFixture.device(1), facts: DeviceFacts(dnsName: "pc", osBuildNumber: 26200), at: StoreFixture.noon)
        let before = try await Contents(store)
        try await store.close()
        let again = try await home.open()
        #expect(try await Contents(again) == before)
        #expect(try await again.document(RevisionID(rawValue: 1))?.bytes == StoreFixture.documentBytes(1))
        #expect(try again.fragmentBytes(2, .core) == StoreFixture.fragments(2)[0].bytes.bytes)
        #expect(again.kinds(of: RevisionID(rawValue: 2)) == StoreFixture.fragments(2).map(\.kind))
        try await again.close()
    }

    @Test func `no id is given twice, not even after what had it is gone`() async throws {
        let home = try TemporaryHome()
        let store = try await home.create()
        _ = try await store.createGroup(TargetGroup(id: StoreFixture.group(1), name: "Pilot", parent: .allComputers))
        let change = ApprovalChange(updateID: StoreFixture.update(1), groupID: StoreFixture.group(1), action: .install, deadline: nil)
        let (_, first) = try await store.setApprovals([change], at: StoreFixture.noon)
        _ = try await store.removeGroup(StoreFixture.group(1))
        try await store.close()
        let again = try await home.open()
        _ = try await again.createGroup(TargetGroup(id: StoreFixture.group(1), name: "Pilot", parent: .allComputers))
        let (_, second) = try await again.setApprovals([change], at: StoreFixture.noon)
        #expect(try #require(second.first).deploymentID > #require(first.first).deploymentID)
    }

    @Test func `files are 0600 and folders 0700, while it is open and after`() async throws {
        let home = try TemporaryHome()
        let store = try await home.create()
        _ = try await store.importRevisions([StoreFixture.revision(1)], at: StoreFixture.noon)
        for folder in ["", "documents", "pack"] { #expect(try home.permissions(folder) == 0o700) }
        for file in ["martlet.db", "martlet.db-wal", "martlet.db-shm", "documents/000001.gz", "pack/000001.pack"] {
            #expect(try home.permissions(file) == 0o600)
        }
    }

    @Test func `commits are synced, transactions have foreign keys, the log is written ahead`() async throws {
        let home = try TemporaryHome()
        let store = try await home.create(StoreOptions())
        let settings = try await store.pool.writeWithoutTransaction { db in
            try ["synchronous", "foreign_keys"].map { try Int.fetchOne(db, sql: "PRAGMA \($0)") }
        }
        #expect(settings == [2, 1])
        #expect(try await store.pool.read { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == "wal")
    }

    @Test func `a home is made once, and one that is not there cannot be opened`() async throws {
        let home = try TemporaryHome()
        let missing = await #expect(throws: StorageError.self) { _ = try await home.open() }
        #expect(missing?.code == .unavailable)
        _ = try await home.create()
        let second = await #expect(throws: StorageError.self) { _ = try await home.create() }
        #expect(second?.code == .alreadyExists)
    }

    @Test func `a home whose making was cut short is refused with what to do`() async throws {
        let home = try TemporaryHome()
        try FileManager.default.createDirectory(atPath: home.path, withIntermediateDirectories: true)
        try home.write([], to: "martlet.db")
        let error = await #expect(throws: StorageError.self) { _ = try await home.open() }
        #expect(error?.code == .unavailable)
        #expect(error?.context.contains("never finished") == true)
    }

    @Test func `what a newer program has written is refused and left alone`() async throws {
        let home = try TemporaryHome()
        let store = try await home.create()
        try await store.pool.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('999 of the future')") }
        try await store.close()
        let before = try home.bytes("martlet.db")
        let error = await #expect(throws: StorageError.self) { _ = try await home.open() }
        #expect(error?.code == .newerSchema)
        #expect(try home.bytes("martlet.db") == before)
    }

    @Test func `what is no database is called corrupt`() async throws {
        let home = try TemporaryHome()
        try await home.create().close()
        try home.write(Array(repeating: 7, count: 8192), to: "martlet.db")
        let error = await #expect(throws: StorageError.self) { _ = try await home.open() }
        #expect(error?.code == .corrupt)
    }

    @Test func `every home has a server id of its own, and a restored one gets another`() async throws {
        let (first, second) = (try TemporaryHome(), try TemporaryHome())
        let (store, other) = (try await first.create(), try await second.create())
        #expect(try await store.serverID() != other.serverID())
        let before = try await store.serverID()
        let renewed = try await store.renewServerID()
        #expect(renewed != before)
        #expect(try await store.serverID() == renewed)
        try await store.setConfigurationChanged(at: StoreFixture.noon.adding(seconds: 5))
        #expect(try await store.configurationChangedAt() == StoreFixture.noon.adding(seconds: 5))
    }

    @Test func `a cancelled change leaves nothing behind`() async throws {
        let home = try TemporaryHome()
        let store = try await home.create()
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            _ = try await store.importRevisions([StoreFixture.revision(1)], at: StoreFixture.noon)
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await store.revisions().isEmpty)
        #expect(try await store.importRevisions([StoreFixture.revision(1)], at: StoreFixture.noon).outcomes.map(\.verdict) == [.new])
    }

    @Test func `a value of the wrong kind in the database is an error, not a trap`() async throws {
        let home = try TemporaryHome()
        let store = try await home.create()
        _ = try await store.importRevisions([StoreFixture.revision(1)], at: StoreFixture.noon)
        try await store.pool.write { try $0.execute(sql: "UPDATE revision SET metadata = x'02'") }
        let error = await #expect(throws: StorageError.self) { _ = try await store.revisions() }
        #expect(error?.code == .corrupt)
    }

    @Test func `old instance ids and old events go, a thousand at a time`() async throws {
        let home = try TemporaryHome()
        let store = try await home.create()
        // Of two devices: one alone keeps no more than a thousand.
        let batches = [UInt64(1)...501, 502...1001].enumerated().map { index, numbers in
            let device = StoreFixture.device(index + 1)
            return EventBatch(
                deviceID: device,
                events: numbers.map { number in
                    StoreFixture.event(.downloadStarted, of: device, at: StoreFixture.noon, update: StoreFixture.update(1), instance: number)
                })
        }
        for batch in batches { _ = try await store.register(batch.deviceID, facts: DeviceFacts(dnsName: "pc"), at: StoreFixture.noon) }
        _ = try await store.takeReports(batches, at: StoreFixture.noon)
        func rows(_ table: String) async throws -> Int? {
            try await store.pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") }
        }
        for (days, expected) in [(29, [1001, 1001]), (30, [1, 1001]), (30, [0, 1001]), (90, [0, 1]), (91, [0, 0])] {
            _ = try await store.takeReports([], at: StoreFixture.noon.adding(seconds: Int64(days) * 86_400))
            #expect(try await [rows("event_instance"), rows("event")] == expected, "after \(days) days")
        }
    }

    /// What a store says of itself.
    private struct Contents: Equatable {
        let generation: Generation
        let serverID: UpdateID
        let configurationChangedAt: Timestamp
        let revisions: [StoredRevision]
        let approvals: [Approval]
        let groups: [TargetGroup]
        let devices: [Device]

        init(_ store: SQLiteStore) async throws {
            generation = try await store.generation()
            serverID = try await store.serverID()
            configurationChangedAt = try await store.configurationChangedAt()
            revisions = try await store.revisions()
            approvals = try await store.approvals()
            groups = try await store.groups()
            devices = try await store.devices()
        }
    }
}
