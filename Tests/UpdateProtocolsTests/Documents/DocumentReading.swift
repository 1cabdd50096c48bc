import Testing
import UpdateProtocols
import Updates
import XMLStream

func readDocument(_ pieces: [[UInt8]], limits: XMLLimits = .documents) throws(DocumentError) -> UpdateDocument {
    var reader = UpdateDocumentReader(limits: limits)
    for piece in pieces { try reader.feed(piece) }
    return try reader.finish()
}

func readDocument(_ text: String, limits: XMLLimits = .documents) throws(DocumentError) -> UpdateDocument {
    try readDocument([Array(text.utf8)], limits: limits)
}

/// The error of reading a document; nothing if there is none.
func refusal(_ pieces: [[UInt8]], limits: XMLLimits = .documents) -> DocumentError? {
    do throws(DocumentError) {
        _ = try readDocument(pieces, limits: limits)
        return nil
    } catch { return error }
}

func refusal(_ text: String, limits: XMLLimits = .documents) -> DocumentError? { refusal([Array(text.utf8)], limits: limits) }

extension UpdateDocument {
    func text(_ kind: FragmentKind) -> String? {
        fragments.first { $0.kind == kind }.map { String(decoding: $0.bytes.bytes, as: UTF8.self) }
    }

    var texts: [String] { fragments.map { "\($0.kind): \(String(decoding: $0.bytes.bytes, as: UTF8.self))" } }
}

extension Fragment {
    init(_ kind: FragmentKind, _ text: String) {
        self.init(kind: kind, bytes: ChunkedBytes(Array(text.utf8)))
    }
}

/// A document with everything in it that metadata is made of, as a compact and as an indented text.
enum SampleDocument {
    static let sha1 = "AAECAwQFBgcICQoLDA0ODxAREhM="
    static let sha256 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

    static let indented = """
        <?xml version="1.0" encoding="utf-8"?>
        <!-- Our own work. -->
        <upd:Update xmlns:upd="http://schemas.microsoft.com/msus/2002/12/Update"
            xmlns:lar="http://schemas.microsoft.com/msus/2002/12/LogicalApplicabilityRules">
          <upd:UpdateIdentity UpdateID="0a0b0c0d-0001-4000-8000-000000000001" RevisionNumber="7"/>
          <upd:Properties EulaID="0a0b0c0d-0002-4000-8000-000000000002"
              DefaultPropertiesLanguage="en" UpdateType="Software" ExplicitlyDeployable="true"
              AutoSelectOnWebSites="false" OSUpgrade="swap" IsPublic="false" PerUser="true"
              Handler="http://schemas.microsoft.com/msus/2002/12/UpdateHandlers/CommandLineInstallation"
              MsrcSeverity="Important" PublicationState="Expired" CreationDate="2026-01-02T03:04:05.678Z"
              PublisherID="0a0b0c0d-0003-4000-8000-000000000003" LegacyName="old" DetectoidType="x"
              Unknown="a &quot;b&quot; &gt; c">
            <upd:InstallationBehavior Impact="Minor"/>
            <upd:SecurityBulletinID>MS26-001</upd:SecurityBulletinID>
            <upd:KBArticleID> 5000001
            </upd:KBArticleID>
            <upd:KBArticleID>5000002</upd:KBArticleID>
          </upd:Properties>
          <upd:LocalizedPropertiesCollection>
            <upd:LocalizedProperties>
              <upd:Language>en</upd:Language>
              <upd:Title>Title &amp; more</upd:Title>
              <upd:Description>First line
        second line</upd:Description>
            </upd:LocalizedProperties>
            <upd:LocalizedProperties>
              <upd:Language>pt-br</upd:Language>
              <upd:Title>Título</upd:Title>
            </upd:LocalizedProperties>
            <upd:EulaFile Digest="\(sha1)" DigestAlgorithm="SHA1" FileName="eula.txt" Size="12" Language="en">
              <upd:AdditionalDigest Algorithm="SHA256">\(sha256)</upd:AdditionalDigest>
            </upd:EulaFile>
            <upd:EulaFile Digest="\(sha1)" FileName="eula.txt" Size="12" Language="en" GeoId="USA"/>
          </upd:LocalizedPropertiesCollection>
          <upd:Relationships>
            <upd:SupersededUpdates>
              <upd:UpdateIdentity UpdateID="0A0B0C0D-0004-4000-8000-000000000004"/>
            </upd:SupersededUpdates>
            <upd:Prerequisites>
              <upd:UpdateIdentity UpdateID="0a0b0c0d-0005-4000-8000-000000000005"/>
              <upd:AtLeastOne IsCategory="true">
                <upd:UpdateIdentity UpdateID="0a0b0c0d-0006-4000-8000-000000000006"/>
                <upd:UpdateIdentity UpdateID="0a0b0c0d-0007-4000-8000-000000000007"/>
              </upd:AtLeastOne>
            </upd:Prerequisites>
            <upd:BundledUpdates>
              <upd:UpdateIdentity UpdateID="0a0b0c0d-0008-4000-8000-000000000008" RevisionNumber="0"/>
              <upd:AtLeastOne>
                <upd:UpdateIdentity UpdateID="0a0b0c0d-0009-4000-8000-000000000009" RevisionNumber="2147483647"/>
              </upd:AtLeastOne>
            </upd:BundledUpdates>
          </upd:Relationships>
          <upd:ApplicabilityRules>
            <upd:IsInstalled>
              <lar:True/>
            </upd:IsInstalled>
          </upd:ApplicabilityRules>
          <upd:Files>
            <upd:File Digest="\(sha1)" DigestAlgorithm="SHA1" FileName="a.exe" Size="9223372036854775807" PatchingType="SelfContained">
              <upd:AdditionalDigest Algorithm="SHA512">ignored</upd:AdditionalDigest>
              <upd:AdditionalDigest Algorithm="SHA256">\(sha256)</upd:AdditionalDigest>
            </upd:File>
            <upd:File Digest="\(sha1)" FileName="b.exe" Size="0"/>
          </upd:Files>
          <upd:HandlerSpecificData xsi:type="cmd:CommandLineInstallation" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
            <cmd:InstallCommand Program="a.exe" xmlns:cmd="http://schemas.microsoft.com/msus/2002/12/UpdateHandlers/CommandLineInstallation"/>
          </upd:HandlerSpecificData>
        </upd:Update>
        """

