import Foundation
import TrustedTransport
import UpdateEngine
import UpdateProtocols

/// nginx with the configuration committed in `nginx/nginx.conf`, the home's certificate, and the same answers.
final class Nginx {
    let port: Int
    private let child: Child

    private init(port: Int, child: Child) {
        self.port = port
        self.child = child
    }

    /// The processes that answer.
    var workers: [ProcessFacts] { child.facts.children }

    /// - Parameter port: where our own listener answers GetConfig, whose very body nginx gives.
    static func start(home: Home, payloads: [HeldPayload], folder: String, core: Int, like port: Int) async throws -> Nginx {
        let manager = FileManager.default
        try manager.createDirectory(atPath: folder + "/content", withIntermediateDirectories: true)
        // Below the ports that the kernel gives out.
        let own = Int.random(in: 20_000..<30_000)
        let template = try String(contentsOfFile: "nginx/nginx.conf", encoding: .utf8)
        let body = String(decoding: try await getConfig(port, home), as: UTF8.self)
        let pair = try KeyStoreFile.read(home.tlsFolder + "/keystore.json").current
        try Data(pair.chain.utf8).write(to: URL(filePath: folder + "/server.pem"))
        try Data(pair.key.utf8).write(to: URL(filePath: folder + "/server.key"))
        let values = [
            "@FOLDER@": folder, "@PORT@": "\(own)", "@CERTIFICATE@": folder + "/server.pem", "@KEY@": folder + "/server.key",
            "@GETCONFIG@": body.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "'", with: "\\'"),
            "@SERVICE@": DeviceService.client.path, "@USER@": NSUserName(),
        ]
        let text = values.reduce(template) { $0.replacingOccurrences(of: $1.key, with: $1.value) }
        let file = folder + "/nginx.conf"
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        for payload in payloads {
            let place = URL(filePath: folder + payload.path)
            try manager.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
            try manager.createSymbolicLink(atPath: place.path(percentEncoded: false), withDestinationPath: payload.file)
        }
        let child = try Child("nginx", ["-c", file, "-p", folder], core: core)
        let nginx = Nginx(port: own, child: child)
        for _ in 0..<100 where nginx.workers.isEmpty { try await Task.sleep(for: .milliseconds(50)) }
        guard !nginx.workers.isEmpty else { throw Child.Failure(description: "nginx has no worker") }
        let theirs = try await getConfig(own, home)
        guard theirs.count == body.utf8.count else {
            throw Child.Failure(description: "nginx answers GetConfig with \(theirs.count) bytes and not \(body.utf8.count)")
        }
        return nginx
    }

    private static func getConfig(_ port: Int, _ home: Home) async throws -> [UInt8] {
        let client = try HTTPSClient(roots: .pemFile(home.caFile))
        let response = try await client.post(
            "https://localhost:\(port)\(DeviceService.client.path)", headers: [("Content-Type", "text/xml; charset=utf-8")],
            body: GetConfig.encodeRequest(.init(protocolVersion: "2.90")), limit: 1 << 20)
        await client.shutdown()
        guard response.status == 200 else { throw Child.Failure(description: "GetConfig was answered \(response.status)") }
        return response.body
    }

    func end() {
        child.end()
    }
}

/// The part of a home's key store that another server needs.
private struct KeyStoreFile: Decodable {
    struct Pair: Decodable {
        let chain: String
        let key: String
    }
    let current: Pair

    static func read(_ path: String) throws -> KeyStoreFile {
        try JSONDecoder().decode(KeyStoreFile.self, from: Data(contentsOf: URL(filePath: path)))
    }
}
