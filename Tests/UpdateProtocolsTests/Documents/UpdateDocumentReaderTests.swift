import Testing
import UpdateProtocols
import Updates
import XMLStream

@Suite("UpdateDocumentReader")
struct UpdateDocumentReaderTests {
    @Test func `metadata is everything a document says of its revision`() throws {
        #expect(try readDocument(SampleDocument.indented).metadata == (try SampleDocument.metadata))
    }

    @Test func `fragments of an indented document are compact, in their order`() throws {
        let document = try readDocument(SampleDocument.indented)
        #expect(document.fragments.map(\.kind) == SampleDocument.fragments.map(\.kind))
        for fragment in SampleDocument.fragments {
            #expect(document.text(fragment.kind) == String(decoding: fragment.bytes.bytes, as: UTF8.self))
        }
    }

    @Test func `a document split at any byte reads the same`() throws {
        let bytes = Array(SampleDocument.indented.utf8)
        let metadata = try SampleDocument.metadata
        for position in 0...bytes.count {
            let document = try readDocument([Array(bytes[..<position]), Array(bytes[position...])])
            #expect(document.fragments == SampleDocument.fragments && document.metadata == metadata, "split at \(position)")
        }
        #expect(try readDocument(bytes.map { [$0] }).fragments == SampleDocument.fragments)
    }

