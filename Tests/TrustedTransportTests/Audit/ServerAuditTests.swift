import Foundation
import NIOSSL
import ScanPolicy
import Testing
import Updates

@testable import TrustedTransport

/// A server of the tests that answers as one of updates, seen from outside.
@Suite struct ServerAuditTests {
    /// What our own server answers, in a few words.
    static let own: @Sendable (ScriptedServer.Request, Int) -> [ScriptedServer.Step] = { request, _ in
        let path = request.path.lowercased()
        if request.method == "POST" { return [.answer("200 OK", [], Array("<GetConfigResponse/>".utf8)), .close] }
        return [.answer(["/simpleauthw", "/clientwebse", "/reportingwe"].contains(String(path.prefix(12))) ? "405 No" : "404 No"), .close]
    }

    private func report(
        https: ScriptedServer?, http: ScriptedServer? = nil, host: String = "localhost", ca: String?, now: Timestamp = TestIdentity.now,
        limits: ServerAudit.Limits = ServerAudit.Limits()
    ) async throws -> AuditReport {
        let target = try #require(AuditTarget(host, https: https.map { UInt16($0.port) }, http: http.map { UInt16($0.port) }))
        return AuditGrading.report(try await ServerAudit(target, caFile: ca, limits: limits, now: now).observe())
    }

    private func grade(_ report: AuditReport, _ subject: AuditSubject) -> AuditGrade? { report.findings.first { $0.id == subject }?.grade }