    static let core = """
        <UpdateIdentity UpdateID="0a0b0c0d-0001-4000-8000-000000000001" RevisionNumber="7" />\
        <Properties UpdateType="Software" ExplicitlyDeployable="true" OSUpgrade="swap" EulaID="0a0b0c0d-0002-4000-8000-000000000002" />\
        <Relationships><SupersededUpdates><UpdateIdentity UpdateID="0A0B0C0D-0004-4000-8000-000000000004" /></SupersededUpdates>\
        <Prerequisites><UpdateIdentity UpdateID="0a0b0c0d-0005-4000-8000-000000000005" /><AtLeastOne IsCategory="true">\
        <UpdateIdentity UpdateID="0a0b0c0d-0006-4000-8000-000000000006" /><UpdateIdentity UpdateID="0a0b0c0d-0007-4000-8000-000000000007" />\
        </AtLeastOne></Prerequisites><BundledUpdates><UpdateIdentity UpdateID="0a0b0c0d-0008-4000-8000-000000000008" RevisionNumber="0" />\
        <AtLeastOne><UpdateIdentity UpdateID="0a0b0c0d-0009-4000-8000-000000000009" RevisionNumber="2147483647" /></AtLeastOne>\
        </BundledUpdates></Relationships><ApplicabilityRules><IsInstalled><True /></IsInstalled></ApplicabilityRules>
        """

    static let extended = """
        <ExtendedProperties DefaultPropertiesLanguage="en" PerUser="true" \
        Handler="http://schemas.microsoft.com/msus/2002/12/UpdateHandlers/CommandLineInstallation" MsrcSeverity="Important" \
        Unknown="a &quot;b&quot; &gt; c"><InstallationBehavior Impact="Minor" /><SecurityBulletinID>MS26-001</SecurityBulletinID>\
        <KBArticleID> 5000001\n    </KBArticleID><KBArticleID>5000002</KBArticleID></ExtendedProperties>\
        <Files><File Digest="\(sha1)" DigestAlgorithm="SHA1" FileName="a.exe" Size="9223372036854775807" PatchingType="SelfContained">\
        <AdditionalDigest Algorithm="SHA512">ignored</AdditionalDigest><AdditionalDigest Algorithm="SHA256">\(sha256)</AdditionalDigest></File>\
        <File Digest="\(sha1)" FileName="b.exe" Size="0" /></Files>\
        <HandlerSpecificData type="cmd:CommandLineInstallation"><InstallCommand Program="a.exe" /></HandlerSpecificData>
        """

