import ScanPolicy
import Testing

@Suite struct FactsTests {
    @Test(arguments: [
        ("https://updates.example.net:8531", "https://updates.example.net:8531"), ("HTTP://WSUS", "http://wsus:80"),
        (" https://wsus/ ", "https://wsus:443"), ("https://wsus:8531/path?x", "https://wsus:8531"),
        ("https://[fe80::1]:8531", "https://[fe80::1]:8531"),
        ("http://10.1.2.3:8530/", "http://10.1.2.3:8530"),
    ])
    func `an address is read as policies write it`(text: String, expected: String) {
        #expect(ServerURL(text)?.description == expected)
    }

    @Test(arguments: [
        "", "wsus", "wsus:8530", "ftp://wsus", "https://", "https://:8531", "https://wsus:", "https://wsus:0", "https://wsus:65536",
        "https://wsus:85x1",
        "https://user@wsus", "https://ws us", "https://[fe80::1", "https://[fe80::1]8531", "https://\(String(repeating: "a", count: 256))",
    ])
    func `what is no address is refused`(text: String) {
        #expect(ServerURL(text) == nil)
    }

    @Test func `the bounds of an address are exact`() {
        #expect(ServerURL("https://wsus:65535")?.port == 65535)
        #expect(ServerURL("https://\(String(repeating: "a", count: 255))") != nil)
    }

    @Test(arguments: [
        ("10.0.19041.508", "10.0.19041.508"), ("10.0.19041", "10.0.19041"), ("19041.508", "10.0.19041.508"), ("6.3.9600.19821", "6.3.9600.19821"),
    ])
    func `a version of Windows is read as tools print it`(text: String, expected: String) {
        #expect(WindowsVersion(text)?.description == expected)
    }

    @Test(arguments: ["", "10", "10.0", "10.0.19041.", "10.0.x.1", "10.0.19041.508.1", "+1.2.3", "10.0.99999999999"])
    func `what is no version of Windows is refused`(text: String) {
        #expect(WindowsVersion(text) == nil)
    }

    @Test func `versions are ordered by their numbers, and one without revision comes first`() {
        let texts = ["6.3.9600.20000", "10.0.17763", "10.0.17763.9", "10.0.17763.10", "10.0.19041.1"]
        #expect(texts.compactMap { WindowsVersion($0) }.sorted().map(\.description) == texts)
    }

    @Test func `a fingerprint is read as tools print it`() {
        let sha1 = "0F:1e 2d" + String(repeating: "00", count: 17)
        #expect(CertificateFingerprint(sha1)?.hex == "0f1e2d" + String(repeating: "00", count: 17))
        #expect(CertificateFingerprint(String(repeating: "A", count: 64))?.algorithm == .sha256)
        #expect(CertificateFingerprint(String(repeating: "A", count: 40))?.algorithm == .sha1)
        for count in [0, 39, 41, 63, 65] { #expect(CertificateFingerprint(String(repeating: "A", count: count)) == nil) }
        #expect(CertificateFingerprint(String(repeating: "g", count: 64)) == nil)
    }

    @Test func `policy values are found by their names in the registry in any case`() {
        #expect(PolicyText(registryName: "wuserver") == .wuServer)
        #expect(PolicyNumber(registryName: "USEWUSERVER") == .useWUServer)
        #expect(PolicyNumber.useWUServer.key == .automaticUpdates)
        #expect(PolicyNumber(registryName: "WUServer") == nil)
        var policy = PolicyValues()
        #expect(policy.isEmpty)
        policy[.wuServer] = "https://wsus:8531"
        policy[.useWUServer] = 1
        #expect(policy[.wuServer] == "https://wsus:8531" && policy[.useWUServer] == 1 && policy[.wuStatusServer] == nil)
    }
}
