import Foundation
import Synchronization
import TestSupport
import Testing
import TrustedTransport
import UpdateProtocols
import Updates

@testable import UpdateAgent

/// The agent as a whole over a scripted server: state folder, clock, waits and files are real or injected.
@Suite struct UpdateAgentTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func agent(
        _ transport: ScriptedTransport, state: String = "state", waits: @escaping @Sendable (Int64) -> Void = { _ in }
    ) throws -> UpdateAgent {
        UpdateAgent(
            server: try ServerAddress(Dialogue.origin), folder: try StateFolder("\(folder.path)/\(state)"), transport: transport,
            clock: { Dialogue.start }, sleep: { waits($0) })
    }

    /// A server with one category and one approved update of one file; what a device holds it does not send again.
    private func server(_ content: [UInt8]) throws -> ScriptedTransport {
        let measured = try FileVerifier.read(path: try folder.write(content, to: "measured")) { _ in }
        let xml =
            "<File Digest=\"\(Base64Text.encode(measured.sha1.bytes))\" DigestAlgorithm=\"SHA1\" FileName=\"setup.cab\" Size=\"\(content.count)\">"
            + "<AdditionalDigest Algorithm=\"SHA256\">\(Base64Text.encode(measured.sha256.bytes))</AdditionalDigest></File>"
        let url = "\(Dialogue.origin)/Content/00/\(measured.sha1).cab"
        return ScriptedTransport(files: [url: .whole(content)]) { operation, reader, number in
            var reader = reader
            let body: [UInt8]
            switch operation {
            case .getConfig: body = Told.config()
            case .getAuthorizationCookie: body = Told.authorization
            case .getCookie: body = Told.cookie(1)
            case .registerComputer: body = Told.registered
            case .syncUpdates:
                let request = try SyncUpdates.decode(&reader) { _ in () }.1
                let held = Set((request.installedNonLeaf + request.otherCached).numbers)
                let all = [ToldUpdate.category(1)] + (request.installedNonLeaf.isEmpty ? [] : [ToldUpdate(id: 2)])
                body = Told.page(all.filter { !held.contains($0.id) }, cookie: UInt8(number))
            case .getExtendedUpdateInfo:
                let piece = GetExtendedUpdateInfo.Piece(id: RevisionID(rawValue: 2), kind: .extended)
                body = GetExtendedUpdateInfo.encodeResponse(
                    [piece], fileLocations: [FileLocation(digest: measured.sha1, url: url)], outOfScope: []
                ) { $1.appendEscaped("<ExtendedProperties /><Files>\(xml)</Files>") }
            case .reportEventBatch: body = Told.reported()
            default: return AgentResponse(status: 404, body: [])
            }
            return AgentResponse(status: 200, contentEncoding: "xpress", body: Xpress.compress(body))
        }
    }

    @Test func `a device scans, downloads and reports, and the next scan is a delta`() async throws {
        let content = Array("payload".utf8)
        let transport = try server(content)
        let options = ScanOptions(downloadFolder: folder.path + "/files", isReporting: true)
        let first = try await agent(transport).scan(options)
        #expect(
            transport.posts == [
                .getConfig, .getAuthorizationCookie, .getCookie, .registerComputer, .syncUpdates, .syncUpdates, .getExtendedUpdateInfo,
                .reportEventBatch, .reportEventBatch,
            ])
        #expect(first.isFullScan && first.isComplete && first.isReported == true)
        #expect(first.counts.new == 2)
        #expect(first.counts.filesDownloaded == 1)
        let path = try #require(first.updates.first?.files.first?.path)
        #expect(Array(try Data(contentsOf: URL(filePath: path))) == content)

        // A new process with the same state: nothing but what is needed.
        let second = try await agent(transport).scan(options)
        #expect(Array(transport.posts.dropFirst(9)) == [.syncUpdates, .getExtendedUpdateInfo, .reportEventBatch])
        #expect(!second.isFullScan)
        #expect(second.counts.new == 0)
        #expect(second.counts.filesPresent == 1)
        #expect(second.deviceID == first.deviceID)
        #expect(first.bytesReceived > 0 && first.bytesSent > 0)
        // It is what the command prints.
        #expect(try JSONDecoder().decode(ScanResult.self, from: JSONEncoder().encode(first)) == first)
    }

    @Test func `the waits a server asks for are kept`() async throws {
        let waits = Mutex<[Int64]>([])
        let transport = ScriptedTransport { _, _, number in
            number == 1 ? AgentResponse(status: 503, retryAfter: 17, body: []) : AgentResponse(status: 404, body: [])
        }
        await #expect(throws: AgentError.self) {
            try await agent(transport) { seconds in waits.withLock { $0.append(seconds) } }.scan(ScanOptions())
        }
        #expect(waits.withLock { $0 } == [17])
        #expect(transport.posts.count == 2)
    }

    @Test func `one device is one scan at a time, whoever asks`() async throws {
        let transport = try server([1])
        let first = try agent(transport)
        #expect(throws: AgentError.self) { try agent(transport) }
        _ = try await first.scan(ScanOptions())
        let other = try agent(transport, state: "other")
        _ = try await other.scan(ScanOptions())
    }

    @Test func `a cancelled scan stops and keeps what came`() async throws {
        let transport = try server([1])
        let agent = try agent(transport)
        let scan = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await agent.scan(ScanOptions())
        }
        await #expect(throws: CancellationError.self) { try await scan.value }
        #expect(transport.posts.isEmpty)
    }

    @Test func `a state that cannot be read stops the scan before the server is asked`() async throws {
        try folder.write(Array("{".utf8), to: "state/state.json")
        let transport = try server([1])
        await #expect(throws: AgentError.self) { try await agent(transport).scan(ScanOptions()) }
        #expect(transport.posts.isEmpty)
    }

    @Test func `two new devices have two ids`() async throws {
        let transport = try server([1])
        let one = try await agent(transport, state: "one").scan(ScanOptions())
        let two = try await agent(transport, state: "two").scan(ScanOptions())
        #expect(one.deviceID != two.deviceID)
        #expect(one.dnsName != two.dnsName)
    }

    @Test func `a random id is a GUID of version 4`() {
        for _ in 0..<100 {
            let text = Array(UpdateAgent.randomID().description)
            #expect(text[14] == "4")
            #expect("89ab".contains(text[19]))
        }
    }

    @Test(arguments: [
        ("an address without TLS", "http://updates.example:8530", AgentError.Code.badServerAddress),
        ("a certificate file that is none", Dialogue.origin, .badCertificateFile),
    ])
    func `what cannot work is said before anything is asked`(name: String, server: String, code: AgentError.Code) throws {
        let path = try folder.write(Array("no".utf8), to: "ca.pem")
        do {
            _ = try UpdateAgent(server: server, caFile: path, stateFolder: folder.path + "/state")
            Issue.record("it was taken")
        } catch {
            #expect(error.code == code)
        }
    }
}
