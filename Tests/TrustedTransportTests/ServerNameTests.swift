import Testing
import TrustedTransport

@Suite struct ServerNameTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let text: String
        let description: String?
        let urlHost: String?

        init(_ name: String, _ text: String, _ description: String? = nil, urlHost: String? = nil) {
            self.name = name
            self.text = text
            self.description = description
            self.urlHost = urlHost
        }

        var testDescription: String { name }
    }

    static let label63 = String(repeating: "a", count: 63)
    static let name253 = [label63, label63, label63, String(repeating: "b", count: 61)].joined(separator: ".")

    @Test(arguments: [
        Row("host name", "updates.example", "updates.example"),
        Row("upper case", "Updates.EXAMPLE", "updates.example"),
        Row("one label", "localhost", "localhost"),
        Row("punycode", "xn--bcher-kva.example", "xn--bcher-kva.example"),
        Row("label of 63", label63, label63),
        Row("name of 253", name253, name253),
        Row("first label a number", "1.example", "1.example"),
        Row("IPv4", "192.0.2.7", "192.0.2.7"),
        Row("IPv6", "2001:DB8:0::1", "2001:db8::1", urlHost: "[2001:db8::1]"),
        Row("IPv6 loopback", "::1", "::1", urlHost: "[::1]"),
    ])
    func `a name of the standards is read`(row: Row) throws {
        let name = try ServerName(row.text)
        #expect(name.description == row.description)
        #expect(name.urlHost == row.urlHost ?? row.description)
    }

    @Test(arguments: [
        Row("empty", ""), Row("wildcard", "*.example"), Row("dot at the end", "updates.example."), Row("dot at the start", ".example"),
        Row("two dots", "a..b"), Row("underscore", "up_dates.example"), Row("space", "updates example"), Row("port", "updates.example:8531"),
        Row("URL", "https://updates.example"), Row("hyphen first", "-a.example"), Row("hyphen last", "a-.example"),
        Row("label of 64", label63 + "a"), Row("name of 254", name253 + "b"), Row("other script", "bücher.example"),
        Row("IPv4 with a part too many", "192.0.2.7.1"), Row("IPv4 with a part too few", "192.0.2"), Row("IPv4 out of range", "192.0.2.256"),
        Row("IPv4 as one number", "3221225985"), Row("IPv6 in brackets", "[::1]"), Row("IPv6 with a zone", "fe80::1%eth0"),
        Row("NUL", "127.0.0.1\u{0}"), Row("line break", "a\nb"), Row("range", "192.0.2.0/24"),
    ])
    func `anything else is refused with its reason`(row: Row) {
        let error = #expect(throws: TrustError.self) { try ServerName(row.text) }
        #expect(error?.code == .invalidName)
        #expect(error?.message.unicodeScalars.allSatisfy { (0x20...0x7e).contains($0.value) } == true)
    }

    @Test func `names are equal if they mean the same`() throws {
        #expect(try ServerName("A.example") == ServerName("a.EXAMPLE"))
        #expect(try ServerName("::1") == ServerName("0:0:0:0:0:0:0:1"))
        #expect(try ServerName("127.0.0.1") != ServerName("127.0.0.2"))
    }
}
