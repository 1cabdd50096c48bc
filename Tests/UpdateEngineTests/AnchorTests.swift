import TestSupport
import Testing
import UpdateCatalog
import UpdateProtocols
import Updates

@testable import UpdateEngine

/// A device scans every 22 hours with a cookie of one hour (ADR 0004, ADR 0006).
struct AnchorTests {
    static let day: Int64 = 22 * 3600

    /// An engine with ten updates, a device that has all of them cached, and the ids it has.
    func settled() async throws -> (TestEngine, TestDevice, [RevisionID]) {
        let test = try await TestEngine()
        for number in UInt64(2)...11 { try await test.importing(DocumentText(.numbered(number))) }
        var device = TestDevice(test)
        try await device.arrive()
        let first = try await device.scan()
        #expect(first.newUpdates.count == 10)
        return (test, device, first.newUpdates.map(\.id))
    }

    func approve(_ numbers: [UInt64], _ test: TestEngine) async throws -> [RevisionID] {
        _ = try await test.engine.apply(
            .approve(groups: ["All Computers"], action: .install, deadline: nil), to: .ids(numbers.map { UpdateID.numbered($0).description }),
            isDryRun: false)
        return numbers.compactMap { test.engine.catalog.current(.numbered($0))?.id }
    }

    @Test func `with its expired cookie a device gets a delta, day after day`() async throws {
        var (test, device, cached) = try await settled()
        for day in 1...5 {
            test.clock.advance(seconds: Self.day)
            #expect(throws: SOAPFault.self) { try device.engine.open(device.cookie) }
            let answer = try await device.check(cached: cached)
            #expect(answer.newUpdates.isEmpty, "day \(day)")
            #expect(answer.changedUpdates.isEmpty, "day \(day)")
        }
    }

    @Test func `what was approved in between is changed, and nothing else, once`() async throws {
        var (test, device, cached) = try await settled()
        let approved = try await approve([3, 7], test)
        test.clock.advance(seconds: Self.day)
        let told = try await device.check(cached: cached)
        #expect(told.newUpdates.isEmpty)
        #expect(told.changedUpdates.map(\.id).sorted() == approved.sorted())
        #expect(Set(told.changedUpdates.map(\.deployment.action)) == [.install])
        test.clock.advance(seconds: Self.day)
        #expect(try await device.check(cached: cached).changedUpdates.isEmpty)
    }

    @Test func `a session whose scan was never finished tells again`() async throws {
        var (test, device, cached) = try await settled()
        let approved = try await approve([4], test)
        test.clock.advance(seconds: Self.day)
        try device.begin()
        test.clock.advance(seconds: Self.day)
        #expect(try await device.check(cached: cached).changedUpdates.map(\.id) == approved)
    }

    @Test func `another device's old cookie carries nothing on`() async throws {
        var (test, device, cached) = try await settled()
        _ = try await approve([4], test)
        var other = TestDevice(test)
        other.id = "another"
        other.facts.dnsName = "desk-2.example.test"
        other.cookie = device.cookie
        try await other.arrive()
        // From the beginning: an approval that its own anchor would have passed over.
        _ = try await device.check(cached: cached)
        #expect(try await other.scan(cached: cached).changedUpdates.count == cached.count)
        #expect(try device.engine.open(other.cookie).lineage != device.engine.open(device.cookie).lineage)
    }

    @Test func `another server's old cookie is refused`() async throws {
        var (_, device, _) = try await settled()
        let stranger = try await TestEngine()
        var elsewhere = TestDevice(stranger)
        try await elsewhere.arrive()
        device.cookie = elsewhere.cookie
        do {
            try device.begin()
            Issue.record("a stranger's cookie was carried on")
        } catch let fault as SOAPFault {
            #expect(fault.code == .invalidCookie)
        }
    }

    @Test func `a session's cookies, and the sessions begun with them, are of one lineage`() async throws {
        var (test, device, cached) = try await settled()
        let lineage = try device.engine.open(device.cookie).lineage
        test.clock.advance(seconds: Self.day)
        _ = try await device.check(cached: cached)
        #expect(try device.engine.open(device.cookie).lineage == lineage)
        device.cookie = nil
        try device.begin()
        #expect(try device.engine.open(device.cookie).lineage != lineage)
    }
}
