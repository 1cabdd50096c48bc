import NIOCore
import NIOEmbedded
import Testing

@testable import UpdateServer

struct HandshakeTurnsTests {
    /// Connections of one event loop, whose rounds are in the test's hands.
    private final class Rounds {
        let loop = EmbeddedEventLoop()
        let channels: [EmbeddedChannel]

        init(_ count: Int) throws {
            let turns = HandshakeTurns([loop])
            let loop = loop
            channels = (0..<count).map { _ in EmbeddedChannel(loop: loop) }
            for channel in channels {
                let handler = try #require(turns.makeHandler(on: loop))
                try channel.pipeline.syncOperations.addHandler(handler)
                try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 1)).wait()
            }
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
        let rounds = try Rounds(10)
        try rounds.begin(rounds.channels)
        #expect(try rounds.through() == [0, 1, 2, 3])
        rounds.pass()
        #expect(try rounds.through() == [4, 5, 6, 7])
        rounds.pass()
        #expect(try rounds.through() == [8, 9])
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

    @Test func `who has begun is never kept waiting`() throws {
        let rounds = try Rounds(10)
        try rounds.begin(rounds.channels)
        _ = try rounds.through()
        try rounds.begin([rounds.channels[2]])
        #expect(try rounds.through() == [2])
    }

    @Test func `one that goes while it waits leaves its turn to the next`() throws {
        let rounds = try Rounds(10)
        try rounds.begin(rounds.channels)
        _ = try rounds.through()
        for number in 4...6 { try rounds.channels[number].close().wait() }
        rounds.pass()
        #expect(try rounds.through() == [7, 8, 9])
    }

    @Test func `nothing more is read of one that waits`() throws {
        let turns = HandshakeTurns([EmbeddedEventLoop]())
        #expect(turns.makeHandler(on: EmbeddedEventLoop()) == nil)
        let rounds = try Rounds(5)
        try rounds.begin(rounds.channels)
        // More than one read's worth may have been on its way already: it is kept in order.
        try rounds.channels[4].writeInbound(ByteBuffer(string: " again"))
        rounds.pass()
        #expect(try rounds.channels[4].readInbound(as: ByteBuffer.self).map { String(buffer: $0) } == "hello again")
    }
}
