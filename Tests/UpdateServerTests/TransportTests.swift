import NIOSSL
import Testing
import TrustedTransport
import UpdateProtocols
import UpdateServer
import Updates

/// How a device came, as the listener tells it with each request.
struct TransportTests {
    private static let scan = SyncUpdates.encodeRequest(.init(), cookie: ScriptedOperations.cookie)

    @Test(arguments: [(TLSVersion.tlsv12, UInt16(0x0303)), (.tlsv13, 0x0304)])
    func `version, suite and name are those of the handshake`(version: TLSVersion, number: UInt16) async throws {
        try await LoopbackServer.run { server in
            var configuration = TLSConfiguration.makeClientConfiguration()
            // Whom it talks to is another test's matter.
            configuration.certificateVerification = .none
            configuration.minimumTLSVersion = version
            configuration.maximumTLSVersion = version
            let tls = try NIOSSLContext(configuration: configuration)
            for _ in 0..<2 {
                try await TLSConnection.open(port: server.listener.port, tls: tls) { connection in
                    for _ in 0..<2 {
                        let headers = ["User-Agent: Agent/1", "Via: 1.1 a", "Via: 1.1 b"]
                        _ = try await connection.post("/ClientWebService/client.asmx", Self.scan, headers)
                    }
                }
            }
            let transports = server.operations.transports
            #expect(transports.count == 4)
            let first = try #require(transports.first ?? nil)
            #expect(transports.allSatisfy { $0 == first })
            #expect(first.tls.version == number && first.tls.serverName == "localhost")
            #expect(first.tls.cipherSuiteName.hasPrefix(number == 0x0303 ? "TLS_ECDHE_ECDSA_WITH_" : "TLS_AES_"))
            #expect(first.address == "127.0.0.1" && first.agent == "Agent/1" && first.proxies == ProxyClaims(via: "1.1 a, 1.1 b"))
        }
    }
}
