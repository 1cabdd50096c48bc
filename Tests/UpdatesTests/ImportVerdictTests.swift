import Testing
import Updates

/// The rule of immutability: what becomes of a revision that is offered while its identity is held (ADR 0003).
struct ImportVerdictTests {
    /// Documents A and B, each nothing for fragments only, fragments X and Y.
    enum Document: Sendable { case none, a, b }
    enum Fragments: Sendable { case x, y }

    static func content(_ document: Document, _ fragments: Fragments, trust: Int) throws -> HeldContent {
        func digest(_ byte: UInt8) throws -> SHA256Digest { try #require(SHA256Digest(bytes: [UInt8](repeating: byte, count: 32))) }
        let documentDigest: SHA256Digest? =
            switch document {
            case .none: nil
            case .a: try digest(0xa)
            case .b: try digest(0xb)
            }
        return HeldContent(documentDigest: documentDigest, fragmentsDigest: try digest(fragments == .x ? 1 : 2), trust: trust)
    }

    struct Row: CustomTestStringConvertible, Sendable {
        let held: (Document, Fragments)
        let offered: (Document, Fragments)
        /// By the trust of what is offered: less, as much, more than what is held.
        let expected: [ImportVerdict]
        var testDescription: String { "held \(held), offered \(offered)" }
    }

    static func always(_ verdict: ImportVerdict) -> [ImportVerdict] { [verdict, verdict, verdict] }

    /// Every combination; a document has one set of fragments, but those read by an older program may differ.
    static let rows: [Row] = [
        Row(held: (.a, .x), offered: (.a, .x), expected: always(.alreadyHeld)),
        Row(held: (.a, .x), offered: (.a, .y), expected: always(.alreadyHeld)),
        Row(held: (.a, .x), offered: (.b, .x), expected: always(.refused(.differentDocument))),
        Row(held: (.a, .x), offered: (.b, .y), expected: always(.refused(.differentDocument))),
        Row(held: (.a, .x), offered: (.none, .x), expected: always(.alreadyHeld)),
        Row(held: (.a, .x), offered: (.none, .y), expected: always(.refused(.differentFragments))),
        Row(held: (.none, .x), offered: (.a, .x), expected: always(.completes)),
        Row(
            held: (.none, .x), offered: (.a, .y), expected: [.refused(.differentFragments), .refused(.differentFragments), .replacesFragments]),
        Row(held: (.none, .x), offered: (.none, .x), expected: [.alreadyHeld, .alreadyHeld, .raises]),
        Row(
            held: (.none, .x), offered: (.none, .y), expected: [.refused(.differentFragments), .refused(.differentFragments), .replacesFragments]),
    ]

    @Test(arguments: rows)
    func `a known identity`(row: Row) throws {
        let held = try Self.content(row.held.0, row.held.1, trust: 5)
        for (trust, expected) in zip(4...6, row.expected) {
            let offered = try Self.content(row.offered.0, row.offered.1, trust: trust)
            #expect(ImportVerdict.decide(held: held, offered: offered) == expected, "offered with trust \(trust)")
        }
    }

    @Test(arguments: [Document.none, .a], [0, 9])
    func `a new identity is new, whoever says so`(document: Document, trust: Int) throws {
        #expect(ImportVerdict.decide(held: nil, offered: try Self.content(document, .x, trust: trust)) == .new)
    }
}
