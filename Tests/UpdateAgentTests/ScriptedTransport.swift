import Foundation
import Synchronization
import TrustedTransport
import UpdateProtocols
import Updates

@testable import UpdateAgent

/// A server of tests: files by URL, and SOAP answers by a closure. It keeps to what ``AgentTransport`` says of `.part` files.
final class ScriptedTransport: AgentTransport {
    enum File: Sendable {
        case whole([UInt8])
        /// The connection breaks after this many bytes, once; the second attempt gets the rest.
        case broken([UInt8], after: Int)
        case refused
    }

    private struct State {
        var files: [String: File] = [:]
        var fetched: [String] = []
        var bytes = 0
        var active = 0
        var mostActive = 0
        var posts: [DeviceOperation] = []
        var isShutDown = false
    }

    private let state = Mutex(State())
    private let answer: @Sendable (DeviceOperation, SOAPRequestReader, Int) throws -> AgentResponse

    init(
        files: [String: File] = [:],
        answer: @escaping @Sendable (DeviceOperation, SOAPRequestReader, Int) throws -> AgentResponse = { _, _, _ in
            AgentResponse(status: 404, body: [])
        }
    ) {
        self.answer = answer
        state.withLock { $0.files = files }
    }

    var fetched: [String] { state.withLock { $0.fetched } }
    var bytesSent: Int { state.withLock { $0.bytes } }
    var mostActive: Int { state.withLock { $0.mostActive } }
    var posts: [DeviceOperation] { state.withLock { $0.posts } }
    var isShutDown: Bool { state.withLock { $0.isShutDown } }

    func serve(_ file: File, at url: String) {
        state.withLock { $0.files[url] = file }
    }

    func post(url: String, headers: [(name: String, value: String)], body: [UInt8]) async throws(TransportFailure) -> AgentResponse {
        var reader = SOAPRequestReader(body)
        do {
            let operation = try reader.operation()
            let number = state.withLock {
                $0.posts.append(operation)
                return $0.posts.count
            }
            return try answer(operation, reader, number)
        } catch {
            throw TransportFailure("\(error)", mayPass: false)
        }
    }

    func download(url: String, to path: String, size: Int64, progress: @escaping @Sendable (Int64) -> Void) async throws(FileFailure) {
        let file = state.withLock {
            $0.fetched.append(url)
            $0.active += 1
            $0.mostActive = max($0.mostActive, $0.active)
            return $0.files[url]
        }
        defer { state.withLock { $0.active -= 1 } }
        // Others get their turn, so that what runs at once shows.
        for _ in 0..<20 { await Task.yield() }
        let part = URL(filePath: path + ".part")
        let held = (try? Data(contentsOf: part)) ?? Data()
        do {
            switch file {
            case .whole(let bytes):
                let rest = bytes.dropFirst(held.count)
                state.withLock { $0.bytes += rest.count }
                try (held + rest).write(to: part)
                try FileManager.default.moveItem(at: part, to: URL(filePath: path))
                progress(size)
            case .broken(let bytes, let count):
                state.withLock {
                    $0.bytes += count
                    $0.files[url] = .whole(bytes)
                }
                try Data(bytes.prefix(count)).write(to: part)
                throw FileFailure(.fetch, "the connection broke")
            case .refused, nil: throw FileFailure(.fetch, "the server answered with status 404")
            }
        } catch {
            throw error as? FileFailure ?? FileFailure(.storage, "\(error)")
        }
    }

    func shutdown() async {
        state.withLock { $0.isShutDown = true }
    }
}
