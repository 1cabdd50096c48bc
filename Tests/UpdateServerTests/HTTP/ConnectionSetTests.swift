import NIOCore
import NIOEmbedded
import Testing

@testable import UpdateServer

@Suite struct ConnectionSetTests {
    private static func set(all: Int = 10, perAddress: Int = 10, unproven: Int = 10) -> ConnectionSet {
        ConnectionSet(limits: .init(all: all, perAddress: perAddress, unproven: unproven))
    }

    private static func close(_ channel: EmbeddedChannel) throws {
        try channel.close().wait()
        channel.embeddedEventLoop.run()
    }

    @Test func `as many as allowed are admitted, and another when one has gone`() throws {
        let set = Self.set(all: 2)
        let channels = (0..<5).map { _ in EmbeddedChannel() }
        #expect(channels[..<4].map { set.admit($0, from: "a") } == [nil, nil, .tooMany, .tooMany])
        try Self.close(channels[0])
        #expect(set.count == 1)
        #expect(set.admit(channels[4], from: "a") == nil)
        #expect(set.admit(channels[2], from: "a") == .tooMany)
    }

    @Test func `an address has its share, and others have theirs`() throws {
        let set = Self.set(perAddress: 2)
        let channels = (0..<5).map { _ in EmbeddedChannel() }
        #expect(channels[..<3].map { set.admit($0, from: "a") } == [nil, nil, .tooManyOfAddress])
        #expect(set.admit(channels[3], from: "b") == nil)
        try Self.close(channels[1])
        #expect(set.admit(channels[4], from: "a") == nil)
        #expect(set.admit(channels[2], from: "a") == .tooManyOfAddress)
    }

    @Test func `handshakes in progress are bounded, and what is through or gone is none`() throws {
        let set = Self.set(unproven: 2)
        let channels = (0..<6).map { _ in EmbeddedChannel() }
        #expect(channels[..<3].map { set.admit($0, from: "a") } == [nil, nil, .tooManyUnproven])
        set.prove(channels[0])
        set.prove(channels[0])
        #expect(set.admit(channels[3], from: "a") == nil)
        #expect(set.admit(channels[4], from: "a") == .tooManyUnproven)
        try Self.close(channels[1])
        #expect(set.unprovenCount == 1)
        #expect(set.admit(channels[5], from: "b") == nil)
    }

    @Test func `none is admitted once the server ends`() async {
        let set = Self.set()
        set.quiesce()
        #expect(set.admit(EmbeddedChannel(), from: "a") == .ending)
        #expect(await set.waitUntilEmpty(atMost: .seconds(10)))
    }

    @Test(arguments: [
        ("192.0.2.7", "192.0.2.7"), ("::ffff:192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"), ("2001:db8:1:3::1", "2001:db8:1:3::/64"), ("::1", "::/64"),
    ])
    func `addresses that one peer can have are one`(address: String, network: String) throws {
        #expect(SourceAddress.network(of: try SocketAddress(ipAddress: address, port: 1)) == network)
    }

    @Test func `an address with many silent connections gives up its oldest for others`() {
        let set = Self.set(all: 100, perAddress: 100, unproven: 4)
        let channels = (0..<8).map { _ in EmbeddedChannel() }
        #expect(channels[..<4].map { set.admit($0, from: "a") } == [nil, nil, nil, nil])
        #expect(set.admit(channels[4], from: "a") == .tooManyUnproven)
        // What has been proven is not given up.
        set.prove(channels[0])
        #expect(set.admit(channels[4], from: "a") == nil)
        #expect(set.admit(channels[5], from: "b") == nil)
        #expect(set.admit(channels[6], from: "b") == nil)
        for channel in channels { channel.embeddedEventLoop.run() }
        #expect(set.count == 5)
        #expect(set.unprovenCount == 4)
        // Two of each: none has more than the other would.
        #expect(set.admit(channels[7], from: "b") == .tooManyUnproven)
    }
}
