import NIOCore
import Testing
import Updates

@testable import UpdateAgent

@Suite struct FleetTests {
    private func fleet(_ count: Int) -> Fleet {
        var fleet = Fleet()
        for number in 0..<count {
            let device = fleet.add(Fleet.id(seed: 1, number: number), isBusy: false)
            fleet.setCookie(Array("cookie\(number)==".utf8), expiration: Timestamp(millisecondsSince1970: Int64(1000 * number)), of: device)
        }
        return fleet
    }

    @Test func `devices take turns, and none does two things at once`() {
        var fleet = fleet(3)
        #expect([fleet.take(), fleet.take(), fleet.take(), fleet.take()] == [0, 1, 2, nil])
        fleet.release(1)
        #expect(fleet.take() == 1)
    }

    @Test func `a device without a cookie is not registered and gets no turn`() {
        var fleet = fleet(2)
        fleet.setCookie([], expiration: nil, of: 0)
        #expect(fleet.registered == 1)
        #expect([fleet.take(), fleet.take()] == [1, nil])
    }

    @Test func `a cookie ends when it says, and a scan's cookie does not live longer`() {
        var fleet = fleet(2)
        #expect(!fleet.isExpired(1, at: Timestamp(millisecondsSince1970: 999)))
        #expect(fleet.isExpired(1, at: Timestamp(millisecondsSince1970: 1000)))
        fleet.setCookie([65], expiration: nil, of: 1)
        #expect(fleet.isExpired(1, at: Timestamp(millisecondsSince1970: 1000)))
    }

    @Test func `ids are valid, differ, and depend on seed and number alone`() {
        let ids = (0..<1000).map { Fleet.id(seed: 7, number: $0) }
        #expect(Set(ids).count == 1000)
        #expect(ids == (0..<1000).map { Fleet.id(seed: 7, number: $0) })
        #expect(Set(ids).isDisjoint(with: (0..<1000).map { Fleet.id(seed: 8, number: $0) }))
        #expect(ids.allSatisfy { DeviceID($0.description) != nil && $0.description.dropFirst(14).first == "4" })
    }

    @Test func `a fleet survives in its file`() throws {
        let before = fleet(5)
        var after = try Fleet(text: before.text(server: "https://a:1"), server: "https://a:1")
        #expect(after.ids == before.ids)
        #expect((0..<5).allSatisfy { after.cookie(of: $0) == before.cookie(of: $0) })
        #expect(after.isExpired(4, at: Timestamp(millisecondsSince1970: 4000)) && !after.isExpired(4, at: Timestamp(millisecondsSince1970: 3999)))
        #expect(after.take() == 0)
    }

    @Test(
        arguments: [
            ("another server", "martlet fleet 1 https://b:1\n"), ("nothing", ""), ("no id", "martlet fleet 1 https://a:1\nx 1 abc\n"),
            ("no time", "martlet fleet 1 https://a:1\n00000000-0000-4000-8000-000000000000 x abc\n"),
            ("a field too many", "martlet fleet 1 https://a:1\n00000000-0000-4000-8000-000000000000 1 abc d\n"),
            ("a cookie that would be markup", "martlet fleet 1 https://a:1\n00000000-0000-4000-8000-000000000000 1 a<b\n"),
        ])
    func `a file that is not one of this server's fleets is refused`(name: String, text: String) {
        #expect(throws: AgentError.self) { try Fleet(text: Array(text.utf8), server: "https://a:1") }
    }

    @Test func `source addresses differ and are all of loopback`() {
        let sources = SourceAddresses(count: SourceAddresses.most)
        let addresses = (0..<SourceAddresses.most).compactMap { sources.address(of: $0)?.ipAddress }
        #expect(Set(addresses).count == SourceAddresses.most)
        #expect(addresses.allSatisfy { $0.hasPrefix("127.") && $0 != "127.0.0.1" })
        #expect(sources.address(of: SourceAddresses.most)?.ipAddress == addresses.first)
        #expect(SourceAddresses(count: 0).address(of: 1) == nil)
    }
}
