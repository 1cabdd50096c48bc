import Foundation
import TestSupport
import Testing
import UpdateProtocols
import Updates
import XMLStream

/// The fragments that a real server made, byte for byte (observed.md section 4).
@Suite("Captured fragments", .enabled(if: Evidence.isPresent, Comment(rawValue: Evidence.absence)))
struct CapturedFragmentsTests {
    static let folder = "update-xml-full"

    /// The whole documents, by file name without its end.
    static let documents: [String] = ((try? Evidence.files(in: folder)) ?? [])
        .filter { $0.hasSuffix(".xml") && !$0.contains(".core.") && !$0.contains(".extended.") && !$0.contains(".localized-") }
        .map { String($0.dropLast(4)) }

    /// The captured fragments with a whole document beside them.
    static let fragments: [String] = ((try? Evidence.files(in: folder)) ?? [])
        .filter { $0.contains(".core.") || $0.contains(".extended.") || $0.contains(".localized-") }

    @Test func `the folder holds documents and fragments of them`() {
        #expect(Self.documents.count == 5)
        #expect(Self.fragments.count == 14)
    }

    @Test(arguments: fragments)
    func `a fragment derived from its document equals the captured one`(path: String) throws {
        let name = try #require(Self.documents.first { path.hasPrefix($0) })
        let rest = path.dropFirst(name.count)
        let kind: FragmentKind =
            rest == ".core.xml"
            ? .core : rest == ".extended.xml" ? .extended : .localizedProperties(language: String(rest.dropFirst(11).dropLast(4)))
        let derived = try #require(try Self.document(name).text(kind))
        #expect(derived == String(decoding: try Evidence.bytes(path), as: UTF8.self))
    }

    @Test(arguments: documents)
    func `a document reads the same in UTF-16 without a mark, as real servers compress it`(name: String) throws {
        let text = String(decoding: try Evidence.bytes(name + ".xml"), as: UTF8.self)
        let document = try readDocument([text.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }])
        #expect(document.fragments == (try Self.document(name).fragments))
    }

    @Test(arguments: documents)
    func `metadata of captured fragments is that of the document`(name: String) throws {
        let document = try Self.document(name)
        var expected = document.metadata
        expected.publicationState = .published
        expected.creationDate = nil
        #expect(try RevisionMetadata(fragments: document.fragments) == expected)
        #expect(document.metadata.identity.description == name.dropFirst(Self.folder.count + 1).replacing("-r", with: ":"))

        // As captured there is English only.
        expected.localizedTexts.removeAll { $0.language != "en" }
        let captured = try Self.fragments.filter { $0.hasPrefix(name) }.map { Fragment(kind: .core, bytes: ChunkedBytes(try Evidence.bytes($0))) }
        if captured.count == 3 { #expect(try RevisionMetadata(fragments: captured) == expected) }
    }

    @Test func `the metadata of a leaf is complete`() throws {
        let metadata = try Self.document("\(Self.folder)/266f6222-c89d-43f2-9f8a-69340271e677-r200").metadata
        #expect(metadata.type == .software && metadata.publicationState == .published && !metadata.isBundle)
        #expect(metadata.text()?.title.hasPrefix("Full Deltas 1.459.547.0") == true)
        #expect(metadata.prerequisites.map { $0.anyOf.count } == [1, 1, 1, 1])
        #expect(metadata.files.map(\.name) == ["AM_Delta.exe"])
        #expect(metadata.files.first?.size == 11_606_440)
        #expect(metadata.files.first?.sha1.description == "87F5BD0469585006AA5D3A77D1C662FD2895DDCD")
        #expect(metadata.files.first?.sha256.map { Base64.encode($0.bytes) } == Array("Amt0qymy5KsROiwIXm4QIIV75Ju4r+Cl28Pg8gaLXUA=".utf8))
        #expect(metadata.creationDate == Timestamp("2026-10-04T12:00:58.287Z"))
        #expect(metadata.handler?.hasSuffix("/CommandLineInstallation") == true)
    }

    @Test func `the metadata of a category and of a bundle is complete`() throws {
        let category = try Self.document("\(Self.folder)/6964aab4-c5b5-43bd-a17d-ffb4346a8e1d-r100").metadata
        #expect(category.type == .category && category.categoryType == .productFamily && category.localizedTexts.count == 24)
        #expect(category.prerequisites.map(\.isCategory) == [true])
        let bundle = try Self.document("\(Self.folder)/1f9bd9bb-7390-4aa3-bbdb-ded99fac2583-r200").metadata
        #expect(bundle.bundledUpdates.map { $0.anyOf.count } == [24])
    }

    private static func document(_ name: String) throws -> UpdateDocument { try readDocument([try Evidence.bytes(name + ".xml")]) }
}

/// Fragments inside captured answers, and those of cabinets and of Windows 11.
@Suite("Captured fragment texts", .enabled(if: Evidence.isPresent, Comment(rawValue: Evidence.absence)))
struct CapturedFragmentTextTests {
    static let files: [String] = ["update-xml-full", "fragments-windows11", "wsusscn2-slice", "wsusscn2-vuls/package2"].flatMap { folder in
        ((try? Evidence.files(in: folder)) ?? []).filter { path in
            path.contains("/c/") || path.contains("/x/") || path.contains("/l/") || path.contains("fragments-windows11/") || path.contains(".core.")
                || path.contains(".extended.") || path.contains(".localized-")
        }
    }

    static let responses: [String] = ["soap-wua-native", "soap-usss-real"].flatMap { ((try? Evidence.files(in: $0)) ?? []) }
        .filter { $0.hasSuffix(".body") || $0.hasSuffix(".xml") }

