import ScanPolicy
import TestSupport
import Testing

@Suite struct WindowsUpdateLogTests {
    private func read(_ lines: String...) throws(PolicyFileError) -> WindowsUpdateLog {
        let stamped = lines.map { "2021/07/13 18:06:22.2122154 3736  3464  Component       \($0)\r\n" }.joined()
        return try WindowsUpdateLog.read(Array(stamped.utf8), file: "WindowsUpdate.log")
    }

    @Test func `the managed service's server is evidence, another's is not`() throws {
        let managed = "ServiceId = {3DA21691-E39D-4DA6-8A4B-B43877BCB1B7}, Server URL = https://wsus.example.test:8531/ClientWebService/client.asmx"
        let store =
            "ServiceId = {855E8A7C-ECB4-4CA3-B045-1DFA50104289}, Server URL = https://fe3.delivery.mp.microsoft.com/ClientWebService/client.asmx"
        let log = try read(managed, store)
        #expect(log.server?.value == ServerURL("https://wsus.example.test:8531"))
        #expect(try read(store).server == nil)
    }

    @Test func `later lines count`() throws {
        let log = try read(
            "Got WSUS Client/Server URL: http://old.example.test:8530/ClientWebService/client.asmx",
            "Got WSUS Client/Server URL: https://wsus.example.test:8531/ClientWebService/client.asmx",
            "Got WSUS Reporting URL: https://wsus.example.test:8531/x")
        #expect(log.server?.value == ServerURL("https://wsus.example.test:8531"))
        #expect(log.statusServer?.value == ServerURL("https://wsus.example.test:8531"))
    }

    @Test func `lines on proxies are no policy`() throws {
        let reading = try PolicyReading.read(
            Array(
                """
                2021/07/13 18:06:22.2122309 3736  3464  WebServices     Proxy Behavior set to 1 for service url https://wsus.example.test:8531/x
                2024/03/12 16:47:36.5066766 2564  3832  WebServices     Proxy Behavior: AllowSystemProxyAsFallbackToUserProxy, user proxy options
                2024/03/12 16:47:24.8711847 2564  3832  WebServices     Using user proxy, with impersonation
                2021/07/13 18:06:22.2122183 3736  3464  WebServices     WSUS TLS cert-pinning mandatory: No

                """.utf8), file: "a.log")
        let facts = try DeviceRecord(name: "pc", readings: [reading]).facts
        #expect(facts.policy.isEmpty)
        #expect(facts.userProxy == nil)
        #expect(facts.systemProxy == nil)
        #expect(facts.pinStore == nil)
    }

    @Test func `the pin store and the version are evidence`() throws {
        #expect(try read("WSUS certificate store is empty").pinStore?.value == .empty)
        #expect(try read("WSUS TLS cert-pinning mandatory: Yes").pinStore?.value == .unknown)
        let path = "path used for cache lookup: /SLS/{8B24B027-1DEE-BABB-9A95-3517DFB9C552}/x64/10.0.22631.3235/0?CH=259"
        #expect(try read(path).windows?.value == WindowsVersion("10.0.22631.3235"))
        #expect(try read(path.replacing(".3235", with: ".0")).windows?.value == WindowsVersion("10.0.22631"))
    }

    @Test func `of several things that a line says the first in rank counts, wherever it stands`() throws {
        let address = "https://wsus.example.test:8531/x"
        let log = try read("/SLS/{a}/x64/10.0.22631.1/0 WSUS certificate store is empty Got WSUS Reporting URL: \(address)")
        #expect(log.statusServer?.value == ServerURL(address))
        #expect(log.windows == nil && log.pinStore == nil)
        #expect(try read("GGot WSUS Got WSUS Reporting URL: \(address)").statusServer?.value == ServerURL(address))
        let cut = try read("Got WSUS Reporting URL:", "WSUS certificate store is empt", "/SLS/", "y")
        #expect(cut.lines == 4 && cut.statusServer == nil && cut.pinStore == nil && cut.windows == nil)
    }

    @Test func `text without a dated line is no log`() {
        #expect(refusal { () throws(PolicyFileError) in try WindowsUpdateLog.read(Array("hello\n".utf8), file: "a") }?.code == .unknownFormat)
    }

    @Test(.enabled(if: Evidence.isPresent, Comment(rawValue: Evidence.absence)))
    func `real extracts give what they prove and nothing else`() throws {
        func facts(_ name: String) throws -> DeviceFacts {
            let reading = try PolicyReading.read(try Evidence.bytes("logs/\(name)"), file: name)
            #expect(reading.format == .windowsUpdateLog)
            return try DeviceRecord(name: "pc", readings: [reading]).facts
        }
        let managed = try facts("wua-10.0.17763-managed-scan-sccm-wsus-8531-ok.log")
        #expect(managed.policy[.wuServer] == "https://wsus.example.test:8531")
        #expect(managed.policy[.useWUServer] == 1)
        #expect(managed.policy[.setProxyBehaviorForUpdateDetection] == nil)
        #expect(managed.pinStore == .empty)
        let fallback = try facts("wua-1215-proxy-fallback-8024402C.log")
        #expect(fallback.policy.isEmpty)
        #expect(fallback.windows == WindowsVersion("10.0.22631.3235"))
        #expect(try facts("wua-7.6-wsus-unreachable-80072ee2.log").policy.isEmpty)
        #expect(try facts("mslearn-80244007-examples.log").policy.isEmpty)
    }
}
