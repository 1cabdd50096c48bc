import ScanPolicy
import TrustedTransport

/// A device's calls and downloads, by the first way to its server that is open.
///
/// The way is chosen once, before the first request: whether a way is open is found out without a word to the server, and a server that then
/// cannot be trusted is no reason to try another way.
package actor HTTPSTransport: AgentTransport {
    private let server: ServerAddress
    private let network: AgentNetwork
    private var chosen: (way: AgentNetwork.Way, client: HTTPSClient)?
    private var choosing: Task<(AgentNetwork.Way, HTTPSClient), any Error>?

    /// - Throws: ``AgentError/Code/badCertificateFile``
    package init(server: ServerAddress, network: AgentNetwork) throws(AgentError) {
        self.server = server
        self.network = network
        // Read once already now: a file that cannot be used is no fault of the network.
        for way in network.ways(to: server) {
            do {
                _ = try HTTPSClient(
                    roots: network.roots(on: way, to: server), path: way.network, pins: network.pins(for: server), allowsPlainHTTP: server.isPlain)
            } catch {
                throw AgentError(.badCertificateFile, "\(error)")
            }
        }
    }

    package var wayTaken: String? {
        chosen.map { chosen in
            switch chosen.way.network {
            case .direct: "\(chosen.way.path.rawValue)"
            case .proxy(let proxy): "\(chosen.way.path.rawValue) proxy \(proxy)"
            }
        }
    }

    private func client() async throws(TransportFailure) -> HTTPSClient {
        if let chosen { return chosen.client }
        let task = choosing ?? Task { [server, network] in try await Self.choose(server, network) }
        choosing = task
        do {
            let found = try await task.value
            choosing = nil
            chosen = found
            return found.1
        } catch let error as TransportFailure {
            choosing = nil
            throw error
        } catch {
            choosing = nil
            throw TransportFailure("\(error)", mayPass: false)
        }
    }

    /// The first way that is open. Only that a way is not open leads on to the next (docs/adr/0023).
    private static func choose(_ server: ServerAddress, _ network: AgentNetwork) async throws -> (AgentNetwork.Way, HTTPSClient) {
        var failures: [String] = []
        for way in network.ways(to: server) {
            do throws(HTTPSError) {
                try await way.network.probe(host: server.host, port: server.port, isTunnel: !server.isPlain)
            } catch {
                guard error.code != .cancelled else { throw CancellationError() }
                failures.append(way.path == .direct ? error.message : "\(way.path.rawValue) proxy: \(error.message)")
                continue
            }
            let client = try HTTPSClient(
                roots: network.roots(on: way, to: server), path: way.network, pins: network.pins(for: server), allowsPlainHTTP: server.isPlain)
            return (way, client)
        }
        throw TransportFailure(failures.joined(separator: "; "), mayPass: true)
    }

    package func post(
        url: String, headers: [(name: String, value: String)], body: [UInt8]
    ) async throws(TransportFailure) -> AgentResponse {
        let client = try await client()
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
        let client: HTTPSClient
        do { client = try await self.client() } catch { throw FileFailure(.fetch, error.message) }
        do {
            try await client.download(url, to: path, size: size, progress: progress)
        } catch {
            throw FileFailure(error.code == .file ? .storage : .fetch, error.message)
        }
    }

    package func shutdown() async {
        await chosen?.client.shutdown()
    }
}
