import NIOCore
import NIOPosix
public import ScanPolicy
public import Updates

/// Looks at a server of updates from outside, and changes nothing on it: ClientHellos that lead to no session, GET, HEAD, and the two calls of
/// ``AuditRequest`` that read settings. One connection at a time; only the given host is contacted, by the one address found first.
public actor ServerAudit {
    /// What a look may cost.
    public struct Limits: Sendable {
        /// Seconds for one connection.
        public var probe = 5
        /// Seconds for all of it.
        public var total = 180
        /// Bytes from the server, in all.
        public var bytes = 8 * 1024 * 1024
        /// Suites that are found of one version.
        public var suites = 64

        public init() {}
    }

    let target: AuditTarget
    let limits: Limits
    let trust: ChainTrust
    let now: Timestamp
    private let started = ContinuousClock.now
    var observation: AuditObservation
    /// The chain that was seen, DER.
    var presented: [[UInt8]] = []
    /// By port, how many probes in a row had no answer.
    private var silences: [UInt16: Int] = [:]
    private var address: SocketAddress?

    /// - Parameters:
    ///   - caFile: the roots that devices trust, PEM; `nil`: those of this machine.
    ///   - now: certificates and the server's clock are judged by it.
    /// - Throws: ``TrustError`` where the roots cannot be read.
    public init(_ target: AuditTarget, caFile: String?, limits: Limits = Limits(), now: Timestamp) throws(TrustError) {
        self.target = target
        self.limits = limits
        self.now = now
        trust = try ChainTrust(caFile: caFile)
        let literal = try? SocketAddress(ipAddress: target.host, port: 0)
        observation = AuditObservation(
            host: literal?.ipAddress ?? target.host, isAddress: literal != nil, asOf: Int(now.millisecondsSince1970 / 1000))
    }

    /// - Throws: ``HTTPSError`` where the host has no address.
    public func observe() async throws -> AuditObservation {
        for (number, ports) in target.ports.enumerated() {
            observation.https = try await open(ports.https)
            observation.http = try await open(ports.http)
            let isOpen = [observation.https, observation.http].contains { $0?.state == .open }
            if isOpen || number == target.ports.count - 1 { break }
        }
        observation.address = address?.ipAddress
        if let port = observation.https, port.state == .open { observation.https = await look(port, isTLS: true) }
        if let port = observation.http, port.state == .open { observation.http = await look(port, isTLS: false) }
        return observation
    }

    private func look(_ port: AuditPort, isTLS: Bool) async -> AuditPort {
        var port = port
        var tls: ProbeTLS?
        if isTLS {
            port.tls = await versions(of: port.number)
            guard port.tls?.spoken.isEmpty == false else { return port }
            do {
                tls = try ProbeTLS(serverName: serverName)
            } catch {
                note("HTTP on port \(port.number): TLS could not be set up here")
                return port
            }
        }
        port.answers = await answers(of: port.number, over: tls)
        if let tls { await finish(&port, tls) }
        return port
    }

    /// The name that a TLS client names.
    var serverName: String? { observation.isAddress ? nil : target.host }

    /// Seconds since the look began.
    var elapsed: Int { Int((ContinuousClock.now - started).components.seconds) }

    // MARK: Connections

    /// Whether a port is open. The first that is found decides on the address of the host.
    private func open(_ port: UInt16?) async throws -> AuditPort? {
        guard let port else { return nil }
        observation.connections += 1
        let timeout = TimeAmount.seconds(Int64(limits.probe))
        do {
            let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connectTimeout(timeout)
            let channel: any Channel
            if let address {
                channel = try await bootstrap.connect(to: try SocketAddress(ipAddress: address.ipAddress ?? "", port: Int(port))).get()
            } else {
                channel = try await bootstrap.connect(host: target.host, port: Int(port)).get()
                address = channel.remoteAddress
            }
            channel.close(promise: nil)
            return AuditPort(port, .open)
        } catch let error as NIOConnectionError {
            let errors = error.connectionErrors.map { ProbeEnding(of: $0.error) }
            if errors.isEmpty { throw HTTPSError(.unreachable, "the name \(quoted(target.host)) is not known here") }
            return AuditPort(port, errors.contains(.silent) ? .silent : errors.allSatisfy { $0 == .refused } ? .closed : .failed(errors.words))
        } catch {
            switch ProbeEnding(of: error) {
            case .refused: return AuditPort(port, .closed)
            case .silent: return AuditPort(port, .silent)
            case .broken(let reason), .unreadable(let reason): return AuditPort(port, .failed(reason))
            case .closed, .finished: return AuditPort(port, .failed("the connection failed"))
            }
        }
    }

    /// Probes a port, unless what may be spent is spent or the port has stopped answering; then the reason is the result's.
    func probe<Reader: ProbeReader>(
        _ port: UInt16, _ request: [UInt8], _ reader: Reader, over tls: ProbeTLS? = nil
    ) async -> Result<Probe<Reader>.Outcome, NotAsked> {
        if silences[port, default: 0] >= 2 { return .failure(NotAsked(reason: "the port had stopped answering")) }
        let left = .seconds(limits.total) - (ContinuousClock.now - started)
        guard left > .zero else { return .failure(NotAsked(reason: "time had run out")) }
        guard observation.bytesReceived < limits.bytes else { return .failure(NotAsked(reason: "the server had sent too much")) }
        guard let address, let place = try? SocketAddress(ipAddress: address.ipAddress ?? "", port: Int(port)) else {
            return .failure(NotAsked(reason: "the host has no address"))
        }
        let seconds = min(Int64(limits.probe), max(1, left.components.seconds))
        let outcome = await Probe(address: place, tls: tls, request: request, reader: reader, timeout: .seconds(seconds)).run()
        observation.connections += 1
        observation.bytesReceived += outcome.size
        silences[port] = outcome.ending == .silent ? silences[port, default: 0] + 1 : 0
        return .success(outcome)
    }

    func note(_ text: String) {
        observation.notAsked.append(text)
    }
}

/// Why something was not asked.
struct NotAsked: Error {
    let reason: String
}

extension [ProbeEnding] {
    fileprivate var words: String {
        for case .broken(let reason) in self { return reason }
        return "the connection failed"
    }
}
