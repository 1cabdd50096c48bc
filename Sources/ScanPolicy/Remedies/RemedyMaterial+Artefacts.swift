import XMLStream

extension RemedyMaterial {
    /// The values as Registry.pol, as an export with one that undoes it, and as a script.
    static func policyArtefacts(_ values: [RegistryEntry], risk: String) -> [RemedyArtefact] {
        let deletions = values.map {
            RegistryEntry(hive: $0.hive, key: $0.key, name: $0.name, action: .deleteValue, byteOffset: 0)
        }
        return [
            RemedyArtefact(
                name: "Registry.pol", kind: .policy, bytes: RegistryPolicyFile.write(values),
                use: "LGPO.exe /m Registry.pol on one computer; into an object of a domain with a tool that loads such files",
                stays: "no: group policy takes the values back when the object no longer applies (LGPO.exe writes the local object, which stays)",
                undo: "remove the object, or set its policies to Not Configured", risk: risk),
            RemedyArtefact(
                name: "policy.ps1", kind: .policy, bytes: PowerShellScript.policy(values),
                use:
                    "policy.ps1 -GroupPolicyObject NAME on a computer with the GroupPolicy module; without a name it writes this computer's registry",
                stays: "no with -GroupPolicyObject; yes without", undo: "policy.ps1 -Undo, with the same name or without", risk: risk),
            RemedyArtefact(
                name: "policy.reg", kind: .policy, bytes: RegistryExport.write(values), use: "reg import policy.reg on one computer, for a trial",
                stays: "yes: nothing takes back what was written by hand", undo: "reg import undo.reg", risk: risk),
            RemedyArtefact(
                name: "undo.reg", kind: .undo, bytes: RegistryExport.write(deletions), use: "reg import undo.reg, after policy.reg",
                stays: "-", undo: "reg import policy.reg",
                risk: "Deletes these values whoever set them; a policy object writes its own again at the next refresh."),
        ]
    }

    static func proxyArtefacts(_ proxy: StaticProxy, server: ServerURL) -> [RemedyArtefact] {
        let bypass = proxy.bypass.isEmpty ? "" : " bypass-list=\"\(proxy.bypass)\""
        let lines = [
            "@echo off", "rem The proxy of the system (WinHTTP), through which Windows Update looks for updates.",
            "netsh winhttp set proxy proxy-server=\"\(proxy.proxy)\"\(bypass)", "netsh winhttp show proxy",
        ]
        let undo = ["@echo off", "netsh winhttp reset proxy", "netsh winhttp show proxy"]
        let risk = """
            Every service that uses WinHTTP goes through this proxy. Whoever runs it sees all of a server on HTTP; with TLS it can break in only with a \
            certificate that the device trusts.
            """
        return [
            RemedyArtefact(
                name: "set-proxy.cmd", kind: .preference, bytes: text(lines),
                use: "as a start-up script of a policy object, or as administrator on one computer", stays: "yes",
                undo: "netsh winhttp reset proxy (reset-proxy.cmd)", risk: risk),
            RemedyArtefact(
                name: "reset-proxy.cmd", kind: .undo, bytes: text(undo), use: "as administrator, after set-proxy.cmd or Registry.xml", stays: "-",
                undo: "set-proxy.cmd", risk: "Takes away any proxy of the system, also one that something else set."),
            RemedyArtefact(
                name: "Registry.xml", kind: .preference, bytes: preferences(proxy),
                use: "group policy preferences: into Preferences\\Registry of an object, or drag it into the editor's Registry node",
                stays: "yes: the preference does not remove what it wrote", undo: "remove the item, then reset-proxy.cmd",
                risk: risk + " EXPERIMENTAL: the value's layout is not documented by Microsoft; try it on one computer with netsh winhttp show proxy."
            ),
        ]
    }

    /// Registry.xml of group policy preferences with the one value ([MS-GPPREF] 2.2.1.10). Its ids are fixed, so that the file is the same each time.
    private static func preferences(_ proxy: StaticProxy) -> [UInt8] {
        var xml = XMLWriter(limit: 1 << 20)
        xml.start("RegistrySettings")
        xml.attribute("clsid", "{A3CCFC41-DFDB-43a5-8D26-0FE8B954DA51}")
        xml.start("Registry")
        let attributes: [(StaticString, String)] = [
            ("clsid", "{9CD4B2F4-923D-47f5-A062-E897DD1DAD50}"), ("name", "WinHttpSettings"), ("status", "WinHttpSettings"), ("image", "17"),
            ("changed", "2021-01-12 00:00:00"), ("uid", "{5B7B1D60-3C0E-4B43-9C2C-6F0B1F7F5A01}"),
        ]
        for (name, value) in attributes { xml.attribute(name, value) }
        xml.start("Properties")
        let properties: [(StaticString, String)] = [
            ("action", "U"), ("displayDecimal", "0"), ("default", "0"), ("hive", RegistryHive.localMachine.rawValue),
            ("key", #"SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\Connections"#), ("name", "WinHttpSettings"),
            ("type", RegistryType.binary.name), ("value", Hexadecimal.text(ProxyBlob.winHTTPSettings(proxy)).uppercased()),
        ]
        for (name, value) in properties { xml.attribute(name, value) }
        xml.end()
        xml.end()
        xml.end()
        return Array("<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n".utf8) + xml.bytes + Array("\r\n".utf8)
    }

    static func text(_ lines: [String]) -> [UInt8] { Array(lines.map { $0 + "\r\n" }.joined().utf8) }
}

extension RemedyArtefact {
    static func authority(_ pem: String, number: Int) -> RemedyArtefact {
        let name = number == 1 ? "ca.cer" : "ca-\(number).cer"
        return RemedyArtefact(
            name: name, kind: .certificate, bytes: Array(pem.utf8),
            use: """
                in an object: Computer Configuration, Windows Settings, Security Settings, Public Key Policies, Trusted Root Certification \
                Authorities; on one computer: certutil -addstore Root \(name)
                """,
            stays: "no from an object; yes after certutil", undo: "remove it from the object; certutil -delstore Root SERIALNUMBER",
            risk: "The computer trusts this authority. It is limited to the names of this server, where it was made by martlet init.")
    }
}
