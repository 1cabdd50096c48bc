import ArgumentParser
import Foundation
import ScanPolicy
import TrustedTransport
import UpdateAgent

/// What on a Windows device policies, proxies and the pin store say (docs/scan-policy.md). Nothing of it comes from the environment.
struct NetworkOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The device's system proxy (WinHTTP), http://HOST:PORT.", valueName: "url"))
    var systemProxy: String?
    @Option(help: ArgumentHelp("The signed-in user's proxy (WinINET), http://HOST:PORT.", valueName: "url"))
    var userProxy: String?
    @Option(
        help: ArgumentHelp("SetProxyBehaviorForUpdateDetection: 1 lets the user's proxy be tried where the first way is closed.", valueName: "0|1"))
    var proxyBehavior = 0
    @Option(help: ArgumentHelp("Names reached without a proxy, separated by semicolons: *.example.com;<local>", valueName: "list"))
    var proxyBypass: String?
    @Option(help: ArgumentHelp("Certificates that the server's must be among: a file or a folder, PEM or DER; none if empty.", valueName: "path"))
    var pinStore: String?
    @Flag(help: "DoNotEnforceEnterpriseTLSCertPinningForUpdateDetection: pins have no effect.")
    var noPinEnforcement = false
    @Option(
        help: ArgumentHelp(
            "Behave as a device with the updates up to before-2020-09, 2020-09 or 2021-01. Older ones can be attacked.", valueName: "level"))
    var level = EnforcementLevel.january2021.rawValue
    @Option(help: ArgumentHelp("CAs that only the signed-in user trusts (PEM); they count at older levels only.", valueName: "file"))
    var userCa: String?
    @Flag(help: "For a laboratory: http:// is asked too. Nothing is written to disk then.")
    var allowHttp = false

    func validate() throws {
        guard proxyBehavior == 0 || proxyBehavior == 1 else { throw ValidationError("--proxy-behavior must be 0 or 1") }
        guard EnforcementLevel(rawValue: level) != nil else {
            throw ValidationError("--level must be one of \(EnforcementLevel.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        for (name, text) in [("--system-proxy", systemProxy), ("--user-proxy", userProxy)] {
            if let text, ProxyAddress(text) == nil { throw ValidationError("\(name): \(text) has not the form http://HOST:PORT") }
        }
    }

    /// Whether the server is to be asked without TLS. Without --allow-http it never is: the address is refused as any other is.
    func isPlain(_ server: String) -> Bool { allowHttp && server.lowercased().hasPrefix("http://") }

    func make(ca: String?) throws -> AgentNetwork {
        var network = AgentNetwork()
        network.level = EnforcementLevel(rawValue: level) ?? .january2021
        network.systemProxy = systemProxy.flatMap { ProxyAddress($0) }
        network.userProxy = userProxy.flatMap { ProxyAddress($0) }
        network.allowsUserProxy = proxyBehavior == 1
        network.bypass = proxyBypass?.split { $0 == ";" || $0.isWhitespace }.map(String.init) ?? []
        if let pinStore {
            let pins = try PinnedCertificates(path: pinStore)
            if pins.isEmpty { Terminal.complain("warning: \(pinStore) holds no certificate: nothing is pinned") }
            network.pins = pins
        }
        network.enforcesPins = !noPinEnforcement
        network.roots = ca.map { .pemFile($0) } ?? .system
        network.userRoots = userCa
        return network
    }
}
