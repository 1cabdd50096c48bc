import NIOCore
import NIOSSL
import Testing
import TrustedTransport

@Suite(.enabled(if: OpenSSL.isInstalled, Comment(rawValue: OpenSSL.absence))) struct ListenerTLSTests {
    /// Runs `openssl s_client` against a listener with the arguments, sends one request, and reads to the end.
    func connect(_ arguments: [String], test: TestIdentity, port: Int, request: Bool = true) throws -> OpenSSL.Outcome {
        try OpenSSL.run(
            "s_client", "-connect", "127.0.0.1:\(port)", "-CAfile", test.files.caCertificate, "-no-CApath", "-verify_return_error",
            arguments: arguments, input: request ? "GET / HTTP/1.1\r\nHost: x\r\n\r\n" : "")
    }

    func listen(_ test: TestIdentity) async throws -> ScriptedServer {
        let listener = try test.listener()
        return try await ScriptedServer(.listener(listener)) { _, _ in
            [.answer("200 OK", ["Connection: close"], Array("hello".utf8)), .close]
        }
    }

    @Test(arguments: [
        ("ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"),
        ("ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"),
        ("ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"),
        ("AES128-SHA:ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-ECDSA-CHACHA20-POLY1305"),
    ])
    func `with TLS before 3 the server's order counts, not the client's`(row: (offered: String, chosen: String)) async throws {
        let test = try TestIdentity("localhost", "127.0.0.1")
        let server = try await listen(test)
        let text = try connect(["-tls1_2", "-cipher", row.offered, "-ign_eof"], test: test, port: server.port).text
        #expect(text.contains("TLSv1.2, Cipher is \(row.chosen)"), "\(text)")
        #expect(text.contains("hello"))
        await server.stop()
    }

    @Test(arguments: [
        (["-tls1_3", "-ciphersuites", "TLS_AES_128_GCM_SHA256"], "TLSv1.3, Cipher is TLS_AES_128_GCM_SHA256"),
        (["-tls1_3", "-ciphersuites", "TLS_AES_256_GCM_SHA384"], "TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384"),
        (["-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"], "TLSv1.3, Cipher is TLS_CHACHA20_POLY1305_SHA256"),
        (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"], "TLSv1.2, Cipher is ECDHE-ECDSA-AES128-GCM-SHA256"),
        (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384"], "TLSv1.2, Cipher is ECDHE-ECDSA-AES256-GCM-SHA384"),
        (["-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"], "TLSv1.2, Cipher is ECDHE-ECDSA-CHACHA20-POLY1305"),
    ])
    func `every suite with forward secrecy and AEAD is spoken, and no client certificate asked for`(
        row: (arguments: [String], expected: String)
    ) async throws {
        let test = try TestIdentity("localhost", "127.0.0.1")
        let server = try await listen(test)
        let text = try connect(row.arguments + ["-verify_ip", "127.0.0.1", "-ign_eof"], test: test, port: server.port).text
        #expect(text.contains(row.expected), "\(text)")
        #expect(text.contains("Verify return code: 0 (ok)"))
        #expect(text.contains("No client certificate CA names sent"))
        #expect(!text.contains("Client Certificate Types"))
        #expect(text.contains("hello"))
        await server.stop()
    }

    @Test(arguments: [
        ["-tls1", "-cipher", "ALL:@SECLEVEL=0"], ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"],
        ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"], ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA384:@SECLEVEL=0"],
        ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-CCM"], ["-tls1_2", "-cipher", "AES128-GCM-SHA256:AES256-SHA:@SECLEVEL=0"],
        ["-tls1_2", "-cipher", "ADH-AES128-GCM-SHA256:AECDH-AES128-SHA:@SECLEVEL=0"],
    ])
    func `older versions and weaker suites are not spoken`(arguments: [String]) async throws {
        let test = try TestIdentity("localhost", "127.0.0.1")
        let server = try await listen(test)
        let outcome = try connect(arguments, test: test, port: server.port)
        #expect(outcome.status != 0)
        #expect(outcome.text.contains("alert protocol version") || outcome.text.contains("alert handshake failure"), "\(outcome.text)")
        #expect(server.requests.isEmpty)
        await server.stop()
    }

    @Test func `HTTP/1.1 is what is spoken`() async throws {
        let test = try TestIdentity("localhost", "127.0.0.1")
        let server = try await listen(test)
        let chosen = try connect(["-alpn", "h2,http/1.1"], test: test, port: server.port, request: false).text
        #expect(chosen.contains("ALPN protocol: http/1.1"), "\(chosen)")
        let none = try connect(["-alpn", "h2"], test: test, port: server.port, request: false).text
        #expect(none.contains("No ALPN negotiated"), "\(none)")
        await server.stop()
    }

    @Test func `a client that starts to renegotiate gets no second handshake`() async throws {
        let test = try TestIdentity("localhost", "127.0.0.1")
        let listener = try test.listener()
        let server = try await ScriptedServer(.listener(listener))
        let outcome = try OpenSSL.run(
            "s_client", "-connect", "127.0.0.1:\(server.port)", "-CAfile", test.files.caCertificate, "-tls1_2", arguments: [], input: "R\n")
        #expect(outcome.text.contains("RENEGOTIATING"))
        #expect(outcome.text.contains("unexpected eof") || outcome.text.contains("alert"), "\(outcome.text)")
        #expect(outcome.status != 0)
        await server.stop()
    }

    @Test(arguments: ["-tls1_2", "-tls1_3"])
    func `a session is resumed by its ticket`(version: String) async throws {
        let test = try TestIdentity("localhost", "127.0.0.1")
        let server = try await listen(test)
        let session = test.folder.file("session")
        let first = try connect([version, "-ign_eof", "-sess_out", session], test: test, port: server.port).text
        #expect(first.contains("New, TLS"), "\(first)")
        let second = try connect([version, "-ign_eof", "-sess_in", session], test: test, port: server.port).text
        #expect(second.contains("Reused, TLS"), "\(second)")
        await server.stop()
    }

    @Test func `a replaced certificate is shown from the next connection on`() async throws {
        let old = try TestIdentity("localhost", "127.0.0.1")
        let new = try TestIdentity("localhost", "127.0.0.1")
        let listener = try old.listener()
        let server = try await ScriptedServer(.listener(listener)) { _, _ in [.answer("200 OK")] }
        let oldClient = try HTTPSClient(roots: .pemFile(old.files.caCertificate))
        let newClient = try HTTPSClient(roots: .pemFile(new.files.caCertificate))
        let url = "https://localhost:\(server.port)/"
        #expect(try await oldClient.post(url, body: [], limit: 10).status == 200)
        try listener.replace(with: new.identity)
        // The connection that stands goes on.
        #expect(try await oldClient.post(url, body: [], limit: 10).status == 200)
        #expect(try await newClient.post(url, body: [], limit: 10).status == 200)
        #expect(server.connections == 2)
        await oldClient.shutdown()
        await newClient.shutdown()
        await server.stop()
    }
}
