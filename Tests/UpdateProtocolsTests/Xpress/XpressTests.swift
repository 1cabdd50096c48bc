import TestSupport
import Testing
import UpdateProtocols

private func code(_ body: [UInt8], limit: Int = 1 << 20) -> XpressError.Code? {
    do throws(XpressError) {
        _ = try Xpress.decompress(body, limit: limit)
        return nil
    } catch {
        return error.code
    }
}

/// One block as a body: its lengths, and the bytes.
private func block(_ length: Int, _ data: [UInt8], declaring compressedLength: Int? = nil) -> [UInt8] {
    [length, compressedLength ?? data.count].flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } } + data
}

private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }
}

struct XpressTests {
    /// [MS-XCA] 3: the alphabet, and `abc` a hundred times.
    private static let alphabet: [UInt8] = [0x3f, 0, 0, 0] + Array("abcdefghijklmnopqrstuvwxyz".utf8)
    private static let repeated: [UInt8] = [0xff, 0xff, 0xff, 0x1f, 0x61, 0x62, 0x63, 0x17, 0x00, 0x0f, 0xff, 0x26, 0x01]

    @Test func `the specification's examples are read`() throws {
        #expect(try Xpress.decompress(block(26, Self.alphabet), limit: 26) == Array("abcdefghijklmnopqrstuvwxyz".utf8))
        #expect(try Xpress.decompress(block(300, Self.repeated), limit: 300) == Array(String(repeating: "abc", count: 100).utf8))
    }

    @Test func `the specification's second example is written byte for byte, the first is stored`() {
        #expect(Xpress.compress(Array(String(repeating: "abc", count: 100).utf8)) == block(300, Self.repeated))
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz".utf8)
        #expect(Xpress.compress(alphabet) == block(26, alphabet))
    }

