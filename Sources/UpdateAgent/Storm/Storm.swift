import Foundation
import NIOCore
import TrustedTransport
import UpdateProtocols
import Updates

/// Many simulated devices at once against one server: a load generator. Bounded in devices, time and traffic; it runs in a process of its own.
///
/// The requests are those of ``DeviceSessionMachine``, recorded from a real scan of each kind of device and repeated with ids and cookies of their own.
/// Of the answers only what the next request needs is read, so that one core drives a thousand devices a second.
public struct Storm: Sendable {
    /// What it is at.
    public enum Progress: Sendable {
        case recording(kind: String)
        case phase(String, rate: Double?)
    }

    private let options: StormOptions
    private let server: ServerAddress
    private let progress: @Sendable (Progress) -> Void

    /// - Throws: ``AgentError`` for an address or numbers that make no sense.
    public init(server: String, options: StormOptions, progress: @escaping @Sendable (Progress) -> Void = { _ in }) throws(AgentError) {
        self.server = try ServerAddress(server)
        self.options = options
        self.progress = progress
        func check<Value: Comparable>(_ option: String, _ value: Value?, _ range: ClosedRange<Value>) throws(AgentError) {
            guard let value, !range.contains(value) else { return }
            throw AgentError(.badStorm, "--\(option) must be from \(range.lowerBound) to \(range.upperBound), not \(value)")
        }
        try check("devices", options.devices, 1...Fleet.mostDevices)
        try check("duration", options.seconds, 1...3600)
        try check("kinds", options.kinds, 1...64)
        try check("source-addresses", options.sourceAddresses, 0...SourceAddresses.most)
        try check("verify", options.verifiedShare * 100, 0...100)
        try check("concurrency", options.concurrency, 1...20_000)
        try check("rate", options.rate, 0.1...100_000)
        try check("count", options.count, 1...1_000_000_000)
        try check("most-traffic", options.mostBytes / 1_000_000, 1...1_000_000_000)
        try check("abuse-connections", options.abuseConnections, 1...20_000)
        try check("abuse-addresses", options.abuseAddresses, 1...SourceAddresses.most)
        try check("retries", options.retries, 0...100)
        guard options.weights.values.contains(where: { $0 > 0 }) else { throw AgentError(.badStorm, "--mix: no task has a share") }
    }

    /// - Parameter caFile: the certificates in PEM form that the server's must come from; no others count.
    /// - Throws: ``AgentError`` where the storm could not begin; what devices met is in the report.
    public func run(caFile: String) async throws -> StormReport {
        let dialer: HTTPSDialer
        do {
            dialer = try HTTPSDialer(roots: .pemFile(caFile), host: server.host, port: server.port, threads: 2)
        } catch let error as TrustError {
            throw AgentError(.badCertificateFile, "\(error)")
        } catch {
            throw AgentError(.connectionFailed, "\(error)")
        }
        do {
            var network = AgentNetwork()
            network.roots = .pemFile(caFile)
            let transport = try HTTPSTransport(server: server, network: network)
            do {
                let report = try await run(dialer, transport)
                await transport.shutdown()
                await dialer.shutdown()
                return report
            } catch {
                await transport.shutdown()
                throw error
            }
        } catch {
            await dialer.shutdown()
            throw error
        }
    }

    private func run(_ dialer: HTTPSDialer, _ transport: HTTPSTransport) async throws -> StormReport {
        guard dialer.isLoopback || options.ownsServer else {
            throw AgentError(.badStorm, "\(server) is not on this machine; a storm of a server that is not yours is an attack (--i-own-this-server)")
        }
        var report = StormReport(server: server.description, startedAt: Self.now().text(.milliseconds))
        report.openFiles = OpenFiles.raiseLimit()
        let profiles = try await profiles(transport)
        report.kinds = profiles.map {
            .init(name: $0.name, installed: $0.installed.count, cached: $0.cached.count, pages: $0.pages.count, files: $0.files.count)
        }
        let sources = SourceAddresses(count: dialer.isLoopback && dialer.address.protocol == .inet ? options.sourceAddresses : 0)
        report.sourceAddresses = dialer.address.protocol == .inet && dialer.isLoopback ? options.sourceAddresses : 1
        let host = "\(server.host):\(server.port)"
        let site = StormSite(
            dialer: dialer, sources: sources, profiles: profiles, seed: options.seed ?? UInt64.random(in: .min ... .max), host: host)
        guard let templates = StormTemplates(host: host, profiles: profiles, lastChange: try await configuration(transport)) else {
            throw AgentError(.badStorm, "the requests could not be made")
        }
        let fleet = try options.fleetFile.map { try loadFleet($0) } ?? Fleet()
        let loop = dialer.loop(0)
        let bound: NIOLoopBound<StormLoop> = try await loop.submit {
            guard let storm = StormLoop(loop: loop, site: site, templates: templates, fleet: fleet) else {
                throw AgentError(.badStorm, "no task has a share")
            }
            return NIOLoopBound(storm, eventLoop: loop)
        }.get()
        var play = StormPlay(options: options, site: site, bound: bound, templates: templates, report: report, progress: progress)
        do {
            try await play.run()
            if let path = options.fleetFile { try await saveFleet(bound, to: path) }
        } catch {
            // Devices that were registered are not lost.
            if let path = options.fleetFile { try? await saveFleet(bound, to: path) }
            throw error
        }
        play.report.devices = try await loop.submit { bound.value.fleet.registered }.get()
        return play.report
    }

