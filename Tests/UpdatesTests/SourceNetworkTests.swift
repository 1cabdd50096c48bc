import Testing
import Updates

struct SourceNetworkTests {
    @Test(arguments: [
        ("192.0.2.7", "192.0.2.7"), ("::ffff:192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::1", "2001:db8:1:2::/64"), ("2001:db8:1:3::1", "2001:db8:1:3::/64"), ("::1", "::/64"), ("fe80::1%eth0", "fe80::/64"),
        ("2001:db8:1:2::/64", "2001:db8:1:2::/64"), ("?", "?"), ("", ""), ("1.2.3", "1.2.3"),
    ])
    func `addresses that one peer can have are one network`(address: String, network: String) {
        #expect(SourceNetwork(address).description == network)
        #expect(SourceNetwork(network) == SourceNetwork(address))
    }

    @Test(arguments: [
        ("192.0.2.7", "192.0.2.8", true), ("192.0.2.7", "192.0.2.7", false), ("2001:db8:1:2::1", "2001:db8:1:3::1", true),
        ("2001:db8:1:2::1", "2001:db8:1:2::2", false), ("192.0.2.7", "2001:db8::1", false), ("?", "192.0.2.7", false), ("", "?", false),
    ])
    func `two networks of one family are two places`(one: String, other: String, isApart: Bool) {
        #expect(SourceNetwork(one).isApart(from: SourceNetwork(other)) == isApart)
        #expect(SourceNetwork(other).isApart(from: SourceNetwork(one)) == isApart)
    }
}
