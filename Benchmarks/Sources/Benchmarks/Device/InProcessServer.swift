import Logging
import TrustedTransport
import UpdateEngine
import UpdateProtocols
@_spi(Benchmarks) import UpdateServer
import Updates

/// An engine over a home of its own, and the device services before it, without sockets.
struct InProcessServer: Sendable {
    let engine: UpdateEngine
    private let services: DeviceServices

    static let headers = [
        (name: "Host", value: "localhost"), (name: "Content-Type", value: "text/xml; charset=utf-8"), (name: "Accept-Encoding", value: "xpress"),
    ]

    static func open(_ home: Home) async throws -> InProcessServer {
        let engine = try await UpdateEngine.open(home, log: .benchmarks)
        let names = try engine.loadIdentity().names
        return InProcessServer(engine: engine, services: DeviceServices(engine: engine, names: names, port: 8531, log: .benchmarks))
    }

    func close() async throws {
        try await engine.close()
    }

    /// Answers, and gives the body as it was before any coding.
    func clearAnswer(_ request: RecordedRequest) async throws -> (clear: [UInt8], wireBytes: Int) {
        var body: [UInt8] = []
        try await answer(request) { body.append(contentsOf: $0) }
        // A coded body starts with a length of less than 65,536 in four bytes; no text has a zero in it.
        guard body.count > 8, body[2] == 0, body[3] == 0 else { return (body, body.count) }
        return (try Xpress.decompress(body, limit: 1 << 30), body.count)
    }

    /// Answers, and hands the body on in the pieces that TLS would be given.
    func answer(_ request: RecordedRequest, take: (UnsafeRawBufferPointer) -> Void) async throws {
        let path = request.operation.service.path
        let status = try await services.answer(to: path, headers: Self.headers, body: request.body, take: take)
        guard status == 200 else { throw Child.Failure(description: "\(request.operation.name) was answered \(status)") }
    }
}

/// A request of a device, to be made again.
struct RecordedRequest: Sendable {
    let operation: DeviceOperation
    let body: [UInt8]
}
