public import Logging
import NIOCore
import NIOHTTP1
public import TrustedTransport
public import UpdateEngine

/// The device services without a socket: what the listener does between a request's last byte read and its answer's first written.
///
/// For benchmarks. What the listener leaves to its threads is done by the caller's.
@_spi(Benchmarks) public struct DeviceServices: Sendable {
    private let endpoint: DeviceEndpoint
    /// Of an answer, given to TLS at a time. Finding the limits reads files: once.
    private let piece = DeviceLimits().piece

    public init(engine: any DeviceOperations, names: [ServerName], port: Int, log: Logger) {
        endpoint = DeviceEndpoint(operations: engine, address: PublicAddress(names: names, port: port), log: BoundedLog(log))
    }

    /// Answers a POST and hands the body to `take`, in the pieces that TLS would be given. Returns the HTTP status.
    public func answer(
        to path: String, headers: [(name: String, value: String)], body: [UInt8], take: (UnsafeRawBufferPointer) throws -> Void
    ) async throws -> Int {
        let request = HTTPRequest(
            method: .POST, target: path, headers: HTTPHeaders(headers.map { ($0.name, $0.value) }), body: ByteBuffer(bytes: body), peer: "127.0.0.1")
        guard var outcome = endpoint.answer(request, path: path) else { return 404 }
        while true {
            let answer: HTTPAnswer
            switch outcome {
            case .ready(let ready): answer = ready
            case .pending(let wait): answer = await wait()
            case .work(let work):
                outcome = work()
                continue
            case .costly(_, let work): answer = work()
            }
            switch answer.body {
            case .bytes(let bytes): try bytes.withUnsafeBytes(take)
            case .pieces(let body):
                var reader = BodyReader(body)
                while reader.count > 0 {
                    var buffer = ByteBuffer()
                    try reader.read(into: &buffer, atMost: piece)
                    try buffer.withUnsafeReadableBytes(take)
                }
            case .file, .length, .none: break
            }
            return Int(answer.status.code)
        }
    }
}
