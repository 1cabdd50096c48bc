import Testing

@testable import ScanPolicy

@Suite struct AuditTargetTests {
    @Test(arguments: [
        ("https://wsus.example.test:8531", "wsus.example.test", [[8531, 8530]]),
        ("http://wsus.example.test:8530/", "wsus.example.test", [[8531, 8530]]),
        ("https://WSUS.example.test", "wsus.example.test", [[443, 80]]),
        ("http://wsus", "wsus", [[443, 80]]),
        ("wsus.example.test", "wsus.example.test", [[8531, 8530], [443, 80]]),
        ("192.0.2.7", "192.0.2.7", [[8531, 8530], [443, 80]]),
        ("2001:db8::7", "2001:db8::7", [[8531, 8530], [443, 80]]),
        ("[2001:db8::7]", "2001:db8::7", [[8531, 8530], [443, 80]]),
        ("https://[2001:db8::7]:8531", "2001:db8::7", [[8531, 8530]]),
        ("https://wsus:9000", "wsus", [[9000, 0]]),
        ("http://wsus:9000", "wsus", [[0, 9000]]),
    ])
    func `an address says where to look`(_ text: String, _ host: String, _ ports: [[UInt16]]) throws {
        let target = try #require(AuditTarget(text))
        #expect(target.host == host)
        #expect(target.ports.map { [$0.https ?? 0, $0.http ?? 0] } == ports)
    }

    @Test(arguments: [
        "", "ftp://wsus", "wsus:8531", "https://", "https://wsus:0", "https://wsus:65536", "https://user@wsus", "https://w sus",
        "https://wsus\r\nX: y",
        "https://wsüs", "https://[2001:db8::g]", "[::1]:8531", "a\"b",
    ])
    func `what is no address is refused`(_ text: String) {
        #expect(AuditTarget(text) == nil)
    }

    @Test func `ports that are given go before the usual ones`() {
        #expect(AuditTarget("https://wsus:9000", http: 9001)?.ports == [AuditTarget.Ports(https: 9000, http: 9001)])
        #expect(AuditTarget("wsus", https: 9000)?.ports == [AuditTarget.Ports(https: 9000, http: nil)])
        #expect(AuditTarget("https://wsus:8531", http: 9001)?.ports == [AuditTarget.Ports(https: 8531, http: 9001)])
    }
}

@Suite struct CipherSuiteTests {
    @Test func `only suites with authenticated encryption and forward secrecy are good`() {
        for suite in CipherSuite.classic + CipherSuite.modern where suite.worth.grade == .good {
            #expect(suite.isAuthenticatedEncryption, "\(suite)")
            #expect(suite.code >> 8 == 0x13 || suite.description.contains("DHE_"), "\(suite)")
            #expect(!suite.description.contains("anon") && !suite.description.contains("NULL"), "\(suite)")
        }
        #expect(CipherSuite(code: 0xfafa).description == "0xfafa")
        #expect(CipherSuite(code: 0x0001).description == "TLS_RSA_WITH_NULL_MD5")
        #expect(CipherSuite(code: 0xfafa).worth.grade == .unknown)
    }

    @Test func `what is worse counts, and what could not be seen does not`() {
        #expect(AuditGrade.worst(of: [.good, .unknown, .note]) == .note)
        #expect(AuditGrade.worst(of: [.dangerous, .weak]) == .dangerous)
        #expect(AuditGrade.worst(of: [.unknown]) == .unknown)
        #expect(AuditGrade.worst(of: [AuditGrade]()) == .unknown)
    }
}

@Suite struct CivilTimeTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.000Z"), (951_782_400, "2000-02-29T00:00:00.000Z"),
        (1_795_438_800, "2026-11-23T13:00:00.000Z"), (4_107_542_399, "2100-02-28T23:59:59.000Z"), (Int.max, "9999-12-31T23:59:59.000Z"),
        (Int.min, "0001-01-01T00:00:00.000Z"),
    ])
    func `seconds are a time`(_ seconds: Int, _ text: String) {
        #expect(CivilTime.text(seconds) == text)
    }
}

@Suite struct AuditPageTests {
    @Test func `nothing of a server is markup, and the page loads nothing`() {
        var seen = SeenServer.good
        seen.https?.tls?.chain[0].subject = "CN=<script>alert(1)</script>\u{202e}&\""
        seen.https?.answers[1].failure = "<img src=x>"
        seen.https?.answers[1].status = nil
        let page = String(decoding: AuditPage.bytes(AuditGrading.report(seen)), as: UTF8.self)
        #expect(page.contains("CN=&lt;script&gt;alert(1)&lt;/script&gt;\\u{202e}&amp;&quot;"))
        #expect(page.contains("&lt;img src=x&gt;"))
        #expect(page.contains("default-src 'none'"))
        for word in ["<script", "<img", "http-equiv=\"refresh\"", "href=", "@import", "url("] {
            #expect(!page.contains(word), "\(word)")
        }
    }
}
