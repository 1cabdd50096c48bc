import CExpat
import TestSupport
import Testing
import XMLStream

/// The request tokenizer against expat: it may refuse more, never accept more, and what both accept they read alike.
struct RequestTokenizerDifferentialTests {
    /// What the tokenizer refuses on purpose though it is well-formed: document types, processing instructions, other encodings, XML 1.1 and other
    /// malformed versions, names with other than ASCII letters or with two colons, entities that a document type would declare, references of more
    /// than 16 bytes, and the prefix `xmlns` on an element.
    private static let deliberate: Set<RequestXMLError.Code> = [
        .documentType, .processingInstruction, .encoding, .malformed, .unknownEntity, .unboundPrefix,
    ]

    private static let corpus: [String] = [
        "<a/>", "<a b='c'>d</a>",
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<a><!-- c --><b>&lt;&#x41;&#10;</b><![CDATA[<&>]]></a>\n<!-- d -->",
        "<p:a xmlns:p='urn:a' xmlns='urn:b'><b p:c='1' c='2'/><q:d xmlns:q='urn:a' q:e='\t\r\n'>\r\n]] é\u{1f600}</q:d></p:a>",
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><X xmlns=\"urn:x\"><l><int>1</int><int>22</int></l></X></s:Body></s:Envelope>",
        "<a xmlns:xml='http://www.w3.org/XML/1998/namespace' xml:lang='en'><b xmlns=''/><c xmlns='u'/></a>",
    ]

    private static let insertions: [[UInt8]] =
        [
            "<", ">", "/", "&", ";", "'", "\"", "=", ":", " ", "\t", "\r", "\n", "\r\n", "]]>", "]]", "<![CDATA[", "<!--", "-->", "--", "<?", "?>",
            "<?xml version='1.0'?>", "<!DOCTYPE a>", "&amp;", "&#0;", "&#x9;", "&#13;", "&#xD800;", "&#xFFFF;", "&#x10FFFF;", "&#x110000;", "&b;",
            "xmlns='u'", " xmlns:p='u'", " xmlns:p=''", " xmlns:xml='u'", " xml:a=''", "p:", "xmlns:", "<b>", "</b>", "<b/>", "</a>", "1", "-",
            ".", "é", "\u{ffff}", "\u{fffd}", "\u{feff}",
        ].map { Array($0.utf8) } + [
            [0], [1], [0x0b], [0x7f], [0x80], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xff], [0xe2, 0x82],
        ]

    @Test func `the corpus is accepted by both and read alike`() throws {
        for document in Self.corpus {
            let expected = try #require(Expat.outline(Array(document.utf8)), "\(document)")
            #expect(try tokens(Array(document.utf8)) == expected, "\(document)")
        }
    }

    @Test(.enabled(if: Evidence.isPresent, Comment(rawValue: Evidence.absence)))
    func `every captured body is judged by both alike`() throws {
        var accepted = 0
        for path in try Evidence.files(in: "soap-wua-native") + Evidence.files(in: "spec-examples") + Evidence.files(in: "soap-usss-real")
        where path.hasSuffix(".body") || path.hasSuffix(".xml") {
            let body = try Evidence.bytes(path)
            let expected = Expat.outline(body)
            #expect(((try? tokens(body)) ?? nil) == expected, "\(path)")
            if expected != nil { accepted += 1 }
        }
        #expect(accepted > 50)
    }

    @Test(arguments: 1...8)
    func `no mutated document is accepted that expat refuses`(seed: UInt64) {
        var random = SplitMix(state: seed)
        var agreed = 0
        for _ in 0..<4_000 {
            var document = Array((Self.corpus.randomElement(using: &random) ?? "").utf8)
            for _ in 0..<Int.random(in: 1...2, using: &random) { mutate(&document, &random) }
            let expected = Expat.outline(document)
            do throws(RequestXMLError) {
                let found = try tokens(document)
                #expect(found == expected, "seed \(seed): \(String(decoding: document, as: UTF8.self).debugDescription)")
                agreed += 1
            } catch {
                if expected != nil {
                    let text = String(decoding: document, as: UTF8.self).debugDescription
                    #expect(Self.deliberate.contains(error.code), "seed \(seed): \(error) in \(text)")
                }
            }
        }
        #expect(agreed > 250)
    }

    /// What the tokenizer reads: one line an element, an end or the text between.
    private func tokens(_ document: [UInt8]) throws(RequestXMLError) -> [String] {
        var tokenizer = RequestTokenizer(document)
        var outline = Outline()
        while true {
            switch try tokenizer.next() {
            case .start:
                outline.start(String(decoding: tokenizer.namespaceURI, as: UTF8.self), String(decoding: tokenizer.localName, as: UTF8.self))
            case .text: outline.text(tokenizer.text)
            case .end: outline.end()
            case .endOfDocument: return outline.lines
            }
        }
    }

    private func mutate(_ document: inout [UInt8], _ random: inout SplitMix) {
        let place = Int.random(in: 0...document.count, using: &random)
        let end = min(document.count, place + Int.random(in: 1...6, using: &random))
        switch Int.random(in: 0..<6, using: &random) {
        case 0: document.insert(contentsOf: Self.insertions.randomElement(using: &random) ?? [], at: place)
        case 1: document.replaceSubrange(place..<end, with: Self.insertions.randomElement(using: &random) ?? [])
        case 2: document.removeSubrange(place..<end)
        case 3: if place < document.count { document[place] ^= 1 << UInt8.random(in: 0..<8, using: &random) }
        case 4: document.insert(contentsOf: document[place..<end], at: Int.random(in: 0...document.count, using: &random))
        default: if place < document.count { document[place] = UInt8.random(in: 0...255, using: &random) }
        }
    }
}