    private func profiles(_ transport: HTTPSTransport) async throws -> [DeviceProfile] {
        if let path = options.profileFile {
            guard let data = FileManager.default.contents(atPath: path), let file = try? JSONDecoder().decode(DeviceProfiles.self, from: data),
                file.format == DeviceProfile.currentFormat, (1...64).contains(file.profiles.count),
                file.profiles.allSatisfy({ $0.isUsable(at: server) })
            else { throw AgentError(.stateUnreadable, "\(path) holds no device profiles") }
            guard file.server == server.description else {
                throw AgentError(.stateUnreadable, "\(path) is of \(file.server): revision ids are a server's own")
            }
            return file.profiles
        }
        var profiles: [DeviceProfile] = []
        for number in 0..<options.kinds {
            let name = number == 0 ? "fresh" : "kind \(number)"
            progress(.recording(kind: name))
            let rule = number == 0 ? EvaluationRule.fresh : .sampled(UInt64(number))
            profiles.append(try await ProfileRecorder(server: server, transport: transport, rule: rule, name: name).record())
        }
        if let path = options.recordFile {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            do {
                try encoder.encode(DeviceProfiles(server: server.description, profiles: profiles)).write(to: URL(filePath: path), options: .atomic)
            } catch {
                throw AgentError(.stateNotWritable, "\(path) cannot be written: \(error.localizedDescription)")
            }
        }
        return profiles
    }

    /// The server's LastChange, which every GetCookie names.
    private func configuration(_ transport: HTTPSTransport) async throws -> Timestamp {
        let request = AgentRequest(
            operation: .getConfig, path: DeviceOperation.getConfig.service.path,
            body: GetConfig.encodeRequest(.init(protocolVersion: AgentVersion.clientProtocol)))
        do {
            let answer = try await transport.post(url: server.description + request.path, headers: request.headers, body: request.body)
            guard answer.status == 200 else { throw AgentError(.refused, "the server answers GetConfig with HTTP status \(answer.status)") }
            return try GetConfig.decodeResponse(answer.plainBody(of: .getConfig)).lastChange
        } catch let error as TransportFailure {
            throw AgentError(.connectionFailed, error.message)
        } catch let error as ResponseError {
            throw AgentError(.badAnswer, "\(error)")
        }
    }

    private func loadFleet(_ path: String) throws(AgentError) -> Fleet {
        guard let data = FileManager.default.contents(atPath: path) else {
            guard !FileManager.default.fileExists(atPath: path) else { throw AgentError(.stateUnreadable, "\(path) cannot be read") }
            return Fleet()
        }
        return try Fleet(text: Array(data), server: server.description)
    }

    /// For its owner only: cookies are as good as passwords for an hour.
    private func saveFleet(_ bound: NIOLoopBound<StormLoop>, to path: String) async throws {
        let server = server.description
        let text = try await bound.eventLoop.submit { bound.value.fleet.text(server: server) }.get()
        let draft = path + ".new"
        try? FileManager.default.removeItem(atPath: draft)
        guard FileManager.default.createFile(atPath: draft, contents: Data(text), attributes: [.posixPermissions: 0o600]), rename(draft, path) == 0
        else {
            throw AgentError(.stateNotWritable, "\(path) cannot be written")
        }
    }

    static func now() -> Timestamp { Timestamp(millisecondsSince1970: Int64(Date().timeIntervalSince1970 * 1000)) }
}
