import Dispatch
import Foundation
import TrustedTransport
import UpdateProtocols
package import Updates

/// One simulated device: it lives in a state folder and scans one server.
///
/// It installs nothing: what is installed is said by the scan's ``EvaluationRule``. One object, one process and one scan at a time own a state
/// folder. Call ``shutdown()`` before letting go of it.
public actor UpdateAgent {
    private let server: ServerAddress
    /// Nothing where nothing is written: over plain HTTP.
    private let folder: StateFolder?
    private let transport: any AgentTransport
    private let clock: @Sendable () -> Timestamp
    private let sleep: @Sendable (_ seconds: Int64) async throws -> Void
    private let makeID: @Sendable () -> UpdateID
    private var isScanning = false

    /// A device that lives in `stateFolder`, which is made (0700) if absent and is locked as long as this object lives.
    ///
    /// - Parameters:
    ///   - server: `https://HOST[:PORT]`.
    ///   - network: how the server is reached, and which certificates it may show.
    public init(server: String, network: AgentNetwork, stateFolder: String) throws(AgentError) {
        let address = try ServerAddress(server)
        // First, since a client that was made must be shut down.
        let folder = try StateFolder(stateFolder)
        self.init(server: address, folder: folder, transport: try HTTPSTransport(server: address, network: network))
    }

    /// As ``init(server:network:stateFolder:)``, with the certificates of one file in PEM form and no others, and no proxy.
    public init(server: String, caFile: String, stateFolder: String) throws(AgentError) {
        var network = AgentNetwork()
        network.roots = .pemFile(caFile)
        try self.init(server: server, network: network, stateFolder: stateFolder)
    }

    /// A new device for a laboratory, each time: it asks over plain HTTP too, believes whoever answers, and writes nothing to any disk, neither
    /// its state nor a download.
    ///
    /// - Parameter plainServer: `http://HOST[:PORT]`.
    public init(plainServer: String, network: AgentNetwork) throws(AgentError) {
        let address = try ServerAddress(plainServer, allowsPlainHTTP: true)
        guard address.isPlain else { throw AgentError(.badServerAddress, "\(address) is no http address") }
        self.init(server: address, folder: nil, transport: try HTTPSTransport(server: address, network: network))
    }

    package init(
        server: ServerAddress, folder: StateFolder?, transport: any AgentTransport,
        clock: @escaping @Sendable () -> Timestamp = { Timestamp(millisecondsSince1970: Int64(Date().timeIntervalSince1970 * 1000)) },
        sleep: @escaping @Sendable (_ seconds: Int64) async throws -> Void = { try await Task.sleep(for: .seconds($0)) },
        makeID: @escaping @Sendable () -> UpdateID = UpdateAgent.randomID
    ) {
        self.server = server
        self.transport = transport
        self.clock = clock
        self.sleep = sleep
        self.makeID = makeID
        self.folder = folder
    }

    /// Scans, and downloads and reports if the options say so.
    ///
    /// - Parameter progress: called from any thread, never after this returned.
    /// - Returns: what was found and done; see ``ScanResult/isComplete`` for what was not.
    /// - Throws: ``AgentError``; `CancellationError` where the task was cancelled. Either way what the server sent so far is kept.
    public func scan(_ options: ScanOptions, progress: @escaping @Sendable (ScanProgress) -> Void = { _ in }) async throws -> ScanResult {
        guard !isScanning else { throw AgentError(.stateInUse, "this device is scanning") }
        guard folder != nil || options.downloadFolder == nil else {
            throw AgentError(.downloadFolderNotWritable, "nothing that comes over plain HTTP is written to disk")
        }
        isScanning = true
        defer { isScanning = false }
        var machine = DeviceSessionMachine(
            state: try loadState(), server: server, options: options, at: clock(), makeID: makeID)
        var action = machine.start(at: clock())
        while true {
            if let state = machine.takeStateToSave() { try folder?.save(state) }
            if Task.isCancelled {
                try folder?.save(machine.state)
                throw CancellationError()
            }
            switch action {
            case .send(let request):
                progress(.asking(request.operation, trips: machine.result.trips, known: machine.state.updates.count))
                do throws(TransportFailure) {
                    let response = try await transport.post(
                        url: server.description + request.path, headers: request.headers, body: request.body)
                    action = machine.received(response, at: clock())
                } catch {
                    action = machine.connectionFailed("\(server): \(error.message)", mayPass: error.mayPass, at: clock())
                }
            case .wait(let seconds):
                progress(.waiting(seconds: seconds))
                // A cancelled sleep ends early; the loop sees why.
                try? await sleep(seconds)
                action = machine.waited(at: clock())
            case .download(let plan):
                let files = Set(plan.flatMap(\.files))
                progress(.downloading(files: files.count, bytes: files.reduce(0) { $0 &+ $1.size }))
                let downloads = ContentDownloads(
                    folder: options.downloadFolder ?? ".", transport: transport, trust: options.trust, now: clock(), progress: progress)
                let outcomes = try await downloads.run(plan)
                let members = await withCheckedContinuation { continuation in
                    DispatchQueue.global(qos: .utility).async { continuation.resume(returning: ContentDownloads.members(outcomes)) }
                }
                action = machine.downloaded(outcomes, members: members, at: clock())
            case .done:
                var result = machine.result
                result.way = await transport.wayTaken
                return result
            case .failed(let error): throw error
            }
        }
    }

    /// Closes the connections. The state folder is free once this object is gone.
    public func shutdown() async {
        await transport.shutdown()
    }

    private func loadState() throws(AgentError) -> DeviceState {
        if let state = try folder?.load() { return state }
        guard let id = DeviceID(makeID().description) else { throw AgentError(.stateUnreadable, "no id for a new device") }
        let state = DeviceState(clientID: id, server: server)
        try folder?.save(state)
        return state
    }

    /// A GUID of random bits (version 4).
    package static func randomID() -> UpdateID {
        let high = UInt64.random(in: .min ... .max)
        let low = UInt64.random(in: .min ... .max)
        return UpdateID(high: high & ~0xf000 | 0x4000, low: low & ~(3 << 62) | 2 << 62)
    }
}
