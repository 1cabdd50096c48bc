import Foundation
import UpdateEngine
import UpdateProtocols
import Updates

/// The device listener beside nginx: both with the same certificate on TLS 1.3, one after the other, in rounds.
///
/// The server has one core and the load the other; what counts is requests by seconds of the server's processor time.
struct BesideNginx {
    private let bench: Bench

    init(_ bench: Bench) {
        self.bench = bench
    }

    static let serverCore = 0
    static let loadCore = 1

    func rows(_ measure: Measure) async throws -> [Row] {
        try await bench.withCopy(20_000) { home, _ in
            // Registers nothing and writes nothing: what answers is what `martlet serve` is made of, with one event loop.
            let own = try Child.this(["serve", "--home", home.path, "--event-loops", "1"], core: Self.serverCore)
            let port = try Int(own.line(startingWith: "ready").split(separator: ":").last ?? "") ?? 0
            let payloads = try CatalogueHome.payloads.map { try HeldPayload.find($0.size, in: home) }
            let nginx = try await Nginx.start(
                home: home, payloads: payloads, folder: bench.scratch + "/nginx", core: Self.serverCore, like: port)
            defer {
                own.end()
                nginx.end()
            }
            var ours: [Double] = []
            var theirs: [Double] = []
            let load = Load(home: home, scratch: bench.scratch, payloads: payloads, isQuick: bench.isQuick)
            for _ in 0..<(bench.isQuick ? 1 : 5) {
                ours.append(try load.perCPUSecond(measure, port: port, servers: { [own.facts] }))
                theirs.append(try load.perCPUSecond(measure, port: nginx.port, servers: { nginx.workers }))
            }
            let (bound, name): (Double, String) =
                switch measure {
                case .post: (0.35, "GetConfig POST beside nginx")
                case .handshake: (1, "new handshake with one request beside nginx")
                case .content: (1, "10 MB content beside nginx")
                default: (0.9, "1 MiB ranges shuffled over 7 connections beside nginx")
                }
            let ratios = zip(ours, theirs).map { $0 / $1 }
            let spread = "\(format(ratios.min() ?? .nan, 2)) to \(format(ratios.max() ?? .nan, 2))"
            return [
                .atLeast(
                    bound, .times, name, ours.median / theirs.median,
                    note: "\(format(ours.median, 0)) against \(format(theirs.median, 0)) per CPU second; rounds \(spread)")
            ]
        }
    }
}

/// Makes requests and counts them.
private struct Load {
    let home: Home
    let scratch: String
    /// As ``CatalogueHome/payloads``.
    let payloads: [HeldPayload]
    let isQuick: Bool

    /// Requests answered by second of processor time that the servers used meanwhile.
    func perCPUSecond(_ measure: Measure, port: Int, servers: () -> [ProcessFacts]) throws -> Double {
        // What is slow once only is not counted: the verification of a file, the first buffers.
        _ = try run(measure, port: port, share: 0.02)
        let before = servers().reduce(0) { $0 + $1.cpuSeconds }
        let count = try run(measure, port: port, share: isQuick ? 0.1 : 1)
        return Double(count) / (servers().reduce(0) { $0 + $1.cpuSeconds } - before)
    }

    private func run(_ measure: Measure, port: Int, share: Double) throws -> Int {
        func scaled(_ count: Int) -> Int { max(1, Int(Double(count) * share)) }
        switch measure {
        case .post: return try h2load(port, requests: max(32, scaled(100_000)), connections: 32)
        case .handshake:
            // Each client of h2load is one connection; all of them start at once.
            return try (0..<scaled(10)).reduce(0) { sum, _ in try sum + h2load(port, requests: 400, connections: 400) }
        case .content: return try own(port, payloads[0], ["--count", "\(max(4, scaled(200)))", "--connections", "4"])
        default: return try own(port, payloads[1], ["--ranges", "--count", "\(max(200, scaled(2000)))", "--connections", "7"])
        }
    }

    private func h2load(_ port: Int, requests: Int, connections: Int) throws -> Int {
        let body = scratch + "/request.xml"
        try Data(GetConfig.encodeRequest(.init(protocolVersion: "2.90"))).write(to: URL(filePath: body))
        let child = try Child(
            "h2load",
            [
                "--h1", "-n", "\(requests)", "-c", "\(connections)", "-t", "1", "-d", body, "-H", "Content-Type: text/xml; charset=utf-8", "-H",
                "SOAPAction: \"\(DeviceOperation.getConfig.soapAction)\"", "https://localhost:\(port)\(DeviceService.client.path)",
            ], core: BesideNginx.loadCore)
        let text = try child.finish()
        // "status codes: 100000 2xx, 0 3xx, 0 4xx, 0 5xx"
        let line = text.split(separator: "\n").first { $0.hasPrefix("status codes:") } ?? ""
        guard let count = line.split(separator: " ").dropFirst(2).first.flatMap({ Int($0) }), count == requests else {
            throw Child.Failure(description: "h2load: not all of \(requests) were answered with 200:\n\(text)")
        }
        return count
    }

    private func own(_ port: Int, _ payload: HeldPayload, _ arguments: [String]) throws -> Int {
        let fixed = ["load", "--port", "\(port)", "--ca", home.caFile, "--path", payload.path, "--size", "\(payload.size)"]
        let text = try Child.this(fixed + arguments, core: BesideNginx.loadCore).finish()
        guard let count = Int(text.split(separator: " ").first ?? "") else { throw Child.Failure(description: "the load said: \(text)") }
        return count
    }
}
