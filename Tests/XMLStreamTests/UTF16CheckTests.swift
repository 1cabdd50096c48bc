import Testing

@testable import XMLStream

/// Some releases of expat refuse these themselves, which would hide a fault of the check from the reader's tests.
@Suite("UTF16Check")
struct UTF16CheckTests {
    static let cases: [(name: String, units: [UInt16], fault: Int?)] = [
        ("no surrogates", [0x3c, 0x61, 0x3e], nil),
        ("a pair", [0x3c, 0xd834, 0xdd1e, 0x3e], nil),
        ("two pairs", [0x3c, 0xdbff, 0xdfff, 0xd800, 0xdc00], nil),
        ("a high one before another character", [0x3c, 0xd800, 0x61], 4),
        ("two high ones", [0x3c, 0xd800, 0xd800], 4),
        ("a low one", [0x3c, 0x61, 0xdc00], 4),
        ("the wrong order", [0x3c, 0xdc00, 0xd800], 2),
        ("a low one after a pair", [0x3c, 0xd800, 0xdc00, 0xdc00], 6),
    ]

    @Test(arguments: [[0x20, 0x00], [0x00, 0x20], [0x00, 0x00]] as [[UInt8]])
    func `UTF-16 that begins with something else than a tag or a mark is refused, in whatever pieces it comes`(bytes: [UInt8]) {
        var whole = UTF16Check()
        #expect(bytes.withUnsafeBytes { whole.firstFault(in: $0) } == 0)
        var pieces = UTF16Check()
        #expect(bytes[..<1].withUnsafeBytes { pieces.firstFault(in: $0) } == nil)
        #expect(bytes[1...].withUnsafeBytes { pieces.firstFault(in: $0) } == 0)
    }

    @Test(arguments: cases)
    func `a surrogate that stands alone is found`(name: String, units: [UInt16], fault: Int?) {
        for isLittleEndian in [true, false] {
            for mark: [UInt16] in [[], [0xfeff]] {
                let bytes = (mark + units).flatMap { unit in
                    isLittleEndian ? [UInt8(unit & 255), UInt8(unit >> 8)] : [UInt8(unit >> 8), UInt8(unit & 255)]
                }
                let expected = fault.map { $0 + 2 * mark.count }
                for position in 0...bytes.count {
                    var check = UTF16Check()
                    let first = bytes[..<position].withUnsafeBytes { check.firstFault(in: $0) }
                    let found = first ?? bytes[position...].withUnsafeBytes { check.firstFault(in: $0) }
                    #expect(found == expected, "\(name), split at \(position)")
                }
            }
        }
    }

    @Test func `bytes that are not UTF-16 are left to the parser`() {
        var check = UTF16Check()
        let bytes: [UInt8] = [0x3c, 0x61, 0x00, 0xd8, 0x00, 0xd8, 0x3e]
        #expect(bytes.withUnsafeBytes { check.firstFault(in: $0) } == nil)
    }
}
