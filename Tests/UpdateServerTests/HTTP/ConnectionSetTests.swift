import NIOCore
import NIOEmbedded
import Testing

@testable import UpdateServer

@Suite struct ConnectionSetTests {
    @Test func `as many as allowed are admitted, and the first beyond is told apart`() throws {
        let set = ConnectionSet(limit: 2)
        let channels = (0..<5).map { _ in EmbeddedChannel() }
        #expect(channels[..<4].map { set.admit($0) } == [.admitted, .admitted, .refusedFirst, .refused])
        try channels[0].close().wait()
        channels[0].embeddedEventLoop.run()
        #expect(set.count == 1)
        #expect(set.admit(channels[4]) == .admitted)
        #expect(set.admit(channels[2]) == .refusedFirst)
    }

    @Test func `none is admitted once the server ends`() async {
        let set = ConnectionSet(limit: 2)
        set.quiesce()
        #expect(set.admit(EmbeddedChannel()) == .refused)
        #expect(await set.waitUntilEmpty(atMost: .seconds(10)))
    }
}
