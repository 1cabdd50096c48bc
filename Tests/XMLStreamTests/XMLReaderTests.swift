import Testing
import XMLStream

@Suite("XMLReader")
struct XMLReaderTests {
    static let document = """
        <?xml version="1.0" encoding="utf-8"?><!-- c --><u:a xmlns:u="urn:u" x="1" u:y='"2"' xmlns="urn:d"
        ><b z="a&#10;&lt;é𝄞"/>t&amp;<![CDATA[<c>]]>é𝄞<?p i?>
        <u:c></u:c><d xmlns=""/></u:a>
        """
    static let findings = [
        #"<u:a{urn:u} xmlns:u{http://www.w3.org/2000/xmlns/}="urn:u" x{}="1" u:y{urn:u}="\"2\"" xmlns{http://www.w3.org/2000/xmlns/}="urn:d"> at 48"#,
        #"<b{urn:d} z{}="a\n<é𝄞"> at 100"#, "/b{urn:d}", #""t&<c>é𝄞\n""#, "<u:c{urn:u}> at 160", "</u:c{urn:u}",
        "<d{} xmlns{http://www.w3.org/2000/xmlns/}=\"\"> at 171", "/d{}", "</u:a{urn:u}",
    ]

    @Test func `names, namespaces, order, text and offsets are handed out as they stand`() {
        #expect(readXML(Self.document) == .read(Self.findings))
    }

    @Test func `a document split at any byte reads the same`() {
        let bytes = Array(Self.document.utf8)
        let whole = readXML(Self.document)
        for position in 0...bytes.count {
            #expect(readXML([Array(bytes[..<position]), Array(bytes[position...])]) == whole, "split at \(position)")
        }
        #expect(readXML(bytes.map { [$0] }) == whole)
    }

    @Test func `a document cut at any byte is refused`() {
        let bytes = Array(Self.document.utf8)
        for position in 0..<bytes.count {
            #expect(readXML([Array(bytes[..<position])]).error != nil, "cut at \(position)")
        }
    }

