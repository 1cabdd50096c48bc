import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Storage
import TestSupport
import Testing
import TrustedTransport
import UpdateProtocols
import Updates

@testable import UpdateServer

/// The whole listener, over TLS on loopback.
@Suite struct DeviceListenerTests {
    static let config = GetConfig.encodeRequest(.init(protocolVersion: "2.90"))
    static let report = ReportEventBatch.encodeRequest(
        clientTime: Timestamp(millisecondsSince1970: 0), events: [], computer: ReportingComputer(), cookie: ScriptedOperations.cookie)

    @Test func `a device's dialogue runs on one connection`() async throws {
        try await LoopbackServer.run { server in
            try await server.connect { connection in
                for _ in 0..<3 {
                    let config = try await connection.post("/ClientWebService/client.asmx", Self.config)
                    #expect(config.status == 200)
                    #expect(config.headers["date"] != nil)
                    #expect(config.headers["connection"] == nil)
                    #expect(try GetConfig.decodeResponse(config.body).isRegistrationRequired)
                }
                let request = SyncUpdates.encodeRequest(.init(), cookie: ScriptedOperations.cookie)
                let scan = try await connection.post("//clientwebservice//CLIENT.asmx", request, ["Accept-Encoding: xpress"])
                #expect(scan.headers["content-encoding"] == "xpress")
                #expect(try SyncUpdates.decodeResponse(Xpress.decompress(scan.body, limit: 1 << 20)).newUpdates.count == 3)
                let report = try await connection.post("/ReportingWebService/ReportingWebService.asmx", Self.report)
                #expect(try ReportEventBatch.decodeResponse(report.body))
                #expect(try await connection.get("/elsewhere").status == 404)
                #expect(try await connection.get("/ClientWebService/client.asmx").status == 405)
                let fault = try await connection.post("/ClientWebService/client.asmx", Array("<x/>".utf8))
                #expect(fault.status == 500)
                #expect(fault.headers["connection"] == "close")
                #expect(await connection.rest() == "")
            }
            #expect(server.operations.calls.count == 5)
        }
    }

    @Test func `devices are told the port bound, or the public one`() async throws {
        let digest = try #require(SHA1Digest(bytes: [UInt8](repeating: 7, count: 20)))
        let body = GetFileLocations.encodeRequest(.init(digests: [digest]), cookie: ScriptedOperations.cookie)
        for publicPort in [nil, 443] {
            try await LoopbackServer.run(publicPort: publicPort) { server in
                #expect(server.listener.port > 0)
                let response = try await server.connect { try await $0.post("/ClientWebService/client.asmx", body) }
                let url = try GetFileLocations.decodeResponse(response.body).fileLocations.first?.url
                #expect(url == "https://localhost:\(publicPort ?? server.listener.port)/Content/x")
            }
        }
    }

    // MARK: - TLS only

    @Test(arguments: [
        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "POST /ClientWebService/client.asmx HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", "\r\n\r\n",
        "hello hello hello",
    ])
    func `who speaks no TLS is cut off and told nothing in clear`(text: String) async throws {
        var limits = DeviceLimits()
        // Four bytes could still become a TLS record.
        limits.firstByte = .milliseconds(500)
        try await LoopbackServer.run(limits: limits) { server in
            let answer = try await server.connectInClear { connection in
                try await connection.send(text)
                return await connection.rest()
            }
            // At most an alert of TLS.
            #expect(!answer.contains("HTTP"))
            #expect(answer.utf8.count <= 7)
            #expect(server.operations.calls.isEmpty)
            // Who is cut off may notice before the log is written.
            func isSaid() -> Bool { server.log.lines.contains { $0.hasPrefix("notice a TLS handshake failed") } }
            for _ in 0..<2000 where text.utf8.count > 4 && !isSaid() { try await Task.sleep(for: .milliseconds(5)) }
            if text.utf8.count > 4 { #expect(isSaid()) }
        }
    }

    @Test func `the port in use is an error that names it`() async throws {
        try await LoopbackServer.run { server in
            let identity = try TestIdentity()
            await #expect {
                _ = try await DeviceListener.start(
                    engine: server.operations, files: server.files, identity: identity.identity, address: "127.0.0.1", port: server.listener.port,
                    publicPort: nil, log: server.log.logger)
            } throws: { "\($0)".contains("127.0.0.1") && "\($0)".contains("\(server.listener.port)") }
        }
    }

