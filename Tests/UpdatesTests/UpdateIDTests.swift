import Foundation
import Testing
import Updates

struct UpdateIDTests {
    static let text = "0fa1201d-4330-4fa8-8ae9-b877473b6441"

    @Test(arguments: [
        (text, text), ("0FA1201D-4330-4FA8-8AE9-B877473B6441", text), ("0fA1201d-4330-4Fa8-8ae9-B877473b6441", text),
        ("00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000000"),
        ("ffffffff-ffff-ffff-ffff-ffffffffffff", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
    ])
    func `a GUID of either case is one GUID, written in lower case`(text: String, expected: String) throws {
        let id = try #require(UpdateID(text))
        #expect(id.description == expected)
        #expect(UpdateID(bytes: id.bytes) == id)
        #expect(UpdateID(utf8: text.utf8) == id)
    }

    @Test(arguments: [
        ("empty", ""), ("in braces", "{\(text)}"), ("without hyphens", text.replacingOccurrences(of: "-", with: "")),
        ("a digit short", String(text.dropLast())), ("a digit long", text + "0"), ("a space before", " " + text), ("a space after", text + " "),
        ("a foreign digit", "g" + text.dropFirst()), ("a hyphen moved", "0fa1201d4-330-4fa8-8ae9-b877473b6441"),
        ("a sign", "+fa1201d-4330-4fa8-8ae9-b877473b6441"), ("digits of another script", "٠fa1201d-4330-4fa8-8ae9-b877473b6441"),
    ])
    func `what is no GUID is refused`(name: String, text: String) {
        #expect(UpdateID(text) == nil, "\(name)")
    }

    @Test func `its bytes are the digits in order`() {
        #expect(UpdateID(Self.text)?.bytes == Hexadecimal.bytes(Self.text.filter { $0 != "-" }.utf8))
        #expect(UpdateID(bytes: [UInt8](repeating: 1, count: 15)) == nil)
        #expect(UpdateID(bytes: [UInt8](repeating: 1, count: 17)) == nil)
    }

    @Test func `ids are ordered as their texts are`() {
        let texts = [
            "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-8000-000000000000", "00000000-0000-0001-0000-000000000000",
            "7fffffff-0000-0000-0000-000000000000", "80000000-0000-0000-0000-000000000000",
        ]
        #expect(texts.reversed().compactMap { UpdateID($0) }.sorted().map(\.description) == texts)
    }

    @Test func `it is coded as its text`() throws {
        let data = try JSONEncoder().encode([UpdateID(Self.text)])
        #expect(String(decoding: data, as: UTF8.self) == "[\"\(Self.text)\"]")
        #expect(try JSONDecoder().decode([UpdateID].self, from: data) == [UpdateID(Self.text)])
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([UpdateID].self, from: Data("[\"x\"]".utf8)) }
    }

    @Test func `the built-in groups have the GUIDs of the specification`() {
        #expect(GroupID.allComputers.description == "a0a08746-4dbe-4a37-9adf-9e7652c0b421")
        #expect(GroupID.unassignedComputers.description == "b73ca6ed-5727-47f3-84de-015e03f6a88a")
    }

    @Test func `identities are ordered by update, then by revision, and written as the command line takes them`() throws {
        let id = try #require(UpdateID(Self.text))
        let older = UpdateIdentity(updateID: id, revisionNumber: RevisionNumber(rawValue: 99))
        let newer = UpdateIdentity(updateID: id, revisionNumber: RevisionNumber(rawValue: 100))
        #expect(UpdateIdentity(updateID: .none, revisionNumber: newer.revisionNumber) < older)
        #expect(older < newer)
        #expect(newer.description == "\(Self.text):100")
    }
}