    @Test(arguments: [(true, true), (true, false), (false, true), (false, false)])
    func `UTF-16 of either order reads the same with and without its mark`(littleEndian: Bool, mark: Bool) {
        let text = "<a b=\"é\">𝄞<c/></a>"
        let expected = ["<a{} b{}=\"é\"> at \(mark ? 2 : 0)", "\"𝄞\"", "<c{}> at \(mark ? 24 : 22)", "/c{}", "</a{}"]
        let bytes = utf16(text, littleEndian: littleEndian, mark: mark)
        #expect(readXML([bytes]) == .read(expected))
        #expect(readXML(bytes.map { [$0] }) == .read(expected))
        for position in 0..<bytes.count { #expect(readXML([Array(bytes[..<position])]).error != nil, "cut at \(position)") }
    }

    @Test func `UTF-16 with a declaration and without a mark is read`() {
        let bytes = utf16("<?xml version=\"1.0\" encoding=\"utf-16\"?><a/>", littleEndian: true)
        #expect(readXML([bytes]) == .read(["<a{}> at 78", "/a{}"]))
    }

    @Test func `a byte order mark of UTF-8 is skipped`() {
        #expect(readXML([[0xef, 0xbb, 0xbf] + Array("<a/>".utf8)]) == .read(["<a{}> at 3", "/a{}"]))
    }

    static let refused: [(name: String, xml: String, code: XMLError.Code, offset: Int)] = [
        ("nothing", "", .truncated, 0),
        ("white space only", " \n", .truncated, 2),
        ("text only", "text", .syntax, 0),
        ("an open element", "<a>", .truncated, 3),
        ("an open tag", "<a b=\"1\"", .truncated, 0),
        ("another end tag", "<a></b>", .syntax, 5),
        ("two roots", "<a/><b/>", .syntax, 4),
        ("text after the root", "<a/>x", .syntax, 4),
        ("an attribute twice", "<a b=\"1\" b=\"2\"/>", .duplicateAttribute, 9),
        ("an attribute twice by namespace", "<a xmlns:p=\"u\" xmlns:q=\"u\" p:b=\"1\" q:b=\"2\"/>", .duplicateAttribute, 0),
        ("no value", "<a b/>", .syntax, 4),
        ("no quotes", "<a b=1/>", .syntax, 5),
        ("< in a value", "<a b=\"<\"/>", .syntax, 6),
        ("]]> in text", "<a>]]></a>", .syntax, 5),
        ("a bare ampersand", "<a>& </a>", .syntax, 4),
        ("a NUL byte", "<a>\0</a>", .syntax, 3),
        ("a NUL reference", "<a>&#0;</a>", .syntax, 3),
        ("a control character", "<a>\u{1}</a>", .syntax, 3),
        ("a surrogate reference", "<a>&#xD800;</a>", .syntax, 3),
        ("a document type", "<!DOCTYPE a><a/>", .documentType, 11),
        ("a document type with a subset", "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", .documentType, 12),
        ("an external document type", "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>", .documentType, 39),
        (
            "a billion laughs",
            "<?xml version=\"1.0\"?><!DOCTYPE l [<!ENTITY l \"l\"><!ENTITY m \"&l;&l;&l;\"><!ENTITY n \"&m;&m;&m;\">]><l>&n;</l>", .documentType, 33
        ),
        ("an external entity", "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>", .documentType, 12),
        ("a parameter entity", "<!DOCTYPE a [<!ENTITY % b \"c\"> %b;]><a/>", .documentType, 12),
        ("a document type within", "<a><!DOCTYPE a></a>", .syntax, 5),
        ("an unknown entity", "<a>&nbsp;</a>", .entity, 3),
        ("an unknown entity in a value", "<a b=\"&nbsp;\"/>", .entity, 0),
        ("Latin-1", "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><a/>", .encoding, 0),
        ("an encoding nobody knows", "<?xml version=\"1.0\" encoding=\"x-user\"?><a/>", .encoding, 0),
        ("UTF-16 declared in UTF-8", "<?xml version=\"1.0\" encoding=\"utf-16\"?><a/>", .encoding, 30),
        ("a second declaration", "<a/><?xml version=\"1.0\"?>", .syntax, 4),
        ("an undeclared prefix", "<p:a/>", .namespace, 0),
        ("an undeclared prefix of an attribute", "<a p:b=\"1\"/>", .namespace, 0),
        ("a prefix declared to mean nothing", "<a xmlns:p=\"\"/>", .namespace, 0),
        ("xml declared to mean another", "<a xmlns:xml=\"urn:x\"/>", .namespace, 0),
        ("xmlns declared", "<a xmlns:xmlns=\"urn:x\"/>", .namespace, 0),
        ("an element named with the prefix xmlns", "<xmlns:a/>", .namespace, 0),
        ("another prefix for xml", "<a xmlns:p=\"http://www.w3.org/XML/1998/namespace\"/>", .namespace, 0),
        ("a prefix out of its scope", "<a><b xmlns:p=\"u\"/><p:c/></a>", .namespace, 19),
        ("two colons", "<a xmlns:p=\"u\" p:b:c=\"1\"/>", .namespace, 0),
        ("a colon at the start", "<:a/>", .namespace, 0),
        ("a colon at the end", "<a xmlns:p=\"u\" p:=\"1\"/>", .namespace, 0),
        ("a digit after a colon", "<a xmlns:p=\"u\"><p:1/></a>", .namespace, 15),
    ]

    @Test(arguments: refused)
    func `what is not acceptable is refused at its byte`(name: String, xml: String, code: XMLError.Code, offset: Int) {
        #expect(readXML(xml) == .refused(code, offset), "\(name)")
        #expect(readXML(xml.utf8.map { [$0] }).error == code, "\(name), byte by byte")
    }

    static let broken: [(name: String, bytes: [UInt8], offset: Int)] = [
        ("a continuation alone", [0x3c, 0x61, 0x3e, 0x80, 0x3c], 3),
        ("an overlong slash", [0x3c, 0x61, 0x3e, 0xc0, 0xaf, 0x3c], 3),
        ("a surrogate", [0x3c, 0x61, 0x3e, 0xed, 0xa0, 0x80, 0x3c], 3),
        ("beyond U+10FFFF", [0x3c, 0x61, 0x3e, 0xf4, 0x90, 0x80, 0x80, 0x3c], 3),
        ("a sequence cut short", [0x3c, 0x61, 0x3e, 0xe2, 0x82, 0x3c, 0x2f, 0x61, 0x3e], 3),
        ("0xFF", [0x3c, 0x61, 0x3e, 0xff, 0x3c], 3),
        ("in a value", [0x3c, 0x61, 0x20, 0x62, 0x3d, 0x22, 0x80, 0x22, 0x2f, 0x3e], 6),
        ("UTF-16, a high surrogate alone", utf16("<a>", littleEndian: true) + [0x00, 0xd8] + utf16("x</a>", littleEndian: true), 8),
        ("UTF-16, a low surrogate alone", utf16("<a>", littleEndian: true) + [0x00, 0xdc] + utf16("x</a>", littleEndian: true), 6),
        ("UTF-16, two high surrogates", utf16("<a>", littleEndian: false) + [0xd8, 0x00, 0xd8, 0x00] + utf16("x</a>", littleEndian: false), 8),
        ("UTF-16, surrogates in the wrong order", [0xff, 0xfe] + utf16("<a>", littleEndian: true) + [0x00, 0xdc, 0x00, 0xd8], 8),
    ]

    @Test(arguments: broken)
    func `broken UTF-8 and UTF-16 is refused at its byte`(name: String, bytes: [UInt8], offset: Int) {
        #expect(readXML([bytes]) == .refused(.encoding, offset), "\(name)")
        #expect(readXML(bytes.map { [$0] }) == .refused(.encoding, offset), "\(name), byte by byte")
    }

    @Test func `a failure stays`() {
        var reader = XMLReader(XMLRecorder(), limits: .documents)
        #expect(throws: XMLError(.syntax, at: 4, "junk after document element")) { try reader.feed(Array("<a/><b/>".utf8)) }
        #expect(throws: XMLError(.syntax, at: 4, "junk after document element")) { try reader.feed(Array("<c/>".utf8)) }
        #expect(throws: XMLError(.syntax, at: 4, "junk after document element")) { _ = try reader.finish() }
    }

    @Test func `nothing can be read after the end`() throws {
        var reader = XMLReader(XMLRecorder(), limits: .documents)
        try reader.feed(Array("<a/>".utf8))
        #expect(try reader.finish().lines.count == 2)
        #expect(throws: XMLError.self) { _ = try reader.finish() }
    }
}

@Suite("XMLReader of a sequence")
struct XMLSequenceTests {
    @Test func `elements stand side by side, offsets count from the first byte`() {
        #expect(readXML("<a/> <b>x</b>", content: .sequence) == .read(["<a{}> at 0", "/a{}", "<b{}> at 5", "\"x\"", "</b{}"]))
        #expect(readXML("", content: .sequence) == .read([]))
    }

    static let refused: [(name: String, xml: String, code: XMLError.Code, offset: Int)] = [
        ("text", "<a/>x<b/>", .syntax, 4),
        ("an end tag more", "<a/></sequence>", .syntax, 4),
        ("an end tag more, and a start tag", "</sequence><sequence>", .syntax, 0),
        ("an end tag less", "<a>", .truncated, 3),
        ("an open tag", "<a", .syntax, 2),
        ("a declaration", "<?xml version=\"1.0\"?><a/>", .syntax, 0),
        ("a document type", "<!DOCTYPE a><a/>", .syntax, 2),
        ("a prefix", "<a:b/>", .namespace, 0),
    ]

    @Test(arguments: refused)
    func `what is no sequence of elements is refused`(name: String, xml: String, code: XMLError.Code, offset: Int) {
        #expect(readXML(xml, content: .sequence) == .refused(code, offset), "\(name)")
    }
}
