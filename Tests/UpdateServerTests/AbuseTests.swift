import Dispatch
import NIOCore
import NIOEmbedded
import NIOPosix
import NIOSSL
import TestSupport
import Testing
import UpdateProtocols
import Updates

@testable import UpdateServer

/// Those who mean ill, and those who are too many, beside one who only wants its answer.
struct AbuseTests {
    private static let client = DeviceService.client.path
    private static let delta: [UInt8] = {
        var request = SyncUpdates.Request()
        request.skipSoftwareSync = true
        return SyncUpdates.encodeRequest(request, cookie: ScriptedOperations.cookie)
    }()
    private static let scan = SyncUpdates.encodeRequest(.init(), cookie: ScriptedOperations.cookie)

    private static func until(_ condition: () -> Bool) async throws {
        while !condition() { try await Task.sleep(for: .milliseconds(5)) }
    }

    @Test func `a device is answered while thousands hold connections and say nothing`() async throws {
        var limits = DeviceLimits()
        limits.firstByte = .seconds(600)
        limits.handshakes = 20_000
        let count = min(2000, (Descriptors.raiseLimit() - 400) / 2)
        try await LoopbackServer.run(limits: limits) { server in
            let bootstrap = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            var idle: [any Channel] = []
            for _ in 0..<count { idle.append(try await bootstrap.connect(host: "127.0.0.1", port: server.listener.port).get()) }
            try await server.connect { connection in
                for _ in 0..<20 {
                    let answer = try await connection.post(Self.client, Self.delta)
                    #expect(answer.status == 200)
                }
            }
            for channel in idle { try await channel.close() }
        }
    }

    @Test func `a device is answered while others begin handshakes without end and finish none`() async throws {
        try await LoopbackServer.run(eventLoops: 1) { server in
            let hello = try ClientHello.bytes(server.tls)
            let flood = Task {
                let bootstrap = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                while !Task.isCancelled {
                    var open: [any Channel] = []
                    for _ in 0..<50 {
                        guard let channel = try? await bootstrap.connect(host: "127.0.0.1", port: server.listener.port).get() else { continue }
                        channel.writeAndFlush(hello, promise: nil)
                        open.append(channel)
                    }
                    for channel in open { try? await channel.close() }
                }
            }
            try await server.connect { connection in
                for _ in 0..<100 {
                    let answer = try await connection.post(Self.client, Self.delta)
                    #expect(answer.status == 200)
                }
            }
            flood.cancel()
            await flood.value
        }
    }

    @Test func `forged cookies cost no scan and few lines, and others are answered`() async throws {
        try await LoopbackServer.run { server in
            let forged = SyncUpdates.encodeRequest(.init(), cookie: CookieElement(encryptedData: [6, 6, 6]))
            for _ in 0..<100 {
                let answer = try await server.connect { try await $0.post(Self.client, forged) }
                #expect(SOAPFault.decode(answer.body)?.code == .invalidCookie)
                #expect(answer.headers["connection"] == "close")
            }
            #expect(server.operations.calls.isEmpty)
            #expect(server.log.lines.filter { $0.contains("InvalidCookie") }.count <= 20)
            let answer = try await server.connect { try await $0.post(Self.client, Self.delta) }
            #expect(answer.status == 200)
        }
    }

    @Test func `whoever finds no room for its page is told when to come again, and nobody else waits for it`() async throws {
        var script = ScriptedOperations.Script()
        let gate = DispatchGroup()
        gate.enter()
        script.pageGate = gate
        var limits = DeviceLimits()
        limits.pagesAtOnce = 1
        limits.pagesWaiting = 1
        try await LoopbackServer.run(script, limits: limits) { server in
            async let first = server.connect { try await $0.post(Self.client, Self.scan) }
            try await Self.until { server.operations.fragmentReads > 0 }
            async let second = server.connect { try await $0.post(Self.client, Self.scan) }
            try await Self.until { server.operations.calls.count == 2 }
            let third = try await server.connect { try await $0.post(Self.client, Self.scan) }
            #expect(third.status == 503)
            #expect(third.headers["retry-after"] == "30")
            let delta = try await server.connect { try await $0.post(Self.client, Self.delta) }
            #expect(delta.status == 200)
            gate.leave()
            let made = try await [first.status, second.status]
            #expect(made == [200, 200])
        }
    }

    @Test func `ranges in any order, again and across each other, are the bytes of the file`() async throws {
        try await LoopbackServer.run { server in
            let count = 5 << 20 + 12_345
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 9) }
            let file = try server.files.hold(bytes)
            var ranges = stride(from: 0, to: count, by: 1 << 20).map { $0..<min(count, $0 + 1 << 20) }
            for _ in 0..<40 {
                let start = Int.random(in: 0..<count)
                ranges.append(start..<min(count, start + .random(in: 1...300_000)))
            }
            ranges += ranges.shuffled().prefix(20)
            ranges.shuffle()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<7 {
                    let own = ranges.enumerated().filter { $0.offset % 7 == number }.map(\.element)
                    group.addTask {
                        try await server.connect { connection in
                            for range in own {
                                let answer = try await connection.get(file.urlPath, ["Range: bytes=\(range.lowerBound)-\(range.upperBound - 1)"])
                                #expect(answer.status == 206)
                                #expect(answer.body.elementsEqual(bytes[range]), "\(range)")
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test(arguments: [4 << 20 - 1, 4 << 20, 4 << 20 + 1])
    func `a body at the limit is read, one byte more is not`(count: Int) async throws {
        try await LoopbackServer.run { server in
            let answer = try await server.connect { try await $0.post(Self.client, [UInt8](repeating: 32, count: count)) }
            #expect(answer.status == (count > 4 << 20 ? 413 : 500))
        }
    }
}

/// What a TLS client says first.
private enum ClientHello {
    static func bytes(_ tls: NIOSSLContext) throws -> ByteBuffer {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(try NIOSSLClientHandler(context: tls, serverHostname: "localhost"))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return try #require(try channel.readOutbound(as: ByteBuffer.self))
    }
}
