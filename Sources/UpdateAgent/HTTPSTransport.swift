import TrustedTransport

/// A device's calls and downloads over TLS, trusting one certificate file.
package struct HTTPSTransport: AgentTransport {
    private let client: HTTPSClient

    /// - Throws: ``AgentError/Code/badCertificateFile``
    package init(caFile: String) throws(AgentError) {
        do {
            client = try HTTPSClient(roots: .pemFile(caFile))
        } catch {
            throw AgentError(.badCertificateFile, "\(error)")
        }
    }

    package func post(
        url: String, headers: [(name: String, value: String)], body: [UInt8]
    ) async throws(TransportFailure) -> AgentResponse {
        do {
            let answer = try await client.post(url, headers: headers, body: body, limit: AgentResponse.longestBody)
            return AgentResponse(
                status: answer.status, contentEncoding: answer.header("Content-Encoding"),
                // A date instead of seconds counts as nothing said: the own wait stands.
                retryAfter: answer.header("Retry-After").flatMap { Int64($0) }.map { max($0, 0) }, body: answer.body)
        } catch {
            throw TransportFailure(error.message, mayPass: error.isTransient)
        }
    }

    package func download(
        url: String, to path: String, size: Int64, progress: @escaping @Sendable (Int64) -> Void
    ) async throws(FileFailure) {
        do {
            try await client.download(url, to: path, size: size, progress: progress)
        } catch {
            throw FileFailure(error.code == .file ? .storage : .fetch, error.message)
        }
    }

    package func shutdown() async {
        await client.shutdown()
    }
}