    @Test func `our own listener is without fault`() async throws {
        let identity = try TestIdentity("localhost")
        let server = try await ScriptedServer(.listener(identity.listener()), script: Self.own)
        let report = try await report(https: server, ca: identity.files.caCertificate)
        #expect(report.findings.filter { ![.good, .note].contains($0.grade) }.map(\.id) == [.httpPort])
        #expect(grade(report, .certificateTrust) == .good)
        #expect(grade(report, .tlsVersions) == .good)
        #expect(grade(report, .tlsSuites) == .good)
        #expect(
            report.versions.first { $0.version == "TLS 1.2" }?.suites.map(\.name).sorted() == [
                "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
            ])
        #expect(report.versions.first { $0.version == "TLS 1.3" }?.suites.count == 3)
        await server.stop()
    }

    @Test func `nothing but what reads is sent, and nothing secret`() async throws {
        let server = try await ScriptedServer(.none, script: Self.own)
        let seen = try await report(https: nil, http: server, ca: nil)
        #expect(grade(seen, .httpMetadata) == .dangerous)
        let sent = server.requests.map { "\($0.method) \($0.path)" }
        #expect(
            sent == [
                "GET /martlet-audit-asks-for-nothing", "GET /SimpleAuthWebService/SimpleAuth.asmx", "GET /ClientWebService/Client.asmx",
                "GET /ReportingWebService/ReportingWebService.asmx", "HEAD /Content/", "HEAD /SelfUpdate/wuident.cab",
                "GET /DssAuthWebService/DssAuthWebService.asmx", "GET /ServerSyncWebService/ServerSyncWebService.asmx",
                "GET /ApiRemoting30/WebService.asmx",
                "POST /ClientWebService/Client.asmx",
            ])
        #expect(server.requests.last?.headers["soapaction"] == "\"http://www.microsoft.com/SoftwareDistribution/Server/ClientWebService/GetConfig\"")
        #expect(server.requests.allSatisfy { $0.headers["authorization"] == nil && $0.headers["cookie"] == nil })
        await server.stop()
    }

    @Test func `a wrong name, an authority not given, dates near and past are seen`() async throws {
        let identity = try TestIdentity("wsus.example.test")
        let other = try TestIdentity("localhost")
        let server = try await ScriptedServer(.listener(identity.listener()), script: Self.own)
        let day: Int64 = 86_400_000
        func later(_ days: Int64) -> Timestamp { Timestamp(millisecondsSince1970: TestIdentity.now.millisecondsSince1970 + days * day) }
        // The resolver takes 127.1 for 127.0.0.1, which is always a name of ours; as a name it is none.
        let wrong = try await report(https: server, host: "127.1", ca: identity.files.caCertificate)
        #expect(grade(wrong, .certificateName) == .dangerous)
        #expect(wrong.predictions.allSatisfy { $0.errors == ["0x80072F8F"] })
        #expect(grade(try await report(https: server, ca: other.files.caCertificate), .certificateTrust) == .dangerous)
        #expect(grade(try await report(https: server, ca: nil), .certificateTrust) == .unknown)
        let near = try await report(https: server, ca: identity.files.caCertificate, now: later(390))
        #expect(grade(near, .certificateDates) == .weak)
        let past = try await report(https: server, ca: identity.files.caCertificate, now: later(398))
        #expect(grade(past, .certificateDates) == .dangerous)
        #expect(grade(past, .certificateTrust) == .good)
        // Years later the authority has ended too; who issued the certificate is as clear as before.
        let longPast = try await report(https: server, ca: identity.files.caCertificate, now: later(4_000))
        #expect(grade(longPast, .certificateTrust) == .good)
        await server.stop()
    }

    @Test(arguments: [true, false]) func `a server that wants client certificates is seen to`(_ isModern: Bool) async throws {
        let identity = try TestIdentity("localhost")
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(identity.certificateFile).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: identity.keyFile, format: .pem)))
        configuration.minimumTLSVersion = isModern ? .tlsv13 : .tlsv12
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(identity.files.caCertificate))
        configuration.certificateVerification = .noHostnameVerification
        let server = try await ScriptedServer(.context(try NIOSSLContext(configuration: configuration)), script: Self.own)
        let seen = try await report(https: server, ca: identity.files.caCertificate)
        #expect(grade(seen, .clientCertificates) == .dangerous, "\(seen.findings)")
        #expect(seen.predictions.allSatisfy { $0.errors == ["0x80072F0C"] || $0.errors.isEmpty })
        if isModern { #expect(grade(seen, .tlsVersions) == .weak && grade(seen, .certificateName) == .good) }
        await server.stop()
    }

    @Test func `endless headers, redirects and other protocols get a clear line`() async throws {
        let endless = try await ScriptedServer(.none) { _, _ in
            [.send("HTTP/1.1 200 OK\r\n"), .sendWithoutEnd(Array(String(repeating: "X-More: and more\r\n", count: 100).utf8))]
        }
        let headers = try await report(https: nil, http: endless, ca: nil)
        #expect(headers.findings.first { $0.id == .httpPort }?.seen.contains("headers of more than 16384 bytes") == true)
        await endless.stop()
        let moved = try await ScriptedServer(.none) { _, _ in [.answer("301 Moved", ["Location: https://elsewhere.example.test/"]), .close] }
        #expect(grade(try await report(https: nil, http: moved, ca: nil), .httpMetadata) == .weak)
        #expect(moved.connections > 0)
        await moved.stop()
        let other = try await ScriptedServer(.none) { _, _ in [.send("220 mail.example.test ESMTP\r\n"), .close] }
        #expect(
            try await report(https: nil, http: other, ca: nil).findings.first { $0.id == .httpPort }?.seen.contains("something else than HTTP")
                == true)
        await other.stop()
    }

    @Test func `a port that says nothing is left after two silences, and the rest is named`() async throws {
        let server = try await ScriptedServer(.none) { _, _ in [] }
        var limits = ServerAudit.Limits()
        limits.probe = 1
        let seen = try await report(https: nil, http: server, ca: nil, limits: limits)
        #expect(server.connections == 3)
        #expect(seen.notAsked.count == 7 && seen.notAsked.allSatisfy { $0.hasSuffix("the port had stopped answering") })
        #expect(!seen.isComplete)
        await server.stop()
    }

    @Test func `bytes and time are bounded in all`() async throws {
        let server = try await ScriptedServer(.none) { _, _ in [.answer("200 OK", [], Array(repeating: 65, count: 2_000)), .close] }
        var limits = ServerAudit.Limits()
        limits.bytes = 3_000
        #expect(
            try await report(https: nil, http: server, ca: nil, limits: limits).notAsked.contains { $0.hasSuffix("the server had sent too much") })
        limits = ServerAudit.Limits()
        limits.total = 0
        #expect(try await report(https: nil, http: server, ca: nil, limits: limits).notAsked.contains { $0.hasSuffix("time had run out") })
        await server.stop()
    }

    @Test func `a file of roots that is none is refused`() throws {
        let target = try #require(AuditTarget("localhost"))
        #expect(throws: TrustError.self) { try ServerAudit(target, caFile: "/nonexistent/ca.pem", now: TestIdentity.now) }
        let folder = try TemporaryFolder()
        let file = try folder.write("ca.pem", Array("no certificate".utf8))
        #expect(throws: TrustError.self) { try ServerAudit(target, caFile: file, now: TestIdentity.now) }
    }
}
