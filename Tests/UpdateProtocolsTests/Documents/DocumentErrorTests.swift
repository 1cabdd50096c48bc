import Testing
import UpdateProtocols
import Updates
import XMLStream

@Suite("DocumentError")
struct DocumentErrorTests {
    static let u = "<u:Update xmlns:u=\"http://schemas.microsoft.com/msus/2002/12/Update\">"
    private static func identity(_ attributes: String) -> String { SampleDocument.document(identity: "<u:UpdateIdentity \(attributes)/>") }
    private static func properties(_ attributes: String) -> String { SampleDocument.document(properties: "<u:Properties \(attributes)/>") }
    private static func relationships(_ content: String) -> String {
        SampleDocument.document("<u:Relationships>\(content)</u:Relationships>")
    }
    private static func texts(_ content: String) -> String {
        SampleDocument.document("<u:LocalizedPropertiesCollection>\(content)</u:LocalizedPropertiesCollection>")
    }
    private static func file(_ attributes: String, _ content: String = "") -> String {
        SampleDocument.document("<u:Files><u:File \(attributes)>\(content)</u:File></u:Files>")
    }
    private static let id = "UpdateID=\"0a0b0c0d-0001-4000-8000-000000000001\""
    private static let good = "Digest=\"\(SampleDocument.sha1)\" FileName=\"a\" Size=\"1\""
    private static let title = "<u:Title>t</u:Title>"

    private static func driver(_ attributes: String, _ children: String = "") -> String {
        DriverMetadataTests.document("<d:WindowsDriverMetaData \(attributes)>\(children)</d:WindowsDriverMetaData>")
    }
    private static let dated = "HardwareID=\"a\" DriverVerDate=\"2026-02-03\" DriverVerVersion=\"1.2.3.4\""

