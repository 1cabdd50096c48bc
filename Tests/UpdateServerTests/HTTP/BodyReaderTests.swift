import NIOCore
import Testing
import UpdateProtocols

@testable import UpdateServer

struct BodyReaderTests {
    private static func deferred(_ bytes: [UInt8]) -> AnswerBody.Piece {
        .deferred(DeferredBytes(bytes.count) { range, give in bytes.withUnsafeBytes { give(UnsafeRawBufferPointer(rebasing: $0[range])) } })
    }

    private static let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0) }

    private static func body() -> AnswerBody {
        AnswerBody(
            pieces: [.bytes(Array(bytes[..<100])), deferred(Array(bytes[100..<700])), deferred([]), .bytes([]), .bytes(Array(bytes[700...]))],
            isXpress: false)
    }

    @Test(arguments: [1, 2, 7, 99, 100, 101, 700, 999, 1000, 1001])
    func `the pieces come in order, whatever is taken at a time`(step: Int) throws {
        var reader = BodyReader(Self.body())
        var taken = ByteBuffer()
        while reader.count > 0 {
            let before = taken.readableBytes
            try reader.read(into: &taken, atMost: step)
            #expect(taken.readableBytes - before <= step)
            #expect(taken.readableBytes > before)
            #expect(reader.count == 1000 - taken.readableBytes)
        }
        #expect(Array(taken.readableBytesView) == Self.bytes)
        #expect(reader.bytesInMemory == 0)
    }

    @Test func `it knows what it can take without waiting`() throws {
        var reader = BodyReader(Self.body())
        #expect(reader.bytesInMemory == 400)
        #expect(reader.isInMemory(next: 100))
        #expect(!reader.isInMemory(next: 101))
        var taken = ByteBuffer()
        try reader.read(into: &taken, atMost: 60)
        #expect(reader.isInMemory(next: 40))
        #expect(!reader.isInMemory(next: 41))
        #expect(reader.bytesInMemory == 400)
        try reader.read(into: &taken, atMost: 640)
        #expect(reader.bytesInMemory == 300)
        try reader.read(into: &taken, atMost: 1)
        #expect(reader.isInMemory(next: 299))
    }
}
