import NIOCore
import Testing

@testable import TrustedTransport

@Suite struct SuiteOrderTests {
    /// A ClientHello of these suites, in one record.
    private func hello(_ suites: [UInt16], session: Int = 32) -> [UInt8] {
        var body: [UInt8] = [3, 3] + [UInt8](repeating: 7, count: 32) + [UInt8(session)] + [UInt8](repeating: 9, count: session)
        body += [UInt8(suites.count * 2 >> 8), UInt8(suites.count * 2 & 255)] + suites.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
        body += [1, 0]
        let message: [UInt8] = [1, 0, UInt8(body.count >> 8), UInt8(body.count & 255)] + body
        return [22, 3, 1, UInt8(message.count >> 8), UInt8(message.count & 255)] + message
    }

    @Test(arguments: [0, 1, 32])
    func `the suites are read once the record is whole, and never before`(session: Int) {
        let bytes = hello([0xc02b, 0xc02c, 0x1301], session: session)
        for length in 0..<bytes.count {
            #expect(OfferedSuites.read(ByteBuffer(bytes: bytes.prefix(length))) == .more, "\(length)")
        }
        #expect(OfferedSuites.read(ByteBuffer(bytes: bytes)) == .suites([0xc02b, 0xc02c, 0x1301]))
        #expect(OfferedSuites.read(ByteBuffer(bytes: bytes + [1, 2, 3])) == .suites([0xc02b, 0xc02c, 0x1301]))
    }

    @Test func `what is no hello, or lies about its lengths, is left to TLS`() {
        #expect(OfferedSuites.read(ByteBuffer(string: "GET / HTTP/1.1\r\n\r\n")) == .unknown)
        let good = hello([0xc02b])
        for (offset, value) in [(0, 23), (1, 2), (3, 0x40), (5, 2), (43, 33), (43, 255), (76, 255), (77, 3)] as [(Int, UInt8)] {
            var bytes = good + [UInt8](repeating: 0, count: 1 << 15)
            bytes[offset] = value
            #expect(OfferedSuites.read(ByteBuffer(bytes: bytes)) == .unknown, "\(offset)")
        }
        var empty = good
        (empty[3], empty[4]) = (0, 0)
        #expect(OfferedSuites.read(ByteBuffer(bytes: empty)) == .unknown)
    }
}