    static let refused: [(name: String, xml: String, code: DocumentError.Code)] = [
        ("nothing", "", .xml(.truncated)),
        ("a document type", "<!DOCTYPE a>" + SampleDocument.document(), .xml(.documentType)),
        ("a billion laughs", "<!DOCTYPE l [<!ENTITY l \"lol\"><!ENTITY m \"&l;&l;\">]>" + SampleDocument.document("&m;"), .xml(.documentType)),
        ("an external entity", "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]>" + SampleDocument.document("&b;"), .xml(.documentType)),
        ("an unknown entity", SampleDocument.document("&b;"), .xml(.entity)),
        ("an attribute twice", identity("\(id) \(id) RevisionNumber=\"1\""), .xml(.duplicateAttribute)),
        ("a NUL byte", SampleDocument.document("\0"), .xml(.syntax)),
        ("text after the document", SampleDocument.document() + "x", .xml(.syntax)),
        ("a second document", SampleDocument.document() + SampleDocument.document(), .xml(.syntax)),
        ("another root", "<Package/>", .wrongRoot),
        ("the root of another namespace", "<u:Update xmlns:u=\"urn:u\"/>", .wrongRoot),
        ("the root of no namespace", "<Update/>", .wrongRoot),
        ("an empty root", u + "</u:Update>", .missing),
        ("no identity", SampleDocument.document(identity: ""), .missing),
        ("an identity of another namespace", SampleDocument.document(identity: "<UpdateIdentity \(id) RevisionNumber=\"1\"/>"), .missing),
        ("no properties", SampleDocument.document(properties: ""), .missing),
        ("two identities", SampleDocument.document("<u:UpdateIdentity \(id) RevisionNumber=\"1\"/>"), .repeated),
        ("two properties", SampleDocument.document("<u:Properties UpdateType=\"Software\"/>"), .repeated),
        ("two relationships", SampleDocument.document("<u:Relationships/><u:Relationships/>"), .repeated),
        ("two lists of files", SampleDocument.document("<u:Files/><u:Files/>"), .repeated),
        ("no GUID", identity("RevisionNumber=\"1\""), .missing),
        ("a GUID too short", identity("UpdateID=\"0a0b0c0d-0001-4000-8000-00000000000\" RevisionNumber=\"1\""), .invalidValue),
        ("a GUID in braces", identity("UpdateID=\"{0a0b0c0d-0001-4000-8000-000000000001}\" RevisionNumber=\"1\""), .invalidValue),
        ("a GUID of other letters", identity("UpdateID=\"0a0b0c0g-0001-4000-8000-000000000001\" RevisionNumber=\"1\""), .invalidValue),
        ("a GUID with a prefix", identity("u:UpdateID=\"0a0b0c0d-0001-4000-8000-000000000001\" RevisionNumber=\"1\""), .missing),
        ("no revision number", identity(id), .missing),
        ("an empty revision number", identity("\(id) RevisionNumber=\"\""), .invalidValue),
        ("a negative revision number", identity("\(id) RevisionNumber=\"-1\""), .invalidValue),
        ("a revision number with a sign", identity("\(id) RevisionNumber=\"+1\""), .invalidValue),
        ("a revision number of 2^31", identity("\(id) RevisionNumber=\"2147483648\""), .invalidValue),
        ("a revision number of 2^64", identity("\(id) RevisionNumber=\"18446744073709551616\""), .invalidValue),
        ("a revision number in words", identity("\(id) RevisionNumber=\"one\""), .invalidValue),
        ("no type", properties("Handler=\"h\""), .missing),
        ("another type", properties("UpdateType=\"software\""), .invalidValue),
        ("another state", properties("UpdateType=\"Software\" PublicationState=\"Gone\""), .invalidValue),
        ("no date", properties("UpdateType=\"Software\" CreationDate=\"yesterday\""), .invalidValue),
        ("no truth value", properties("UpdateType=\"Software\" ExplicitlyDeployable=\"maybe\""), .invalidValue),
        ("a prerequisite without a GUID", relationships("<u:Prerequisites><u:UpdateIdentity/></u:Prerequisites>"), .missing),
        ("an empty choice of prerequisites", relationships("<u:Prerequisites><u:AtLeastOne/></u:Prerequisites>"), .missing),
        ("an empty choice of members", relationships("<u:BundledUpdates><u:AtLeastOne/></u:BundledUpdates>"), .missing),
        (
            "IsCategory of another word",
            relationships("<u:Prerequisites><u:AtLeastOne IsCategory=\"x\"><u:UpdateIdentity \(id)/></u:AtLeastOne></u:Prerequisites>"), .invalidValue
        ),
        ("a member without a revision", relationships("<u:BundledUpdates><u:UpdateIdentity \(id)/></u:BundledUpdates>"), .missing),
        (
            "a superseded update of garbage", relationships("<u:SupersededUpdates><u:UpdateIdentity UpdateID=\"x\"/></u:SupersededUpdates>"),
            .invalidValue
        ),
        ("a driver without a hardware id", driver("DriverVerDate=\"2026-02-03\" DriverVerVersion=\"1.2.3.4\""), .missing),
        ("a driver without a date", driver("HardwareID=\"a\" DriverVerVersion=\"1.2.3.4\""), .missing),
        ("a driver without a version", driver("HardwareID=\"a\" DriverVerDate=\"2026-02-03\""), .missing),
        ("a driver of no day", driver("HardwareID=\"a\" DriverVerDate=\"2026-02-30\" DriverVerVersion=\"1\""), .invalidValue),
        ("a driver of a day in other order", driver("HardwareID=\"a\" DriverVerDate=\"02/03/2026\" DriverVerVersion=\"1\""), .invalidValue),
        ("a driver of five versions", driver("HardwareID=\"a\" DriverVerDate=\"2026-02-03\" DriverVerVersion=\"1.2.3.4.5\""), .invalidValue),
        ("a driver of a version too large", driver("HardwareID=\"a\" DriverVerDate=\"2026-02-03\" DriverVerVersion=\"1.65536\""), .invalidValue),
        ("a score without a system", driver(dated, "<d:FeatureScore FeatureScore=\"FF\"/>"), .missing),
        ("a score without a score", driver(dated, "<d:FeatureScore OperatingSystem=\"a\"/>"), .missing),
        ("a score of 256", driver(dated, "<d:FeatureScore OperatingSystem=\"a\" FeatureScore=\"100\"/>"), .invalidValue),
        ("a score of other digits", driver(dated, "<d:FeatureScore OperatingSystem=\"a\" FeatureScore=\"+F\"/>"), .invalidValue),
        ("a computer that is no GUID", driver(dated, "<d:TargetComputerHardwareId>x</d:TargetComputerHardwareId>"), .invalidValue),
        ("a distribution to no GUID", driver(dated, "<d:DistributionComputerHardwareId/>"), .invalidValue),
        ("a text without a language", texts("<u:LocalizedProperties>\(title)</u:LocalizedProperties>"), .missing),
        ("a text without a title", texts("<u:LocalizedProperties><u:Language>en</u:Language></u:LocalizedProperties>"), .missing),
        ("a language of garbage", texts("<u:LocalizedProperties><u:Language>../en</u:Language>\(title)</u:LocalizedProperties>"), .invalidValue),
        ("two titles", texts("<u:LocalizedProperties><u:Language>en</u:Language>\(title)\(title)</u:LocalizedProperties>"), .repeated),
        (
            "two texts in a language",
            texts(["en", "EN"].map { "<u:LocalizedProperties><u:Language>\($0)</u:Language>\(title)</u:LocalizedProperties>" }.joined()), .repeated
        ),
        ("a licence without a language", texts("<u:EulaFile \(good)/>"), .missing),
        ("two licences for a region", texts("<u:EulaFile Language=\"en\" \(good)/><u:EulaFile Language=\"en\" GeoId=\"\" \(good)/>"), .invalidValue),
        ("two licences for everyone", texts("<u:EulaFile Language=\"en\" \(good)/><u:EulaFile Language=\"en\" \(good)/>"), .repeated),
        ("a file without a digest", file("FileName=\"a\" Size=\"1\""), .missing),
        ("a digest too short", file("Digest=\"AAEC\" FileName=\"a\" Size=\"1\""), .invalidValue),
        ("a digest of garbage", file("Digest=\"???\" FileName=\"a\" Size=\"1\""), .invalidValue),
        ("a digest of another algorithm", file("\(good) DigestAlgorithm=\"SHA256\""), .invalidValue),
        ("a file without a name", file("Digest=\"\(SampleDocument.sha1)\" Size=\"1\""), .missing),
        ("a file without a size", file("Digest=\"\(SampleDocument.sha1)\" FileName=\"a\""), .missing),
        ("a negative size", file("Digest=\"\(SampleDocument.sha1)\" FileName=\"a\" Size=\"-1\""), .invalidValue),
        ("a size of 2^63", file("Digest=\"\(SampleDocument.sha1)\" FileName=\"a\" Size=\"9223372036854775808\""), .invalidValue),
        ("a SHA-256 of garbage", file(good, "<u:AdditionalDigest Algorithm=\"SHA256\">x</u:AdditionalDigest>"), .invalidValue),
        (
            "two of SHA-256",
            file(good, String(repeating: "<u:AdditionalDigest Algorithm=\"SHA256\">\(SampleDocument.sha256)</u:AdditionalDigest>", count: 2)),
            .repeated
        ),
        ("attributes that collide", SampleDocument.document("<u:Files xmlns:p=\"urn:p\" a=\"1\" p:a=\"2\"/>"), .ambiguousAttribute),
        ("attributes that collide in Properties", properties("UpdateType=\"Software\" xmlns:p=\"urn:p\" a=\"1\" p:a=\"2\""), .ambiguousAttribute),
        ("an attribute that would declare", SampleDocument.document("<u:Files xmlns:p=\"urn:p\" p:xmlns=\"urn:q\"/>"), .ambiguousAttribute),
    ]

