import TestSupport
import Testing
import UpdateProtocols
import Updates
import XMLStream

@Suite struct OfflinePackageTests {
    private static let namespace = "http://schemas.microsoft.com/msus/2004/02/OfflineSync"
    private static let first = "11111111-0000-4000-8000-000000000001"
    private static let second = "22222222-0000-4000-8000-000000000002"

    private static func read(_ text: String, pieces: Int = .max, revisions: Int = 100) throws(DocumentError) -> OfflinePackage {
        var reader = OfflinePackageReader(revisions: revisions)
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let piece = Array(rest.prefix(pieces))
            rest = rest.dropFirst(pieces)
            try reader.feed(piece)
        }
        return try reader.finish()
    }

    private static func package(_ updates: String, namespace: String? = namespace) -> String {
        """
        <?xml version="1.0" encoding="utf-8"?>
        <OfflineSyncPackage PackageId="\(second)" CreationDate="2026-07-14T13:54:06Z"\(namespace.map { " xmlns=\"\($0)\"" } ?? "")>
        <Updates>\(updates)</Updates></OfflineSyncPackage>
        """
    }

    private static func update(_ number: String, id: String = first, revision: String = "100", _ inner: String = "") -> String {
        """
        <Update CreationDate="2025-06-10T15:19:01Z" DefaultLanguage="en" UpdateId="\(id)" RevisionNumber="\(revision)" RevisionId="\(number)">\
        \(inner)</Update>
        """
    }

    @Test(arguments: [namespace, nil])
    func `revisions are read, in order of their numbers`(namespace: String?) throws {
        let text = Self.package(Self.update("7", id: Self.second, revision: "201") + Self.update("2"), namespace: namespace)
        let package = try Self.read(text)
        #expect(package.id?.description == Self.second)
        #expect(package.created == Timestamp("2026-07-14T13:54:06Z"))
        #expect(package.revisions.map(\.number) == [2, 7])
        #expect(package.revisions.map(\.identity.description) == ["\(Self.first):100", "\(Self.second):201"])
        #expect(package.revisions[0].created == Timestamp("2025-06-10T15:19:01Z"))
        #expect(package.revisions[0].defaultLanguage == "en")
        #expect(package.index(of: 2) == 0)
        #expect(package.index(of: 7) == 1)
        for absent in [-1, 0, 1, 3, 8, .max] as [Int32] { #expect(package.index(of: absent) == nil) }
    }

    @Test func `the kinds of categories are read from what is filed under them`() throws {
        let categories = """
            <Categories><Category Type="Product" Id="\(Self.second)" /><Category Type="Whatever" Id="\(Self.first)" /></Categories>
            """
        #expect(try Self.read(Self.package(Self.update("1", categories))).categoryTypes == [try #require(UpdateID(Self.second)): .product])
    }

    @Test func `what else there is, is passed over`() throws {
        let inner = """
            <PayloadFiles><File Id="sPK8zxDbanJ9xR1AYriCNKW5YWQ=" /></PayloadFiles><BundledBy><Revision Id="4" /></BundledBy><New><Update /></New>
            """
        let text = Self.package(Self.update("1", inner)).replacing(
            "</OfflineSyncPackage>", with: "<FileLocations><FileLocation Id=\"a\" Url=\"http://x\" /></FileLocations></OfflineSyncPackage>")
        #expect(try Self.read(text).revisions.map(\.number) == [1])
    }

    @Test func `a package may have no updates`() throws {
        #expect(try Self.read("<OfflineSyncPackage />").revisions.isEmpty)
    }

    @Test func `it is read alike in pieces of any length, and refused wherever it is cut off`() throws {
        let text = Self.package(Self.update("1") + Self.update("2", id: Self.second))
        for pieces in [1, 2, 7, 64] { #expect(try Self.read(text, pieces: pieces).revisions.map(\.number) == [1, 2]) }
        for length in 0..<text.utf8.count {
            let part = String(decoding: Array(text.utf8)[..<length], as: UTF8.self)
            #expect(throws: DocumentError.self) { try Self.read(part) }
        }
    }

    @Test(arguments: [
        ("another root", "<Update />", DocumentError.Code.wrongRoot),
        ("a root of another namespace", "<OfflineSyncPackage xmlns=\"urn:other\" />", .wrongRoot),
        ("no number", package("<Update UpdateId=\"\(first)\" RevisionNumber=\"1\" />"), .missing),
        ("number nought", package(update("0")), .invalidValue),
        ("a number beyond 32 bits", package(update("2147483648")), .invalidValue),
        ("a negative number", package(update("-1")), .invalidValue),
        ("two of one number", package(update("1") + update("1", id: second)), .repeated),
        ("no GUID", package(update("1", id: "no-guid")), .invalidValue),
        ("no revision", package(update("1", revision: "")), .invalidValue),
        ("a revision beyond 32 bits", package(update("1", revision: "2147483648")), .invalidValue),
        ("a date that is none", package(update("1").replacing("2025-06-10T15:19:01Z", with: "yesterday")), .invalidValue),
        ("a category without a GUID", package(update("1", "<Categories><Category Type=\"Product\" /></Categories>")), .missing),
        ("a document type", "<!DOCTYPE a []>" + package(""), .xml(.documentType)),
    ])
    func `what is not a package is refused`(name: String, text: String, code: DocumentError.Code) throws {
        let error = #expect(throws: DocumentError.self, "\(name)") { try Self.read(text) }
        #expect(error?.code == code, "\(name): \(String(describing: error))")
    }

    @Test func `the count of revisions is limited`() throws {
        let three = (1...3).map { Self.update("\($0)") }.joined()
        #expect(try Self.read(Self.package(three), revisions: 3).revisions.count == 3)
        #expect(throws: DocumentError.self) { try Self.read(Self.package(three), revisions: 2) }
    }

    @Test func `members are told apart by their names`() {
        func says(_ name: String) -> String { OfflineCabinet.fragment(named: name).map { "\($0.number) \($0.kind)" } ?? "nothing" }
        #expect(says("c/12") == "12 core")
        #expect(says("x/12") == "12 extended")
        #expect(says("l/pt-br/12") == "12 localizedProperties(language: \"pt-br\")")
        let others = [
            "", "/", "c", "c/", "c/0", "c/-1", "c/+1", "c/01", "c/1/", "/c/1", "c/2147483648", "c/1a", "d/1", "C/1", "l/1", "l//1", "l/e n/1",
            "l/en/1/2", "../c/1", "x/../c/1", "package.xml",
        ]
        for name in others { #expect(says(name) == "nothing", "\(name)") }
        #expect(OfflineCabinet.isCabinetOfFragments("package2.cab"))
        #expect(!OfflineCabinet.isCabinetOfFragments("package.cab"))
        #expect(!OfflineCabinet.isCabinetOfFragments("index.xml"))
    }

    @Test func `a revision's metadata is what its fragments say, and the package beside them`() throws {
        let categories = "<Categories><Category Type=\"ProductFamily\" Id=\"\(Self.first)\" /></Categories>"
        let package = try Self.read(Self.package(Self.update("1", categories)))
        let core = Fragment(
            kind: .core,
            bytes: ChunkedBytes(
                Array("<UpdateIdentity UpdateID=\"\(Self.first)\" RevisionNumber=\"100\" /><Properties UpdateType=\"Category\" />".utf8)))
        let metadata = try package.metadata(of: package.revisions[0], [core])
        #expect(metadata.identity == package.revisions[0].identity)
        #expect(metadata.categoryType == .productFamily)
        #expect(metadata.creationDate == Timestamp("2025-06-10T15:19:01Z"))
        #expect(metadata.defaultLanguage == "en")
        let other = try Self.read(Self.package(Self.update("1", revision: "101")))
        #expect(throws: DocumentError.self) { try other.metadata(of: other.revisions[0], [core]) }
    }

    @Test(.enabled(if: Evidence.isPresent, Comment(rawValue: Evidence.absence)))
    func `a slice of the real package is read, and its fragments with it`() throws {
        let package = try Self.read(String(decoding: try Evidence.bytes("wsusscn2-slice/package.xml"), as: UTF8.self))
        #expect(package.revisions.count == 20)
        #expect(package.id?.description == "e1a000e0-066b-497a-ba62-246d4af43e55")
        #expect(package.categoryTypes.count == 6)
        var fragments: [Int32: [Fragment]] = [:]
        for path in try Evidence.files(in: "wsusscn2-slice/") {
            guard let (number, kind) = OfflineCabinet.fragment(named: String(path.dropFirst("wsusscn2-slice/".count))) else { continue }
            fragments[number, default: []].append(Fragment(kind: kind, bytes: ChunkedBytes(try Evidence.bytes(path))))
        }
        #expect(fragments.keys.sorted() == [1, 2, 3, 5, 12, 21])
        for (number, fragments) in fragments {
            let revision = package.revisions[try #require(package.index(of: number))]
            let metadata = try package.metadata(of: revision, fragments)
            #expect(metadata.creationDate != nil)
            switch number {
            case 1: #expect(metadata.isBundle && metadata.kbArticleIDs == ["5087058"] && metadata.supersededUpdates.count == 10)
            case 2: #expect(metadata.files.count == 16 && metadata.files.allSatisfy { $0.sha256 != nil })
            case 3: #expect(metadata.type == .detectoid)
            case 5: #expect(metadata.type == .category && metadata.categoryType == .updateClassification)
            default: break
            }
        }
    }
}
