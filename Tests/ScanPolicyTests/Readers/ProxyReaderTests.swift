import ScanPolicy
import TestSupport
import Testing

@Suite struct WinHTTPProxyOutputTests {
    private func read(_ text: String) throws(PolicyFileError) -> (proxy: ProxySettings, isPerUser: Bool?) {
        try WinHTTPProxyOutput.read(Array(text.utf8), file: "proxy.txt")
    }

    private static let start = "\r\nCurrent WinHTTP proxy settings:\r\n\r\n"

    @Test func `direct access and a proxy are read`() throws {
        #expect(try read(Self.start + "    Direct access (no proxy server).\r\n\r\n").proxy == .none)
        let named = Self.start + "    Proxy Server(s) :  proxy.example.test:8080\r\n    Bypass List     :  <local>;*.example.test\r\n\r\n"
        #expect(try read(named).proxy == .static("proxy.example.test:8080", bypass: "<local>;*.example.test"))
        let bare = Self.start + "    Proxy Server(s) :  http=a:1;https=b:2\r\n    Bypass List     :  (none)\r\n"
        #expect(try read(bare).proxy == .static("http=a:1;https=b:2"))
        #expect(try WinHTTPProxyOutput.read(Fixtures.utf16(bare), file: "a").proxy == .static("http=a:1;https=b:2"))
    }

    static let refused: [(String, PolicyFileError.Code)] = [
        ("", .truncated), (start, .truncated),
        ("Aktuelle WinHTTP-Proxyeinstellungen:\r\n\r\n    Direkter Zugriff (kein Proxyserver).\r\n", .unsupported),
        (start + "    Accès direct (sans serveur proxy).\r\n", .syntax), (start + "    Proxy Server(s) :  a:1\r\n", .truncated),
        (start + "    Proxy Server(s) :\r\n    Bypass List     :  (none)\r\n", .value),
        (start + "    Proxy Server(s) :  a:1\r\n    Ausnahmen     :  (none)\r\n", .syntax),
        (start + "    Direct access (no proxy server).\r\nmore\r\n", .syntax),
    ]

    @Test(arguments: refused.indices)
    func `another language or a part is refused, not guessed`(_ index: Int) {
        let error = refusal { () throws(PolicyFileError) in try read(Self.refused[index].0) }
        #expect(error?.code == Self.refused[index].1, "\(index): \(String(describing: error))")
    }

    @Test func `show advproxy is read in any language of its heading`() throws {
        let json = """
            {"ProxyIsEnabled": true, "Proxy": "http=a:1;https=b:2", "ProxyBypass": "<local>", "AutoConfigIsEnabled": true,
            "AutoconfigUrl": "http://pac.example.test/p.pac", "AutoDetect": true, "PerUserProxySettings": false, "Other": [1, {"a": null}]}
            """
        let found = try read("Aktuelle Einstellungen:\r\n\r\n\(json)\r\n")
        #expect(found.proxy.fixed == StaticProxy("http=a:1;https=b:2", bypass: "<local>"))
        #expect(found.proxy.scriptURL == "http://pac.example.test/p.pac")
        #expect(found.proxy.detectsAutomatically)
        #expect(found.isPerUser == false)
        let none = try read(#"{"ProxyIsEnabled": false, "Proxy": "left:1", "AutoConfigIsEnabled": false, "AutoDetect": false}"#)
        #expect(none.proxy == ProxySettings.none)
        #expect(refusal { () throws(PolicyFileError) in try read(#"{"ProxyIsEnabled": true, "AutoConfigIsEnabled": false}"#) } != nil)
        let empty = #"{"ProxyIsEnabled": true, "Proxy": " ", "AutoConfigIsEnabled": false, "AutoDetect": false}"#
        #expect(refusal { () throws(PolicyFileError) in try read(empty) }?.code == .value)
    }
}

@Suite struct ProxyBlobTests {
    private func text(_ text: String) -> [UInt8] { Fixtures.word(UInt32(text.utf8.count)) + Array(text.utf8) }

    private func system(_ bytes: [UInt8]) throws(PolicyFileError) -> ProxyBlob.Reading {
        try ProxyBlob.winHTTPSettings(bytes, file: "a", at: 100)
    }

    private func user(_ bytes: [UInt8]) throws(PolicyFileError) -> ProxyBlob.Reading {
        try ProxyBlob.defaultConnectionSettings(bytes, file: "a", at: 100)
    }

