import Foundation
import Testing
import Updates

struct DigestTests {
    static let bytes20 = (0..<20).map { UInt8($0 * 13 & 255) }
    static let bytes32 = (0..<32).map { UInt8($0 * 7 & 255) }

    @Test func `a SHA-1 has 20 bytes and is written in upper case`() throws {
        let digest = try #require(SHA1Digest(bytes: Self.bytes20))
        #expect(digest.description == "000D1A2734414E5B6875828F9CA9B6C3D0DDEAF7")
        #expect(SHA1Digest(hexadecimal: digest.description) == digest)
        #expect(SHA1Digest(hexadecimal: digest.description.lowercased()) == digest)
        for count in [0, 19, 21, 32] { #expect(SHA1Digest(bytes: [UInt8](repeating: 0, count: count)) == nil) }
        #expect(SHA1Digest(hexadecimal: String(digest.description.dropLast())) == nil)
        #expect(SHA1Digest(hexadecimal: digest.description + "00") == nil)
    }

    @Test func `a SHA-256 has 32 bytes and is written in lower case`() throws {
        let digest = try #require(SHA256Digest(bytes: Self.bytes32))
        #expect(digest.description == "00070e151c232a31383f464d545b626970777e858c939aa1a8afb6bdc4cbd2d9")
        #expect(SHA256Digest(hexadecimal: digest.description.uppercased()) == digest)
        for count in [0, 20, 31, 33] { #expect(SHA256Digest(bytes: [UInt8](repeating: 0, count: count)) == nil) }
        #expect(SHA256Digest(hexadecimal: "") == nil)
    }

    @Test func `digests are ordered as their digits are`() throws {
        let low = try #require(SHA1Digest(bytes: [UInt8](repeating: 0x7f, count: 20)))
        let high = try #require(SHA1Digest(bytes: [0x80] + [UInt8](repeating: 0, count: 19)))
        #expect(low < high)
        #expect(!(high < low))
    }

    // MARK: - Hexadecimal

    @Test(
        arguments: [
            ("", []), ("00", [0]), ("fF", [255]), ("0a1B", [10, 27]), ("0", nil), ("abc", nil), ("0g", nil), ("0x", nil), (" 00", nil), ("00\n", nil),
            ("/0", nil), (":0", nil), ("@0", nil), ("`0", nil),
        ] as [(String, [UInt8]?)])
    func `hexadecimal digits of either case are bytes`(text: String, expected: [UInt8]?) {
        #expect(Hexadecimal.bytes(text.utf8) == expected)
    }

    @Test func `every byte is two digits and back`() {
        let all = (0...255).map { UInt8($0) }
        #expect(Hexadecimal.bytes(Hexadecimal.lowercase(all).utf8) == all)
        #expect(Hexadecimal.uppercase(all) == Hexadecimal.lowercase(all).uppercased())
        #expect(Hexadecimal.lowercase([0x0f, 0xa0]) == "0fa0")
    }

    // MARK: - Base64

    /// RFC 4648 section 10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ])
    func `the vectors of RFC 4648`(plain: String, encoded: String) {
        #expect(Base64.encode(plain.utf8) == Array(encoded.utf8))
        #expect(Base64.decode(encoded.utf8) == Array(plain.utf8))
    }

    @Test func `it agrees with Foundation for every length and byte`() {
        for count in 0...130 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 151 &+ count &* 37) }
            let expected = Data(bytes).base64EncodedString()
            #expect(String(decoding: Base64.encode(bytes), as: UTF8.self) == expected)
            #expect(Base64.decode(expected.utf8) == bytes)
        }
    }

    @Test func `white space of XML is skipped wherever it stands`() {
        #expect(Base64.decode(" Z\tm9\r\nvYg=\n= ".utf8) == Array("foob".utf8))
    }

    @Test(arguments: [
        ("one digit", "Z"), ("no padding", "Zg"), ("too little padding", "Zg="), ("too much padding", "Zg==="), ("padding alone", "===="),
        ("padding inside", "Zg==Zg=="), ("padding on a whole group", "Zm9v="), ("stray bits after one byte", "Zh=="),
        ("stray bits after two", "Zm9="),
        ("the URL alphabet", "-_-_"), ("a foreign character", "Zm9!"), ("a letter of another script", "Zm9é"), ("a zero byte", "Zm9v\0"),
        ("a vertical tab", "Zm\u{b}9v"),
    ])
    func `other texts are refused`(name: String, text: String) {
        #expect(Base64.decode(text.utf8) == nil, "\(name)")
    }
}
