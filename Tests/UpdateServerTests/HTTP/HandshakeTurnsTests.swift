import NIOCore
import NIOEmbedded
import Testing

@testable import UpdateServer

/// A record with a ClientHello of nothing.
private let hello: [UInt8] = [22, 3, 1, 0, 6, 1, 0, 0, 2, 7, 7]

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

        func begin(_ channels: some Sequence<EmbeddedChannel>, _ bytes: [UInt8] = hello) throws {
            for channel in channels { try channel.writeInbound(ByteBuffer(bytes: bytes)) }
        }

        /// Which connections' bytes have come through.
        func through() throws -> [Int] {
            try channels.indices.filter { try channels[$0].readInbound(as: ByteBuffer.self).map { Array(buffer: $0) } == hello }
        }

        func pass() { loop.advanceTime(by: HandshakeTurns.pause) }

        /// Passes rounds until nothing comes any more.
        func passAll() throws -> [Int] {
            var all = try through()
            while true {
                pass()
                let next = try through()
                if next.isEmpty { return all.sorted() }
                all += next
            }
        }
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

    @Test func `what comes while one waits is kept in order`() throws {
        let rounds = try Rounds(3)
        try rounds.begin(rounds.channels)
        try rounds.begin([rounds.channels[2]], [9])
        rounds.pass()
        #expect(try rounds.channels[2].readInbound(as: ByteBuffer.self).map { Array(buffer: $0) } == hello + [9])
    }

    @Test func `a record costs a turn when it is whole, and not before`() throws {
        let rounds = try Rounds(3)
        for number in hello.indices.dropLast() {
            try rounds.begin(rounds.channels, [hello[number]])
            #expect(try rounds.through().isEmpty, "after byte \(number)")
            rounds.pass()
        }
        try rounds.begin(rounds.channels, [hello[hello.count - 1]])
        #expect(try rounds.through() == [0, 1])
        rounds.pass()
        #expect(try rounds.through() == [2])
    }

    @Test func `no loop but its own`() {
        let turns = HandshakeTurns([EmbeddedEventLoop()])
        #expect(turns.makeHandler(on: EmbeddedEventLoop()) == nil)
    }

    // MARK: - The pace of an address

    @Test func `beyond its burst an address has one handshake an interval, and others do not wait for it`() throws {
        let burst = HandshakeTurns.burst + 1
        let rounds = try Rounds(hosts: Array(repeating: 1, count: burst + 3) + [2], perSecond: 100)
        try rounds.begin(rounds.channels)
        #expect(try rounds.passAll() == Array(0..<burst) + [burst + 3])
        for number in burst..<burst + 3 {
            rounds.loop.advanceTime(by: .milliseconds(10))
            #expect(try rounds.through() == [number])
        }
    }

    @Test func `who goes while it waits for the pace costs nothing`() throws {
        let burst = HandshakeTurns.burst + 1
        let rounds = try Rounds(hosts: Array(repeating: 1, count: burst + 101), perSecond: 100)
        try rounds.begin(rounds.channels)
        _ = try rounds.passAll()
        for channel in rounds.channels[burst..<burst + 100] { try channel.close().wait() }
        rounds.loop.advanceTime(by: .milliseconds(10))
        #expect(try rounds.through() == [burst + 100])
    }

    @Test func `who would wait too long is closed at once, and the rest is served at the pace for as long as it comes`() throws {
        // 20 a second in, 30 a second offered, for 40 seconds.
        let rounds = try Rounds(hosts: Array(repeating: 1, count: 1200), perSecond: 20)
        var served = 0
        for number in rounds.channels.indices {
            try rounds.begin([rounds.channels[number]])
            rounds.loop.advanceTime(by: .microseconds(33_333))
            served += try rounds.through().count
        }
        let closed = rounds.channels.count { !$0.isActive }
        #expect((840...870).contains(served))
        #expect(closed > 200)
        // None of those that were let in waits for longer than was promised.
        rounds.loop.advanceTime(by: HandshakeTurns.longestWait + .seconds(1))
        served += try rounds.passAll().count
        #expect(served + closed == 1200)
    }

    @Test func `who keeps to the pace never waits, and has its burst again after a while`() throws {
        let rounds = try Rounds(hosts: Array(repeating: 1, count: 300), perSecond: 100)
        for number in 0..<200 {
            try rounds.begin([rounds.channels[number]])
            #expect(try rounds.through() == [number])
            rounds.loop.advanceTime(by: .milliseconds(10))
        }
        try rounds.begin(rounds.channels[200..<200 + HandshakeTurns.burst])
        #expect(try rounds.passAll().count == HandshakeTurns.burst)
    }

    @Test(
        arguments: [
            ("nothing", [], ClientHelloRecord.incomplete), ("a type", [22], .incomplete), ("plain HTTP", Array("GET".utf8), .refused),
            ("a header", [22, 3, 1, 0, 6], .incomplete), ("whole", hello, .whole), ("one byte short", Array(hello.dropLast()), .incomplete),
            ("another message", [22, 3, 1, 0, 4, 2, 0, 0, 0], .refused), ("in several records", [22, 3, 1, 0, 4, 1, 0, 0, 2], .refused),
            ("a record too short", [22, 3, 1, 0, 3, 1, 0, 0], .refused), ("the longest", [22, 3, 1, 0x40, 0, 1, 0, 0, 2], .incomplete),
            ("one longer", [22, 3, 1, 0x40, 1, 1, 0, 0, 2], .refused),
        ] as [(String, [UInt8], ClientHelloRecord)])
    func `first bytes are told apart`(name: String, bytes: [UInt8], expected: ClientHelloRecord) {
        #expect(ClientHelloRecord(ByteBuffer(bytes: bytes)) == expected, "\(name)")
    }
}
