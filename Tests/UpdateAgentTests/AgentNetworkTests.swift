import ScanPolicy
import TestSupport
import Testing
import TrustedTransport

@testable import UpdateAgent

/// The ways of the matrix of docs/scan-policy.md, as our agent takes them.
struct AgentNetworkTests {
    private func ways(
        _ server: String, system: Bool, user: Bool, policy: Bool = false, level: EnforcementLevel = .january2021, bypass: [String] = []
    ) throws -> [ScanPath] {
        var network = AgentNetwork()
        network.level = level
        network.systemProxy = system ? ProxyAddress("system:3128") : nil
        network.userProxy = user ? ProxyAddress("user:3128") : nil
        network.allowsUserProxy = policy
        network.bypass = bypass
        return network.ways(to: try ServerAddress(server, allowsPlainHTTP: true)).map(\.path)
    }

    @Test(
        arguments: [
            ("A2-01", "http", false, true, false, [.user, .direct], [.direct], [.direct]),
            ("A2-02", "http", true, true, false, [.user, .system], [.system], [.system]),
            ("A2-04", "http", true, true, true, [.user, .system], [.system, .user], [.system, .user]),
            ("A2-07", "https", false, true, false, [.user, .direct], [.user, .direct], [.direct]),
            ("A2-08", "https", false, true, true, [.user, .direct], [.user, .direct], [.direct, .user]),
            ("A2-09", "https", true, true, false, [.user, .system], [.user, .system], [.system]),
            ("A2-12", "https", true, true, true, [.user, .system], [.user, .system], [.system, .user]),
        ] as [(String, String, Bool, Bool, Bool, [ScanPath], [ScanPath], [ScanPath])])
    func `the ways are those of the matrix`(
        row: String, scheme: String, system: Bool, user: Bool, policy: Bool, before: [ScanPath], september: [ScanPath], january: [ScanPath]
    ) throws {
        for (level, expected) in zip(EnforcementLevel.allCases, [before, september, january]) {
            #expect(
                try ways("\(scheme)://updates.example.test", system: system, user: user, policy: policy, level: level) == expected, "\(row) \(level)")
        }
    }

    @Test func `from the level that forbids it no way leads through a user proxy without the policy`() throws {
        for scheme in ["http", "https"] {
            for level in EnforcementLevel.allCases where level >= (scheme == "http" ? .september2020 : .january2021) {
                for (system, user) in [(false, false), (false, true), (true, false), (true, true)] {
                    #expect(try !ways("\(scheme)://updates.example.test", system: system, user: user, level: level).contains(.user))
                }
            }
        }
    }

    @Test(arguments: [
        ("updates.example.test", "updates.example.test", true), ("updates.example.test", "*.example.test", true), ("updates.example.test", "*", true),
        ("updates.example.test", "UPDATES.*", true), ("updates.example.test", "example.test", false), ("updates.example.test", "u*s.e*.test", true),
        ("aba", "ab*ba", false), ("updates", "<local>", true), ("updates.example.test", "<local>", false), ("[::1]", "<local>", false),
        ("x", "", false),
    ])
    func `a bypassed name is reached directly`(host: String, pattern: String, isBypassed: Bool) throws {
        #expect(AgentNetwork.matches(host, pattern) == isBypassed)
        let found = try ways("https://\(host)", system: true, user: true, policy: true, bypass: [pattern])
        #expect(found == (isBypassed ? [.direct] : [.system, .user]))
    }

    @Test func `pins count from January 2021, with TLS, where they are enforced`() throws {
        let store = try TemporaryFolder()
        var network = AgentNetwork()
        network.pins = try PinnedCertificates(path: store.path)
        let server = try ServerAddress("https://updates.example.test")
        #expect(network.pins(for: server) != nil)
        #expect(network.pins(for: try ServerAddress("http://updates.example.test", allowsPlainHTTP: true)) == nil)
        network.level = .september2020
        #expect(network.pins(for: server) == nil)
        (network.level, network.enforcesPins) = (.january2021, false)
        #expect(network.pins(for: server) == nil)
    }

    @Test func `the user's CAs count on the user's way at older levels only`() throws {
        var network = AgentNetwork()
        network.roots = .pemFile("machine.pem")
        network.userRoots = "user.pem"
        network.userProxy = ProxyAddress("user:3128")
        network.allowsUserProxy = true
        let server = try ServerAddress("https://updates.example.test")
        for level in EnforcementLevel.allCases {
            network.level = level
            for way in network.ways(to: server) {
                let isWider = network.roots(on: way, to: server) != .pemFile("machine.pem")
                #expect(isWider == (way.path == .user && level < .january2021))
            }
        }
    }

    @Test func `an http address is read where it is allowed, and is another origin`() throws {
        #expect(throws: AgentError.self) { try ServerAddress("http://updates.example.test") }
        let plain = try ServerAddress("http://updates.example.test:8530", allowsPlainHTTP: true)
        #expect(plain.description == "http://updates.example.test:8530" && plain.isPlain)
        #expect(plain.contains("http://updates.example.test:8530/Content/a") && !plain.contains("https://updates.example.test:8530/Content/a"))
        #expect(try !ServerAddress("https://updates.example.test:8530", allowsPlainHTTP: true).contains("http://updates.example.test:8530/Content/a"))
        #expect(try ServerAddress("http://updates.example.test", allowsPlainHTTP: true).port == 80)
    }
}