    @Test(arguments: [0, 1, 2, 3, 31, 32, 33, 63, 64, 65, 1000, 16_351, 16_352, 16_353, 32_704, 50_000])
    func `a body comes back as it was`(length: Int) throws {
        var random = SplitMix(state: UInt64(length))
        let bodies: [[UInt8]] = [
            (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) },
            (0..<length).map { _ in UInt8.random(in: 0...3, using: &random) },
            [UInt8](repeating: 7, count: length),
            (0..<length).map { UInt8(truncatingIfNeeded: $0 / 3) },
            Array(String(repeating: "<UpdateInfo><ID>1</ID></UpdateInfo>", count: length / 35 + 1).utf8.prefix(length)),
        ]
        for (index, body) in bodies.enumerated() {
            let compressed = Xpress.compress(body)
            #expect(try Xpress.decompress(compressed, limit: length) == body, "body \(index)")
            checkFraming(compressed, of: body)
        }
    }

    /// Blocks of 16,352 bytes but the last; none longer than stored; equal lengths mean the bytes themselves.
    private func checkFraming(_ compressed: [UInt8], of body: [UInt8]) {
        var position = 0
        var done = 0
        while position < compressed.count {
            let lengths = (0..<2).map { field in (0..<4).reduce(0) { $0 | Int(compressed[position + 4 * field + $1]) << (8 * $1) } }
            #expect(lengths[0] == min(16_352, body.count - done))
            #expect(lengths[1] <= lengths[0])
            position += 8
            if lengths[1] == lengths[0] { #expect(compressed[position..<(position + lengths[1])] == body[done..<(done + lengths[0])]) }
            position += lengths[1]
            done += lengths[0]
        }
        #expect(done == body.count)
    }

    @Test func `matches of every length and distance come back as they were`() throws {
        for length in Array(3...40) + [277, 278, 279, 280, 281, 282, 283, 284, 285, 300, 8192, 16_000] {
            for distance in [1, 2, 3, 7, 100, 8191, 8192, 8193] where distance + length <= 16_352 {
                var random = SplitMix(state: UInt64(length))
                var body = (0..<distance).map { _ in UInt8.random(in: 0...255, using: &random) }
                for _ in 0..<length { body.append(body[body.count - distance]) }
                #expect(try Xpress.decompress(Xpress.compress(body), limit: body.count) == body, "\(length) bytes from \(distance) back")
            }
        }
    }

    @Test func `pieces compressed apart and joined are one body`() throws {
        let pieces = ["<a>", String(repeating: "b", count: 20_000), "</a>"].map { Array($0.utf8) }
        var joined: [UInt8] = []
        for piece in pieces { piece.withUnsafeBytes { Xpress.compress($0, into: &joined) } }
        #expect(joined == pieces.flatMap { Xpress.compress($0) })
        #expect(try Xpress.decompress(joined, limit: 20_007) == Array(pieces.joined()))
    }

    @Test func `a body that breaks off anywhere is an error`() {
        let text = String(repeating: "abcabcdabcde", count: 40)
        let random = (0..<50).map { UInt8(truncatingIfNeeded: $0 &* 97 ^ $0 >> 1) }
        let bodies = [block(300, Self.repeated), block(26, Self.alphabet), Xpress.compress(Array(text.utf8)), Xpress.compress(random)]
        for body in bodies {
            #expect(code(body) == nil)
            for length in 1..<body.count { #expect(code(Array(body[..<length])) != nil, "\(length) of \(body.count) bytes") }
        }
    }

    /// As above, but with the length field telling the truth: the data itself breaks off.
    @Test func `a block whose data breaks off anywhere is an error`() {
        for (length, data) in [(300, Self.repeated), (26, Self.alphabet)] {
            // The last of the alphabet's bytes but one leaves 25 letters; nothing shorter than the data makes the declared length.
            for cut in 0..<data.count where cut != length { #expect(code(block(length, Array(data[..<cut]))) != nil, "\(cut) bytes") }
        }
    }

    @Test func `a last word of flags may be left out when the one before is full`() throws {
        let letters = (0..<32).map { UInt8(65 + $0) }
        #expect(try Xpress.decompress(block(32, [0, 0, 0, 0] + letters), limit: 32) == letters)
        #expect(try Xpress.decompress(block(32, [0, 0, 0, 0] + letters + [0xff, 0xff, 0xff, 0xff]), limit: 32) == letters)
    }

    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let body: [UInt8]
        let code: XpressError.Code?

        init(_ name: String, _ body: [UInt8], _ code: XpressError.Code?) {
            testDescription = name
            self.body = body
            self.code = code
        }
    }

    @Test(arguments: [
        Row("nothing", [], nil),
        Row("no bytes declared", block(0, [1]), .length),
        Row("no bytes given", block(1, []), .length),
        Row("the longest block, stored", block(65_535, [UInt8](repeating: 1, count: 65_535)), nil),
        Row("a longer block", block(65_536, [UInt8](repeating: 1, count: 65_536)), .length),
        Row("a longer compressed length", block(65_535, [1], declaring: 65_536), .length),
        Row("lengths of 4 GiB", [UInt8](repeating: 0xff, count: 16), .length),
        Row("lengths that break off", [1, 0, 0, 0, 1, 0, 0], .truncated),
        Row("less data than declared", block(10, [1, 2], declaring: 3), .truncated),
        Row("a match at the start", block(3, [0, 0, 0, 0x80, 0x00, 0x00]), .offset),
        Row("a match from before the start", block(5, [0xff, 0xff, 0xff, 0x7f, 0x61, 0x08, 0x00]), .offset),
        Row("a match from the start", block(4, [0xff, 0xff, 0xff, 0x7f, 0x61, 0x00, 0x00]), nil),
        Row("a match beyond the end", block(3, [0xff, 0xff, 0xff, 0x7f, 0x61, 0x00, 0x00], declaring: 7), .size),
        Row("a match before the end of what is declared", block(5, [0xff, 0xff, 0xff, 0x7f, 0x61, 0x00, 0x00]), .size),
        Row("a literal beyond the end", block(25, alphabet), .size),
        Row("bytes after the end", block(26, alphabet + [0, 0]), .size),
        Row("a match into the block before", block(3, [0x61, 0x62, 0x63]) + block(4, [0xff, 0xff, 0xff, 0xff, 0x10, 0x00]), .offset),
        Row("a length of 16 bits that is too short", block(24, [0xff, 0xff, 0xff, 0x7f, 0x61, 0x07, 0x00, 0x0f, 0xff, 0x15, 0x00]), .size),
        Row("a length of 16 bits", block(26, [0xff, 0xff, 0xff, 0x7f, 0x61, 0x07, 0x00, 0x0f, 0xff, 0x16, 0x00]), nil),
        Row("a length of 32 bits", block(26, [0xff, 0xff, 0xff, 0x7f, 0x61, 0x07, 0x00, 0x0f, 0xff, 0, 0, 0x16, 0, 0, 0]), nil),
        Row("a length of 4 GiB", block(26, [0xff, 0xff, 0xff, 0x7f, 0x61, 0x07, 0x00, 0x0f, 0xff, 0, 0, 0xff, 0xff, 0xff, 0xff]), .size),
    ])
    func `blocks of every kind`(row: Row) {
        #expect(code(row.body) == row.code)
    }

    @Test func `the limit is kept`() {
        let body = Xpress.compress([UInt8](repeating: 0, count: 40_000))
        #expect(code(body, limit: 40_001) == nil)
        #expect(code(body, limit: 40_000) == nil)
        #expect(code(body, limit: 39_999) == .limit)
        #expect(code(body, limit: 0) == .limit)
        #expect(code(body, limit: -1) == .limit)
    }

    @Test(arguments: 1...4)
    func `what is altered anywhere is an error or another body of the declared length`(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        let body = Array(String(repeating: "<UpdateInfo><ID>12345</ID><IsLeaf>true</IsLeaf></UpdateInfo>", count: 20).utf8)
        let compressed = Xpress.compress(body)
        var errors = 0
        for _ in 0..<3_000 {
            var altered = compressed
            altered[Int.random(in: 8..<altered.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            do throws(XpressError) {
                #expect(try Xpress.decompress(altered, limit: body.count).count == body.count)
            } catch {
                errors += 1
            }
        }
        #expect(errors > 100)
    }

    @Test(.enabled(if: Evidence.isPresent, Comment(rawValue: Evidence.absence)))
    func `every captured body comes back as it was`() throws {
        let paths = try Evidence.files(in: "soap-wua-native") + Evidence.files(in: "soap-usss-real") + Evidence.files(in: "update-xml-full")
        for path in paths {
            let body = try Evidence.bytes(path)
            let compressed = Xpress.compress(body)
            #expect(try Xpress.decompress(compressed, limit: body.count) == body, "\(path)")
            checkFraming(compressed, of: body)
        }
        #expect(paths.count > 40)
    }

    @Test func `a page of small updates shrinks well`() {
        var random = SplitMix(state: 1)
        var page = ""
        for index in 0..<200 {
            let guid = (0..<2).map { _ in String(random.next(), radix: 16) }.joined(separator: "-")
            page +=
                "<UpdateInfo><ID>\(1000 + index)</ID><Deployment><ID>\(index)</ID><Action>Evaluate</Action><IsAssigned>true</IsAssigned>"
                + "<LastChangeTime>2026-10-04</LastChangeTime><AutoSelect>0</AutoSelect><AutoDownload>0</AutoDownload>"
                + "<SupersedenceBehavior>0</SupersedenceBehavior></Deployment><IsLeaf>false</IsLeaf><Xml>&lt;UpdateIdentity UpdateID=\"\(guid)\" "
                + "RevisionNumber=\"\(index % 7)\" /&gt;&lt;Properties UpdateType=\"Category\" /&gt;&lt;Relationships&gt;&lt;Prerequisites&gt;&lt;"
                + "AtLeastOne IsCategory=\"true\"&gt;&lt;UpdateIdentity UpdateID=\"56309036-4c77-4dd9-951a-99ee9c246a94\" /&gt;&lt;/AtLeastOne&gt;"
                + "&lt;/Prerequisites&gt;&lt;/Relationships&gt;</Xml></UpdateInfo>"
        }
        let ratio = Double(page.utf8.count) / Double(Xpress.compress(Array(page.utf8)).count)
        #expect(ratio > 8, "\(ratio)")
    }
}
