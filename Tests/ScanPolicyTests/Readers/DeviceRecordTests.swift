import ScanPolicy
import Testing

@Suite struct DeviceRecordTests {
    private func reading(_ file: String, _ lines: String...) throws(PolicyFileError) -> PolicyReading {
        try PolicyReading.read(Array(("Windows Registry Editor Version 5.00\r\n" + lines.joined(separator: "\r\n")).utf8), file: file)
    }

    private func facts(_ lines: String...) throws(PolicyFileError) -> DeviceFacts {
        let text = "Windows Registry Editor Version 5.00\r\n" + lines.joined(separator: "\r\n")
        return try DeviceRecord(name: "pc", readings: [try PolicyReading.read(Array(text.utf8), file: "pc.reg")]).facts
    }

    private static let policy = "[HKEY_LOCAL_MACHINE\\SOFTWARE\\POLICIES\\Microsoft\\Windows\\WindowsUpdate]"
    private static let settings = "Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings"

    @Test func `names are compared without regard to case`() throws {
        #expect(try facts(Self.policy, "\"wuserver\"=\"https://a\"").policy[.wuServer] == "https://a")
    }

    @Test func `two files that agree are one fact, two that do not are refused with both named`() throws {
        let one = try reading("one.reg", Self.policy, "\"WUServer\"=\"https://a\"")
        let same = try reading("same.reg", Self.policy, "\"WUServer\"=\"https://a\"", "\"DisableDualScan\"=dword:1")
        let other = try reading("other.reg", Self.policy, "\"WUServer\"=\"https://b\"")
        let facts = try DeviceRecord(name: "pc", readings: [one, same]).facts
        #expect(facts.policy[.disableDualScan] == 1)
        #expect(facts.source(of: .text(.wuServer)) == "one.reg")
        let error = refusal { () throws(PolicyFileError) in try DeviceRecord(name: "pc", readings: [one, other]) }
        #expect(error?.code == .contradiction)
        #expect(error?.file == "other.reg")
        #expect(error?.expected.contains("one.reg") == true)
    }

    @Test func `a deletion in one file and a value in another contradict`() throws {
        let set = try reading("set.reg", Self.policy, "\"WUServer\"=\"https://a\"")
        for lines in ["\(Self.policy)\r\n\"WUServer\"=-", Self.policy.replacing("[", with: "[-")] {
            let deleted = try reading("deleted.reg", lines)
            #expect(try DeviceRecord(name: "pc", readings: [deleted]).facts.policy.isEmpty)
            #expect(refusal { () throws(PolicyFileError) in try DeviceRecord(name: "pc", readings: [set, deleted]) }?.code == .contradiction)
        }
    }

    @Test func `within a file the later line counts`() throws {
        let above = "[-HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Microsoft]"
        #expect(try facts(Self.policy, "\"WUServer\"=\"https://a\"", above).policy.isEmpty)
        #expect(try facts(above, Self.policy, "\"WUServer\"=\"https://a\"").policy[.wuServer] == "https://a")
        #expect(try facts(Self.policy, "\"WUServer\"=\"https://a\"", "\"WUServer\"=-").policy.isEmpty)
    }