/// Numbers that are the same in every run.
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

private struct Outline {
    private(set) var lines: [String] = []
    private var pending: [UInt8] = []

    mutating func start(_ uri: String, _ name: String) {
        flush()
        lines.append("+\(uri)\n\(name)")
    }

    mutating func text(_ bytes: some Sequence<UInt8>) { pending.append(contentsOf: bytes) }

    mutating func end() {
        flush()
        lines.append("-")
    }

    private mutating func flush() {
        if !pending.isEmpty { lines.append("'" + String(decoding: pending, as: UTF8.self)) }
        pending = []
    }
}

private enum Expat {
    private final class Box {
        var outline = Outline()
    }

    /// What expat reads; nothing for what it refuses.
    static func outline(_ document: [UInt8]) -> [String]? {
        guard let parser = XML_ParserCreateNS(nil, XML_Char(bitPattern: UInt8(ascii: "\n"))) else { return nil }
        defer { XML_ParserFree(parser) }
        let box = Box()
        XML_SetUserData(parser, Unmanaged.passUnretained(box).toOpaque())
        XML_SetElementHandler(
            parser,
            { data, name, _ in
                guard let data, let name else { return }
                let parts = String(cString: name).unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
                Unmanaged<Box>.fromOpaque(data).takeUnretainedValue().outline.start(parts.count > 1 ? parts[0] : "", parts[parts.count - 1])
            },
            { data, _ in
                guard let data else { return }
                Unmanaged<Box>.fromOpaque(data).takeUnretainedValue().outline.end()
            })
        XML_SetCharacterDataHandler(parser) { data, text, length in
            guard let data, let text else { return }
            let bytes = UnsafeRawBufferPointer(start: text, count: Int(length))
            Unmanaged<Box>.fromOpaque(data).takeUnretainedValue().outline.text(bytes)
        }
        let status = document.withUnsafeBytes { bytes in
            XML_Parse(parser, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(bytes.count), 1)
        }
        return status == XML_STATUS_OK ? box.outline.lines : nil
    }
}
