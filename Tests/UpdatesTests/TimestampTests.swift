import Testing
import Updates

struct TimestampTests {
    @Test(arguments: [
        ("2026-10-04T13:17:07.59Z", "2026-10-04T13:17:07.590Z"),
        ("2026-10-04T16:03:35.9967236Z", "2026-10-04T16:03:35.996Z"),
        ("9999-12-31T23:59:59.9999999", "9999-12-31T23:59:59.999Z"),
        ("0001-01-01T00:00:00", "0001-01-01T00:00:00.000Z"),
        ("2024-02-29T23:59:59+02:00", "2024-02-29T21:59:59.000Z"),
        ("1969-12-31T23:59:59.999-00:00", "1969-12-31T23:59:59.999Z"),
        ("2026-10-04", "2026-10-04T00:00:00.000Z"),
    ])
    func `a moment is read in every form seen and written in whole milliseconds`(text: String, expected: String) {
        #expect(Timestamp(text)?.description == expected)
    }

    @Test(arguments: [
        "", "2026", "2026-13-01", "2026-02-29", "2026-10-04T24:00:00Z", "2026-10-04T13:17Z", "2026-10-04T13:17:07.Z", "2026-10-04T13:17:07ZZ",
        "0000-01-01T00:00:00Z", "2026-10-04 13:17:07Z", "2026-10-04T13:17:07+15:00", "+2026-10-04", "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ])
    func `what is no moment is refused`(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test func `the three forms of the protocols`() {
        let moment = Timestamp(millisecondsSince1970: 1_791_119_827_590)
        #expect(moment.text(.date) == "2026-10-04")
        #expect(moment.text(.seconds) == "2026-10-04T13:17:07Z")
        #expect(moment.text(.milliseconds) == "2026-10-04T13:17:07.590Z")
    }

    @Test func `every day of eight centuries reads back as it was written`() {
        for day in stride(from: -150_000, to: 150_000, by: 1) {
            let moment = Timestamp(millisecondsSince1970: Int64(day) * 86_400_000 + 1)
            #expect(Timestamp(moment.description) == moment)
        }
    }
}
