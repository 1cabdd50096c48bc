/// The network as a device needs it. ``HTTPSTransport`` is the real one.
package protocol AgentTransport: Sendable {
    /// Posts a SOAP call. Redirects are not followed; the body of the answer is bounded.
    func post(url: String, headers: [(name: String, value: String)], body: [UInt8]) async throws(TransportFailure) -> AgentResponse

    /// Fetches a file, or the rest of it: bytes stand in `path.part` until all are there, then the file has its name. Nothing is verified.
    ///
    /// - Parameters:
    ///   - size: in bytes; not one more is taken.
    ///   - progress: called with the bytes held.
    func download(url: String, to path: String, size: Int64, progress: @escaping @Sendable (Int64) -> Void) async throws(FileFailure)

    func shutdown() async

    /// The way to the server that was taken; nothing before the first request.
    var wayTaken: String? { get async }
}

extension AgentTransport {
    package var wayTaken: String? { get async { nil } }
}

/// No answer came.
package struct TransportFailure: Error, Hashable, Sendable {
    /// For people; holds no secret.
    package let message: String
    /// False where trying again cannot help: no trust, a redirect.
    package let mayPass: Bool

    package init(_ message: String, mayPass: Bool) {
        self.message = message
        self.mayPass = mayPass
    }
}
