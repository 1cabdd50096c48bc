import Testing
import UpdateProtocols

@testable import UpdateAgent

struct AgentExchangeTests {
    @Test func `an answer decompresses to 64 times its length and no further`() throws {
        // A run of one byte has the same compressed length whatever its own is, within a block.
        let length = Xpress.compress([UInt8](repeating: 0x61, count: 1500)).count
        for (count, isTaken) in [(64 * length, true), (64 * length + 1, false)] {
            let body = Xpress.compress([UInt8](repeating: 0x61, count: count))
            try #require(body.count == length)
            let response = AgentResponse(status: 200, contentEncoding: "xpress", body: body)
            let plain = try? response.plainBody(of: .syncUpdates)
            #expect(plain?.count == (isTaken ? count : nil))
        }
    }
}