    @Test(arguments: refused)
    func `a document at fault is refused`(name: String, xml: String, code: DocumentError.Code) {
        let whole = refusal(xml)
        #expect(whole?.code == code, "\(name): \(whole.map(\.description) ?? "read")")
        #expect((0...xml.utf8.count).contains(whole?.byteOffset ?? -1), "\(name)")
        #expect(refusal(xml.utf8.map { [$0] })?.code == code, "\(name), byte by byte")
    }

    @Test func `the byte is that of the element at fault`() {
        let xml = Self.relationships("<u:Prerequisites><u:UpdateIdentity UpdateID=\"x\"/></u:Prerequisites>")
        let start = xml.utf8.count - "<u:UpdateIdentity UpdateID=\"x\"/></u:Prerequisites></u:Relationships></u:Update>".utf8.count
        #expect(refusal(xml)?.byteOffset == start)
        #expect(refusal(xml)?.description == "byte \(start): UpdateID is no GUID")
    }

    @Test func `a reader that failed keeps failing`() {
        var reader = UpdateDocumentReader()
        var errors: [DocumentError] = []
        for _ in 0..<3 {
            do throws(DocumentError) {
                try reader.feed(Array("<a/>".utf8))
            } catch { errors.append(error) }
        }
        do throws(DocumentError) { _ = try reader.finish() } catch { errors.append(error) }
        #expect(errors.map(\.code) == Array(repeating: .wrongRoot, count: 4))
    }

