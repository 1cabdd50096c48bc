import Foundation
import Testing

@testable import TrustedTransport

struct ProxyAddressTests {
    @Test(arguments: [
        ("http://proxy.example.test:3128", "proxy.example.test:3128"), ("proxy:80/", "proxy:80"), ("HTTP://10.0.0.1:65535", "10.0.0.1:65535"),
        ("http://[2001:db8::1]:8080", "[2001:db8::1]:8080"),
    ])
    func `an address is read`(text: String, address: String) {
        #expect(ProxyAddress(text)?.description == address)
    }

    @Test(arguments: [
        "", "proxy", "proxy:", "proxy:0", "proxy:65536", "proxy:080808", "proxy:+80", "https://proxy:443", "socks5://proxy:1080",
        "http://u:p@proxy:80",
        "http://proxy:80/path", "2001:db8::1:80", "[proxy]:80", "a b:80", "\u{430}:80", ":80",
    ])
    func `what is no address of a proxy is refused`(text: String) {
        #expect(ProxyAddress(text) == nil)
    }
}

struct ProxyAnswerTests {
    private func state(of text: String) -> ProxyAnswer.State {
        var answer = ProxyAnswer()
        answer.take(text.utf8)
        return answer.state
    }

    @Test(arguments: [
        ("HTTP/1.1 200 Connection established\r\n\r\n", 200), ("HTTP/1.0 407 x\nProxy-Authenticate: Basic\n\n", 407),
        ("HTTP/1.1 302 Found\r\nLocation: http://elsewhere.example/\r\n\r\n", 302), ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200\r\n\r\n", 200),
    ])
    func `the status is read however its bytes are split`(text: String, status: Int) {
        let bytes = Array(text.utf8)
        for split in bytes.indices {
            var answer = ProxyAnswer()
            answer.take(bytes[..<split])
            #expect(answer.state == .more)
            answer.take(bytes[split...])
            #expect(answer.state == .status(status))
        }
    }

    @Test(arguments: [
        "SSH-2.0-OpenSSH_9.2\r\n", "220 mail.example.test ESMTP\r\n", "\u{15}\u{3}\u{3}\u{0}\u{2}", "HTTP/2 200\r\n\r\n", "HTTP/1.1 2000 x\r\n\r\n",
        "HTTP/1.1 099 x\r\n\r\n", "HTTP/1.x 200 x\r\n\r\n", "HTTP/1.1  200\r\n\r\n", "\r\nHTTP/1.1 200\r\n\r\n",
    ])
    func `what is no HTTP is known by its first line`(text: String) {
        #expect(state(of: text) == .notHTTP)
    }

    @Test(arguments: [(ProxyAnswer.limit, ProxyAnswer.State.status(200)), (ProxyAnswer.limit + 1, .tooLong)])
    func `a header is read to its limit, and not a byte further`(length: Int, outcome: ProxyAnswer.State) {
        let head = "HTTP/1.1 200 OK\r\nX: "
        #expect(state(of: head + String(repeating: "a", count: length - head.utf8.count - 4) + "\r\n\r\n") == outcome)
    }

    @Test func `interim answers without end are too long`() {
        #expect(state(of: String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 1000)) == .tooLong)
    }
}

/// A client and a server that it trusts, with what stands between them in the test's hands.
struct NetworkPathTests {
    private func probe(_ steps: [ScriptedServer.Step], timeout: Duration = .seconds(10)) async throws -> (error: HTTPSError?, sent: Int) {
        let proxy = try await ScriptedServer(.none) { _, _ in steps }
        let address = try #require(ProxyAddress("127.0.0.1:\(proxy.port)"))
        var failure: HTTPSError?
        do throws(HTTPSError) {
            try await NetworkPath.proxy(address).probe(host: "updates.example.test", port: 8531, isTunnel: true, timeout: timeout)
        } catch {
            failure = error
        }
        #expect(proxy.requests.map { "\($0.method) \($0.path)" } == ["CONNECT updates.example.test:8531"])
        await proxy.stop()
        return (failure, proxy.bytesSent)
    }

    @Test func `a way that is open is open`() async throws {
        #expect(try await probe([.send("HTTP/1.1 200 OK\r\n\r\n")]).error == nil)
    }