    @Test func `the folders hold what is tested`() throws {
        #expect(Self.files.count == 34)
        #expect(try Self.responses.flatMap { try Self.answers($0) }.count == 9)
    }

    @Test(arguments: files)
    func `a captured fragment comes out as it went in`(path: String) throws {
        let bytes = ChunkedBytes(try Evidence.bytes(path))
        #expect(bytes.count > 0)
        #expect(try FragmentText.rewritten(bytes) == bytes)
    }

    @Test(arguments: responses)
    func `a fragment inside a captured answer comes out as it went in`(path: String) throws {
        for answer in try Self.answers(path) {
            let bytes = ChunkedBytes(Array(answer.xml.utf8))
            #expect(try FragmentText.rewritten(bytes) == bytes)
        }
    }

    @Test func `a fragment inside a captured answer equals the one derived from its document`() throws {
        let documents = try CapturedFragmentsTests.documents.map { try readDocument([try Evidence.bytes($0 + ".xml")]) }
        let answers = try Self.responses.flatMap { try Self.answers($0) }
        // Server ids are told apart by the Core fragments among the answers.
        var identities: [String: UpdateIdentity] = [:]
        for answer in answers where answer.xml.hasPrefix("<UpdateIdentity") {
            identities[answer.id] = try RevisionMetadata(fragments: [Fragment(.core, answer.xml)]).identity
        }
        var compared = 0
        for answer in answers {
            guard let document = documents.first(where: { $0.metadata.identity == identities[answer.id] }) else { continue }
            let kind: FragmentKind =
                answer.xml.hasPrefix("<UpdateIdentity")
                ? .core : answer.xml.hasPrefix("<ExtendedProperties") ? .extended : .localizedProperties(language: "en")
            #expect(document.text(kind) == answer.xml)
            compared += 1
        }
        #expect(compared == 6)
    }

    @Test func `a document inside a captured answer is the document of the file`() throws {
        let blob = try #require(try Self.texts("soap-usss-real/000015/response.body", of: "XmlUpdateBlob").first)
        let file = try Evidence.bytes("update-xml-full/ccb78947-6453-4ecc-9de8-bc0305c98f2d-r200.xml")
        #expect(Array(blob.utf8) == file)
        #expect(try readDocument(blob).fragments == (try readDocument([file]).fragments))
    }

    @Test func `the fragments of a cabinet say what its index says`() throws {
        func metadata(_ number: Int, _ folders: [String]) throws -> RevisionMetadata {
            try RevisionMetadata(
                fragments: folders.map { Fragment(kind: .core, bytes: ChunkedBytes(try Evidence.bytes("wsusscn2-slice/\($0)/\(number)"))) })
        }
        let bundle = try metadata(1, ["c", "x", "l/en"])
        #expect(bundle.isExplicitlyDeployable && bundle.kbArticleIDs == ["5087058"] && bundle.msrcSeverity == "Critical")
        #expect(bundle.supersededUpdates.count == 10 && bundle.prerequisites.map(\.isCategory) == [true, true, false, false])
        #expect(bundle.bundledUpdates.map { $0.anyOf.map(\.revisionNumber.rawValue) } == [[100]])
        #expect(bundle.text()?.title.contains("KB5087058") == true)
        let leaf = try metadata(2, ["c", "x"])
        #expect(leaf.files.count == 16 && leaf.files.allSatisfy { $0.sha256 != nil })
        #expect(leaf.handler?.hasSuffix("/OSInstaller") == true)
        #expect(try metadata(3, ["c"]).type == .detectoid)
        #expect(try metadata(5, ["c"]).identity.updateID == UpdateID("0fa1201d-4330-4fa8-8ae9-b877473b6441"))
    }

    struct Answer {
        let id: String
        let xml: String
    }

    /// The `Xml` of each `UpdateInfo` and `Update` of an answer, with the server's id.
    static func answers(_ path: String) throws -> [Answer] {
        var reader = XMLReader(Collector(names: ["ID", "Xml", "Deployment"]), limits: .documents)
        try reader.feed(try Evidence.bytes(path))
        var id = ""
        var isDeployment = false
        return try reader.finish().found.compactMap { name, text in
            switch name {
            case "Deployment": isDeployment = true
            case "ID" where isDeployment: isDeployment = false
            case "ID": id = text
            default: return Answer(id: id, xml: text)
            }
            return nil
        }
    }

    static func texts(_ path: String, of name: String) throws -> [String] {
        var reader = XMLReader(Collector(names: [name]), limits: .documents)
        try reader.feed(try Evidence.bytes(path))
        return try reader.finish().found.map(\.text)
    }
}

/// Collects the texts of elements by their local names; an element is found when it starts.
private struct Collector: XMLEvents {
    let names: Set<String>
    private(set) var found: [(name: String, text: String)] = []
    private var path: [Bool] = []

    init(names: Set<String>) {
        self.names = names
    }

    static func failure(_ error: XMLError) -> XMLError { error }

    mutating func start(_ element: XMLStartElement) throws(XMLError) {
        let name = String(decoding: element.name.local, as: UTF8.self)
        path.append(names.contains(name))
        if names.contains(name) { found.append((name, "")) }
    }

    mutating func text(_ text: XMLText) throws(XMLError) {
        if path.last == true { found[found.count - 1].text += String(decoding: text.bytes, as: UTF8.self) }
    }

    mutating func end(_ end: XMLEndElement) throws(XMLError) { path.removeLast() }
}