    @Test func `a document cut at any byte is refused`() {
        let bytes = Array(SampleDocument.indented.utf8)
        for position in 0..<bytes.count { #expect(refusal([Array(bytes[..<position])]) != nil, "cut at \(position)") }
    }

    @Test(arguments: [(true, true), (true, false), (false, true), (false, false)])
    func `UTF-16 reads as UTF-8 does`(littleEndian: Bool, mark: Bool) throws {
        let text = SampleDocument.indented.dropFirst("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n".count)
        let bytes = ((mark ? [0xfeff] : []) + Array(text.utf16)).flatMap {
            littleEndian ? [UInt8($0 & 255), UInt8($0 >> 8)] : [UInt8($0 >> 8), UInt8($0 & 255)]
        }
        #expect(try readDocument([bytes]).fragments == SampleDocument.fragments)
    }

    @Test func `sections in another order make the same fragments`() throws {
        let relationships = "<u:Relationships><u:SupersededUpdates/></u:Relationships>"
        let rules = "<u:ApplicabilityRules><u:IsInstalled/></u:ApplicabilityRules>"
        let files = "<u:Files/>"
        let handler = "<u:HandlerSpecificData/>"
        let usual = try readDocument(SampleDocument.document(relationships + rules + files + handler))
        let other = try readDocument(SampleDocument.document(handler + files + rules + relationships))
        #expect(usual.fragments == other.fragments)
        #expect(other.text(.extended) == "<ExtendedProperties /><Files /><HandlerSpecificData />")
    }

    @Test func `what is not a section of Update is in no fragment, and no error`() throws {
        let document = try readDocument(SampleDocument.document("<u:New><u:UpdateIdentity/></u:New><Files xmlns=\"urn:x\"/>text"))
        #expect(document.texts == (try readDocument(SampleDocument.document()).texts))
    }

    @Test func `metadata is what agents read in the fragments, whatever the source's namespaces`() throws {
        let id = "UpdateID=\"0a0b0c0d-0005-4000-8000-000000000005\""
        let plain = ["<UpdateIdentity \(id)/>", "<x:UpdateIdentity xmlns:x=\"\(DerivedFragmentTests.l)\" \(id)/>"]
        let other = ["<x:UpdateIdentity xmlns:x=\"\(DerivedFragmentTests.b)\" \(id)/>", "<UpdateIdentity xmlns=\"urn:x\" \(id)/>"]
        for (elements, count) in [(plain, 2), (other, 0)] {
            let content = elements.joined()
            let document = try readDocument(
                SampleDocument.document("<u:Relationships><u:Prerequisites>\(content)</u:Prerequisites></u:Relationships>"))
            #expect(document.metadata.prerequisites.count == count)
            #expect(try RevisionMetadata(fragments: document.fragments) == document.metadata)
        }
    }

    @Test(arguments: [("IsEncrypted=\"true\"", true), ("IsEncrypted=\"1\"", true), ("IsEncrypted=\"false\"", nil), ("", nil)] as [(String, Bool?)])
    func `a file is encrypted where the document says so`(attribute: String, isEncrypted: Bool?) throws {
        let file = "<u:File Digest=\"\(SampleDocument.sha1)\" FileName=\"a\" Size=\"1\" \(attribute)/>"
        let document = try readDocument(SampleDocument.document("<u:Files>\(file)</u:Files>"))
        #expect(document.metadata.files.map(\.isEncrypted) == [isEncrypted])
    }

    @Test func `a category has its type, a word that is not known makes it of no type`() throws {
        func type(_ word: String) throws -> CategoryType? {
            let data =
                "<u:HandlerSpecificData><CategoryInformation xmlns=\"http://schemas.microsoft.com/msus/2002/12/UpdateHandlers/Category\" \(word)/>"
            return try readDocument(
                SampleDocument.document(properties: "<u:Properties UpdateType=\"Category\"/>", data + "</u:HandlerSpecificData>")
            ).metadata.categoryType
        }
        for known in CategoryType.allCases { #expect(try type("CategoryType=\"\(known.rawValue)\"") == known) }
        #expect(try type("CategoryType=\"Planet\"") == nil)
        #expect(try type("") == nil)
    }
}

@Suite("Fragments of a document")
struct DerivedFragmentTests {
    static let b = "http://schemas.microsoft.com/msus/2002/12/BaseApplicabilityRules"
    static let m = "http://schemas.microsoft.com/msus/2002/12/MsiApplicabilityRules"
    static let d = "http://schemas.microsoft.com/msus/2002/12/UpdateHandlers/WindowsDriver"
    static let l = "http://schemas.microsoft.com/msus/2002/12/LogicalApplicabilityRules"
    static let msi = "http://www.microsoft.com/msi/patch_applicability.xsd"

    static let rules: [(name: String, source: String, fragment: String)] = [
        ("base rules, whatever their prefix", "<x:RegSz xmlns:x=\"\(b)\" Data=\"1\"/>", "<b.RegSz Data=\"1\" />"),
        ("base rules by default declaration", "<RegSz xmlns=\"\(b)\" Data=\"1\"/>", "<b.RegSz Data=\"1\" />"),
        ("MSI rules", "<x:MsiProductInstalled xmlns:x=\"\(m)\"/>", "<m.MsiProductInstalled />"),
        (
            "driver rules", "<x:WindowsDriverMetaData xmlns:x=\"\(d)\"><x:FeatureScore/></x:WindowsDriverMetaData>",
            "<d.WindowsDriverMetaData><d.FeatureScore /></d.WindowsDriverMetaData>"
        ),
        ("logical rules", "<x:Or xmlns:x=\"\(l)\"><x:True/></x:Or>", "<Or><True /></Or>"),
        (
            "a prefix that means another namespace inside", "<x:Or xmlns:x=\"\(l)\"><x:RegSz xmlns:x=\"\(b)\"/><x:True/></x:Or>",
            "<Or><b.RegSz /><True /></Or>"
        ),
        ("attributes in the source's order", "<u:A z=\"1\" xmlns:q=\"urn:q\" y=\"2\" x=\"3\"/>", "<A z=\"1\" y=\"2\" x=\"3\" />"),
        ("xsi:type", "<u:A xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"cmd:B\"/>", "<A type=\"cmd:B\" />"),
        (
            "MsiPatch with its declaration last",
            "<MsiPatch SchemaVersion=\"1.0.0.0\" PatchGUID=\"{1}\" xmlns=\"\(msi)\"><TargetProduct/></MsiPatch>",
            "<MsiPatch SchemaVersion=\"1.0.0.0\" PatchGUID=\"{1}\" xmlns=\"\(msi)\"><TargetProduct /></MsiPatch>"
        ),
        (
            "MsiPatch by a prefix", "<p:MsiPatch xmlns:p=\"\(msi)\" SchemaVersion=\"1.0.0.0\"><p:TargetProduct/></p:MsiPatch>",
            "<MsiPatch SchemaVersion=\"1.0.0.0\" xmlns=\"\(msi)\"><TargetProduct /></MsiPatch>"
        ),
        (
            "a manifest with its declaration first",
            "<assembly xmlns=\"urn:schemas-microsoft-com:asm.v3\" manifestVersion=\"1.0\"><package></package></assembly>",
            "<assembly xmlns=\"urn:schemas-microsoft-com:asm.v3\" manifestVersion=\"1.0\"><package></package></assembly>"
        ),
        (
            "one foreign namespace within another",
            "<a xmlns=\"urn:1\"><p:b xmlns:p=\"urn:2\"><c/></p:b><d/></a>",
            "<a xmlns=\"urn:1\"><b xmlns=\"urn:2\"><c xmlns=\"urn:1\" /></b><d /></a>"
        ),
        ("no namespace within a foreign one", "<a xmlns=\"urn:1\"><b xmlns=\"\"/></a>", "<a xmlns=\"urn:1\"><b xmlns=\"\" /></a>"),
        (
            "a default declaration on an element of another namespace",
            "<p:a xmlns=\"urn:1\" xmlns:p=\"urn:2\" c=\"1\"><b/></p:a>", "<a c=\"1\" xmlns=\"urn:2\"><b xmlns=\"urn:1\" /></a>"
        ),
        ("a default declaration on an own element", "<u:A xmlns=\"urn:1\"><b c=\"1\"/></u:A>", "<A><b c=\"1\" xmlns=\"urn:1\" /></A>"),
        ("no namespace", "<a/>", "<a />"),
        ("an element named with the prefix xml", "<xml:a xml:lang=\"en\"/>", "<xml:a xml:lang=\"en\" />"),
        ("an empty declaration that undoes nothing", "<a xmlns=\"\"/>", "<a />"),
        ("own rules within a foreign element", "<a xmlns=\"urn:1\"><u:True/></a>", "<a xmlns=\"urn:1\"><True /></a>"),
        ("empty elements keep their form", "<u:A></u:A><u:B/>", "<A></A><B />"),
        ("white space between tags goes", "<u:A>\n  <u:B/>\t</u:A>\n", "<A><B /></A>"),
        ("white space alone goes too", "<u:A> </u:A>", "<A></A>"),
        ("white space beside text stays", "<u:A> \n x <u:B/> y</u:A>", "<A> \n x <B /> y</A>"),
        ("xml:space keeps white space", "<u:A xml:space=\"preserve\"> <u:B> </u:B></u:A>", "<A xml:space=\"preserve\"> <B> </B></A>"),
        (
            "xml:space ends", "<u:A xml:space=\"preserve\"><u:B xml:space=\"default\"> </u:B></u:A>",
            "<A xml:space=\"preserve\"><B xml:space=\"default\"></B></A>"
        ),
        ("comments and instructions go, text joins", "<u:A>x<!-- c --> <?p i?>y</u:A><!-- c -->", "<A>x y</A>"),
        ("CDATA becomes text", "<u:A><![CDATA[<x> & y]]></u:A>", "<A>&lt;x&gt; &amp; y</A>"),
        ("CDATA of white space is text", "<u:A><![CDATA[ ]]></u:A>", "<A> </A>"),
        ("empty CDATA is nothing", "<u:A><![CDATA[]]></u:A>", "<A></A>"),
        ("text is escaped", "<u:A>&lt;&gt;&amp;&quot;&apos;&#13;\n\t</u:A>", "<A>&lt;&gt;&amp;\"'&#xD;\n\t</A>"),
        ("values are escaped", "<u:A b='&lt;&gt;&amp;&quot;&apos;&#13;&#10;&#9;'/>", "<A b=\"&lt;&gt;&amp;&quot;'&#xD;&#xA;&#x9;\" />"),
        ("line ends in a value are spaces, as XML has it", "<u:A b=\"x\r\ny\tz\"/>", "<A b=\"x y z\" />"),
        ("line ends in text are line feeds, as XML has it", "<u:A>x\r\ny\rz</u:A>", "<A>x\ny\nz</A>"),
    ]

    @Test(arguments: rules)
    func `rules are written as a real server writes them`(name: String, source: String, fragment: String) throws {
        let document = try readDocument(SampleDocument.document("<u:ApplicabilityRules>\(source)</u:ApplicabilityRules>"))
        let start = "<UpdateIdentity UpdateID=\"0a0b0c0d-0001-4000-8000-000000000001\" RevisionNumber=\"1\" /><Properties UpdateType=\"Software\" />"
        #expect(document.text(.core) == "\(start)<ApplicabilityRules>\(fragment)</ApplicabilityRules>", "\(name)")
    }

    static let properties: [(name: String, source: String, core: String, extended: String)] = [
        ("the least", "UpdateType=\"Software\"/>", "UpdateType=\"Software\"", " />"),
        ("not an empty-element tag", "UpdateType=\"Software\"></u:Properties>", "UpdateType=\"Software\"", " />"),
        ("nothing but white space", "UpdateType=\"Software\">\n</u:Properties>", "UpdateType=\"Software\"", " />"),
        (
            "Core in its own order",
            "EulaID=\"e\" OSUpgrade=\"swap\" AutoSelectOnWebSites=\"true\" ExplicitlyDeployable=\"true\" UpdateType=\"Driver\"/>",
            "UpdateType=\"Driver\" ExplicitlyDeployable=\"true\" AutoSelectOnWebSites=\"true\" OSUpgrade=\"swap\" EulaID=\"e\"", " />"
        ),
        (
            "defaults",
            "UpdateType=\"Software\" ExplicitlyDeployable=\"false\" AutoSelectOnWebSites=\"false\" OSUpgrade=\"false\" PerUser=\"false\" "
                + "IsPublic=\"true\"/>",
            "UpdateType=\"Software\"", " />"
        ),
        ("defaults as digits", "UpdateType=\"Software\" ExplicitlyDeployable=\"0\" PerUser=\"0\"/>", "UpdateType=\"Software\"", " />"),
        (
            "false that is no default", "UpdateType=\"Software\" IsBeta=\"false\" BrowseOnly=\"false\"/>", "UpdateType=\"Software\"",
            " IsBeta=\"false\" BrowseOnly=\"false\" />"
        ),
        (
            "unknown attributes in order", "z=\"1\" UpdateType=\"Software\" y=\"2\" xmlns:p=\"urn:p\" p:x=\"3\"/>", "UpdateType=\"Software\"",
            " z=\"1\" y=\"2\" x=\"3\" />"
        ),
        (
            "children", "UpdateType=\"Software\"><u:Language>all</u:Language></u:Properties>", "UpdateType=\"Software\"",
            "><Language>all</Language></ExtendedProperties>"
        ),
    ]

    @Test(arguments: properties)
    func `Properties are shared out between Core and Extended`(name: String, source: String, core: String, extended: String) throws {
        let document = try readDocument(SampleDocument.document(properties: "<u:Properties \(source)"))
        #expect(document.text(.core)?.hasSuffix("<Properties \(core) />") == true, "\(name)")
        #expect(document.text(.extended) == "<ExtendedProperties\(extended)", "\(name)")
    }
}
