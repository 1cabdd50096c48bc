import Testing

@testable import UpdateProtocols

/// Pages of random texts, short ones written in and long ones put in ready.
struct AnswerWriterTests {
    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz <>&\"\r\n\t=/0123456789é".utf8)

    private static func text(_ count: Int, using random: inout some RandomNumberGenerator) -> [UInt8] {
        // Words that come again, as they do in fragments.
        let words = (0..<20).map { _ in (0..<Int.random(in: 1...12, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? 0 } }
        var text: [UInt8] = []
        while text.count < count { text += words.randomElement(using: &random) ?? [] }
        return Array(text.prefix(count))
    }

    private static func deferred(_ bytes: [UInt8]) -> DeferredBytes {
        DeferredBytes(bytes.count) { range, give in bytes.withUnsafeBytes { give(UnsafeRawBufferPointer(rebasing: $0[range])) } }
    }

    private static func escaping(_ bytes: [UInt8]) -> DeferredBytes {
        DeferredBytes(escaping: bytes.count) { range, give in bytes.withUnsafeBytes { give(UnsafeRawBufferPointer(rebasing: $0[range])) } }
    }

    private static func blocks(_ text: [UInt8]) throws -> (coded: [UInt8], textCount: Int) {
        var coded: [UInt8] = []
        let count = text.withUnsafeBytes { Xpress.compressText($0) { coded.append(contentsOf: $0) } }
        return (coded, count)
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `a body in blocks comes back as the same body without`(seed: UInt64) throws {
        var random = SystemRandomNumberGenerator()
        var plain = AnswerWriter(.identity)
        var coded = AnswerWriter(.xpress)
        var expected: [UInt8] = []
        let lengths = [0, 1, 100, 5000, 16_351, 16_352, 16_353, 40_000, 300_000]
        for _ in 0..<Int(seed) {
            let text = Self.text(lengths.randomElement(using: &random) ?? 0, using: &random)
            var xml = XMLBytes()
            xml.appendEscaped(text)
            expected += xml.bytes
            if Bool.random(using: &random) {
                plain.xml.appendEscaped(text)
                coded.xml.appendEscaped(text)
                plain.flush()
                coded.flush()
            } else {
                plain.append(.deferred(Self.escaping(text)))
                coded.append(.deferred(Self.deferred(try Self.blocks(text).coded)))
            }
        }
        let (plainBody, codedBody) = (plain.finish(), coded.finish())
        #expect(plainBody.count == expected.count)
        #expect(try plainBody.joined() == expected)
        let wire = try codedBody.joined()
        #expect(codedBody.count == wire.count)
        #expect(codedBody.isXpress && !plainBody.isXpress)
        #expect(try Xpress.decompress(wire, limit: expected.count) == expected)
    }

    @Test func `blocks are whole but before what is ready and at the end`() throws {
        var random = SystemRandomNumberGenerator()
        var writer = AnswerWriter(.xpress)
        let ready = Self.text(20_000, using: &random).filter { $0 != UInt8(ascii: "&") && $0 > 0x3f }
        for _ in 0..<5 {
            writer.xml.appendVerbatim(Array(repeating: UInt8(ascii: "a"), count: 50_000))
            writer.flush()
            writer.append(.deferred(Self.deferred(try Self.blocks(ready).coded)))
        }
        writer.xml.appendVerbatim([1, 2, 3])
        let body = try writer.finish().joined()
        let one = [16_352, 16_352, 16_352, 50_000 - 3 * 16_352] + stride(from: 0, to: ready.count, by: 16_352).map { min(16_352, ready.count - $0) }
        #expect(Self.lengths(of: body) == Array(repeating: one, count: 5).flatMap { $0 } + [3])
    }

    private static func lengths(of body: [UInt8]) -> [Int] {
        var lengths: [Int] = []
        var position = 0
        func number(at index: Int) -> Int { (0..<4).reduce(0) { $0 | Int(body[index + $1]) << (8 * $1) } }
        while position < body.count {
            lengths.append(number(at: position))
            position += 8 + number(at: position + 4)
        }
        return lengths
    }

    @Test(arguments: [AnswerWriter.Coding.identity, .xpress])
    func `copies go on from one beginning and do not see each other`(coding: AnswerWriter.Coding) throws {
        var beginning = AnswerWriter(coding)
        beginning.xml.appendVerbatim(Array(repeating: UInt8(ascii: "b"), count: 40_000))
        beginning.settle()
        #expect(coding == .identity || beginning.xml.bytes.count < Xpress.blockSize)
        let bodies = try (0..<3).map { number in
            var copy = beginning
            copy.xml.appendVerbatim(Array("end \(number)".utf8))
            return try copy.finish().joined()
        }
        for (number, body) in bodies.enumerated() {
            let text = coding == .xpress ? try Xpress.decompress(body, limit: 50_000) : body
            #expect(String(decoding: text, as: UTF8.self) == String(repeating: "b", count: 40_000) + "end \(number)")
        }
    }

    @Test func `text in clear is coded as it comes and not gathered`() {
        var writer = AnswerWriter(.xpress)
        for _ in 0..<1000 {
            writer.xml.appendVerbatim(Array(repeating: UInt8(ascii: "c"), count: 10_000))
            writer.flush()
            #expect(writer.xml.bytes.count < 9 * Xpress.blockSize)
        }
        #expect(writer.bytesInMemory < 1_000_000)
    }

    @Test(arguments: [1, 2, 4, 5, 6, 7, 100, 1 << 20])
    func `text that is escaped as it is sent is the same at every step`(limit: Int) throws {
        let text = Array("a<b>&c\r\n\t\u{1}\u{1f}é\"'\u{7f}".utf8) + Array(0...255)
        var whole = XMLBytes()
        whole.appendEscaped(text)
        let deferred = Self.escaping(text)
        #expect(deferred.count == whole.bytes.count)
        var given: [UInt8] = []
        var cursor = 0
        var isMore = true
        while isMore {
            let before = given.count
            isMore = try deferred.read(&cursor, atMost: limit) { given.append(contentsOf: $0) }
            #expect(given.count - before <= max(limit, XMLBytes.longestEscape))
        }
        #expect(given == whole.bytes)
        #expect(try !deferred.read(&cursor, atMost: limit) { _ in Issue.record("there is no more") })
    }

    @Test func `a short body is compressed if it shrinks`() throws {
        let long = Array(String(repeating: "<a>text</a>", count: 100).utf8)
        #expect(AnswerBody(long, .xpress).isXpress)
        #expect(try Xpress.decompress(AnswerBody(long, .xpress).joined(), limit: long.count) == long)
        #expect(try AnswerBody(long, .identity).joined() == long && !AnswerBody(long, .identity).isXpress)
        #expect(try AnswerBody(Array("<a/>".utf8), .xpress).joined() == Array("<a/>".utf8) && !AnswerBody(Array("<a/>".utf8), .xpress).isXpress)
    }

    @Test func `a long text is compressed as the whole of it escaped would be`() throws {
        var random = SystemRandomNumberGenerator()
        for count in [0, 1, 16_352, 65_408, 65_409, 300_000] {
            let text = Self.text(count, using: &random)
            var xml = XMLBytes()
            xml.appendEscaped(text)
            let (coded, textCount) = try Self.blocks(text)
            #expect(textCount == xml.bytes.count)
            #expect(coded == Xpress.compress(xml.bytes))
        }
    }
}

extension XMLBytes {
    fileprivate mutating func appendVerbatim(_ bytes: [UInt8]) { bytes.withUnsafeBytes { appendVerbatim($0) } }
}
