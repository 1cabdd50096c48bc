import Storage
import TestSupport
import Testing

struct StoreConformanceTests {
    /// The kinds of store there are.
    enum Kind: String, CaseIterable, CustomTestStringConvertible {
        case onDisk = "on disk"
        case withoutSync = "without sync"

        var testDescription: String { rawValue }
    }

    @Test(arguments: StoreConformance.all, Kind.allCases)
    func `a store conforms`(check: StoreConformance, kind: Kind) async throws {
        let home = try TemporaryHome()
        let store = try await home.create(kind == .onDisk ? StoreOptions() : .quick)
        try await check.run(on: store)
        try await store.close()
    }
}
