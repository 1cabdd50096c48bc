import Logging
import Storage
public import Updates

/// Who still comes over plain HTTP, and by which version of TLS devices come: how far a move to TLS is.
public struct InsecureReport: Codable, Sendable {
    /// Who came after this.
    public let since: Timestamp
    /// Different source addresses of ``callers``.
    public let addresses: Int
    /// Newest first.
    public let callers: [Caller]
    /// Registered devices by the version they came with last.
    public let devices: [Version]

    public struct Caller: Codable, Sendable {
        public let address: String
        /// What the request says of itself: claims, made safe to show.
        public let agent: String
        public let proxies: ProxyClaims
        public let path: String
        public let first: Timestamp
        public let last: Timestamp
        public let count: Int
        /// Names of devices that came over TLS from the same address last: a hint, since several devices may share one.
        public let devicesOfAddress: [String]
    }

    public struct Version: Codable, Sendable {
        /// `TLS 1.3`, `TLS 1.2`, or `not seen` for devices that did not come since this is recorded.
        public let version: String
        public let devices: Int
    }
}

/// How a device came last over TLS; of its claims nothing is vouched for.
public struct TransportSummary: Codable, Sendable {
    public let version: String
    public let cipherSuite: String
    /// The server name it asked for.
    public let serverName: String?
    public let address: String
    public let agent: String
    public let proxies: ProxyClaims
    public let time: Timestamp

    init(_ seen: SeenTransport) {
        let transport = seen.transport
        version = transport.tls.versionName
        cipherSuite = transport.tls.cipherSuiteName
        serverName = transport.tls.serverName
        address = transport.address
        agent = transport.agent
        proxies = transport.proxies
        time = seen.time
    }
}

extension UpdateEngine {
    /// Names of devices told for one address.
    private static let namesOfAddress = 5

    /// Notes that someone came over plain HTTP; nothing is waited for.
    public func note(_ caller: PlainCaller) {
        switch plainCallers.note(caller, at: clock()) {
        case .first: Task { [arrivals] in await arrivals.noteSightings(isUrgent: false) }
        case .many: Task { [arrivals] in await arrivals.noteSightings(isUrgent: true) }
        case .noted: break
        case .leftOut:
            bounded.record(
                "plain callers", level: .warning, "someone who came by HTTP is not recorded: too many different ones came at once",
                metadata: ["peer": "\(caller.address)"], lines: 1)
        }
    }

    /// - Parameter days: how far back who came by HTTP is told.
    public func insecure(days: Int) async throws -> InsecureReport {
        await arrivals.writeSightings()
        let since = clock().adding(seconds: -Int64(max(0, days)) * 86_400)
        let visits = try await store.plainVisits(since: since)
        let devices = try await store.devices().filter { $0.facts != nil }
        let transports = try await store.deviceTransports()
        var names: [String: [String]] = [:]
        var versions: [String: Int] = [:]
        for device in devices {
            guard let transport = transports[device.id]?.transport else {
                versions["not seen", default: 0] += 1
                continue
            }
            versions[transport.tls.versionName, default: 0] += 1
            if names[transport.address, default: []].count < Self.namesOfAddress {
                names[transport.address, default: []].append(device.facts?.dnsName ?? device.id.text)
            }
        }
        return InsecureReport(
            since: since, addresses: Set(visits.map(\.caller.address)).count,
            callers: visits.map {
                .init(
                    address: $0.caller.address, agent: $0.caller.agent, proxies: $0.caller.proxies, path: $0.caller.path, first: $0.first,
                    last: $0.last, count: $0.count, devicesOfAddress: names[$0.caller.address] ?? [])
            },
            devices: versions.map { .init(version: $0.key, devices: $0.value) }.sorted { $0.version > $1.version })
    }
}
