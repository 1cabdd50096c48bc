import Testing
import XMLStream

/// What a tokenizer reads, one line a token.
private func outline(_ document: some Sequence<UInt8>, limits: XMLLimits = .requests) throws(RequestXMLError) -> [String] {
    var tokenizer = RequestTokenizer(Array(document), namespaces: [Array("urn:a".utf8)], limits: limits)
    var lines: [String] = []
    while true {
        switch try tokenizer.next() {
        case .start:
            let uri = String(decoding: tokenizer.namespaceURI, as: UTF8.self)
            lines.append("+\(uri.isEmpty ? "" : "{\(uri)}")\(String(decoding: tokenizer.localName, as: UTF8.self))")
        case .text: lines.append("'\(String(decoding: tokenizer.text, as: UTF8.self))")
        case .end: lines.append("-\(tokenizer.depth)")
        case .endOfDocument: return lines
        }
    }
}

private func code(_ document: some Sequence<UInt8>, limits: XMLLimits = .requests) -> RequestXMLError.Code? {
    do throws(RequestXMLError) {
        _ = try outline(document, limits: limits)
        return nil
    } catch {
        return error.code
    }
}

struct RequestTokenizerTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let name: String
        let document: String
        let lines: [String]
        var testDescription: String { name }

        init(_ name: String, _ document: String, _ lines: [String]) {
            self.name = name
            self.document = document
            self.lines = lines
        }
    }

    @Test(arguments: [
        Row("an empty element", "<a/>", ["+a", "-0"]),
        Row("white space in tags", "<a \n/><!-- after -->\n", ["+a", "-0"]),
        Row("white space in an end tag", "<a></a \t>", ["+a", "-0"]),
        Row("a byte order mark", "\u{feff}<a/>", ["+a", "-0"]),
        Row("a declaration", "<?xml version='1.0' encoding=\"UTF-8\" standalone='yes' ?>\n<a/>", ["+a", "-0"]),
        Row("a declaration without an encoding", "<?xml version=\"1.0\"?><a/>", ["+a", "-0"]),
        Row("the default namespace", "<a xmlns='urn:a'><b/></a>", ["+{urn:a}a", "+{urn:a}b", "-1", "-0"]),
        Row("a prefix", "<p:a xmlns:p='urn:a'><b/></p:a>", ["+{urn:a}a", "+b", "-1", "-0"]),
        Row(
            "a prefix declared anew within", "<p:a xmlns:p='urn:a'><p:a xmlns:p='urn:b'/><p:a/></p:a>",
            ["+{urn:a}a", "+{urn:b}a", "-1", "+{urn:a}a", "-1", "-0"]),
        Row("the default namespace taken back", "<a xmlns='urn:a'><a xmlns=''/></a>", ["+{urn:a}a", "+a", "-1", "-0"]),
        Row("the prefix xml", "<a xml:lang='en'><xml:b/></a>", ["+a", "+{http://www.w3.org/XML/1998/namespace}b", "-1", "-0"]),
        Row("a reference in a declared namespace", "<a xmlns='urn&#58;a'/>", ["+{urn:a}a", "-0"]),
        Row("references", "<a>1 &lt; 2 &amp;&amp; 3 &gt; 2&#33;&#x21;&quot;&apos;</a>", ["+a", "'1 < 2 && 3 > 2!!\"'", "-0"]),
        Row("a reference beyond 16 bits", "<a>&#x10FFFF;&#128512;</a>", ["+a", "'\u{10ffff}\u{1f600}", "-0"]),
        Row("line ends", "<a>1\r\n2\r3\n4&#13;\n5</a>", ["+a", "'1\n2\n3\n4\r\n5", "-0"]),
        Row("a CDATA section", "<a>1<![CDATA[<&]]]>2<![CDATA[]]></a>", ["+a", "'1", "'<&]", "'2", "'", "-0"]),
        Row("line ends in a CDATA section", "<a><![CDATA[\r\n\r]]></a>", ["+a", "'\n\n", "-0"]),
        Row("a comment in a text", "<a>1<!-- - > & < -->2</a>", ["+a", "'1", "'2", "-0"]),
        Row("brackets in a text", "<a>]] ]&gt; ]</a>", ["+a", "']] ]> ]", "-0"]),
        Row(
            "characters of every length", "<a>\u{7f}\u{80}\u{7ff}\u{800}\u{fffd}\u{10000}\u{10fffd}</a>",
            [
                "+a", "'\u{7f}\u{80}\u{7ff}\u{800}\u{fffd}\u{10000}\u{10fffd}", "-0",
            ]),
    ])
    func `a document is read as XML has it`(row: Row) throws {
        #expect(try outline(row.document.utf8) == row.lines)
    }

    struct Refusal: CustomTestStringConvertible, Sendable {
        let name: String
        let document: [UInt8]
        let code: RequestXMLError.Code
        var testDescription: String { name }

        init(_ name: String, _ document: String, _ code: RequestXMLError.Code) {
            self.init(name, Array(document.utf8), code)
        }

        init(_ name: String, _ document: [UInt8], _ code: RequestXMLError.Code) {
            self.name = name
            self.document = document
            self.code = code
        }
    }

    @Test(arguments: [
        Refusal("nothing", "", .unexpectedEnd),
        Refusal("a byte order mark alone", "\u{feff}", .unexpectedEnd),
        Refusal("white space alone", " \n", .unexpectedEnd),
        Refusal("UTF-16, little-endian", [0xff, 0xfe, 0x3c, 0, 0x61, 0], .encoding),
        Refusal("UTF-16, big-endian", [0xfe, 0xff, 0, 0x3c, 0, 0x61], .encoding),
        Refusal("UTF-16 without a mark", [0x3c, 0, 0x61, 0, 0x2f, 0, 0x3e, 0], .encoding),
        Refusal("another encoding by declaration", "<?xml version='1.0' encoding='iso-8859-1'?><a/>", .encoding),
        Refusal("XML 1.1", "<?xml version='1.1'?><a/>", .malformed),
        Refusal("a declaration without a version", "<?xml encoding='utf-8'?><a/>", .malformed),
        Refusal("a declaration out of order", "<?xml version='1.0' standalone='yes' encoding='utf-8'?><a/>", .malformed),
        Refusal("a declaration after white space", " <?xml version='1.0'?><a/>", .processingInstruction),
        Refusal("a processing instruction before the root", "<?php x?><a/>", .processingInstruction),
        Refusal("a processing instruction within", "<a><?x?></a>", .processingInstruction),
        Refusal("a processing instruction after the root", "<a/><?x?>", .processingInstruction),
        Refusal("a document type", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", .documentType),
        Refusal("a document type within", "<a><!DOCTYPE a></a>", .documentType),
        Refusal("an entity nobody declared", "<a>&nbsp;</a>", .unknownEntity),
        Refusal("an entity in an attribute", "<a b='&nbsp;'/>", .unknownEntity),
        Refusal("a bare ampersand", "<a>a & b and more and more</a>", .malformed),
        Refusal("a reference to nothing", "<a>&#;</a>", .character),
        Refusal("a reference to a control character", "<a>&#0;</a>", .character),
        Refusal("a reference to half a pair", "<a>&#xD800;</a>", .character),
        Refusal("a reference to no character", "<a>&#xFFFE;</a>", .character),
        Refusal("a reference beyond Unicode", "<a>&#x110000;</a>", .character),
        Refusal("a reference with an upper-case X", "<a>&#X41;</a>", .character),
        Refusal("a control character", "<a>\u{1}</a>", .character),
        Refusal("a control character in an attribute", "<a b='\u{b}'/>", .character),
        Refusal("a control character in a comment", "<a><!--\u{0}--></a>", .character),
        Refusal("U+FFFF", "<a>\u{ffff}</a>", .character),
        Refusal("an overlong sequence", Array("<a>".utf8) + [0xc0, 0x80] + Array("</a>".utf8), .character),
        Refusal("an overlong sequence of three", Array("<a>".utf8) + [0xe0, 0x9f, 0xbf] + Array("</a>".utf8), .character),
        Refusal("half a pair in UTF-8", Array("<a>".utf8) + [0xed, 0xa0, 0x80] + Array("</a>".utf8), .character),
        Refusal("a lone continuation", Array("<a>".utf8) + [0x80] + Array("</a>".utf8), .character),
        Refusal("beyond Unicode", Array("<a>".utf8) + [0xf4, 0x90, 0x80, 0x80] + Array("</a>".utf8), .character),
        Refusal("a sequence that breaks off", Array("<a>".utf8) + [0xe2, 0x82] + Array("</a>".utf8), .character),
        Refusal("no root", "text", .malformed),
        Refusal("text after the root", "<a/>text", .malformed),
        Refusal("a second root", "<a/><b/>", .malformed),
        Refusal("another end tag", "<a></b>", .mismatchedTag),
        Refusal("an end tag with another prefix", "<p:a xmlns:p='u' xmlns:q='u'></q:a>", .mismatchedTag),
        Refusal("the end of a CDATA section in a text", "<a>]]></a>", .malformed),
        Refusal("two hyphens in a comment", "<a><!-- -- --></a>", .malformed),
        Refusal("a CDATA section outside the root", "<![CDATA[]]><a/>", .malformed),
        Refusal("attributes without space between", "<a b='1'c='2'/>", .malformed),
        Refusal("an attribute without quotes", "<a b=1/>", .malformed),
        Refusal("an attribute without a value", "<a b/>", .malformed),
        Refusal("a tag in an attribute", "<a b='<'/>", .malformed),
        Refusal("the same attribute twice", "<a b='1' b='2'/>", .duplicateAttribute),
        Refusal("the same attribute by two prefixes", "<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>", .duplicateAttribute),
        Refusal("a declaration twice", "<a xmlns='u' xmlns='v'/>", .duplicateAttribute),
        Refusal("an undeclared prefix", "<p:a/>", .unboundPrefix),
        Refusal("an undeclared prefix of an attribute", "<a p:b=''/>", .unboundPrefix),
        Refusal("a prefix declared elsewhere", "<a><b xmlns:p='u'/><p:c/></a>", .unboundPrefix),
        Refusal("a prefix taken back", "<a xmlns:p=''/>", .namespaceDeclaration),
        Refusal("the prefix xmlns declared", "<a xmlns:xmlns='u'/>", .namespaceDeclaration),
        Refusal("the prefix xml for another namespace", "<a xmlns:xml='u'/>", .namespaceDeclaration),
        Refusal("another prefix for the namespace of xml", "<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>", .namespaceDeclaration),
        Refusal("the namespace of xmlns", "<a xmlns='http://www.w3.org/2000/xmlns/'/>", .namespaceDeclaration),
        Refusal("two colons", "<a:b:c xmlns:a='u'/>", .malformed),
        Refusal("a colon first", "<:a/>", .malformed),
        Refusal("a name that is no name", "<1/>", .malformed),
        Refusal("a name beyond ASCII", "<ä/>", .malformed),
    ])
    func `what is not well-formed or not wanted is refused`(row: Refusal) {
        #expect(code(row.document) == row.code)
    }

    @Test func `a document that breaks off anywhere is refused`() {
        let document = Array(
            "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><!--x--><p:a xmlns:p='urn:a' b='&lt;'>é&amp;<![CDATA[<]]><c/><!-- y --></p:a>".utf8)
        #expect(code(document) == nil)
        for length in 0..<document.count {
            #expect(code(document[..<length]) != nil, "\(length) bytes")
        }
    }

    @Test func `an error is final, and says where`() {
        var tokenizer = RequestTokenizer(Array("<a>&nbsp;</a>".utf8))
        #expect(throws: Never.self) { try tokenizer.next() }
        for _ in 0..<2 {
            #expect(throws: RequestXMLError(.unknownEntity, at: 3)) { try tokenizer.next() }
        }
        #expect(RequestXMLError(.unknownEntity, at: 3).description == "unknown entity at byte 3")
    }

    @Test func `the end of a document is told as often as it is asked for`() throws {
        var tokenizer = RequestTokenizer(Array("<a/>".utf8))
        #expect(try (0..<4).map { _ in try tokenizer.next() } == [.start, .end, .endOfDocument, .endOfDocument])
    }

    @Test func `attributes are found by namespace`() throws {
        var tokenizer = RequestTokenizer(
            Array("<a b='1' p:b='2' q:b='3' xmlns:p='urn:a' xmlns:q='urn:b'/>".utf8), namespaces: [Array("urn:a".utf8), Array("urn:c".utf8)])
        _ = try tokenizer.next()
        #expect(tokenizer.attribute("b").map { Array($0) } == [UInt8(ascii: "1")])
        #expect(tokenizer.attribute("b", namespace: 0).map { Array($0) } == [UInt8(ascii: "2")])
        #expect(tokenizer.attribute("b", namespace: 1) == nil)
        #expect(tokenizer.attribute("c") == nil)
    }

    @Test func `white space in an attribute becomes spaces`() throws {
        var tokenizer = RequestTokenizer(Array("<a b='\r\n1\t2\r3&#10;'/>".utf8))
        _ = try tokenizer.next()
        #expect(tokenizer.attribute("b").map { String(decoding: $0, as: UTF8.self) } == " 1 2 3\n")
    }

    @Test(arguments: [3, 32])
    func `elements nest as deep as allowed, and no deeper`(limit: Int) {
        let limits = XMLLimits(depth: limit, attributes: 1, text: 1, document: 10_000)
        let nested = { (depth: Int) in String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth) }
        #expect(code(nested(limit - 1).utf8, limits: limits) == nil)
        #expect(code(nested(limit).utf8, limits: limits) == nil)
        #expect(code(nested(limit + 1).utf8, limits: limits) == .tooDeep)
    }

    @Test func `attributes are as many as allowed, and no more`() {
        let limits = XMLLimits(depth: 2, attributes: 32, text: 10, document: 10_000)
        let element = { (count: Int) in "<a " + (0..<count).map { "b\($0)=''" }.joined(separator: " ") + "/>" }
        #expect(code(element(31).utf8, limits: limits) == nil)
        #expect(code(element(32).utf8, limits: limits) == nil)
        #expect(code(element(33).utf8, limits: limits) == .tooManyAttributes)
    }

    @Test func `namespaces in force are as many as one element may declare, and no more`() {
        let limits = XMLLimits(depth: 9, attributes: 8, text: 10, document: 10_000)
        let declarations = { (count: Int) in (0..<count).map { "xmlns:p\($0)='u'" }.joined(separator: " ") }
        let nested = { (count: Int) in "<a \(declarations(4))><b \(declarations(count - 4))/><b \(declarations(count - 4))/></a>" }
        #expect(code(nested(7).utf8, limits: limits) == nil)
        #expect(code(nested(8).utf8, limits: limits) == nil)
        #expect(code(nested(9).utf8, limits: limits) == .tooManyNamespaces)
    }

    @Test func `a text is as long as allowed, and no longer`() {
        let limits = XMLLimits(depth: 2, attributes: 1, text: 8, document: 10_000)
        for (before, after) in [("<a>", "</a>"), ("<a><![CDATA[", "]]></a>"), ("<a>12<!-- -->&lt;", "</a>"), ("<a b='", "'/>")] {
            let used = before.contains("12") ? 3 : 0
            let document = { (length: Int) in (before + String(repeating: "x", count: length - used) + after).utf8 }
            #expect(code(document(7), limits: limits) == nil, "\(before)")
            #expect(code(document(8), limits: limits) == nil, "\(before)")
            #expect(code(document(9), limits: limits) == .textTooLong, "\(before)")
        }
        #expect(code("<a>12345678<b/>12345678</a>".utf8, limits: limits) == nil)
    }

    @Test func `a document is as long as allowed, and no longer`() {
        let limits = XMLLimits(depth: 2, attributes: 1, text: 8, document: 20)
        let document = { (length: Int) in ("<a/>" + String(repeating: " ", count: length - 4)).utf8 }
        #expect(code(document(19), limits: limits) == nil)
        #expect(code(document(20), limits: limits) == nil)
        #expect(code(document(21), limits: limits) == .documentTooLong)
    }
}