    static let fragments: [Fragment] = [
        Fragment(.core, core), Fragment(.extended, extended),
        Fragment(
            .localizedProperties(language: "en"),
            """
            <LocalizedProperties><Language>en</Language><Title>Title &amp; more</Title><Description>First line\nsecond line</Description>\
            </LocalizedProperties>
            """),
        Fragment(
            .localizedProperties(language: "pt-br"),
            "<LocalizedProperties><Language>pt-br</Language><Title>Título</Title></LocalizedProperties>"),
        Fragment(
            .eula(language: "en", geoID: ""),
            """
            <EulaFile Digest="\(sha1)" DigestAlgorithm="SHA1" FileName="eula.txt" Size="12" Language="en">\
            <AdditionalDigest Algorithm="SHA256">\(sha256)</AdditionalDigest></EulaFile>
            """),
        Fragment(
            .eula(language: "en", geoID: "USA"),
            "<EulaFile Digest=\"\(sha1)\" FileName=\"eula.txt\" Size=\"12\" Language=\"en\" GeoId=\"USA\" />"),
    ]

    static func id(_ number: Int) -> UpdateID {
        UpdateID(high: 0x0a0b_0c0d_0000_4000 | UInt64(number) << 16, low: 0x8000_0000_0000_0000 | UInt64(number))
    }

    static var metadata: RevisionMetadata {
        get throws {
            let sha1 = try #require(SHA1Digest(bytes: 0..<20))
            let sha256 = try #require(SHA256Digest(bytes: 0..<32))
            return RevisionMetadata(
                identity: UpdateIdentity(updateID: id(1), revisionNumber: RevisionNumber(rawValue: 7)), type: .software, publicationState: .expired,
                isExplicitlyDeployable: true,
                prerequisites: [PrerequisiteClause(anyOf: [id(5)]), PrerequisiteClause(anyOf: [id(6), id(7)], isCategory: true)],
                bundledUpdates: [
                    BundleGroup(anyOf: [UpdateIdentity(updateID: id(8), revisionNumber: RevisionNumber(rawValue: 0))]),
                    BundleGroup(anyOf: [UpdateIdentity(updateID: id(9), revisionNumber: RevisionNumber(rawValue: 2_147_483_647))]),
                ],
                supersededUpdates: [id(4)],
                files: [
                    UpdateFile(sha1: sha1, sha256: sha256, name: "a.exe", size: Int64.max, patchingType: "SelfContained"),
                    UpdateFile(sha1: sha1, sha256: nil, name: "b.exe", size: 0),
                ],
                eulaFiles: [
                    UpdateFile(sha1: sha1, sha256: sha256, name: "eula.txt", size: 12),
                    UpdateFile(sha1: sha1, sha256: nil, name: "eula.txt", size: 12),
                ],
                eulaID: "0a0b0c0d-0002-4000-8000-000000000002",
                localizedTexts: [
                    LocalizedText(language: "en", title: "Title & more", description: "First line\nsecond line"),
                    LocalizedText(language: "pt-br", title: "Título"),
                ],
                defaultLanguage: "en", kbArticleIDs: ["5000001", "5000002"], securityBulletinIDs: ["MS26-001"], msrcSeverity: "Important",
                creationDate: Timestamp("2026-01-02T03:04:05.678Z"),
                handler: "http://schemas.microsoft.com/msus/2002/12/UpdateHandlers/CommandLineInstallation",
                commands: [HandlerCommand(kind: .program, file: "a.exe")])
        }
    }

    /// A small document around what is put into it.
    static func document(
        identity: String = "<u:UpdateIdentity UpdateID=\"0a0b0c0d-0001-4000-8000-000000000001\" RevisionNumber=\"1\"/>",
        properties: String = "<u:Properties UpdateType=\"Software\"/>", _ rest: String = ""
    ) -> String {
        "<u:Update xmlns:u=\"http://schemas.microsoft.com/msus/2002/12/Update\">\(identity)\(properties)\(rest)</u:Update>"
    }
}
