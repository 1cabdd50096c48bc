public import Storage
public import Testing
import Updates

/// What every store must do, run against each kind of store there is. One check is one named argument of a parameterised test.
public struct StoreConformance: Sendable, CustomTestStringConvertible {
    public let name: String
    private let body: @Sendable (any Store) async throws -> Void

    init(_ name: String, _ body: @escaping @Sendable (any Store) async throws -> Void) {
        self.name = name
        self.body = body
    }

    public var testDescription: String { name }

    /// - Parameter store: new, with nothing in it.
    public func run(on store: any Store) async throws {
        try await body(store)
    }

    public static let all = home + imports + immutability + approvals + groups + devices + identity + transport + reports + payloads

    static let home = [
        StoreConformance("a new store has the built-in groups and nothing else") { store async throws in
            #expect(
                Set(try await store.groups()) == [
                    TargetGroup(id: .allComputers, name: "All Computers", parent: nil),
                    TargetGroup(id: .unassignedComputers, name: "Unassigned Computers", parent: .allComputers),
                ])
            #expect(try await store.revisions().isEmpty)
            #expect(try await store.approvals().isEmpty)
            #expect(try await store.declines().isEmpty)
            #expect(try await store.devices().isEmpty)
            #expect(try await store.files().isEmpty)
            #expect(try await store.statusCounts().isEmpty)
            #expect(try await store.generation() > .zero)
            #expect(try await store.serverID() != .none)
            #expect(try await store.configurationChangedAt() == StoreFixture.noon)
        }
    ]

    static let payloads = [
        StoreConformance("a payload is recorded, quarantined and healed") { store in
            let sha1 = try #require(SHA1Digest(bytes: Array(repeating: 1, count: 20)))
            let sha256 = try #require(SHA256Digest(bytes: Array(repeating: 2, count: 32)))
            for state in [StoredFile.State.held, .quarantined, .held] {
                let file = StoredFile(sha1: sha1, sha256: sha256, size: 3, state: state)
                try await store.setFiles([file])
                #expect(try await store.files() == [file])
            }
        },
        StoreConformance("a SHA-1 with another SHA-256 is refused, and nothing of the call is kept") { store in
            let sha1 = try #require(SHA1Digest(bytes: Array(repeating: 1, count: 20)))
            let other = try #require(SHA1Digest(bytes: Array(repeating: 9, count: 20)))
            let sha256 = try #require(SHA256Digest(bytes: Array(repeating: 2, count: 32)))
            let forged = try #require(SHA256Digest(bytes: Array(repeating: 3, count: 32)))
            for state in [StoredFile.State.held, .quarantined] {
                let file = StoredFile(sha1: sha1, sha256: sha256, size: 3, state: state)
                try await store.setFiles([file])
                await expectError(.conflict) {
                    try await store.setFiles([
                        StoredFile(sha1: other, sha256: forged, size: 3, state: .held), StoredFile(sha1: sha1, sha256: forged, size: 3, state: .held),
                    ])
                }
                #expect(try await store.files() == [file])
            }
        },
    ]

    static func expectError(
        _ code: StorageError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
    ) async {
        let error = await #expect(throws: StorageError.self, sourceLocation: sourceLocation) { try await body() }
        #expect(error?.code == code, sourceLocation: sourceLocation)
    }
}
