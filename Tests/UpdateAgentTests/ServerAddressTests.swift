import Testing

@testable import UpdateAgent

@Suite struct ServerAddressTests {
    @Test(arguments: [
        ("https://updates.example:8531", "https://updates.example:8531"),
        ("HTTPS://Updates.Example:8531/", "https://updates.example:8531"),
        ("https://updates.example", "https://updates.example:443"),
        ("https://127.0.0.1:8531", "https://127.0.0.1:8531"),
        ("https://[fe80::1]:8531", "https://[fe80::1]:8531"),
        ("https://[fe80::1]", "https://[fe80::1]:443"),
    ])
    func `an origin is read`(text: String, origin: String) throws {
        #expect(try ServerAddress(text).description == origin)
    }

    @Test(arguments: [
        "http://updates.example:8530", "updates.example", "https://", "https://:8531", "https://a:0", "https://a:65536", "https://a:x",
        "https://user@a:8531", "https://a/path", "https://a?x", "https://a b", "https://[]:1", "ftp://a", "https://a:8531#", "https://ä",
    ])
    func `anything else is refused`(text: String) {
        #expect(throws: AgentError.self) { try ServerAddress(text) }
    }

    @Test(arguments: [
        ("its own", "https://updates.example:8531/Content/49/A379.exe", true),
        ("its own in capitals", "https://UPDATES.example:8531/Content/49/A379.exe", true),
        ("without TLS", "http://updates.example:8531/Content/49/A379.exe", false),
        ("another host", "https://other.example:8531/Content/49/A379.exe", false),
        ("a longer host", "https://updates.example.other:8531/Content/49/A379.exe", false),
        ("another port", "https://updates.example:8532/Content/49/A379.exe", false),
        ("the default port", "https://updates.example/Content/49/A379.exe", false),
        ("user and password", "https://updates.example:8531@other.example/Content/49/A379.exe", false),
        ("backslash", "https://updates.example:8531\\@other.example/x", false),
        ("no path", "https://updates.example:8531", false),
        ("up and out", "https://updates.example:8531/Content/../x", false),
        ("up and out, encoded", "https://updates.example:8531/Content/%2e%2E/x", false),
        ("an empty segment", "https://updates.example:8531//Content/x", false),
        ("a query", "https://updates.example:8531/Content/x?y", false),
        ("a control character", "https://updates.example:8531/Content/x\r\nHost: y", false),
    ])
    func `a location counts only under the server's own origin`(name: String, url: String, isOwn: Bool) throws {
        #expect(try ServerAddress("https://updates.example:8531").contains(url) == isOwn)
    }

    @Test(arguments: [
        ("as a real server says it", "SimpleAuthWebService/SimpleAuth.asmx", "/SimpleAuthWebService/SimpleAuth.asmx"),
        ("with a slash", "/Auth/Simple.asmx", "/Auth/Simple.asmx"),
        ("another host", "https://other.example/SimpleAuth.asmx", nil),
        ("another host without a scheme", "//other.example/SimpleAuth.asmx", nil),
        ("nothing", "", nil),
    ])
    func `the authorization service is a path of the server`(name: String, url: String, path: String?) {
        #expect(ServerAddress.path(ofService: url) == path)
    }
}