    @Test(arguments: [
        ("407", "HTTP/1.1 407 no\r\n\r\n", "status 407"), ("a redirect", "HTTP/1.1 302 x\r\nLocation: http://evil.example/\r\n\r\n", "status 302"),
        ("another protocol", "SSH-2.0-OpenSSH_9.2\r\n", "does not speak HTTP"), ("503", "HTTP/1.1 503 x\r\nContent-Length: 99\r\n\r\n", "status 503"),
    ])
    func `a proxy's refusal is said`(what: String, answer: String, message: String) async throws {
        let error = try #require(try await probe([.send(answer)]).error)
        #expect(error.code == .proxy && error.message.contains(message), "\(what): \(error)")
        #expect(!error.message.contains("evil"))
    }

    @Test func `a header without end is given up soon`() async throws {
        let (error, sent) = try await probe([
            .send("HTTP/1.1 200 OK\r\n"), .sendWithoutEnd(Array("X-More: \(String(repeating: "a", count: 1000))\r\n".utf8)),
        ])
        #expect(error?.code == .proxy && error?.message.contains("without end") == true)
        // What the network's buffers take counts as sent.
        #expect(sent < 64 << 20)
    }

    @Test func `silence and a cut are given up`() async throws {
        #expect(try await probe([], timeout: .milliseconds(200)).error?.message.contains("kept silent") == true)
        #expect(try await probe([.close]).error?.message.contains("ended") == true)
    }

    @Test func `a way on which nobody is is not open`() async throws {
        let gone = try await ScriptedServer(.none)
        await gone.stop()
        let proxy = try #require(ProxyAddress("127.0.0.1:\(gone.port)"))
        for path in [NetworkPath.direct, .proxy(proxy)] {
            await #expect(throws: HTTPSError.self) { try await path.probe(host: "127.0.0.1", port: gone.port, isTunnel: true) }
        }
    }

    @Test func `a proxy that changes its answer ends the request, and nothing else`() async throws {
        let test = try TestIdentity("localhost", "127.0.0.1")
        for answer in [
            "HTTP/1.1 407 x\r\n\r\n", "HTTP/1.1 302 x\r\nLocation: https://evil.example/\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.1 403 x\r\nContent-Length: 0\r\n\r\nHTTP/1.1 403 x\r\n\r\n", "HTTP/1.1 100 x\r\n\r\nHTTP/1.1 403 x\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        ] {
            let proxy = try await ScriptedServer(.none) { _, _ in [.send(answer), .close] }
            let address = try #require(ProxyAddress("127.0.0.1:\(proxy.port)"))
            let client = try HTTPSClient(roots: .pemFile(test.files.caCertificate), path: .proxy(address))
            await #expect(throws: HTTPSError.self) { _ = try await client.post("https://localhost:8531/", body: [1], limit: 100) }
            await client.shutdown()
            await proxy.stop()
        }
    }

    @Test(arguments: ["X-More: \(String(repeating: "a", count: 1000))\r\n", "HTTP/1.1 100 x\r\n\r\n", String(repeating: "a", count: 1000)])
    func `a proxy without end is given up by the client too`(bytes: String) async throws {
        let test = try TestIdentity("localhost", "127.0.0.1")
        let proxy = try await ScriptedServer(.none) { _, _ in [.send("HTTP/1.1 200 OK\r\n"), .sendWithoutEnd(Array(bytes.utf8))] }
        let address = try #require(ProxyAddress("127.0.0.1:\(proxy.port)"))
        var patience = HTTPSClient.Patience()
        patience.proxy = .milliseconds(500)
        let client = try HTTPSClient(roots: .pemFile(test.files.caCertificate), path: .proxy(address), patience: patience)
        await #expect(throws: HTTPSError.self) { _ = try await client.post("https://localhost:8531/", body: [1], limit: 100) }
        await client.shutdown()
        await proxy.stop()
    }
}

@Suite struct PinnedCertificatesTests {
    let test: TestIdentity
    let folder: TemporaryFolder

    init() throws {
        test = try TestIdentity("localhost", "127.0.0.1")
        folder = try TemporaryFolder()
    }

