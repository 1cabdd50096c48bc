import Crypto
import NIOCore
import ScanPolicy
import Synchronization

extension ServerAudit {
    /// What a port speaks: each version by a hello that offers it alone, each suite by hellos that offer what was not yet chosen.
    func versions(of port: UInt16) async -> AuditTLS {
        var tls = AuditTLS()
        // What devices use first, so that it is known where the port stops answering.
        for version in [TLSVersion.tls12, .tls13, .tls11, .tls10, .ssl3] { await look(at: version, of: port, &tls) }
        return tls
    }

    private func look(at version: TLSVersion, of port: UInt16, _ tls: inout AuditTLS) async {
        var offered = version == .tls13 ? CipherSuite.modern : CipherSuite.classic
        var found: [CipherSuite] = []
        while !offered.isEmpty, found.count < limits.suites {
            let hello = ProbeHello(version: version.rawValue, cipherSuites: offered.map(\.code), serverName: serverName)
            let isFirst = found.isEmpty
            let result = await probe(port, hello.bytes(), ServerFlight(upTo: isFirst ? .flight : .serverHello))
            switch answer(result, version) {
            case .chosen(let suite, let flight):
                guard let place = offered.firstIndex(of: suite) else {
                    tls.versions[version] = isFirst ? .unknown("it chose a suite that was not offered") : .yes(found, isWhole: false)
                    return
                }
                offered.remove(at: place)
                found.append(suite)
                if isFirst { take(flight, version, &tls) }
            case .refused(let reason):
                tls.versions[version] = isFirst ? .no(reason) : .yes(found, isWhole: true)
                return
            case .unclear(let reason):
                if !isFirst { note("further suites of \(version) on port \(port): \(reason)") }
                tls.versions[version] = isFirst ? .unknown(reason) : .yes(found, isWhole: false)
                return
            }
        }
        tls.versions[version] = .yes(found, isWhole: offered.isEmpty)
    }

    private enum HelloAnswer {
        case chosen(CipherSuite, ServerFlight)
        case refused(String)
        case unclear(String)
    }

    private func answer(_ result: Result<Probe<ServerFlight>.Outcome, NotAsked>, _ version: TLSVersion) -> HelloAnswer {
        let outcome: Probe<ServerFlight>.Outcome
        switch result {
        case .success(let value): outcome = value
        case .failure(let refusal): return .unclear(refusal.reason)
        }
        let flight = outcome.reader
        if let chosen = flight.version, let suite = flight.cipherSuite {
            guard chosen == version.rawValue else {
                let other = TLSVersion(rawValue: chosen).map { "\($0)" } ?? "another version"
                return .refused("it chose \(other) instead")
            }
            return .chosen(CipherSuite(code: suite), flight)
        }
        if let alert = flight.alert { return .refused("alert \(alert.number)" + (Self.alerts[alert.number].map { ", \($0)" } ?? "")) }
        switch outcome.ending {
        case .closed: return .refused("it closed the connection")
        case .broken(let reason): return .refused(reason)
        case .unreadable(let reason): return flight.isOtherProtocol ? .refused(reason) : .unclear(reason)
        case .silent: return .unclear("no answer in \(limits.probe) seconds")
        case .refused: return .unclear("it no longer takes connections")
        case .finished: return .unclear("it sent no ServerHello")
        }
    }

    private func take(_ flight: ServerFlight, _ version: TLSVersion, _ tls: inout AuditTLS) {
        guard version != .tls13 else { return }
        // What is worst counts: one version without is enough.
        tls.hasSecureRenegotiation = flight.hasSecureRenegotiation && tls.hasSecureRenegotiation ?? true
        if flight.asksForCertificate {
            tls.clientCertificate = .asked
        } else if flight.isComplete, case .unknown = tls.clientCertificate {
            tls.clientCertificate = .notAsked
        }
        if tls.chain.isEmpty, !flight.certificates.isEmpty { read(flight.certificates, &tls) }
    }

    /// What handshakes with a TLS library add: the chain where TLS 1.3 alone is spoken, and what became of them without a client certificate.
    func finish(_ port: inout AuditPort, _ session: ProbeTLS) async {
        guard var tls = port.tls else { return }
        let succeeded = port.answers.contains { $0.status != nil }
        let failures = port.answers.compactMap(\.failure)
        if tls.chain.isEmpty, tls.chainFault == nil {
            let chain = session.chain.certificates.withLock { $0 }
            if !chain.isEmpty { read(chain, &tls) }
        }
        switch tls.clientCertificate {
        case .asked where !succeeded: tls.clientCertificate = .demanded
        case .unknown where failures.contains { $0.contains("CERTIFICATE_REQUIRED") }: tls.clientCertificate = .demanded
        case .unknown where tls.spoken == [.tls13]:
            tls.clientCertificate = .unknown("only TLS 1.3 is spoken, which hides whether a client certificate is asked for")
        default: break
        }
        if let leaf = tls.chain.first {
            (tls.trust, tls.roots) = await trust.judge(presented, leaf: leaf, asOf: observation.asOf)
            tls.rootsAreGiven = trust.isGiven
        }
        port.tls = tls
    }

    private func read(_ chain: [[UInt8]], _ tls: inout AuditTLS) {
        presented = chain
        for der in chain {
            do {
                var certificate = try CertificateReading(der).certificate
                certificate.sha1 = Self.hexadecimal(Insecure.SHA1.hash(data: der))
                certificate.sha256 = Self.hexadecimal(SHA256.hash(data: der))
                tls.chain.append(certificate)
            } catch {
                tls.chainFault = "the server sends \(error)"
                return
            }
        }
    }

    private static func hexadecimal(_ digest: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// RFC 8446 section 6.
    private static let alerts: [UInt8: String] = [
        0: "close notify", 10: "unexpected message", 40: "handshake failure", 42: "bad certificate", 47: "illegal parameter", 50: "decode error",
        70: "protocol version", 71: "insufficient security", 80: "internal error", 86: "inappropriate fallback", 112: "unrecognized name",
        116: "certificate required",
    ]
}
