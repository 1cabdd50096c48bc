import Testing

@testable import ScanPolicy

@Suite struct ProxyReachTests {
    @Test(arguments: [
        ("", false), ("wsus.example.net", true), ("WSUS.EXAMPLE.NET", true), ("wsus", false), ("*.example.net", true), ("example.net", false),
        ("*example.net", true), ("wsus.*", true), ("*", true), ("w*s.e*.net", true), ("w*x", false), ("<local>", false), ("<LOCAL>;*.net", true),
        ("a;b wsus.example.net", true), ("a,wsus.example.net", true), ("wsus.example.net:8531", true), ("wsus.example.net:80", false),
        ("https://wsus.example.net", true), ("http://wsus.example.net", false), ("https://*:8531", true), ("**.net", true), (";;", false),
        ("wsus.example.net.", false),
    ])
    func `a bypass list names a server`(bypass: String, isBypassed: Bool) throws {
        let server = try #require(ServerURL("https://wsus.example.net:8531"))
        #expect(StaticProxy("proxy:80", bypass: bypass).bypasses(server) == isBypassed)
    }

    @Test(arguments: [
        ("https://wsus:8531", "<local>", true), ("https://10.1.2.3", "<local>", false), ("https://10.1.2.3", "10.*", true),
        ("https://[fe80::1]:8531", "<local>", false), ("https://[fe80::1]:8531", "[fe80::1]", true), ("https://[fe80::1]:8531", "fe80::*", true),
        ("https://[fe80::1]:8531", "[fe80::1]:8531", true), ("https://[fe80::1]:8531", "[fe80::1]:80", false),
    ])
    func `short names and addresses are bypassed by their own forms`(server: String, bypass: String, isBypassed: Bool) throws {
        #expect(StaticProxy("proxy:80", bypass: bypass).bypasses(try #require(ServerURL(server))) == isBypassed)
    }

    @Test(arguments: [
        ("proxy:80", "proxy:80"), ("http=one:80;https=two:81", "two:81"), ("http=one:80", nil), ("HTTPS=two:81", "two:81"),
        ("http=one:80 https=two:81", "two:81"), ("", nil), ("https=", nil),
    ])
    func `a proxy for one scheme is none for another`(proxy: String, expected: String?) {
        #expect(StaticProxy(proxy).proxy(for: .https) == expected)
    }

    @Test func `a pattern of stars takes no time to speak of`() {
        let text = [UInt8](repeating: UInt8(ascii: "a"), count: 255)
        let pattern = [UInt8](String(repeating: "a*", count: 2000).utf8) + [UInt8(ascii: "b")]
        #expect(!StaticProxy.matches(text, pattern))
    }

    @Test func `a script or WPAD decides before what is set beside it`() throws {
        let server = try #require(ServerURL("https://wsus:8531"))
        var settings = ProxySettings.static("proxy:80", bypass: "<local>")
        #expect(settings.reach(server) == .bypassed)
        settings.detectsAutomatically = true
        #expect(settings.reach(server) == .proxied(isAssumed: true))
        #expect(ProxySettings.none.reach(server) == .none)
        #expect(ProxySettings.static("proxy:80").reach(server) == .proxied(isAssumed: false))
    }
}
