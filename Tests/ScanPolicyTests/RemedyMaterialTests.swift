import TestSupport
import Testing

@testable import ScanPolicy

@Suite struct RemedyMaterialTests {
    private static let server = ServerURL(scheme: .https, host: "wsus.example.test", port: 8531)
    private static let certificate = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
    private static let proxy = StaticProxy("proxy.example.test:8080", bypass: "<local>;wsus.example.test")

    private static func all() throws -> [RemedyMaterial] {
        [
            try .tls(server: server, certificates: [certificate]), try .systemProxy(proxy, server: server), try .userProxyFallback(server: server),
        ]
    }

    private func record(_ name: String, of material: RemedyMaterial) throws -> DeviceRecord {
        let artefact = try #require(material.artefacts.first { $0.name == name })
        return try DeviceRecord(name: "pc", readings: [try PolicyReading.read(artefact.bytes, file: name)])
    }

    @Test func `the tls remedy sets what the guide lists`() throws {
        let material = try RemedyMaterial.tls(server: Self.server, certificates: [Self.certificate])
        for name in ["Registry.pol", "policy.reg"] {
            let policy = try record(name, of: material).facts.policy
            #expect(policy[.wuServer] == "https://wsus.example.test:8531")
            #expect(policy[.wuStatusServer] == "https://wsus.example.test:8531")
            for value in [PolicyNumber.useWUServer, .useUpdateClassPolicySource] + PolicyNumber.updateClasses {
                #expect(policy[value] == 1, "\(value)")
            }
            #expect(policy[.setProxyBehaviorForUpdateDetection] == 0)
            #expect(policy[.noAutoUpdate] == nil)
        }
        #expect(material.artefacts.first { $0.name == "ca.cer" }?.bytes == Array(Self.certificate.utf8))
    }

    @Test func `every form of the policy reads to the same entries, and undoing leaves none`() throws {
        for material in try Self.all() {
            let pol = try #require(material.artefacts.first { $0.name == "Registry.pol" })
            let reg = try #require(material.artefacts.first { $0.name == "policy.reg" })
            #expect(plain(try RegistryPolicyFile.read(pol.bytes, file: "a")) == material.policy)
            #expect(plain(try RegistryExport.read(reg.bytes, file: "a")) == material.policy)
            let undo = try #require(material.artefacts.first { $0.name == "undo.reg" })
            #expect(try DeviceRecord(name: "pc", readings: [try PolicyReading.read(undo.bytes, file: "a")]).facts.policy.isEmpty)
            #expect(plain(try RegistryExport.read(undo.bytes, file: "a")).map(\.name) == material.policy.map(\.name))
        }
    }

    @Test(.enabled(if: Samba.isInstalled, Comment(rawValue: Samba.absence)))
    func `python3-samba reads Registry pol to the same values`() throws {
        for material in try Self.all() {
            let pol = try #require(material.artefacts.first { $0.name == "Registry.pol" })
            let expected = material.policy.map { entry in
                guard case .set(let data) = entry.action else { return "" }
                let shown = data.text ?? data.number.map { String($0) } ?? ""
                return "\(entry.key)\t\(entry.name)\t\(data.type.rawValue)\t\(data.bytes.count)\t\(shown)"
            }
            #expect(try Samba.entries(pol.bytes) == expected)
        }
    }

    @Test func `the proxy reads back from the preferences, and the command names it`() throws {
        let material = try RemedyMaterial.systemProxy(Self.proxy, server: Self.server)
        #expect(try record("Registry.xml", of: material).facts.systemProxy?.fixed == Self.proxy)
        #expect(try record("Registry.pol", of: material).facts.policy[.setProxyBehaviorForUpdateDetection] == 0)
        let command = String(decoding: try #require(material.artefacts.first { $0.name == "set-proxy.cmd" }).bytes, as: UTF8.self)
        #expect(
            command.contains("netsh winhttp set proxy proxy-server=\"proxy.example.test:8080\" bypass-list=\"<local>;wsus.example.test\"\r\n"))
        let bare = try RemedyMaterial.systemProxy(StaticProxy("p:1"), server: Self.server)
        #expect(!String(decoding: bare.artefacts.flatMap(\.bytes), as: UTF8.self).contains("bypass-list"))
    }

    @Test func `only the third warns, in plain words, and only it opens the user's proxy`() throws {
        let all = try Self.all()
        #expect(all.map { $0.warning != nil } == [false, false, true])
        let readme = String(decoding: all[2].readme, as: UTF8.self)
        #expect(readme.contains("WARNING"))
        #expect(readme.contains("SYSTEM"))
        for material in all {
            for name in ["Registry.pol", "policy.reg"] {
                let value = try record(name, of: material).facts.policy[.setProxyBehaviorForUpdateDetection]
                #expect(value == (material.remedy == .userProxyFallback ? 1 : 0))
            }
        }
    }

    @Test func `the same input gives the same bytes, and every file is explained`() throws {
        for (one, other) in zip(try Self.all(), try Self.all()) {
            #expect(one.artefacts == other.artefacts)
            #expect(one.readme == other.readme)
            let readme = String(decoding: one.readme, as: UTF8.self)
            for artefact in one.artefacts {
                #expect(readme.contains("\(artefact.name) (\(artefact.kind.rawValue))"))
                #expect(!artefact.use.isEmpty && !artefact.stays.isEmpty && !artefact.undo.isEmpty && !artefact.risk.isEmpty)
            }
        }
    }

    static let hostile = ["a'; calc #", "a\u{2019}b", "a\"b", "a%PATH%", "a&b", "a|b", "a b", "a\nb", "<a>", "a`b", "$(a)", "a^b", "ä", ""]

    @Test(arguments: hostile)
    func `names that a script could run are refused`(_ name: String) {
        let server = ServerURL(scheme: .https, host: name, port: 8531)
        #expect(throws: RemedyError.self) { try RemedyMaterial.tls(server: server, certificates: []) }
        #expect(throws: RemedyError.self) { try RemedyMaterial.userProxyFallback(server: server) }
        #expect(throws: RemedyError.self) { try RemedyMaterial.systemProxy(StaticProxy(name), server: Self.server) }
        if !name.isEmpty, name != "<a>" {
            #expect(throws: RemedyError.self) { try RemedyMaterial.systemProxy(StaticProxy("p:1", bypass: name), server: Self.server) }
        }
    }

    @Test func `the tls remedy is for https only`() {
        #expect(throws: RemedyError.self) { try RemedyMaterial.tls(server: ServerURL(scheme: .http, host: "a", port: 8530), certificates: []) }
    }

    @Test func `text in a script is a literal whatever it holds`() throws {
        #expect(PowerShellScript.quoted("it's") == "'it''s'")
        #expect(
            PowerShellScript.quoted("a\u{2018}\u{2019}\u{201a}\u{201b}$x`\"")
                == "'a\u{2018}\u{2018}\u{2019}\u{2019}\u{201a}\u{201a}\u{201b}\u{201b}$x`\"'")
        let script = String(decoding: try #require(try Self.all()[0].artefacts.first { $0.name == "policy.ps1" }).bytes, as: UTF8.self)
        #expect(script.utf8.allSatisfy { $0 < 0x80 })
        #expect(script.contains("Name = 'WUServer'; Type = 'String'; Value = 'https://wsus.example.test:8531' },\r\n"))
        #expect(script.contains("Name = 'UseWUServer'; Type = 'DWord'; Value = 1 }"))
    }
}