    @Test func `a value of another type is refused`() {
        #expect(refusal { () throws(PolicyFileError) in try facts(Self.policy, "\"WUServer\"=dword:1") }?.code == .value)
        #expect(
            refusal { () throws(PolicyFileError) in try facts(Self.policy.replacing("]", with: "\\AU]"), "\"UseWUServer\"=\"1\"") }?.code == .value)
    }

    @Test func `proxies are read from single values and from binary ones`() throws {
        let single = try facts(
            "[HKEY_CURRENT_USER\\\(Self.settings)]", "\"ProxyEnable\"=dword:1", "\"ProxyServer\"=\"p:1\"", "\"ProxyOverride\"=\"<local>\"",
            "\"AutoConfigURL\"=\"http://pac\"")
        #expect(single.userProxy == ProxySettings(fixed: StaticProxy("p:1", bypass: "<local>"), scriptURL: "http://pac"))
        let off = try facts("[HKEY_CURRENT_USER\\\(Self.settings)]", "\"ProxyEnable\"=dword:0", "\"ProxyServer\"=\"p:1\"")
        #expect(off.userProxy == ProxySettings.none)
        let binary = "hex:46,00,00,00,01,00,00,00,03,00,00,00,03,00,00,00,70,3a,31,00,00,00,00,00,00,00,00"
        let user = "[HKEY_CURRENT_USER\\\(Self.settings)\\Connections]"
        #expect(try facts(user, "\"DefaultConnectionSettings\"=\(binary)").userProxy == .static("p:1"))
        #expect(
            refusal { () throws(PolicyFileError) in
                try facts(
                    user, "\"DefaultConnectionSettings\"=\(binary)", "[HKEY_CURRENT_USER\\\(Self.settings)]", "\"ProxyEnable\"=dword:1",
                    "\"ProxyServer\"=\"q:1\"")
            }?.code == .contradiction)
        let system = try facts(
            "[HKEY_LOCAL_MACHINE\\\(Self.settings)\\Connections]",
            "\"WinHttpSettings\"=hex:18,00,00,00,00,00,00,00,01,00,00,00,00,00,00,00,00,00,00,00")
        #expect(system.systemProxy == ProxySettings.none)
    }

    @Test func `a proxy of the machine counts where the policy makes it so`() throws {
        let machine = "[HKEY_LOCAL_MACHINE\\\(Self.settings)]\r\n\"ProxyEnable\"=dword:1\r\n\"ProxyServer\"=\"m:1\""
        #expect(try facts(machine).userProxy == nil)
        let perMachine =
            "[HKEY_LOCAL_MACHINE\\Software\\Policies\\Microsoft\\Windows\\CurrentVersion\\Internet Settings]\r\n\"ProxySettingsPerUser\"=dword:0"
        let facts = try facts(machine, perMachine)
        #expect(facts.userProxy == .static("m:1"))
        #expect(facts.proxySettingsPerUser == 0)
    }

    @Test func `a binary value of an unknown kind is said to be experimental`() throws {
        let text = try reading(
            "pc.reg", "[HKEY_LOCAL_MACHINE\\\(Self.settings)\\Connections]",
            "\"WinHttpSettings\"=hex:30,00,00,00,00,00,00,00,01,00,00,00,00,00,00,00,00,00,00,00")
        let read = try DeviceRecord(name: "pc", readings: [text])
        #expect(read.facts.systemProxy == ProxySettings.none)
        #expect(read.notes.count == 1)
        #expect(read.notes.first?.contains("experimental") == true)
    }

    @Test func `pins, version and TLS are read from the registry`() throws {
        let thumb = String(repeating: "AB", count: 20)
        let store = "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\SystemCertificates\\WindowsServerUpdateServices"
        let facts = try facts(
            store + "]", store + "\\Certificates\\\(thumb)]", "\"Blob\"=hex:00",
            "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion]",
            "\"CurrentBuildNumber\"=\"19045\"", "\"CurrentMajorVersionNumber\"=dword:a", "\"CurrentMinorVersionNumber\"=dword:0",
            "\"UBR\"=dword:10c3",
            "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Client]",
            "\"DisabledByDefault\"=dword:0", "\"Enabled\"=dword:0")
        #expect(facts.pinStore == CertificateFingerprint(thumb).map { .certificates([$0]) })
        #expect(facts.windows == WindowsVersion("10.0.19045.4291"))
        #expect(facts.tls.isTLS12Enabled == false)
        #expect(facts.tls.machineRoots == nil)
        #expect(try self.facts(store + "]").pinStore == .empty)
        let odd = #expect(throws: PolicyFileError.self) { try self.facts(store + "\\Certificates\\not a fingerprint]") }
        #expect(odd?.description.contains("SHA-1 of a certificate") == true, "passed over, the store would look empty: \(String(describing: odd))")
    }

    @Test func `the roots that group policy adds count from whichever file they are in`() throws {
        let (own, added) = (String(repeating: "AB", count: 20), String(repeating: "CD", count: 20))
        let store = try reading(
            "roots.reg", "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\SystemCertificates\\ROOT\\Certificates\\\(own)]", "\"Blob\"=hex:00")
        let policy = try reading(
            "policy-roots.reg", "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Microsoft\\SystemCertificates\\Root\\Certificates\\\(added)]",
            "\"Blob\"=hex:00")
        let both = Set([own, added].compactMap { CertificateFingerprint($0) })
        #expect(try DeviceRecord(name: "pc", readings: [store, policy]).facts.tls.machineRoots == both)
        #expect(try DeviceRecord(name: "pc", readings: [policy, store]).facts.tls.machineRoots == both)
        // Without the store itself nobody knows what else is in it.
        #expect(try DeviceRecord(name: "pc", readings: [policy]).facts.tls.machineRoots == nil)
    }

    @Test func `an old Windows is known by its other version`() throws {
        let key = "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion]"
        #expect(try facts(key, "\"CurrentBuild\"=\"7601\"", "\"CurrentVersion\"=\"6.1\"").windows == WindowsVersion("6.1.7601"))
        #expect(refusal { () throws(PolicyFileError) in try facts(key, "\"CurrentBuild\"=\"7601\"") }?.code == .value)
    }

    @Test func `a log that names another server than the policy contradicts it`() throws {
        let policy = try reading("pc.reg", Self.policy, "\"WUServer\"=\"HTTPS://WSUS.example.test:8531/\"")
        func log(_ host: String) throws -> PolicyReading {
            try PolicyReading.read(
                Array("2021/07/13 18:06:22.2090403 1 2 Misc Got WSUS SimpleTargeting URL: https://\(host):8531\"\"\n".utf8), file: "WindowsUpdate.log"
            )
        }
        let facts = try DeviceRecord(name: "pc", readings: [policy, try log("wsus.example.test")]).facts
        #expect(facts.policy[.wuServer] == "HTTPS://WSUS.example.test:8531/")
        #expect(facts.policy[.useWUServer] == 1)
        let other = try log("old.example.test")
        #expect(refusal { () throws(PolicyFileError) in try DeviceRecord(name: "pc", readings: [policy, other]) }?.code == .contradiction)
    }

    @Test(arguments: ["", "hello", "\u{0}\u{1}", "%PDF-1.7"])
    func `what no reader knows is refused with what is known`(_ text: String) {
        let error = refusal { () throws(PolicyFileError) in try PolicyReading.read(Array(text.utf8), file: "a") }
        #expect(error?.code == .unknownFormat)
        #expect(error?.expected.contains("Registry.pol") == true)
    }

    @Test func `a user's Registry pol is of the user`() throws {
        let bytes = Fixtures.policyHeader + Fixtures.policyEntry("K", "a", 4, [1, 0, 0, 0])
        #expect(try PolicyReading.read(bytes, file: "GPO/User/Registry.pol").entries.first?.hive == .currentUser)
        #expect(try PolicyReading.read(bytes, file: "GPO/Machine/Registry.pol").entries.first?.hive == .localMachine)
    }
}
