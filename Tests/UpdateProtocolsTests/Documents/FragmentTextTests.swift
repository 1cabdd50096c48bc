import Testing
import UpdateProtocols
import Updates
import XMLStream

@Suite("FragmentText")
struct FragmentTextTests {
    private static func rewritten(_ text: String, limits: XMLLimits = .documents) throws(DocumentError) -> String {
        String(decoding: try FragmentText.rewritten(ChunkedBytes(Array(text.utf8)), limits: limits).bytes, as: UTF8.self)
    }

    static let kept: [(name: String, text: String)] = [
        ("nothing", ""),
        ("elements side by side", "<A /><B></B><C>x</C>"),
        ("rules", "<b.RegSz Data=\"1\" /><m.MsiProductInstalled /><d.FeatureScore />"),
        ("escapes", "<A b=\"&lt;&gt;&amp;&quot;'&#xD;&#xA;&#x9;\">&lt;&gt;&amp;\"'&#xD;\n\t x</A>"),
        ("a declaration first", "<assembly xmlns=\"urn:a\" b=\"1\"><c /></assembly>"),
        ("a declaration last", "<MsiPatch a=\"1\" xmlns=\"urn:a\"><b /></MsiPatch>"),
        ("a prefix", "<a xmlns:p=\"urn:p\"><p:b p:c=\"1\" xml:space=\"preserve\"> </p:b></a>"),
    ]

    @Test(arguments: kept)
    func `a fragment comes out as it went in`(name: String, text: String) throws {
        #expect(try Self.rewritten(text) == text, "\(name)")
    }

    @Test func `the fragments of a document come out as they went in`() throws {
        for fragment in try readDocument(SampleDocument.indented).fragments { #expect(try FragmentText.rewritten(fragment.bytes) == fragment.bytes) }
    }

    static let refused: [(name: String, text: String, code: DocumentError.Code)] = [
        ("text between elements", "<A />x", .xml(.syntax)),
        ("a cut", "<A", .xml(.syntax)),
        ("an open element", "<A>", .xml(.truncated)),
        ("an end tag more", "</A>", .xml(.syntax)),
        ("the end tag of what encloses it", "</sequence><sequence>", .xml(.syntax)),
        ("a declaration", "<?xml version=\"1.0\"?><A />", .xml(.syntax)),
        ("a document type", "<!DOCTYPE A><A />", .xml(.syntax)),
        ("an entity", "<A>&b;</A>", .xml(.entity)),
        ("UTF-16", "<\0A\0/\0>\0", .xml(.syntax)),
        ("depth", String(repeating: "<A>", count: 65), .xml(.tooDeep)),
    ]

    @Test(arguments: refused)
    func `what is no fragment is refused`(name: String, text: String, code: DocumentError.Code) {
        #expect(throws: DocumentError.self, "\(name)") { _ = try Self.rewritten(text) }
        do throws(DocumentError) { _ = try Self.rewritten(text) } catch { #expect(error.code == code, "\(name)") }
    }
}

@Suite("RevisionMetadata of fragments")
struct FragmentMetadataTests {
    @Test func `fragments say what their document says but for its state and date`() throws {
        let document = try readDocument(SampleDocument.indented)
        var expected = document.metadata
        expected.publicationState = .published
        expected.creationDate = nil
        #expect(try RevisionMetadata(fragments: document.fragments) == expected)
    }

    @Test func `Core is enough`() throws {
        let core = Fragment(.core, SampleDocument.core)
        let metadata = try RevisionMetadata(fragments: [core])
        #expect(metadata.identity == (try SampleDocument.metadata.identity))
        #expect(metadata.prerequisites == (try SampleDocument.metadata.prerequisites))
        #expect(metadata.files.isEmpty && metadata.localizedTexts.isEmpty)
    }

    static let refused: [(name: String, fragments: [Fragment], code: DocumentError.Code)] = [
        ("nothing", [], .missing),
        ("no Core", [Fragment(.extended, SampleDocument.extended)], .missing),
        ("Core twice", [Fragment(.core, SampleDocument.core), Fragment(.core, SampleDocument.core)], .repeated),
        ("Core without Properties", [Fragment(.core, String(SampleDocument.core.prefix(85)))], .missing),
        ("a foreign identity", [Fragment(.core, "<UpdateIdentity xmlns=\"urn:a\" />")], .missing),
        ("an identity of garbage", [Fragment(.core, "<UpdateIdentity UpdateID=\"x\" RevisionNumber=\"1\" />")], .invalidValue),
    ]

    @Test(arguments: refused)
    func `fragments at fault are refused`(name: String, fragments: [Fragment], code: DocumentError.Code) {
        #expect(throws: DocumentError.self, "\(name)") { _ = try RevisionMetadata(fragments: fragments) }
        do throws(DocumentError) { _ = try RevisionMetadata(fragments: fragments) } catch { #expect(error.code == code, "\(name)") }
    }
}
