import Testing
import Updates

struct DriverVersionTests {
    @Test(arguments: [
        ("10.0.22621.1", 0x000a_0000_585d_0001 as UInt64), ("1", 0x0001_0000_0000_0000), ("0.0.0.65535", 0xffff),
        ("65535.65535.65535.65535", .max), ("6.1.2", 0x0006_0001_0002_0000),
    ])
    func `a version is read part by part`(text: String, value: UInt64) {
        #expect(DriverVersion(text)?.rawValue == value)
    }

    @Test(arguments: ["", "1.", ".1", "1..2", "1.2.3.4.5", "65536", "-1", "+1", "a", "1.2 "])
    func `what is no version is not read`(text: String) {
        #expect(DriverVersion(text) == nil)
    }

    @Test func `versions are compared as numbers and written with four parts`() throws {
        let older = try #require(DriverVersion("9.100.0.0"))
        let newer = try #require(DriverVersion("10.0"))
        #expect(older < newer)
        #expect(newer.description == "10.0.0.0")
    }
}
