import NIOCore
import NIOEmbedded
import NIOSSL
import Testing
import Updates

@testable import UpdateServer

/// Hellos made by hand, and those of the library.
enum Hellos {
    static func short(_ value: Int) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xff)] }

    static func message(_ type: UInt8, _ body: [UInt8]) -> [UInt8] { [type, 0] + short(body.count) + body }

    static func record(_ payload: some Collection<UInt8>, type: UInt8 = 22) -> [UInt8] { [type, 3, 1] + short(payload.count) + payload }

    static func extensions(_ all: [(Int, [UInt8])]) -> [UInt8] {
        let bytes = all.flatMap { short($0.0) + short($0.1.count) + $0.1 }
        return short(bytes.count) + bytes
    }

    static func client(name: String? = "updates.example.test") -> [UInt8] {
        let host = name.map { name in
            let entry = [0] + short(name.utf8.count) + Array(name.utf8)
            return (0, short(entry.count) + entry)
        }
        return message(
            1,
            [3, 3] + [UInt8](repeating: 7, count: 32) + [0] + short(4) + [0x13, 1, 0xc0, 0x2b] + [1, 0]
                + extensions([(43, [2, 3, 4])] + (host.map { [$0] } ?? [])))
    }

    static func server(version: [UInt8]? = [3, 4], suite: [UInt8] = [0x13, 2]) -> [UInt8] {
        message(
            2,
            [3, 3] + [UInt8](repeating: 9, count: 32) + [2, 5, 5] + suite + [0]
                + extensions([(51, [UInt8](repeating: 1, count: 1124))] + (version.map { [(43, $0)] } ?? [])))
    }
}

struct HelloReaderTests {
    private func state(of pieces: some Sequence<ArraySlice<UInt8>>, limit: Int = 1 << 14) -> FirstHandshakeMessage.State {
        var reader = FirstHandshakeMessage(limit: limit)
        for piece in pieces { reader.take(piece) }
        return reader.state
    }

    @Test func `a hello is read however its bytes are split`() {
        let hello = Hellos.client()
        let wire = Hellos.record(hello) + [22, 3, 3]
        for split in 0...wire.count { #expect(state(of: [wire[..<split], wire[split...]]) == .whole(hello)) }
        #expect(state(of: wire.indices.map { wire[$0...$0] }) == .whole(hello))
    }

    @Test func `a hello is read however it lies in records`() {
        let hello = Hellos.server()
        for split in 1..<hello.count {
            let wire = Hellos.record(hello[..<split]) + Hellos.record(hello[split...])
            #expect(state(of: [wire[...]]) == .whole(hello))
        }
    }

    @Test func `a hello that is cut is waited for, and no more than its limit is held`() {
        let wire = Hellos.record(Hellos.client())
        for length in 0..<wire.count { #expect(state(of: [wire[..<length]]) == .more) }
        var reader = FirstHandshakeMessage(limit: 4096)
        for _ in 0..<100 {
            reader.take(Hellos.record([1, 0, 0x0f, 0xfc] + [UInt8](repeating: 0, count: 100)))
            #expect(reader.held <= 4096)
        }
    }

    @Test(arguments: [(4096, true), (4097, false)])
    func `the limit of a message counts to the byte`(length: Int, isRead: Bool) {
        let hello = Hellos.message(1, [UInt8](repeating: 0, count: length - 4))
        #expect((state(of: [Hellos.record(hello)[...]], limit: 4096) == .whole(hello)) == isRead)
    }

    @Test(
        arguments: [
            ("an alert", [21, 3, 1, 0, 2, 2, 40]), ("HTTP", Array("GET / HTTP/1.1\r\n".utf8)), ("an empty record", [22, 3, 1, 0, 0]),
            ("a record that is too long", [22, 3, 1, 0x40, 1]), ("another version", [22, 2, 0, 0, 5]),
        ] as [(String, [UInt8])])
    func `what is no handshake is let go`(what: String, bytes: [UInt8]) {
        #expect(state(of: [bytes[...]]) == .other, "\(what)")
        #expect(state(of: [bytes[...], Hellos.record(Hellos.client())[...]]) == .other, "\(what), and a hello after it")
    }

    @Test func `the name, the version and the suite are read`() {
        #expect(ClientHello(Hellos.client())?.serverName == Array("updates.example.test".utf8))
        let unnamed = ClientHello(Hellos.client(name: nil))
        #expect(unnamed != nil && unnamed?.serverName == nil)
        #expect(ServerHello(Hellos.server()) == ServerHello(Hellos.server(version: [3, 4], suite: [0x13, 2])))
        #expect(ServerHello(Hellos.server())?.version == 0x0304)
        #expect(ServerHello(Hellos.server())?.cipherSuite == 0x1302)
        #expect(ServerHello(Hellos.server(version: nil, suite: [0xc0, 0x2b]))?.version == 0x0303)
    }

    @Test func `a hello whose lengths lie gives nothing`() {
        for hello in [Hellos.client(), Hellos.server()] {
            for length in 0..<hello.count {
                // Where it ends before its extensions it is a hello all the same.
                if let cut = ClientHello(Array(hello[..<length])) { #expect(cut.serverName == nil) }
                if let cut = ServerHello(Array(hello[..<length])) { #expect(cut.version == 0x0303) }
            }
            for index in hello.indices.dropFirst() {
                var lying = hello
                lying[index] = 0xff
                _ = (ClientHello(lying), ServerHello(lying))
            }
        }
        #expect(ClientHello(Hellos.server()) == nil)
        #expect(ServerHello(Hellos.client()) == nil)
    }

    @Test func `the observer passes everything on, and leaves when it has both hellos`() throws {
        let channel = EmbeddedChannel()
        let observer = HandshakeObserver()
        try channel.pipeline.syncOperations.addHandler(observer)
        for byte in Hellos.record(Hellos.client()) { try channel.writeInbound(ByteBuffer(bytes: [byte])) }
        let answer = Hellos.record(Hellos.server()) + [20, 3, 3, 0, 1, 1]
        for byte in answer { try channel.writeOutbound(ByteBuffer(bytes: [byte])) }
        #expect(observer.facts.parameters == TLSParameters(version: 0x0304, cipherSuite: 0x1302, serverName: "updates.example.test"))
        #expect(throws: ChannelPipelineError.self) { try channel.pipeline.syncOperations.handler(type: HandshakeObserver.self) }
        var out: [UInt8] = []
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) { out += Array(buffer: buffer) }
        #expect(out == answer)
        #expect(try channel.finish().hasLeftOvers)
    }

    @Test(arguments: [Array("GET / HTTP/1.1\r\n\r\n".utf8), [21, 3, 1, 0, 2, 2, 40], [UInt8](repeating: 0xff, count: 70_000)])
    func `the observer leaves what is no TLS alone`(bytes: [UInt8]) throws {
        let channel = EmbeddedChannel()
        let observer = HandshakeObserver()
        try channel.pipeline.syncOperations.addHandler(observer)
        try channel.writeInbound(ByteBuffer(bytes: bytes))
        #expect(try channel.readInbound(as: ByteBuffer.self) == ByteBuffer(bytes: bytes))
        #expect(throws: ChannelPipelineError.self) { try channel.pipeline.syncOperations.handler(type: HandshakeObserver.self) }
        #expect(observer.facts.parameters == nil)
        _ = try channel.finish()
    }
}
