import Testing
import XMLStream

@Suite("XMLLimits")
struct XMLLimitsTests {
    private static func nested(_ depth: Int) -> String {
        String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)
    }

    private static func attributes(_ count: Int) -> String {
        "<a\((0..<count).map { " b\($0)=\"\"" }.joined())/>"
    }

    @Test func `the limits are those of the architecture`() {
        #expect(XMLLimits.documents == XMLLimits(depth: 64, attributes: 64, text: 67_108_864, document: 134_217_728))
        #expect(XMLLimits.requests == XMLLimits(depth: 32, attributes: 32, text: 1_048_576, document: 4_194_304))
    }

    @Test(arguments: [XMLLimits.documents, .requests])
    func `depth at the limit is read, one more is not`(limits: XMLLimits) {
        #expect(readXML(Self.nested(limits.depth), limits: limits).error == nil)
        #expect(readXML(Self.nested(limits.depth + 1), limits: limits) == .refused(.tooDeep, 3 * limits.depth))
        #expect(readXML(Self.nested(limits.depth), limits: limits, content: .sequence).error == nil)
        #expect(readXML(Self.nested(limits.depth + 1), limits: limits, content: .sequence) == .refused(.tooDeep, 3 * limits.depth))
    }

    @Test(arguments: [XMLLimits.documents, .requests])
    func `attributes at the limit are read, one more is not`(limits: XMLLimits) {
        #expect(readXML(Self.attributes(limits.attributes), limits: limits).error == nil)
        #expect(readXML(Self.attributes(limits.attributes + 1), limits: limits) == .refused(.tooManyAttributes, 0))
    }

    static let small = XMLLimits(depth: 8, attributes: 8, text: 1000, document: 5000)

    static let texts: [(name: String, xml: @Sendable (Int) -> String)] = [
        ("text", { "<a>\(String(repeating: "x", count: $0))</a>" }),
        ("lines", { "<a>\(String(repeating: "\n", count: $0))</a>" }),
        ("text across a comment", { "<a>x<!-- c -->\(String(repeating: "x", count: $0 - 1))</a>" }),
        ("CDATA", { "<a><![CDATA[\(String(repeating: "x", count: $0))]]></a>" }),
        ("an attribute", { "<a b=\"\(String(repeating: "x", count: $0))\"/>" }),
        ("an attribute of references", { "<a b=\"\(String(repeating: "&lt;", count: $0))\"/>" }),
        ("a declaration", { "<a xmlns=\"\(String(repeating: "x", count: $0))\"/>" }),
    ]

    @Test(arguments: texts.indices)
    func `a text at the limit is read, one byte more is not`(index: Int) {
        let (name, xml) = Self.texts[index]
        #expect(readXML(xml(1000), limits: Self.small).error == nil, "\(name)")
        #expect(readXML(xml(1001), limits: Self.small).error == .textTooLong, "\(name)")
    }

    @Test func `texts are counted one by one`() {
        let text = String(repeating: "x", count: 1000)
        #expect(readXML("<a>\(text)<b/>\(text)<b>\(text)</b></a>", limits: Self.small).error == nil)
    }

    @Test func `a document at the limit is read, one byte more is not`() {
        let document = "<a>\(String(repeating: "<b/>", count: 1248))</a>"
        #expect(document.utf8.count == 4999)
        #expect(readXML(document + " ", limits: Self.small).error == nil)
        #expect(readXML(document + "  ", limits: Self.small) == .refused(.documentTooLarge, 5000))
        #expect(readXML(Array((document + "  ").utf8).map { [$0] }, limits: Self.small) == .refused(.documentTooLarge, 5000))
    }

    @Test func `an earlier fault in the last piece is told rather than the size`() {
        #expect(readXML("<a></b>" + String(repeating: " ", count: 5000), limits: Self.small) == .refused(.syntax, 5))
    }

    @Test func `namespace declarations in force are bounded`() {
        func document(_ levels: Int, _ last: Int) -> String {
            let declarations = (0..<8).map { " xmlns:p\($0)=\"u\"" }
            return String(repeating: "<a\(declarations.joined())>", count: levels) + "<b\(declarations[..<last].joined())/>"
                + String(repeating: "</a>", count: levels)
        }
        #expect(readXML(document(4, 0), limits: Self.small).error == nil)
        #expect(readXML(document(4, 1), limits: Self.small).error == .tooManyAttributes)
        let sideBySide = "<a>\(String(repeating: "<b xmlns:p=\"u\"/>", count: 40))</a>"
        #expect(readXML(sideBySide, limits: Self.small).error == nil)
    }
}
