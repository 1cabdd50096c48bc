import Crypto
import Foundation
import Glibc
import NIOCore
import NIOSSL
import SwiftASN1
import Testing
import TrustedTransport
import Updates
import X509

@Suite struct HTTPSClientTests {
    let test: TestIdentity
    let listener: ListenerTLS

    init() throws {
        test = try TestIdentity("localhost", "127.0.0.1")
        listener = try test.listener()
    }

    func serve(_ script: @escaping @Sendable (ScriptedServer.Request, Int) -> [ScriptedServer.Step]) async throws -> ScriptedServer {
        let listener = listener
        return try await ScriptedServer(.listener(listener), script: script)
    }

    /// Runs with a client that trusts `roots`, and shuts it down.
    func asking<Result>(
        roots: String? = nil, patience: HTTPSClient.Patience = .init(), _ body: (HTTPSClient) async throws -> Result
    ) async throws -> Result {
        let client = try HTTPSClient(roots: .pemFile(roots ?? test.files.caCertificate), patience: patience)
        do {
            let result = try await body(client)
            await client.shutdown()
            return result
        } catch {
            await client.shutdown()
            throw error
        }
    }

    /// The error of a POST that must fail.
    func refusal(
        _ url: String, roots: String? = nil, headers: [(name: String, value: String)] = [], limit: Int = 1000,
        patience: HTTPSClient.Patience = .init()
    ) async throws -> HTTPSError? {
        await #expect(throws: HTTPSError.self) {
            try await asking(roots: roots, patience: patience) { client in
                _ = try await client.post(url, headers: headers, body: [1], limit: limit)
            }
        }
    }

    @Test func `a body is posted and the answer read whole`() async throws {
        let server = try await serve { request, _ in
            [.answer("500 Internal Server Error", ["Content-Type: text/xml", "X-Twice: a", "X-Twice: b"], request.body.reversed())]
        }
        let answer = try await asking { client in
            try await client.post(
                "https://localhost:\(server.port)/a//B.asmx?c=d", headers: [("SOAPAction", "\"x\""), ("Content-Type", "text/xml")],
                body: [1, 2, 3], limit: 3)
        }
        #expect(answer.status == 500)
        #expect(answer.body == [3, 2, 1])
        #expect(answer.header("content-TYPE") == "text/xml")
        #expect(answer.headers.filter { $0.name == "X-Twice" }.map(\.value) == ["a", "b"])
        let request = try #require(server.requests.first)
        #expect(request.method == "POST")
        #expect(request.path == "/a//B.asmx?c=d")
        #expect(request.headers["soapaction"] == "\"x\"")
        #expect(request.headers["host"] == "localhost:\(server.port)")
        #expect(request.headers["content-length"] == "3")
        await server.stop()
    }

    @Test func `one connection serves many requests`() async throws {
        let server = try await serve { _, _ in [.answer("200 OK")] }
        try await asking { client in
            for _ in 0..<20 { _ = try await client.post("https://localhost:\(server.port)/", body: [], limit: 0) }
        }
        #expect(server.requests.count == 20)
        #expect(server.connections == 1)
        await server.stop()
    }

    @Test func `an address of the certificate is as good as a name`() async throws {
        let server = try await serve { _, _ in [.answer("200 OK")] }
        #expect(try await asking { try await $0.post("https://127.0.0.1:\(server.port)/", body: [], limit: 0).status } == 200)
        await server.stop()
    }

    @Test func `the environment names no proxy`() async throws {
        // Setting the environment beside other threads is not safe, so it is done in a process of its own.
        await #expect(processExitsWith: .success) {
            for name in ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] { setenv(name, "http://127.0.0.1:1", 1) }
            let tests = try HTTPSClientTests()
            let server = try await tests.serve { _, _ in [.answer("200 OK")] }
            #expect(try await tests.asking { try await $0.post("https://localhost:\(server.port)/", body: [], limit: 0).status } == 200)
        }
    }

    // MARK: - What is not trusted

    @Test func `a server of another CA gets no request`() async throws {
        let other = try TestIdentity("localhost")
        let server = try await serve { _, _ in [.answer("200 OK")] }
        #expect(try await refusal("https://localhost:\(server.port)/", roots: other.files.caCertificate)?.code == .untrusted)
        #expect(server.requests.isEmpty)
        await server.stop()
    }

    @Test(arguments: [(["updates.example"], "localhost"), (["localhost"], "127.0.0.1"), (["127.0.0.2"], "127.0.0.1")])
    func `a server with a certificate for another name gets no request`(row: (names: [String], host: String)) async throws {
        let test = try TestIdentity(names: row.names)
        let listener = try test.listener()
        let server = try await ScriptedServer(.listener(listener)) { _, _ in [.answer("200 OK")] }
        #expect(try await refusal("https://\(row.host):\(server.port)/", roots: test.files.caCertificate)?.code == .untrusted)
        #expect(server.requests.isEmpty)
        await server.stop()
    }

    @Test(arguments: [-398 * 86_400, 7200] as [Int64])
    func `a certificate whose time is over or not come gets no request`(offset: Int64) async throws {
        let old = try TestIdentity("localhost", now: TestIdentity.now.adding(seconds: offset))
        let listener = try old.listener()
        let server = try await ScriptedServer(.listener(listener)) { _, _ in [.answer("200 OK")] }
        #expect(try await refusal("https://localhost:\(server.port)/", roots: old.files.caCertificate)?.code == .untrusted)
        #expect(server.requests.isEmpty)
        await server.stop()
    }

    struct Forgery: Sendable, CustomTestStringConvertible {
        let name: String
        /// Of the CA.
        let caNames: [String]
        let names: [GeneralName]
        let host: String
        let isTrusted: Bool
        var testDescription: String { name }
    }

    /// What a stolen CA key could sign, in our client's judgement.
    @Test(arguments: [
        Forgery(name: "another name", caNames: ["updates.example"], names: [.dnsName("localhost")], host: "localhost", isTrusted: false),
        Forgery(
            name: "another name beside a good one", caNames: ["updates.example"], names: [.dnsName("localhost"), .dnsName("updates.example")],
            host: "localhost", isTrusted: false),
        Forgery(name: "another address", caNames: ["127.0.0.2"], names: [.address([127, 0, 0, 1])], host: "127.0.0.1", isTrusted: false),
        Forgery(
            name: "another address beside a good name", caNames: ["localhost", "127.0.0.2"],
            names: [.dnsName("localhost"), .address([127, 0, 0, 1])], host: "localhost", isTrusted: false),
        Forgery(
            name: "an address where none was given", caNames: ["localhost"], names: [.dnsName("localhost"), .address([127, 0, 0, 1])],
            host: "localhost", isTrusted: false),
        Forgery(
            name: "an address of the other family", caNames: ["localhost", "127.0.0.1"],
            names: [.dnsName("localhost"), .address([UInt8](repeating: 0, count: 15) + [1])], host: "localhost", isTrusted: false),
        Forgery(
            name: "a mail address", caNames: ["localhost"], names: [.dnsName("localhost"), .rfc822Name("a@localhost")], host: "localhost",
            isTrusted: false),
        Forgery(name: "a good name", caNames: ["localhost", "127.0.0.2"], names: [.dnsName("localhost")], host: "localhost", isTrusted: true),
        Forgery(name: "a good address", caNames: ["::1", "127.0.0.1"], names: [.address([127, 0, 0, 1])], host: "127.0.0.1", isTrusted: true),
    ])
    func `a certificate outside the CA's names gets no request`(forgery: Forgery) async throws {
        let test = try TestIdentity(names: forgery.caNames)
        let files = test.files
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let leaf = try test.forge("leaf.pem", names: forgery.names, key: key)
        let configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(leaf).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(try key.serializeAsPEM().pemString.utf8), format: .pem)))
        let context = try NIOSSLContext(configuration: configuration)
        let server = try await ScriptedServer(.context(context)) { _, _ in [.answer("200 OK")] }
        let url = "https://\(forgery.host):\(server.port)/"
        if forgery.isTrusted {
            #expect(try await asking(roots: files.caCertificate) { try await $0.post(url, body: [], limit: 0).status } == 200)
        } else {
            #expect(try await refusal(url, roots: files.caCertificate)?.code == .untrusted)
            #expect(server.requests.isEmpty)
            #expect(server.connections == 1)
        }
        await server.stop()
    }

    @Test func `a server that speaks only TLS 1.1 gets no request`() async throws {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(test.certificateFile).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: test.keyFile, format: .pem)))
        configuration.minimumTLSVersion = .tlsv1
        configuration.maximumTLSVersion = .tlsv11
        let context = try NIOSSLContext(configuration: configuration)
        let server = try await ScriptedServer(.context(context)) { _, _ in [.answer("200 OK")] }
        #expect(try await refusal("https://localhost:\(server.port)/")?.code == .untrusted)
        #expect(server.requests.isEmpty)
        await server.stop()
    }

    @Test func `a server without TLS gets no request`() async throws {
        let server = try await ScriptedServer(.none) { _, _ in [.answer("200 OK")] }
        var patience = HTTPSClient.Patience()
        patience.connect = .milliseconds(300)
        let code = try await refusal("https://localhost:\(server.port)/", patience: patience)?.code
        #expect(code == .untrusted || code == .timedOut)
        #expect(server.requests.isEmpty)
        await server.stop()
    }

    @Test(arguments: ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
    func `roots that are no certificates are refused`(text: String) throws {
        let path = try test.folder.write("roots.pem", Array(text.utf8))
        #expect(throws: TrustError.self) { try HTTPSClient(roots: .pemFile(path)) }
        #expect(throws: TrustError.self) { try HTTPSClient(roots: .pemFile(test.folder.file("absent"))) }
    }

    // MARK: - What is not asked

    @Test(arguments: [
        "http://127.0.0.1:PORT/", "HTTP://127.0.0.1:PORT/", "//127.0.0.1:PORT/", "127.0.0.1:PORT", "https+unix://%2Ftmp%2Fx/", "unix:///tmp/x",
        "ftp://127.0.0.1:PORT/", "https://user@127.0.0.1:PORT/", "https://user:word@127.0.0.1:PORT/", "https://127.0.0.1:PORT/a b",
        "https://127.0.0.1:PORT/\r\nX: y", "https://127.0.0.1:PORT/ü", "https:///path", "", "https://", "https://127.0.0.1:PORT/\u{0}",
    ])
    func `a URL that is not plainly https is refused before a connection`(url: String) async throws {
        let server = try await serve { _, _ in [.answer("200 OK")] }
        let url = url.replacing("PORT", with: "\(server.port)")
        #expect(try await refusal(url)?.code == .invalidURL)
        #expect(server.connections == 0)
        let path = test.folder.file("file")
        let error = await #expect(throws: HTTPSError.self) { try await asking { try await $0.download(url, to: path, size: 1) } }
        #expect(error?.code == .invalidURL)
        #expect(!test.folder.exists("file.part"))
        await server.stop()
    }

    @Test(arguments: [
        ("line break in a value", "X", "a\r\nY: b"), ("line feed in a value", "X", "a\nb"), ("NUL in a value", "X", "a\u{0}b"),
        ("other script in a value", "X", "ü"), ("space in a name", "X Y", "a"), ("colon in a name", "X:Y", "a"), ("no name", "", "a"),
        ("line break in a name", "X\r\nY", "a"), ("length", "Content-Length", "7"), ("framing", "transfer-encoding", "chunked"),
        ("routing", "HOST", "other.example"), ("connection", "Connection", "close"), ("upgrade", "Upgrade", "h2c"),
    ])
    func `a header that could change the request is refused before a connection`(row: (name: String, header: String, value: String)) async throws {
        let server = try await serve { _, _ in [.answer("200 OK")] }
        let error = try await refusal("https://localhost:\(server.port)/", headers: [(row.header, row.value)])
        #expect(error?.code == .invalidHeader)
        #expect(error?.description.contains(row.value.count > 3 ? row.value : "\u{1}") == false)
        #expect(server.connections == 0)
        await server.stop()
    }

    @Test(arguments: [301, 302, 303, 307, 308])
    func `a redirect is not followed, least of all to plain HTTP`(status: Int) async throws {
        let elsewhere = try await ScriptedServer(.none) { _, _ in [.answer("200 OK")] }
        let server = try await serve { request, _ in
            let target = request.path == "/plain" ? "http://localhost:\(elsewhere.port)/" : "https://\(request.headers["host"] ?? "")/other"
            return [.answer("\(status) Elsewhere", ["Location: \(target)"])]
        }
        for path in ["plain", "secure"] {
            let error = try await refusal("https://localhost:\(server.port)/\(path)")
            #expect(error?.code == .redirected)
            #expect(error?.status == status)
        }
        #expect(server.requests.count == 2)
        #expect(elsewhere.connections == 0)
        await server.stop()
        await elsewhere.stop()
    }

    // MARK: - Bounds

    @Test(arguments: [(99, true), (100, true), (101, false)], [true, false])
    func `an answer is taken up to its limit`(row: (size: Int, isTaken: Bool), isChunked: Bool) async throws {
        let server = try await serve { _, _ in
            let body = [UInt8](repeating: 7, count: row.size)
            if !isChunked { return [.answer("200 OK", [], body)] }
            return [
                .head("200 OK", ["Transfer-Encoding: chunked"]), .send("\(String(row.size, radix: 16))\r\n"), .sendBytes(body),
                .send("\r\n0\r\n\r\n"),
            ]
        }
        let url = "https://localhost:\(server.port)/"
        if row.isTaken {
            #expect(try await asking { try await $0.post(url, body: [], limit: 100).body.count } == row.size)
        } else {
            #expect(try await refusal(url, limit: 100)?.code == .tooLarge)
        }
        await server.stop()
    }

    @Test func `an endless answer is cut at its limit`() async throws {
        let chunk = Array("1000\r\n".utf8) + [UInt8](repeating: 7, count: 4096) + Array("\r\n".utf8)
        let server = try await serve { _, _ in [.head("200 OK", ["Transfer-Encoding: chunked"]), .sendWithoutEnd(chunk)] }
        #expect(try await refusal("https://localhost:\(server.port)/", limit: 100_000)?.code == .tooLarge)
        await server.stop()
    }

    @Test func `a server that says nothing is given up`() async throws {
        let server = try await serve { _, _ in [] }
        var patience = HTTPSClient.Patience()
        patience.idle = .milliseconds(200)
        let error = try await refusal("https://localhost:\(server.port)/", patience: patience)
        #expect(error?.code == .timedOut)
        #expect(error?.isTransient == true)
        await server.stop()
    }

    @Test func `an answer that drips is given up`() async throws {
        let server = try await serve { _, _ in [.head("200 OK", ["Transfer-Encoding: chunked"]), .sendWithoutEnd(Array("1\r\nx\r\n".utf8))] }
        var patience = HTTPSClient.Patience()
        patience.answer = .milliseconds(300)
        let error = try await refusal("https://localhost:\(server.port)/", limit: .max, patience: patience)
        #expect(error?.code == .timedOut, "\(String(describing: error))")
        await server.stop()
    }

    @Test func `an answer that ends early is no answer`() async throws {
        let server = try await serve { _, _ in [.head("200 OK", ["Content-Length: 10"], [1, 2, 3]), .close] }
        let error = try await refusal("https://localhost:\(server.port)/")
        #expect(error?.code == .cut)
        #expect(error?.isTransient == true)
        await server.stop()
    }

    @Test func `what is no HTTP is no answer`() async throws {
        let server = try await serve { _, _ in [.send("220 mail.example ESMTP\r\n\r\n"), .close] }
        #expect(try await refusal("https://localhost:\(server.port)/")?.code == .invalidAnswer)
        await server.stop()
    }

    @Test func `a port where no one listens is said`() async throws {
        let server = try await serve { _, _ in [] }
        await server.stop()
        let error = try await refusal("https://localhost:\(server.port)/")
        #expect(error?.code == .unreachable)
    }

    @Test func `a cancelled request ends`() async throws {
        let server = try await serve { _, _ in [] }
        let url = "https://localhost:\(server.port)/"
        let task = Task { try await refusal(url) }
        while server.requests.isEmpty { await Task.yield() }
        task.cancel()
        #expect(try await task.value?.code == .cancelled)
        await server.stop()
    }
}