struct RequestIntegersTests {
    private func integers(_ list: String, limit: Int = 100) throws -> ([Int32], RequestTokenizer.IntegerList, [String]) {
        var tokenizer = RequestTokenizer(Array("<r xmlns='urn:a' xmlns:p='urn:a'><l>\(list)</l><after/></r>".utf8), namespaces: [Array("urn:a".utf8)])
        _ = try tokenizer.next()
        _ = try tokenizer.next()
        var numbers: [Int32] = []
        let end = try tokenizer.integers("int", namespace: 0, limit: limit, into: &numbers)
        guard end == .complete else { return (numbers, end, []) }
        var rest: [String] = []
        while try tokenizer.next() == .start { rest.append(String(decoding: tokenizer.localName, as: UTF8.self)) }
        return (numbers, end, rest)
    }

    @Test(
        arguments: [
            ("", []),
            ("<int>1</int>", [1]),
            ("<int>1</int><int>22</int><int>333</int>", [1, 22, 333]),
            (" \n<int>1</int>\r\n <int>2</int> ", [1, 2]),
            ("<p:int>1</p:int><p:int>2</p:int><int>3</int><int>4</int>", [1, 2, 3, 4]),
            ("<int >1</int ><int >2</int >", [1, 2]),
            ("<int>1</int><int> 2 </int><int>+3</int><int>004</int><int>5</int>", [1, 2, 3, 4, 5]),
            ("<int>1</int><!-- --><int>2</int><int>3<!-- -->4</int><int>&#53;</int><int><![CDATA[6]]></int>", [1, 2, 34, 5, 6]),
            ("<int>1</int><other><int>9</int></other><int>2</int><int xmlns='urn:b'>9</int><int a='b'>3</int><int>4</int>", [1, 2, 3, 4]),
            ("<int>-1</int><int>2147483647</int><int>-2147483648</int><int>0</int>", [-1, .max, .min, 0]),
        ] as [(String, [Int32])])
    func `a list of integers is read in every spelling`(list: String, expected: [Int32]) throws {
        let (numbers, end, rest) = try integers(list)
        #expect(numbers == expected)
        #expect(end == .complete)
        #expect(rest == ["after"])
    }

