import ScanPolicy
import Testing

@Suite struct EnforcementLevelTests {
    @Test func `levels are ordered as Windows took them`() {
        #expect(EnforcementLevel.allCases.sorted() == [.before, .september2020, .january2021])
        #expect(EnforcementLevel.allCases.map(\.rawValue) == ["before-2020-09", "2020-09", "2021-01"])
    }
}
