import ScanPolicy
import Testing

@Suite struct CalendarDayTests {
    @Test(arguments: [
        ("1970-01-01", 0), ("1970-01-02", 1), ("2000-02-29", 11016), ("2000-03-01", 11017), ("2020-09-08", 18513), ("2021-01-12", 18639),
        ("0001-01-01", -719_162), ("9999-12-31", 2_932_896), ("1600-02-29", -135_081),
    ])
    func `a day has its number, and a number its day`(text: String, number: Int) {
        #expect(CalendarDay(text)?.number == number)
        #expect(CalendarDay(number: number).description == text)
    }

    @Test func `every day of four centuries comes after the one before`() {
        for number in -1000...146_500 { #expect(CalendarDay(CalendarDay(number: number).description)?.number == number) }
    }

    @Test(arguments: [
        "", "2020", "2020-9-8", "2020-13-01", "2020-00-01", "2020-02-30", "2021-02-29", "1900-02-29", "2020-09-31", "0000-01-01", "20-09-08",
        "2020-09-08T", "+020-09-08",
    ])
    func `what is no day is refused`(text: String) { #expect(CalendarDay(text) == nil) }

    @Test(arguments: [
        ("2020-09-08", "2020-10-13"), ("2020-09-07", "2020-09-08"), ("2020-10-12", "2020-10-13"), ("2020-10-13", "2020-11-10"),
        ("2021-01-12", "2021-02-09"), ("2020-12-31", "2021-01-12"), ("2020-12-08", "2021-01-12"), ("2026-11-23", "2026-12-08"),
    ])
    func `update Tuesday is the second of its month`(day: String, tuesday: String) throws {
        #expect(try #require(CalendarDay(day)).followingUpdateTuesday.description == tuesday)
    }
}