    @Test(arguments: [
        "<int>x</int>", "<int/>", "<int></int>", "<int>1</int><int/>", "<int>1</int><int></int>", "<int>1</int><int>2147483648</int>",
        "<int>1</int><int>-2147483649</int>", "<int>1</int><int>99999999999999999999</int>", "<int>1.0</int>", "<int>1</int><int>1 2</int>",
        "<int>-</int>", "<int>1</int><int>1e3</int>",
    ])
    func `what is no 32-bit integer ends the list`(list: String) throws {
        #expect(try integers(list).1 == .notAnInteger)
    }

    @Test func `a list is as long as allowed, and no longer`() throws {
        for item in ["<int>7</int>", "<p:int>7</p:int>", "<int> 7</int>"] {
            #expect(try integers(String(repeating: item, count: 9), limit: 10).0.count == 9)
            #expect(try integers(String(repeating: item, count: 10), limit: 10).0.count == 10)
            #expect(try integers(String(repeating: item, count: 11), limit: 10).1 == .tooMany)
        }
    }

    @Test func `a list that breaks off anywhere is refused`() {
        let document = Array("<l xmlns='urn:a'><int>12</int><int>34</int>\n<int>56</int></l>".utf8)
        for length in 0...document.count {
            var tokenizer = RequestTokenizer(Array(document[..<length]), namespaces: [Array("urn:a".utf8)])
            var numbers: [Int32] = []
            let isWhole: Bool
            do {
                _ = try tokenizer.next()
                let end = try tokenizer.integers("int", namespace: 0, limit: 9, into: &numbers)
                isWhole = try end == .complete && tokenizer.next() == .endOfDocument
            } catch {
                isWhole = false
            }
            #expect(isWhole == (length == document.count), "\(length) bytes")
        }
        #expect(document.count == 61)
    }
}
