import Foundation
import Testing
import Updates

struct DeviceIDTests {
    @Test(arguments: [
        ("a GUID", "4F2C7A10-0000-4000-8000-ABCDEF012345", "4f2c7a10-0000-4000-8000-abcdef012345"), ("one letter", "a", "a"), ("a hyphen", "-", "-"),
        ("the longest", String(repeating: "Z", count: 255), String(repeating: "z", count: 255)),
    ])
    func `a device id is kept in lower case`(name: String, text: String, expected: String) {
        #expect(DeviceID(text)?.text == expected, "\(name)")
    }

    @Test(arguments: [
        ("empty", ""), ("too long", String(repeating: "a", count: 256)), ("a space", "a b"), ("a brace", "{a}"), ("a quote", "a'"),
        ("a slash", "../a"),
        ("a letter of another script", "ä"), ("a line break", "a\n"), ("a zero byte", "a\0"), ("an underscore", "a_b"),
    ])
    func `anything else is none`(name: String, text: String) {
        #expect(DeviceID(text) == nil, "\(name)")
    }

    @Test func `it is coded as its text and checked when decoded`() throws {
        let data = try JSONEncoder().encode([DeviceID("A-1")])
        #expect(String(decoding: data, as: UTF8.self) == "[\"a-1\"]")
        #expect(try JSONDecoder().decode([DeviceID].self, from: data) == [DeviceID("a-1")])
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([DeviceID].self, from: Data("[\"a b\"]".utf8)) }
    }
}