    @Test(arguments: [(0x18 as UInt32, false), (0x28, false), (0x30, true)])
    func `the system's proxy is read, and a number not known is said`(_ magic: UInt32, _ isExperimental: Bool) throws {
        let head = Fixtures.word(magic) + Fixtures.word(0)
        let direct = try system(head + Fixtures.word(1) + Fixtures.word(0) + Fixtures.word(0))
        #expect(direct.settings == .none)
        #expect(direct.isExperimental == isExperimental)
        let proxy = try system(head + Fixtures.word(3) + text("proxy:8080") + text("<local>") + [1, 2, 3])
        #expect(proxy.settings == .static("proxy:8080", bypass: "<local>"))
    }

    @Test(arguments: [(0x46 as UInt32, false), (0x3c, false), (0x18, true)])
    func `the user's proxy is read as far as its flags say`(_ magic: UInt32, _ isExperimental: Bool) throws {
        func bytes(_ flags: UInt32) -> [UInt8] {
            Fixtures.word(magic) + Fixtures.word(9) + Fixtures.word(flags) + text("proxy:8080") + text("<local>") + text("http://pac")
                + Array(repeating: 0, count: 32)
        }
        #expect(try user(bytes(1)).settings == .none)
        #expect(try user(bytes(3)).settings == .static("proxy:8080", bypass: "<local>"))
        #expect(try user(bytes(5)).settings == .pac("http://pac"))
        #expect(try user(bytes(9)).settings == .wpad)
        #expect(try user(bytes(15)).settings.fixed != nil)
        #expect(try user(bytes(1)).isExperimental == isExperimental)
    }

    @Test func `lengths that lie, flags that are not known and cut values are refused`() throws {
        let head = Fixtures.word(0x18) + Fixtures.word(0)
        for flags in [0, 4, 0xffff_ffff] as [UInt32] {
            #expect(refusal { () throws(PolicyFileError) in try system(head + Fixtures.word(flags) + text("p") + text("")) }?.code == .unsupported)
        }
        #expect(refusal { () throws(PolicyFileError) in try system(head + Fixtures.word(3) + text("") + text("")) }?.code == .value)
        for length in [2, 100, 0x7fff_ffff, 0xffff_ffff] as [UInt32] {
            let error = refusal { () throws(PolicyFileError) in try system(head + Fixtures.word(3) + Fixtures.word(length) + [0x61]) }
            #expect(error?.code == .length)
            #expect(error?.byteOffset == 100)
        }
        #expect(
            refusal { () throws(PolicyFileError) in try system(head + Fixtures.word(3) + Fixtures.word(1) + [0xe4] + text("")) }?.code == .encoding)
        let whole = head + Fixtures.word(3) + text("proxy:8080") + text("<local>")
        for count in 0..<whole.count { _ = refusal { () throws(PolicyFileError) in try system(Array(whole[..<count])) } }
        let users = Fixtures.word(0x46) + Fixtures.word(1) + Fixtures.word(7) + text("p:1") + text("b") + text("u")
        for count in 0..<users.count { _ = refusal { () throws(PolicyFileError) in try user(Array(users[..<count])) } }
    }

    @Test func `what is written reads back`() throws {
        #expect(try system(ProxyBlob.winHTTPSettings(nil)).settings == .none)
        let proxy = StaticProxy("proxy.example.test:8080", bypass: "<local>;wsus.example.test")
        #expect(try system(ProxyBlob.winHTTPSettings(proxy)).settings.fixed == proxy)
        #expect(ProxyBlob.winHTTPSettings(nil).count == 20)
    }

    @Test(.enabled(if: Evidence.isPresent, Comment(rawValue: Evidence.absence)))
    func `the values quoted in public are read or refused as they should be`() throws {
        let text = String(decoding: try Evidence.bytes("policy/winhttpsettings-blobs.txt"), as: UTF8.self)
        let values = text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
            stride(from: 0, to: line.count, by: 2).compactMap { UInt8(line.dropFirst($0).prefix(2), radix: 16) }
        }
        #expect(try system(values[0]).settings == .none)
        // The beginning only: it says that there is a proxy, and does not name it.
        #expect(refusal { () throws(PolicyFileError) in try system(values[1]) }?.code == .value)
    }
}
