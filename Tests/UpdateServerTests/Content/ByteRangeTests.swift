import Testing

@testable import UpdateServer

@Suite struct ByteRangeTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let header: String?
        let size: Int64
        let expected: ByteRange

        init(_ header: String?, of size: Int64, _ expected: ByteRange) {
            (self.header, self.size, self.expected) = (header, size, expected)
        }

        var testDescription: String { "\(header ?? "none") of \(size)" }
    }

    static let max = Int64.max

    @Test(arguments: [
        Row(nil, of: 10, .whole),
        // Closed
        Row("bytes=0-0", of: 10, .part(0..<1)),
        Row("bytes=0-9", of: 10, .part(0..<10)),
        Row("bytes=3-5", of: 10, .part(3..<6)),
        Row("bytes=9-9", of: 10, .part(9..<10)),
        Row("bytes=9-10", of: 10, .part(9..<10)),
        Row("bytes=0-10", of: 10, .part(0..<10)),
        Row("bytes=0-99", of: 10, .part(0..<10)),
        Row("bytes=10-10", of: 10, .unsatisfiable),
        Row("bytes=10-99", of: 10, .unsatisfiable),
        Row("bytes=1048576-2097151", of: 223_933_112, .part(1_048_576..<2_097_152)),
        Row("bytes=00-01", of: 10, .part(0..<2)),
        // Open
        Row("bytes=0-", of: 10, .part(0..<10)),
        Row("bytes=9-", of: 10, .part(9..<10)),
        Row("bytes=10-", of: 10, .unsatisfiable),
        // The last so many
        Row("bytes=-1", of: 10, .part(9..<10)),
        Row("bytes=-10", of: 10, .part(0..<10)),
        Row("bytes=-11", of: 10, .part(0..<10)),
        Row("bytes=-0", of: 10, .unsatisfiable),
        // Large
        Row("bytes=14999999999-", of: 15_000_000_000, .part(14_999_999_999..<15_000_000_000)),
        Row("bytes=0-9223372036854775807", of: 10, .part(0..<10)),
        Row("bytes=9223372036854775807-", of: 10, .unsatisfiable),
        Row("bytes=9223372036854775806-9223372036854775807", of: max, .part(max - 1..<max)),
        Row("bytes=0-9223372036854775808", of: 10, .part(0..<10)),
        Row("bytes=99999999999999999999-", of: 10, .unsatisfiable),
        Row("bytes=-99999999999999999999", of: 10, .part(0..<10)),
        // Malformed: the header counts as absent
        Row("bytes=5-3", of: 10, .whole),
        Row("bytes=99-3", of: 10, .whole),
        Row("bytes=-", of: 10, .whole),
        Row("bytes=", of: 10, .whole),
        Row("bytes", of: 10, .whole),
        Row("bytes=a-b", of: 10, .whole),
        Row("bytes=1", of: 10, .whole),
        Row("bytes=+1-2", of: 10, .whole),
        Row("bytes=1-+2", of: 10, .whole),
        Row("bytes=--1", of: 10, .whole),
        Row("bytes=1--2", of: 10, .whole),
        Row("bytes=0x1-2", of: 10, .whole),
        Row("bytes=1 2-3", of: 10, .whole),
        Row("bytes=\u{661}-2", of: 10, .whole),
        Row("lines=1-2", of: 10, .whole),
        Row("0-1", of: 10, .whole),
        // Several
        Row("bytes=0-1,4-5", of: 10, .whole),
        Row("bytes=0-1, -1", of: 10, .whole),
        Row("bytes=0-1,", of: 10, .whole),
        Row("bytes=-1,5", of: 10, .whole),
        // Allowed for
        Row("BYTES=0-1", of: 10, .part(0..<2)),
        Row("bytes= 0 - 1 ", of: 10, .part(0..<2)),
        // Nothing there
        Row("bytes=0-0", of: 0, .whole),
        Row("bytes=0-", of: 0, .whole),
        Row("bytes=-1", of: 0, .whole),
    ])
    func `a range is exactly what was asked, none, or the whole`(row: Row) {
        #expect(ByteRange(row.header, size: row.size) == row.expected)
    }

    @Test func `every closed range of a small file is the same as by slow arithmetic`() {
        for size in 1...6 as ClosedRange<Int64> {
            for first in 0...7 as ClosedRange<Int64> {
                for last in 0...7 as ClosedRange<Int64> {
                    let wanted = (0..<size).filter { first <= $0 && $0 <= last }
                    let expected: ByteRange =
                        if last < first { .whole } else if let start = wanted.first { .part(start..<start + Int64(wanted.count)) } else {
                            .unsatisfiable
                        }
                    #expect(ByteRange("bytes=\(first)-\(last)", size: size) == expected)
                }
            }
        }
    }
}
