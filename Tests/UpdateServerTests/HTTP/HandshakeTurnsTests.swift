import NIOCore
import NIOEmbedded
import Testing

@testable import UpdateServer

struct HandshakeTurnsTests {
    /// Connections of one event loop, whose rounds are in the test's hands.
    private final class Rounds {
        let loop = EmbeddedEventLoop()
        let channels: [EmbeddedChannel]

        /// One connection from each of `hosts`, the last numbers of their addresses.
        init(hosts: [Int], perSecond: Int? = nil) throws {
            let turns = HandshakeTurns([loop], perSecond: perSecond)
            let loop = loop
            channels = hosts.map { _ in EmbeddedChannel(loop: loop) }
            for (channel, host) in zip(channels, hosts) {
                let handler = try #require(turns.makeHandler(on: loop))
                try channel.pipeline.syncOperations.addHandler(handler)
                try channel.connect(to: SocketAddress(ipAddress: "192.0.2.\(host)", port: 1)).wait()
            }
        }

        convenience init(_ count: Int) throws {
            try self.init(hosts: Array(repeating: 1, count: count))
        }

        func begin(_ channels: some Sequence<EmbeddedChannel>) throws {
            for channel in channels { try channel.writeInbound(ByteBuffer(string: "hello")) }
        }

        /// Which connections' bytes have come through.
        func through() throws -> [Int] {
            try channels.indices.filter { try channels[$0].readInbound(as: ByteBuffer.self).map { String(buffer: $0) } == "hello" }
        }

        func pass() { loop.advanceTime(by: HandshakeTurns.pause) }
    }

    @Test func `a few begin in each round, in the order they came`() throws {
        let rounds = try Rounds(5)
        try rounds.begin(rounds.channels)
        #expect(try rounds.through() == [0, 1])
        rounds.pass()
        #expect(try rounds.through() == [2, 3])
        rounds.pass()
        #expect(try rounds.through() == [4])
        rounds.pass()
        #expect(try rounds.through().isEmpty)
    }

    @Test func `one that comes alone begins at once`() throws {
        let rounds = try Rounds(3)
        for number in 0..<3 {
            try rounds.begin([rounds.channels[number]])
            #expect(try rounds.through() == [number])
            rounds.pass()
        }
    }

    @Test func `who waits is taken by addresses in turn`() throws {
        let rounds = try Rounds(hosts: [1, 1, 1, 1, 1, 1, 2, 1, 3])
        try rounds.begin(rounds.channels)
        #expect(try rounds.through() == [0, 1])
        rounds.pass()
        #expect(try rounds.through() == [2, 6])
        rounds.pass()
        #expect(try rounds.through() == [3, 8])
        rounds.pass()
        #expect(try rounds.through() == [4, 5])
    }

    @Test func `who comes faster than the pace waits, others do not, and who goes meanwhile is forgotten`() throws {
        let burst = HandshakePace.burst + 1
        let rounds = try Rounds(hosts: Array(repeating: 1, count: burst + 3) + [2], perSecond: 100)
        try rounds.begin(rounds.channels)
        var through = try rounds.through()
        // Two a round: all rounds of the burst together are shorter than one interval.
        while through.count < burst + 1 {
            rounds.pass()
            let next = try rounds.through()
            try #require(!next.isEmpty)
            through += next
        }
        #expect(through.sorted() == Array(0..<burst) + [burst + 3])
        try rounds.channels[burst + 1].close().wait()
        rounds.loop.advanceTime(by: .milliseconds(10))
        #expect(try rounds.through() == [burst])
        rounds.loop.advanceTime(by: .milliseconds(10))
        #expect(try rounds.through().isEmpty)
        rounds.loop.advanceTime(by: .milliseconds(10))
        #expect(try rounds.through() == [burst + 2])
    }

    @Test func `who has begun is never kept waiting`() throws {
        let rounds = try Rounds(10)
        try rounds.begin(rounds.channels)
        _ = try rounds.through()
        try rounds.begin([rounds.channels[1]])
        #expect(try rounds.through() == [1])
    }

    @Test func `one that goes while it waits leaves its turn to the next`() throws {
        let rounds = try Rounds(10)
        try rounds.begin(rounds.channels)
        _ = try rounds.through()
        for number in 2...4 { try rounds.channels[number].close().wait() }
        rounds.pass()
        #expect(try rounds.through() == [5, 6])
    }

    @Test func `nothing more is read of one that waits`() throws {
        let turns = HandshakeTurns([EmbeddedEventLoop]())
        #expect(turns.makeHandler(on: EmbeddedEventLoop()) == nil)
        let rounds = try Rounds(3)
        try rounds.begin(rounds.channels)
        // More than one read's worth may have been on its way already: it is kept in order.
        try rounds.channels[2].writeInbound(ByteBuffer(string: " again"))
        rounds.pass()
        #expect(try rounds.channels[2].readInbound(as: ByteBuffer.self).map { String(buffer: $0) } == "hello again")
    }
}
