import NIOSSL
import TestSupport
import TrustedTransport
import UpdateServer

/// A listener on loopback with a certificate of its own.
struct LoopbackServer {
    let operations: ScriptedOperations
    let files: ScriptedFiles
    let log: LogRecorder
    let listener: DeviceListener
    let tls: NIOSSLContext
    private let identity: TestIdentity

    var authorityFile: String { identity.files.caCertificate }

    static func run<Result>(
        _ script: ScriptedOperations.Script = .init(), limits: DeviceLimits = DeviceLimits(), publicPort: Int? = nil, eventLoops: Int = 1,
        _ body: (LoopbackServer) async throws -> Result
    ) async throws -> Result {
        let server = try await LoopbackServer(script, limits, publicPort, eventLoops)
        do {
            let result = try await body(server)
            await server.listener.shutdown()
            return result
        } catch {
            await server.listener.shutdown()
            throw error
        }
    }

    private init(_ script: ScriptedOperations.Script, _ limits: DeviceLimits, _ publicPort: Int?, _ eventLoops: Int) async throws {
        operations = ScriptedOperations(script)
        files = try ScriptedFiles()
        log = LogRecorder()
        identity = try TestIdentity()
        tls = try identity.tls
        listener = try await DeviceListener.start(
            engine: operations, files: files, identity: identity.identity, address: "127.0.0.1", port: 0, publicPort: publicPort,
            eventLoops: eventLoops,
            limits: limits, log: log.logger)
    }

    func connect<Result>(_ body: (TLSConnection) async throws -> Result) async throws -> Result {
        try await TLSConnection.open(port: listener.port, tls: tls, body)
    }

    /// Without TLS.
    func connectInClear<Result>(_ body: (TLSConnection) async throws -> Result) async throws -> Result {
        try await TLSConnection.open(port: listener.port, tls: nil, body)
    }
}