    private func ask(_ pins: PinnedCertificates?) async throws -> (error: HTTPSError?, requests: Int, connections: Int) {
        let server = try await ScriptedServer(.listener(try test.listener())) { _, _ in [.answer("200 OK", [], [1])] }
        let client = try HTTPSClient(roots: .pemFile(test.files.caCertificate), pins: pins)
        var failure: HTTPSError?
        do throws(HTTPSError) {
            _ = try await client.post("https://localhost:\(server.port)/", body: [1], limit: 10)
        } catch {
            failure = error
        }
        await client.shutdown()
        await server.stop()
        return (failure, server.requests.count, server.connections)
    }

    @Test func `the leaf itself passes, and its CA does not`() async throws {
        #expect(try await ask(try PinnedCertificates(path: test.certificateFile)).error == nil)
        let refused = try await ask(try PinnedCertificates(path: test.files.caCertificate))
        #expect(refused.error?.code == .notPinned)
        #expect(refused.requests == 0, "not a byte of the request was sent")
        #expect(refused.connections == 1, "and nothing was tried again")
    }

    @Test func `what is empty has no effect`() async throws {
        let empty = folder.file("empty.pem")
        try Data().write(to: URL(fileURLWithPath: empty))
        let pins = try PinnedCertificates(path: empty)
        #expect(pins.isEmpty)
        #expect(try await ask(pins).error == nil)
    }

    @Test func `a path that leads nowhere, or to files of other names, is a mistake and no empty store`() throws {
        #expect(#expect(throws: TrustError.self) { try PinnedCertificates(path: folder.file("absent")) }?.code == .missing)
        let pins = folder.file("pins")
        try FileManager.default.createDirectory(atPath: pins, withIntermediateDirectories: true)
        try Data("certutil".utf8).write(to: URL(fileURLWithPath: pins + "/certutil.txt"))
        #expect(#expect(throws: TrustError.self) { try PinnedCertificates(path: pins) }?.code == .malformed)
        try FileManager.default.copyItem(atPath: test.certificateFile, toPath: pins + "/current.CER")
        #expect(try PinnedCertificates(path: pins).fingerprints.count == 1, "what else an export holds is passed over")
    }

    @Test func `a folder holds what its files hold, in either form`() throws {
        let pins = folder.file("pins")
        try FileManager.default.createDirectory(atPath: pins, withIntermediateDirectories: true)
        #expect(try PinnedCertificates(path: pins).isEmpty)
        try FileManager.default.copyItem(atPath: test.certificateFile, toPath: pins + "/a.pem")
        try FileManager.default.copyItem(atPath: test.files.caCertificate, toPath: pins + "/b.pem")
        #expect(try PinnedCertificates(path: pins).fingerprints.count == 2)
    }

    @Test(arguments: ["no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "0\u{3}abc", "-----BEGIN CERTIFICATE-----"])
    func `what is no certificate is an error, and no empty store`(text: String) throws {
        let path = folder.file("odd")
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        #expect(throws: TrustError.self) { try PinnedCertificates(path: path) }
    }

    @Test(arguments: [(PinnedCertificates.fileLimit, TrustError.Code.malformed), (PinnedCertificates.fileLimit + 1, .malformed)])
    func `a file beyond the limit is not read`(size: Int, code: TrustError.Code) throws {
        let path = folder.file("large")
        try Data(repeating: 0x20, count: size).write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: TrustError.self) { try PinnedCertificates(path: path) }
        #expect(error?.code == code)
        #expect(error?.message.contains("PEM") == (size <= PinnedCertificates.fileLimit))
    }
}

struct SystemRootsTests {
    @Test(.enabled(if: TrustRoots.systemFile != nil, "this system has no file of trusted CAs where one is looked for"))
    func `the system's CAs can be used, and ours is none of them`() async throws {
        let test = try TestIdentity("localhost", "127.0.0.1")
        let server = try await ScriptedServer(.listener(try test.listener())) { _, _ in [.answer("200 OK", [], [1])] }
        for (roots, isTrusted) in [(TrustRoots.system, false), (.pemFiles([TrustRoots.systemFile ?? "", test.files.caCertificate]), true)] {
            let client = try HTTPSClient(roots: roots)
            var failure: HTTPSError?
            do throws(HTTPSError) {
                _ = try await client.post("https://localhost:\(server.port)/", body: [1], limit: 10)
            } catch {
                failure = error
            }
            #expect((failure == nil) == isTrusted, "\(failure?.message ?? "")")
            #expect(isTrusted || failure?.code == .untrusted)
            await client.shutdown()
        }
        await server.stop()
    }
}
