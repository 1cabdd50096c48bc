import TestSupport
import Testing
import Updates

@testable import UpdateAgent

@Suite struct FragmentFactsTests {
    private func core(_ text: String) throws -> FragmentFacts.Core { try FragmentFacts.core(Array(text.utf8)) }

    private func additional(_ text: String) throws -> FragmentFacts.Additional { try FragmentFacts.additional(Array(text.utf8)) }

    @Test func `identity, type and members are read, and only where they belong`() throws {
        let facts = try core(
            """
            <UpdateIdentity UpdateID="1F9BD9BB-0000-0000-0000-000000000001" RevisionNumber="7" /><Properties UpdateType="Software" />\
            <Relationships><SupersededUpdates><UpdateIdentity UpdateID="00000000-0000-0000-0000-0000000000aa" /></SupersededUpdates>\
            <Prerequisites><AtLeastOne><UpdateIdentity UpdateID="00000000-0000-0000-0000-0000000000bb" /></AtLeastOne></Prerequisites>\
            <BundledUpdates><UpdateIdentity UpdateID="00000000-0000-0000-0000-000000000002" RevisionNumber="3" />\
            <AtLeastOne><UpdateIdentity UpdateID="00000000-0000-0000-0000-000000000003" RevisionNumber="1" />\
            <UpdateIdentity UpdateID="00000000-0000-0000-0000-000000000004" /></AtLeastOne></BundledUpdates></Relationships>\
            <ApplicabilityRules><BundledUpdates><UpdateIdentity UpdateID="00000000-0000-0000-0000-0000000000cc" />\
            </BundledUpdates></ApplicabilityRules>
            """)
        #expect(facts.identity.description == "1f9bd9bb-0000-0000-0000-000000000001:7")
        #expect(facts.type == .software)
        #expect(facts.supersedes == [UpdateID(high: 0, low: 0xaa)])
        #expect(
            facts.bundledUpdates.map { $0.anyOf.map(\.description) } == [
                ["00000000-0000-0000-0000-000000000002:3"], ["00000000-0000-0000-0000-000000000003:1", "00000000-0000-0000-0000-000000000004:0"],
            ])
    }

    @Test(arguments: [
        ("nothing", ""), ("no XML", "hello"), ("no identity", "<Properties UpdateType=\"Software\" />"),
        ("no type", "<UpdateIdentity UpdateID=\"00000000-0000-0000-0000-000000000002\" RevisionNumber=\"3\" />"),
        ("an unknown type", "<UpdateIdentity UpdateID=\"00000000-0000-0000-0000-000000000002\" /><Properties UpdateType=\"Game\" />"),
        ("no GUID", "<UpdateIdentity UpdateID=\"x\" RevisionNumber=\"3\" /><Properties UpdateType=\"Software\" />"),
        ("a document type", "<!DOCTYPE a [<!ENTITY b \"c\">]><UpdateIdentity UpdateID=\"00000000-0000-0000-0000-000000000002\" />"),
    ])
    func `a Core that does not say what it must is refused`(name: String, text: String) {
        #expect(throws: FragmentFacts.Failure.self) { try core(text) }
    }

    @Test(arguments: [(10_000, true), (10_001, false)])
    func `a bundle has at most so many members`(count: Int, isRead: Bool) throws {
        let member = "<UpdateIdentity UpdateID=\"00000000-0000-0000-0000-000000000002\" RevisionNumber=\"3\" />"
        let text =
            "\(member)<Properties UpdateType=\"Software\" />"
            + "<Relationships><BundledUpdates>\(String(repeating: member, count: count))</BundledUpdates></Relationships>"
        #expect((try? core(text))?.bundledUpdates.count == (isRead ? count : nil))
    }

    @Test func `files are read with both digests`() throws {
        let file = Told.File(byte: 7, name: "a &amp; b.cab", size: 223_933_112)
        let facts = try additional("<ExtendedProperties Handler=\"x\"><KBArticleID>1</KBArticleID></ExtendedProperties><Files>\(file.xml)</Files>")
        let expected = UpdateFile(
            sha1: try #require(SHA1Digest(bytes: Array(repeating: 7, count: 20))), sha256: SHA256Digest(bytes: Array(repeating: 7, count: 32)),
            name: "a & b.cab", size: 223_933_112)
        #expect(facts == FragmentFacts.Additional(files: [expected]))
    }

    @Test(arguments: [
        ("no digest", "<Files><File FileName=\"a\" Size=\"1\" /></Files>"),
        ("a digest of another length", "<Files><File Digest=\"AAAA\" FileName=\"a\" Size=\"1\" /></Files>"),
        ("another algorithm", "<Files><File Digest=\"AAAAAAAAAAAAAAAAAAAAAAAAAAA=\" DigestAlgorithm=\"MD5\" FileName=\"a\" Size=\"1\" /></Files>"),
        ("no size", "<Files><File Digest=\"AAAAAAAAAAAAAAAAAAAAAAAAAAA=\" FileName=\"a\" /></Files>"),
        ("a negative size", "<Files><File Digest=\"AAAAAAAAAAAAAAAAAAAAAAAAAAA=\" FileName=\"a\" Size=\"-1\" /></Files>"),
        (
            "a broken SHA-256",
            "<Files><File Digest=\"AAAAAAAAAAAAAAAAAAAAAAAAAAA=\" Size=\"1\">"
                + "<AdditionalDigest Algorithm=\"SHA256\">AA</AdditionalDigest></File></Files>"
        ),
    ])
    func `a file that cannot be judged makes the fragment unusable`(name: String, text: String) {
        #expect(throws: FragmentFacts.Failure.self) { try additional("<ExtendedProperties />\(text)") }
    }

    @Test func `a title is read, and text elsewhere is not one`() throws {
        let text = "<LocalizedProperties><Language>en</Language><Title>A &lt;b&gt;</Title></LocalizedProperties>"
        #expect(try additional(text) == FragmentFacts.Additional(title: "A <b>"))
        #expect(try additional("<Eula><Title>no</Title></Eula>") == FragmentFacts.Additional())
        #expect(try additional("<LocalizedProperties><Language>en</Language></LocalizedProperties>") == FragmentFacts.Additional())
    }

    @Test func `a title covers nothing up that stands beside it`() throws {
        let data = "<HandlerSpecificData><InstallCommand Program=\"a.exe\" /></HandlerSpecificData>"
        let title = "<LocalizedProperties><Title>A</Title></LocalizedProperties>"
        let expected = FragmentFacts.Additional(title: "A", files: [], commands: [HandlerCommand(kind: .program, file: "a.exe")])
        #expect(try additional("\(title)<Files></Files>\(data)") == expected)
        #expect(try additional("\(data)<Files></Files>\(title)") == expected)
    }

    @Test(arguments: ["<Files></Files>", "<HandlerSpecificData></HandlerSpecificData>"])
    func `a fragment with two of these is unusable`(part: String) throws {
        _ = try additional("<ExtendedProperties />\(part)")
        #expect(throws: FragmentFacts.Failure.self) { try additional("<ExtendedProperties />\(part)<Other />\(part)") }
    }

    @Test(.enabled(if: Evidence.isPresent, Comment(rawValue: Evidence.absence)))
    func `every captured fragment of whole documents is understood`() throws {
        var cores = 0
        var extendeds = 0
        for path in try Evidence.files(in: "update-xml-full") {
            if path.hasSuffix(".core.xml") {
                _ = try FragmentFacts.core(try Evidence.bytes(path))
                cores += 1
            } else if path.hasSuffix(".extended.xml") {
                let facts = try FragmentFacts.additional(try Evidence.bytes(path))
                #expect(facts.title == nil, "\(path)")
                extendeds += facts.files != nil || facts.commands != nil ? 1 : 0
            }
        }
        #expect(cores > 0 && extendeds > 0)
    }
}
