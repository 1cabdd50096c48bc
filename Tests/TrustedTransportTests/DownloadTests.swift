import Foundation
import Glibc
import Testing
import TrustedTransport
import Updates

@Suite struct DownloadTests {
    typealias Step = ScriptedServer.Step

    static let size = 1_000_000
    static let payload: [UInt8] = {
        var state: UInt32 = 1
        return (0..<size).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(truncatingIfNeeded: state >> 24)
        }
    }()

    let test: TestIdentity
    let folder: TemporaryFolder
    var path: String { folder.file("file") }

    init() throws {
        test = try TestIdentity("localhost")
        folder = try TemporaryFolder()
    }

    /// Runs a download against a script. Returns what was asked.
    @discardableResult
    func download(
        size: Int = size, attempts: Int = 5, telling held: Counter = Counter(),
        _ script: @escaping @Sendable (ScriptedServer.Request, Int) -> [Step]
    ) async throws -> (error: HTTPSError?, requests: [ScriptedServer.Request], bytesSent: Int) {
        let listener = try test.listener()
        let server = try await ScriptedServer(.listener(listener), script: script)
        var patience = HTTPSClient.Patience()
        patience.retryPause = .milliseconds(1)
        patience.downloadAttempts = attempts
        let client = try HTTPSClient(roots: .pemFile(test.files.caCertificate), patience: patience)
        var failure: HTTPSError?
        do {
            try await client.download("https://localhost:\(server.port)/Content/AA/x.cab", to: path, size: Int64(size)) { held.set($0) }
        } catch {
            failure = error
        }
        await client.shutdown()
        await server.stop()
        return (failure, server.requests, server.bytesSent)
    }

    /// The first byte a request asks for.
    static func start(of request: ScriptedServer.Request) -> Int? {
        request.headers["range"].flatMap { Int($0.dropFirst("bytes=".count).dropLast()) }
    }

    /// A server that does it right.
    static func range(_ request: ScriptedServer.Request, tag: String = "\"t\"") -> [Step] {
        guard let start = start(of: request) else { return [.answer("200 OK", ["ETag: \(tag)"], payload)] }
        return [part(from: start, tag: tag)]
    }

    static func part(from start: Int, tag: String = "\"t\"") -> Step {
        .answer("206 Partial Content", ["ETag: \(tag)", "Content-Range: bytes \(start)-\(size - 1)/\(size)"], Array(payload[start...]))
    }

    /// The right answer, up to a byte; then the connection ends, once so many bytes are on the client's disk.
    static func cut(_ request: ScriptedServer.Request, at end: Int, tag: String = "\"t\"", once held: Counter, has count: Int64) -> [Step] {
        let start = start(of: request) ?? 0
        let range = start > 0 ? ["Content-Range: bytes \(start)-\(size - 1)/\(size)"] : []
        return [
            .head(
                start > 0 ? "206 Partial Content" : "200 OK", ["ETag: \(tag)", "Content-Length: \(size - start)"] + range,
                Array(payload[start..<end])),
            .closeWhen { held.value >= count },
        ]
    }

    func expectPayload() throws {
        #expect(try folder.bytes("file") == Self.payload)
        #expect(!folder.exists("file.part"))
    }

    @Test func `a file is downloaded whole and can be verified`() async throws {
        let held = Counter()
        let outcome = try await download(telling: held) { request, _ in Self.range(request) }
        #expect(outcome.error == nil)
        #expect(outcome.requests.map(\.method) == ["GET"])
        #expect(outcome.requests.first?.headers["range"] == nil)
        #expect(outcome.requests.first?.headers["accept-encoding"] == "identity")
        #expect(held.value == Int64(Self.size))
        #expect(try folder.mode("file") == 0o600)
        try expectPayload()
        #expect(try FileVerifier.verify(path: path, size: Int64(Self.size), sha1: nil, sha256: nil).size == Int64(Self.size))
    }

    @Test func `a connection cut in the middle is resumed where it ended, for the same entity tag`() async throws {
        let held = Counter()
        let outcome = try await download(telling: held) { request, index in
            switch index {
            case 0: Self.cut(request, at: 300_000, once: held, has: 1 << 18)
            case 1: Self.cut(request, at: 700_000, once: held, has: 1 << 19)
            default: Self.range(request)
            }
        }
        #expect(outcome.error == nil)
        // The library may lose the last bytes before a cut, never any of those on disk.
        let starts = outcome.requests.map { Self.start(of: $0) ?? 0 }
        try #require(starts.count == 3)
        #expect(starts[0] == 0)
        #expect((1 << 18...300_000).contains(starts[1]))
        #expect((1 << 19...700_000).contains(starts[2]))
        #expect(outcome.requests.map { $0.headers["if-range"] } == [nil, "\"t\"", "\"t\""])
        try expectPayload()
    }

    @Test(arguments: [1, 255_999, 999_999])
    func `what an earlier run left is completed`(held: Int) async throws {
        try folder.write("file.part", Array(Self.payload[..<held]))
        let outcome = try await download { request, _ in Self.range(request) }
        #expect(outcome.error == nil)
        #expect(outcome.requests.map { $0.headers["range"] } == ["bytes=\(held)-"])
        #expect(try folder.bytes("file") == Self.payload)
    }

    @Test func `what an earlier run left whole needs no request, and what is too long is dropped`() async throws {
        try folder.write("file.part", Self.payload)
        #expect(try await download { request, _ in Self.range(request) }.requests.isEmpty)
        #expect(try folder.bytes("file") == Self.payload)
        try folder.write("file.part", Self.payload + [0])
        #expect(try await download { request, _ in Self.range(request) }.requests.map { $0.headers["range"] } == [nil])
        #expect(try folder.bytes("file") == Self.payload)
    }

    @Test func `a file of no bytes needs no request`() async throws {
        let outcome = try await download(size: 0) { request, _ in Self.range(request) }
        #expect(outcome.error == nil)
        #expect(outcome.requests.isEmpty)
        #expect(try folder.bytes("file") == [])
    }

    @Test func `a server that answers a range with the whole file is read from the start`() async throws {
        try folder.write("file.part", [UInt8](repeating: 0, count: 5000))
        let outcome = try await download { _, _ in [.answer("200 OK", [], Self.payload)] }
        #expect(outcome.error == nil)
        #expect(outcome.requests.count == 1)
        try expectPayload()
    }

    static let badRanges = [
        "bytes 299999-999999/1000000", "bytes 300001-999999/1000000", "bytes 0-999999/1000000", "bytes 300000-999998/1000000",
        "bytes 300000-999999/1000001", "bytes 300000-999999/*", "bytes */1000000", "bytes 300000-999999", "items 300000-999999/1000000",
        "bytes +300000-999999/1000000", "bytes 300000-99999999999999999999/1000000", "bytes=300000-999999/1000000", "",
    ]

    @Test(arguments: badRanges)
    func `a part that is not the one asked for is dropped and the file asked for anew`(contentRange: String) async throws {
        try folder.write("file.part", Array(Self.payload[..<300_000]))
        let outcome = try await download { request, index in
            index == 0
                ? [.answer("206 Partial Content", ["ETag: \"t\"", "Content-Range: \(contentRange)"], Array(Self.payload[300_000...]))]
                : Self.range(request)
        }
        #expect(outcome.error == nil)
        #expect(outcome.requests.map { $0.headers["range"] } == ["bytes=300000-", nil])
        try expectPayload()
    }

    @Test func `a part of another entity is dropped and the file asked for anew`() async throws {
        let held = Counter()
        let outcome = try await download(telling: held) { request, index in
            switch index {
            case 0: Self.cut(request, at: 300_000, tag: "\"old\"", once: held, has: 1 << 18)
            case 1: [Self.part(from: Self.start(of: request) ?? 0, tag: "\"new\"")]
            default: Self.range(request)
            }
        }
        #expect(outcome.error == nil)
        #expect(outcome.requests.map { $0.headers["range"] == nil } == [true, false, true])
        #expect(outcome.requests.map { $0.headers["if-range"] } == [nil, "\"old\"", nil])
        try expectPayload()
    }

    @Test func `a weak entity tag is not sent in If-Range`() async throws {
        let held = Counter()
        let outcome = try await download(telling: held) { request, index in
            index == 0 ? Self.cut(request, at: 300_000, tag: "W/\"t\"", once: held, has: 1 << 18) : Self.range(request, tag: "W/\"t\"")
        }
        #expect(outcome.error == nil)
        #expect(outcome.requests.map { $0.headers["range"] == nil } == [true, false])
        #expect(outcome.requests.map { $0.headers["if-range"] } == [nil, nil])
        try expectPayload()
    }

    @Test func `a part without being asked for one is refused`() async throws {
        let outcome = try await download(attempts: 2) { _, _ in [Self.part(from: 0)] }
        #expect(outcome.error?.code == .wrongRange)
        #expect(outcome.requests.count == 2)
        #expect(!folder.exists("file"))
    }

    @Test func `no range to give restarts`() async throws {
        try folder.write("file.part", [1, 2, 3])
        let outcome = try await download { request, index in
            index == 0 ? [.answer("416 Range Not Satisfiable", ["Content-Range: bytes */2"])] : Self.range(request)
        }
        #expect(outcome.error == nil)
        #expect(outcome.requests.map { $0.headers["range"] } == ["bytes=3-", nil])
        try expectPayload()
    }

    @Test func `an endless file is cut at its size and nothing of it kept`() async throws {
        let chunk = Array("1000\r\n".utf8) + [UInt8](repeating: 7, count: 4096) + Array("\r\n".utf8)
        let outcome = try await download { _, _ in [.head("200 OK", ["Transfer-Encoding: chunked"]), .sendWithoutEnd(chunk)] }
        #expect(outcome.error?.code == .tooLarge)
        #expect(outcome.requests.count == 1)
        #expect(try folder.bytes("file.part") == [])
        #expect(!folder.exists("file"))
    }

    @Test(arguments: [-1, 1])
    func `a file announced with another size is refused before it is read`(difference: Int) async throws {
        let outcome = try await download { _, _ in [.head("200 OK", ["Content-Length: \(Self.size + difference)"]), .close] }
        #expect(outcome.error?.code == .invalidAnswer)
        #expect(outcome.requests.count == 1)
        #expect(!folder.exists("file"))
    }

    @Test(arguments: [500, 503, 429, 408])
    func `a server in trouble is asked again`(status: Int) async throws {
        let outcome = try await download { request, index in index < 2 ? [.answer("\(status) Later")] : Self.range(request) }
        #expect(outcome.error == nil)
        #expect(outcome.requests.count == 3)
        try expectPayload()
    }

    @Test(arguments: [204, 400, 403, 404, 410])
    func `a refusal is not asked again`(status: Int) async throws {
        let outcome = try await download { _, _ in [.head("\(status) No", status == 204 ? [] : ["Content-Length: 0"])] }
        #expect(outcome.error?.code == .status)
        #expect(outcome.error?.status == status)
        #expect(outcome.requests.count == 1)
    }

    @Test(arguments: [1, 4])
    func `attempts are counted, and what came is kept for the next run`(attempts: Int) async throws {
        let outcome = try await download(attempts: attempts) { request, _ in
            Self.cut(request, at: (Self.start(of: request) ?? 0) + 1000, once: Counter(), has: 0)
        }
        #expect(outcome.error?.code == .cut)
        #expect(outcome.requests.count == attempts)
        let kept = try folder.bytes("file.part")
        #expect(kept == Array(Self.payload.prefix(kept.count)))
        #expect(kept.count <= attempts * 1000)
        #expect(!folder.exists("file"))
    }

    @Test func `a redirect is not followed`() async throws {
        let elsewhere = try await ScriptedServer(.none)
        let outcome = try await download { _, _ in [.answer("302 Found", ["Location: http://localhost:\(elsewhere.port)/"])] }
        #expect(outcome.error?.code == .redirected)
        #expect(outcome.requests.count == 1)
        #expect(elsewhere.connections == 0)
        await elsewhere.stop()
    }

    @Test func `a link or a pipe in the file's place is not written to`() async throws {
        #expect(symlink(folder.file("elsewhere"), folder.file("file.part")) == 0)
        var outcome = try await download { request, _ in Self.range(request) }
        #expect(outcome.error?.code == .file)
        #expect(!folder.exists("elsewhere"))
        unlink(folder.file("file.part"))
        #expect(mkfifo(folder.file("file.part"), 0o600) == 0)
        outcome = try await download { request, _ in Self.range(request) }
        #expect(outcome.error?.code == .file)
        #expect(outcome.requests.isEmpty)
    }

    @Test func `a download that drips is given up`() async throws {
        let listener = try test.listener()
        let server = try await ScriptedServer(.listener(listener)) { _, _ in
            [.head("200 OK", ["Transfer-Encoding: chunked"]), .sendWithoutEnd(Array("1\r\nx\r\n".utf8))]
        }
        var patience = HTTPSClient.Patience()
        patience.idle = .milliseconds(300)
        patience.slowestDownload = 1 << 40
        patience.downloadAttempts = 1
        let client = try HTTPSClient(roots: .pemFile(test.files.caCertificate), patience: patience)
        let path = path
        let error = await #expect(throws: HTTPSError.self) {
            try await client.download("https://localhost:\(server.port)/", to: path, size: 1 << 40)
        }
        #expect(error?.code == .timedOut)
        await client.shutdown()
        await server.stop()
    }
}
