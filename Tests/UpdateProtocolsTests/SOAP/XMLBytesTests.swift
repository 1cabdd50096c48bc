import Testing
import UpdateProtocols
import Updates

struct XMLBytesTests {
    private func text(_ write: (inout XMLBytes) -> Void) -> String {
        var xml = XMLBytes()
        write(&xml)
        return String(decoding: xml.bytes, as: UTF8.self)
    }

    @Test(arguments: [
        ("", "<a/>"),
        ("plain ü \u{1f600}", "<a>plain ü \u{1f600}</a>"),
        ("<b c=\"d\" e='f'/>&amp;", "<a>&lt;b c=\"d\" e='f'/&gt;&amp;amp;</a>"),
        ("]]>", "<a>]]&gt;</a>"),
        ("1\r\n2\t3", "<a>1&#xD;\n2\t3</a>"),
        ("\u{0}\u{1f}\u{7f}", "<a>\u{fffd}\u{fffd}\u{7f}</a>"),
    ])
    func `a text cannot leave its element`(content: String, expected: String) {
        #expect(text { $0.element("a", content) } == expected)
    }

    @Test func `an attribute cannot leave its quotes`() {
        #expect(
            text { $0.element("a", attributes: [("b", "\"<&>\r\n\t'"), ("c", "")]) { $0.element("d") } }
                == "<a b=\"&quot;&lt;&amp;&gt;&#xD;  '\" c=\"\"><d/></a>")
    }

    @Test func `values of every type`() {
        #expect(
            text {
                $0.element("n", Int32.min)
                $0.element("t", true)
                $0.element("f", false)
                $0.element("b", base64: [0, 255])
                $0.element("e", base64: [])
            } == "<n>-2147483648</n><t>true</t><f>false</f><b>AP8=</b><e/>")
    }

    @Test func `pieces are escaped as the whole would be`() {
        let fragment = Array("<A b=\"1\">&lt;ü</A>".utf8)
        let whole = text { $0.appendEscaped(fragment) }
        #expect(whole == "&lt;A b=\"1\"&gt;&amp;lt;ü&lt;/A&gt;")
        #expect(text { $0.appendEscaped(ChunkedBytes(fragment)) } == whole)
        for split in 0...fragment.count {
            let pieces = text {
                $0.appendEscaped(Array(fragment[..<split]))
                $0.appendEscaped(Array(fragment[split...]))
            }
            #expect(pieces == whole, "\(split)")
        }
        #expect(text { xml in fragment.withUnsafeBytes { xml.appendVerbatim($0) } } == String(decoding: fragment, as: UTF8.self))
    }
}