    @Test func `a renewed certificate is shown from the next connection on`() async throws {
        try await LoopbackServer.run { server in
            try await server.connect { old in
                #expect(try await old.get("/").status == 404)
                let next = try TestIdentity()
                try server.listener.replaceIdentity(next.identity)
                #expect(try await old.get("/").status == 404)
                let status = try? await server.connect { try await $0.get("/").status }
                #expect(status == nil)
                #expect(try await TLSConnection.open(port: server.listener.port, tls: try next.tls) { try await $0.get("/").status } == 404)
            }
        }
    }

    // MARK: - Content

    @Test func `content comes whole and in ranges, and every byte is right`() async throws {
        let payload = (0..<3_500_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        try await LoopbackServer.run { server in
            let file = try server.files.hold(payload)
            try await server.connect { connection in
                let head = try await connection.get(file.urlPath, method: "HEAD")
                #expect(head.status == 200)
                #expect(head.headers["content-length"] == "3500000")
                let whole = try await connection.get(file.urlPath)
                #expect(whole.body == payload)
                #expect(whole.headers["etag"] == "\"\(file.sha256)\"")
                for range in [0..<1, 0..<1_048_576, 1_048_576..<2_097_152, 1_048_575..<1_048_577, 3_145_728..<3_500_000, 3_499_999..<3_500_000] {
                    let part = try await connection.get(file.urlPath, ["Range: bytes=\(range.lowerBound)-\(range.upperBound - 1)"])
                    #expect(part.status == 206)
                    #expect(part.body == Array(payload[range]))
                    #expect(part.headers["content-range"] == "bytes \(range.lowerBound)-\(range.upperBound - 1)/3500000")
                }
                let beyond = try await connection.get(file.urlPath, ["Range: bytes=3500000-"])
                #expect(beyond.status == 416)
                #expect(beyond.headers["content-range"] == "bytes */3500000")
                #expect(try await connection.get(file.urlPath, ["If-None-Match: \"\(file.sha256)\""]).status == 304)
                #expect(try await connection.get(file.urlPath, ["Range: bytes=5-6"]).body == Array(payload[5...6]))
            }
        }
    }

    @Test func `small ranges of a file of gigabytes are found`() async throws {
        let files = try ScriptedFiles()
        let path = try files.folder.write([], to: "large")
        let size: Int64 = 6 << 30
        let writer = try FileHandle(forWritingTo: URL(filePath: path))
        try writer.truncate(atOffset: UInt64(size))
        var offsets: [Int64] = [0, 1, 4_294_967_295, 4_294_967_296, size - 8]
        offsets += (1...30).map { 100_000_000 * $0 &+ $0 * 7 }
        for (index, offset) in offsets.enumerated() {
            try writer.seek(toOffset: UInt64(offset))
            try writer.write(contentsOf: Data([UInt8(index), 0xaa]))
        }
        try writer.close()
        let sha1 = try #require(SHA1Digest(bytes: [UInt8](repeating: 1, count: 20)))
        let sha256 = try #require(SHA256Digest(bytes: [UInt8](repeating: 2, count: 32)))
        let file = files.hold(HeldFile(sha1: sha1, sha256: sha256, size: size, path: path))
        let log = LogRecorder()
        let endpoint = ContentEndpoint(
            files: files, verification: ContentVerification(files: files, threads: .singleton, log: log.logger) { _ in }, log: log.logger)
        for (index, offset) in offsets.enumerated().reversed() {
            let request = HTTPRequest(method: .GET, target: file.urlPath, headers: ["Range": "bytes=\(offset)-\(offset + 1)"])
            let answer = await (try #require(endpoint.answer(request, path: file.urlPath))).settled
            #expect(answer.header("Content-Range") == "bytes \(offset)-\(offset + 1)/\(size)")
            // The second byte of the first mark is the first of the second.
            #expect(answer.content()?.first == UInt8(index))
        }
    }

    @Test func `a corrupt payload is not served`() async throws {
        try await LoopbackServer.run { server in
            let file = try server.files.hold([1, 2, 3])
            try Data([1, 2, 4]).write(to: URL(filePath: file.path))
            let response = try await server.connect { try await $0.get(file.urlPath) }
            #expect(response.status == 404)
            #expect(server.files.quarantined == [file.sha1])
        }
    }

    @Test func `a payload that becomes shorter while it is served ends the connection`() async throws {
        try await LoopbackServer.run { server in
            let file = try server.files.hold([UInt8](repeating: 1, count: 64 << 20))
            try await server.connect { connection in
                try await connection.send("GET \(file.urlPath) HTTP/1.1\r\nHost: localhost\r\n\r\n")
                // Its head is there, and the rest is more than the network holds.
                let head = try await connection.head()
                #expect(head.status == 200)
                #expect(truncate(file.path, 1 << 20) == 0)
                #expect(await connection.rest().utf8.count < 64 << 20)
                #expect(server.log.lines.contains { $0.hasPrefix("error") && $0.contains("ends before its length") })
            }
        }
    }

    @Test(arguments: [
        "/Content/../../etc/passwd", "/Content/%2e%2e/%2e%2e/etc/passwd", "/Content/..%5c..%5cetc", "/Content\\..\\etc", "/Content/%00",
    ])
    func `no path leads out`(path: String) async throws {
        try await LoopbackServer.run { server in
            let response = try await server.connect { try await $0.get(path) }
            #expect(response.status == 400)
            #expect(response.headers["connection"] == "close")
        }
    }

    // MARK: - Limits

    struct Slowness: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let limit: any WritableKeyPath<DeviceLimits, TimeAmount> & Sendable
        /// What is sent before nothing more is.
        let text: String
        let isTold: Bool
    }

    @Test(arguments: [
        Slowness(testDescription: "a header that does not end", limit: \.header, text: "GET / HT", isTold: true),
        Slowness(
            testDescription: "a body that stops", limit: \.bodyGrace, text: "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc",
            isTold: true),
        Slowness(testDescription: "a connection kept for nothing", limit: \.idle, text: "GET / HTTP/1.1\r\nHost: h\r\n\r\n", isTold: false),
    ])
    func `slow peers are cut off while others are served`(slowness: Slowness) async throws {
        var limits = DeviceLimits()
        limits[keyPath: slowness.limit] = .milliseconds(300)
        limits.linger = .milliseconds(10)
        try await LoopbackServer.run(limits: limits) { server in
            let answers = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<10 {
                    group.addTask {
                        try await server.connect { connection in
                            try await connection.send(slowness.text)
                            return await connection.rest()
                        }
                    }
                }
                for _ in 0..<10 {
                    let status = try await server.connect { try await $0.post("/ClientWebService/client.asmx", Self.config).status }
                    #expect(status == 200)
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.count == 10)
            let start = slowness.isTold ? "HTTP/1.1 408 Request Timeout\r\n" : "HTTP/1.1 404 Not Found\r\n"
            for answer in answers { #expect(answer.hasPrefix(start)) }
        }
    }

    @Test func `who connects and says nothing is cut off, with TLS or without`() async throws {
        var limits = DeviceLimits()
        limits.firstByte = .milliseconds(300)
        try await LoopbackServer.run(limits: limits) { server in
            #expect(try await server.connectInClear { await $0.rest() } == "")
            let answer = try await server.connect { await $0.rest() }
            #expect(answer == "" || answer.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
        }
    }

    @Test func `who does not take what it asked for is left, and costs a piece`() async throws {
        var limits = DeviceLimits()
        limits.writeGrace = .milliseconds(300)
        limits.writeBytesPerSecond = 1 << 30
        try await LoopbackServer.run(limits: limits) { server in
            let file = try server.files.hold([UInt8](repeating: 1, count: 64 << 20))
            try await server.connect { connection in
                try await connection.send("GET \(file.urlPath) HTTP/1.1\r\nHost: localhost\r\n\r\n")
                // Nothing is read here until the server has given up.
                while !server.log.lines.contains(where: { $0.contains("took too long") }) { try await Task.sleep(for: .milliseconds(10)) }
                #expect(await connection.rest().utf8.count < 64 << 20)
            }
        }
    }

    @Test func `a body too large gets its 413 even while it is sent`() async throws {
        try await LoopbackServer.run { server in
            try await server.connect { connection in
                try await connection.send("POST /ClientWebService/client.asmx HTTP/1.1\r\nHost: h\r\nContent-Length: 4194305\r\n\r\n")
                try await connection.send([UInt8](repeating: 65, count: 1 << 20))
                let response = try await connection.response()
                #expect(response.status == 413)
                #expect(response.headers["connection"] == "close")
            }
        }
    }

    @Test func `as many connections as allowed stand, and no more`() async throws {
        var limits = DeviceLimits()
        limits.connections = 3
        try await LoopbackServer.run(limits: limits) { server in
            try await server.connect { first in
                try await server.connect { second in
                    try await server.connect { third in
                        for connection in [first, second, third] {
                            let status = try await connection.get("/").status
                            #expect(status == 404)
                        }
                        let refused = try? await server.connect { try await $0.get("/").status }
                        #expect(refused == nil)
                        for connection in [first, second, third] {
                            let status = try await connection.get("/").status
                            #expect(status == 404)
                        }
                    }
                }
            }
            #expect(server.log.lines.filter { $0.hasPrefix("warning") }.count == 1)
        }
    }

    @Test func `a thousand connections that do nothing leave room for one that does`() async throws {
        try await LoopbackServer.run(eventLoops: 2) { server in
            let before = try memory()
            let idle = try await withThrowingTaskGroup(of: (any Channel).self) { group in
                let port = server.listener.port
                for _ in 0..<1000 { group.addTask { try await Self.dial(port) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(idle.count == 1000)
            #expect(try await server.connect { try await $0.post("/ClientWebService/client.asmx", Self.config).status } == 200)
            // Both ends of them are in this process.
            #expect(try memory() - before < 256 << 20)
            for channel in idle { try? await channel.close() }
        }
    }

    private static func dial(_ port: Int) async throws -> any Channel {
        try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup).connect(host: "127.0.0.1", port: port).get()
    }

    /// Bytes this process has in memory.
    private func memory() throws -> Int {
        let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return (Int(fields[1]) ?? 0) * 4096
    }

    // MARK: - The end

    @Test func `a request in progress is answered before the server ends`() async throws {
        var script = ScriptedOperations.Script()
        let gate = Gate()
        script.reportGate = gate
        try await LoopbackServer.run(script) { server in
            try await server.connect { busy in
                try await server.connect { idle in
                    #expect(try await idle.get("/").status == 404)
                    let line = "POST /ReportingWebService/ReportingWebService.asmx HTTP/1.1\r\n"
                    try await busy.send(Array("\(line)Host: h\r\nContent-Length: \(Self.report.count)\r\n\r\n".utf8) + Self.report)
                    while server.operations.calls.isEmpty { try await Task.sleep(for: .milliseconds(1)) }
                    async let end: Void = server.listener.shutdown()
                    #expect(await idle.rest() == "")
                    let refused = try? await server.connect { try await $0.get("/").status }
                    #expect(refused == nil)
                    gate.open()
                    let response = try await busy.response()
                    #expect(try ReportEventBatch.decodeResponse(response.body))
                    #expect(response.headers["connection"] == "close")
                    #expect(await busy.rest() == "")
                    await end
                }
            }
        }
    }

    @Test func `who takes too long is cut when the server ends`() async throws {
        var limits = DeviceLimits()
        limits.drain = .milliseconds(100)
        try await LoopbackServer.run(limits: limits) { server in
            try await server.connect { connection in
                try await connection.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc")
                #expect(try await server.connect { try await $0.get("/").status } == 404)
                async let end: Void = server.listener.shutdown()
                #expect(await connection.rest() == "")
                await end
            }
        }
    }

    // MARK: - curl

    static let curl: String? = ["/usr/bin/curl", "/usr/local/bin/curl"].first { FileManager.default.isExecutableFile(atPath: $0) }

    @Test(.enabled(if: curl != nil, "the curl command is not installed"))
    func `curl is satisfied`() async throws {
        let payload = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 13) }
        try await LoopbackServer.run { server in
            let file = try server.files.hold(payload)
            let base = "https://localhost:\(server.listener.port)"
            let url = base + file.urlPath
            let service = base + "/ClientWebService/client.asmx"
            let large = try server.files.folder.write([UInt8](repeating: 32, count: 3 << 20), to: "body")
            func curl(_ arguments: [String]) async throws -> [UInt8] {
                let common = ["-sS", "--cacert", server.authorityFile, "--resolve", "localhost:\(server.listener.port):127.0.0.1"]
                return try await Command.run(Self.curl ?? "", common + arguments)
            }
            #expect(try await curl([url]) == payload)
            #expect(try await curl(["-r", "10-19", url]) == Array(payload[10...19]))
            #expect(try await curl(["-r", "-5", url]) == Array(payload.suffix(5)))
            #expect(try await curl(["-r", "99990-", url]) == Array(payload.suffix(10)))
            let head = String(decoding: try await curl(["-I", url]), as: UTF8.self)
            #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(head.contains("Content-Length: 100000\r\n"))
            let nowhere = ["-o", "/dev/null"]
            let kept = try await curl(nowhere + ["-w", "%{http_code} %{num_connects} ", url] + nowhere + [url + "x"] + nowhere + [url])
            #expect(String(decoding: kept, as: UTF8.self) == "200 1 200 0 200 0 ")
            // A body this large is sent after 100 Continue.
            let post = try await curl(nowhere + ["-w", "%{http_code}", "--data-binary", "@\(large)", service])
            #expect(String(decoding: post, as: UTF8.self) == "500")
            let config = String(decoding: Self.config, as: UTF8.self)
            let chunked = try await curl(nowhere + ["-w", "%{http_code}", "-H", "Transfer-Encoding: chunked", "--data-binary", config, service])
            #expect(String(decoding: chunked, as: UTF8.self) == "200")
        }
    }
}
