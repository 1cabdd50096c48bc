import Testing
import TrustedTransport

@testable import UpdateServer

@Suite struct PublicAddressTests {
    @Test(arguments: [
        (nil, "updates.example"), ("updates.example", "updates.example"), ("UPDATES.Example:8531", "updates.example"),
        ("other.example:9", "other.example"),
        ("192.0.2.1", "192.0.2.1"), ("192.0.2.1:8531", "192.0.2.1"), ("[2001:db8::1]", "[2001:db8::1]"), ("[2001:DB8:0:0::1]:443", "[2001:db8::1]"),
        // Not the certificate's
        ("evil.example", "updates.example"), ("192.0.2.2", "updates.example"), ("[2001:db8::2]", "updates.example"), ("", "updates.example"),
        (":8531", "updates.example"), ("[", "updates.example"), ("[]", "updates.example"), ("updates.example.evil", "updates.example"),
        ("updates.example@evil", "updates.example"), ("updates.example/x", "updates.example"), ("other.example, evil", "updates.example"),
    ])
    func `a device is told the name it asked by, if the certificate has it`(host: String?, name: String) throws {
        let names = try ["updates.example", "other.example", "192.0.2.1", "2001:db8::1"].map { try ServerName($0) }
        #expect(PublicAddress(names: names, port: 8531).baseURL(for: host) == "https://\(name):8531")
    }
}
