import Testing
import XMLStream

@Suite("XMLWriter")
struct XMLWriterTests {
    private static func written(limit: Int = 1 << 20, _ body: (inout XMLWriter) -> Void) -> String {
        var writer = XMLWriter(limit: limit)
        body(&writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test func `elements are closed as they are opened`() {
        let text = Self.written {
            $0.start("a")
            $0.attribute("b", "c")
            $0.start("d")
            $0.end()
            $0.start("e")
            $0.end(short: false)
            $0.text("f")
            $0.end()
            $0.end()
        }
        #expect(text == #"<a b="c"><d /><e></e>f</a>"#)
    }

    static let escapes: [(name: String, value: String, text: String, attribute: String)] = [
        ("markup", "<&>", "&lt;&amp;&gt;", "&lt;&amp;&gt;"),
        ("quotes", "\"'", "\"'", "&quot;'"),
        ("white space", "\t\n\r ", "\t\n&#xD; ", "&#x9;&#xA;&#xD; "),
        ("the end of CDATA", "]]>", "]]&gt;", "]]&gt;"),
        ("a reference", "&amp;", "&amp;amp;", "&amp;amp;"),
        (
            "what XML cannot hold", "\0\u{1}\u{1f}\u{fffe}\u{ffff}", String(repeating: "\u{fffd}", count: 5),
            String(repeating: "\u{fffd}", count: 5)
        ),
        ("other characters", "é€𝄞\u{fffd}\u{7f}", "é€𝄞\u{fffd}\u{7f}", "é€𝄞\u{fffd}\u{7f}"),
        ("nothing", "", "", ""),
    ]

    @Test(arguments: escapes)
    func `values are escaped`(name: String, value: String, text: String, attribute: String) {
        let written = Self.written {
            $0.start("a")
            $0.attribute("b", value)
            $0.text(value)
            $0.end(short: false)
        }
        #expect(written == "<a b=\"\(attribute)\">\(text)</a>", "\(name)")
        var bytes: [UInt8] = []
        Array(value.utf8).withUnsafeBytes {
            XMLEscaping.appendText($0, to: &bytes)
            XMLEscaping.appendAttribute($0, to: &bytes)
        }
        #expect(String(decoding: bytes, as: UTF8.self) == text + attribute, "\(name)")
    }

    @Test func `what was escaped reads as it was`() {
        let value = "<&>\"'\t\n\r é𝄞]]>"
        let written = Self.written {
            $0.start("a")
            $0.attribute("b", value)
            $0.text(value)
            $0.end()
        }
        #expect(readXML(written) == .read(["<a{} b{}=\(value.debugDescription)> at 0", value.debugDescription, "</a{}"]))
    }

    @Test func `nothing is written beyond the limit`() {
        func write(_ limit: Int) -> XMLWriter {
            var writer = XMLWriter(limit: limit)
            writer.start("a")
            writer.text("<<<")
            writer.end()
            return writer
        }
        #expect(!write(19).isOverLimit)
        #expect(write(19).bytes.count == 19)
        for limit in 0..<19 {
            #expect(write(limit).isOverLimit)
            #expect(write(limit).bytes.count <= limit)
        }
    }

    @Test func `what is drained still counts`() {
        var writer = XMLWriter(limit: 10)
        writer.start("a")
        writer.drain { _ in }
        #expect(writer.count == 2 && writer.bytes.isEmpty)
        writer.text("0123456")
        #expect(!writer.isOverLimit && writer.count == 10)
        writer.text("7")
        #expect(writer.isOverLimit)
    }

    @Test func `an end without a start writes nothing`() {
        #expect(Self.written { $0.end() }.isEmpty)
    }
}
