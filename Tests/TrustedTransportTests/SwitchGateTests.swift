import Testing
import TrustedTransport
import Updates

@Suite struct SwitchGateTests {
    static let now = Timestamp(millisecondsSince1970: 1_800_000_000_000)
    static let digest = SHA256Digest(hash: [UInt8](repeating: 7, count: 32))
    static let other = SHA256Digest(hash: [UInt8](repeating: 8, count: 32))

    /// Milliseconds before (-) or after now.
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        var from: Int64 = -1000
        var until: Int64 = 1000
        var pinned = true
        var published: Int64?
        var othersPublished: Int64?
        let opens: Bool
        var testDescription: String { name }
    }

    static let rows = [
        Row(name: "G-01 no pins, valid", pinned: false, opens: true),
        Row(name: "G-02 no pins, ends now", until: 0, pinned: false, opens: false),
        Row(name: "G-03 no pins, valid from now on", from: 0, pinned: false, opens: true),
        Row(name: "G-04 no pins, valid in a moment", from: 1, pinned: false, opens: false),
        Row(name: "G-05 pins, not published", opens: false),
        Row(name: "G-06 pins, another is published", othersPublished: -500, opens: false),
        Row(name: "G-07 pins, published now", published: 0, opens: false),
        Row(name: "G-08 pins, published a moment ago", published: -1, opens: true),
        Row(name: "G-09 pins, to be published in a moment", published: 1, opens: false),
        Row(name: "G-10 published, but ended", until: 0, published: -500, opens: false),
        Row(name: "G-11 published, but not valid yet", from: 1, published: -500, opens: false),
    ]

    @Test(arguments: rows)
    func `a change passes the gate as its row says`(row: Row) {
        var publication = Publication()
        if row.pinned { publication.begin(at: Self.now.adding(milliseconds: -900)) }
        if let time = row.published { publication.publish([Self.digest], at: Self.now.adding(milliseconds: time), isStated: true) }
        if let time = row.othersPublished { publication.publish([Self.other], at: Self.now.adding(milliseconds: time), isStated: true) }
        let obstacle = SwitchGate.obstacle(
            to: Self.digest, notBefore: Self.now.adding(milliseconds: row.from), notAfter: Self.now.adding(milliseconds: row.until), publication,
            now: Self.now)
        #expect((obstacle == nil) == row.opens, "\(obstacle.map { "\($0)" } ?? "open")")
    }

    @Test func `an earlier time of publication stays`() {
        var publication = Publication()
        publication.publish([Self.digest], at: Self.now, isStated: true)
        publication.publish([Self.digest, Self.other], at: Self.now.adding(seconds: 60), isStated: true)
        #expect(publication[Self.digest] == Self.now)
        #expect(publication[Self.other] == Self.now.adding(seconds: 60))
        #expect(publication.since == Self.now)
    }

    @Test func `writing the files again moves no publication that was said for a later time`() {
        var publication = Publication()
        let later = Self.now.adding(seconds: 86_400)
        publication.publish([Self.digest], at: later, isStated: true)
        publication.publish([Self.digest, Self.other], at: Self.now, isStated: false)
        #expect(publication[Self.digest] == later)
        #expect(publication[Self.other] == Self.now)
        let obstacle = SwitchGate.obstacle(
            to: Self.digest, notBefore: Self.now, notAfter: later, publication, now: Self.now.adding(seconds: 60))
        #expect(obstacle == .notPublishedYet(later))
        publication.publish([Self.digest], at: Self.now.adding(seconds: 30), isStated: true)
        #expect(publication[Self.digest] == Self.now.adding(seconds: 30))
    }

    /// Whatever was exported and whenever: with pins the gate opens only to what was published before now and is valid.
    @Test func `it never opens to what devices may not have`() {
        var random = Xorshift(state: 0x5ead)
        for _ in 0..<20_000 {
            var publication = Publication()
            let isPinned = random.below(4) > 0
            if isPinned { publication.begin(at: Self.now.adding(milliseconds: random.signed(3000))) }
            var published: Int64?
            if isPinned, random.below(2) == 0 {
                let time = random.signed(2)
                published = time
                publication.publish([Self.digest], at: Self.now.adding(milliseconds: time), isStated: true)
            }
            let (from, until) = (random.signed(2), random.signed(2))
            let isOpen =
                SwitchGate.obstacle(
                    to: Self.digest, notBefore: Self.now.adding(milliseconds: from), notAfter: Self.now.adding(milliseconds: until), publication,
                    now: Self.now) == nil
            let mayOpen = from <= 0 && until > 0 && (!isPinned || (published.map { $0 < 0 } ?? false))
            #expect(isOpen == mayOpen)
        }
    }
}

/// Random numbers that are the same each time.
struct Xorshift: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }

    mutating func below(_ limit: UInt64) -> UInt64 { next() % limit }
    /// From `-limit` to `limit`.
    mutating func signed(_ limit: Int64) -> Int64 { Int64(below(UInt64(2 * limit + 1))) - limit }
}