    private static func nested(_ depth: Int) -> String {
        // Two levels are the document's own.
        SampleDocument.document(
            "<u:Files>" + String(repeating: "<u:a>", count: depth - 2) + String(repeating: "</u:a>", count: depth - 2) + "</u:Files>")
    }

    @Test func `64 levels are read, 65 are not`() {
        #expect(refusal(Self.nested(64)) == nil)
        #expect(refusal(Self.nested(65))?.code == .xml(.tooDeep))
    }

    @Test func `64 attributes are read, 65 are not`() {
        func document(_ count: Int) -> String {
            SampleDocument.document("<u:Files\((0..<count).map { " a\($0)=\"\"" }.joined())/>")
        }
        #expect(refusal(document(64)) == nil)
        #expect(refusal(document(65))?.code == .xml(.tooManyAttributes))
    }

    @Test func `texts, documents and fragments at the limit are read, one byte more is not`() throws {
        func limits(text: Int = 1000, document: Int = 10_000) -> XMLLimits { XMLLimits(depth: 64, attributes: 64, text: text, document: document) }
        func document(_ text: String) -> String { SampleDocument.document("<u:Files>\(text)</u:Files>") }
        let full = String(repeating: "x", count: 1000)
        #expect(refusal(document(full), limits: limits()) == nil)
        #expect(refusal(document(full + "x"), limits: limits())?.code == .xml(.textTooLong))
        let size = document(full).utf8.count
        #expect(refusal(document(full), limits: limits(document: size)) == nil)
        #expect(
            refusal(document(full), limits: limits(document: size - 1))
                == DocumentError(.xml(.documentTooLarge), at: size - 1, "more than \(size - 1) bytes"))
        // Each quote grows from one byte to six, so a fragment can outgrow its document.
        func quotes(_ count: Int) -> String { document("<u:a b='\(String(repeating: "\"", count: count))'/>") }
        let fragment = try #require(try readDocument(quotes(900)).text(.extended)?.utf8.count)
        let section = fragment - "<ExtendedProperties />".utf8.count
        #expect(section > quotes(900).utf8.count)
        #expect(refusal(quotes(900), limits: limits(document: section)) == nil)
        #expect(refusal(quotes(900), limits: limits(document: section - 1))?.code == .tooLarge)
    }
}
