import TestSupport
import Testing
import UpdateProtocols
import Updates

@Suite struct UpdateBlobTests {
    private static func utf16(_ text: String) -> [UInt8] { text.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] } }

    private static func document(_ blob: [UInt8], _ compression: CabinetWriter.Compression = .lzx) throws -> String {
        var bytes: [UInt8] = []
        try UpdateBlob.read(try CabinetReader(CabinetBytes(CabinetWriter(compression, [("blob", blob)]).bytes()), limits: .document)) {
            bytes.append(contentsOf: $0)
        }
        return try #require(String(validating: bytes, as: UTF8.self))
    }

    @Test(arguments: ["", "<a/>", "é ß Ж 語 \u{ffff}", "\u{10000} 🐦 \u{10ffff}"])
    func `a document of any characters becomes UTF-8`(text: String) throws {
        #expect(try Self.document(Self.utf16(text)) == text)
    }

    @Test func `a document longer than a piece becomes UTF-8, pairs over the seams included`() throws {
        for shift in 0..<4 {
            let text = String(repeating: "x", count: shift) + String(repeating: "🐦é", count: 40_000)
            #expect(try Self.document(Self.utf16(text), .mszip) == text)
        }
    }

    @Test func `a byte order mark is no part of the document`() throws {
        #expect(try Self.document(Self.utf16("\u{feff}<a/>")) == "<a/>")
    }

    @Test(arguments: [
        ("half a unit", [0x3c]), ("half a pair", [0x3d, 0xd8]), ("the second of a pair alone", [0x26, 0xdc, 0x3c, 0]),
        ("a pair's first before no second", [0x3d, 0xd8, 0x3c, 0]), ("two firsts", [0x3d, 0xd8, 0x3d, 0xd8]),
    ])
    func `what is not UTF-16 is refused`(name: String, bytes: [UInt8]) {
        #expect(throws: CabinetError(.malformed, member: "blob", "it is not UTF-16, least significant byte first"), "\(name)") {
            try Self.document(bytes)
        }
    }

    @Test func `a cabinet is a document's by its one member`() throws {
        func isBlob(_ names: [String]) throws -> Bool {
            UpdateBlob.isBlob(try CabinetReader(CabinetBytes(CabinetWriter(.stored, names.map { ($0, [1]) }).bytes())))
        }
        #expect(try isBlob(["blob"]))
        #expect(try !isBlob(["blob", "other"]))
        #expect(try !isBlob(["blob2"]))
    }

    @Test(.enabled(if: Evidence.isPresent, Comment(rawValue: Evidence.absence)))
    func `a real server's compressed document is the document, and gives its fragments`() throws {
        let name = "update-xml-full/266f6222-c89d-43f2-9f8a-69340271e677-r200"
        let cabinet = try CabinetReader(CabinetBytes(Evidence.bytes("update-xml-full/266f6222-blob.cab")), limits: .document)
        #expect(UpdateBlob.isBlob(cabinet))
        var bytes: [UInt8] = []
        var reader = UpdateDocumentReader()
        try UpdateBlob.read(cabinet) {
            bytes.append(contentsOf: $0)
            try reader.feed($0)
        }
        #expect(try bytes == Evidence.bytes("\(name).xml"))
        let document = try reader.finish()
        #expect(document.metadata.identity.description == "266f6222-c89d-43f2-9f8a-69340271e677:200")
        #expect(try document.fragments.first { $0.kind == .core }?.bytes.bytes == Evidence.bytes("\(name).core.xml"))
        #expect(try document.fragments.first { $0.kind == .extended }?.bytes.bytes == Evidence.bytes("\(name).extended.xml"))
    }
}
