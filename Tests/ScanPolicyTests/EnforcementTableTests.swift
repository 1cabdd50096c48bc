import ScanPolicy
import Testing

@Suite struct EnforcementTableTests {
    @Test func `the table is the one in the documentation`() throws {
        let documented = try SlowMatrixReading().sourcesOfBuilds
        let held = EnforcementTable.entries.map { entry in
            let marks = entry.source == .later && !(22000...22999).contains(entry.build) && entry.build < 26000 ? "always (i)" : "always"
            return [
                String(entry.build), entry.name, entry.september2020.map(Self.text) ?? marks,
                entry.january2021.map(Self.text) ?? (entry.isJanuaryKnown ? marks : "unknown"),
            ]
        }
        #expect(documented == held)
    }

    private static func text(_ update: EnforcementTable.Update) -> String {
        let build = "\(update.build).\(update.revision)"
        if update.build == 19042, update.revision == 508 { return "\(build) (i)" }
        return update.article.map { "\(build) \($0)" } ?? build
    }

    @Test(arguments: [
        ("10.0.19041.507", EnforcementLevel.before), ("10.0.19041.508", .september2020), ("10.0.19041.745", .september2020),
        ("10.0.19041.746", .january2021), ("10.0.14393.3929", .before), ("10.0.14393.3930", .september2020), ("10.0.14393.4169", .january2021),
        ("10.0.17763.1456", .before), ("10.0.17763.1697", .january2021), ("10.0.15063.2499", .before), ("10.0.15063.2500", nil),
        ("10.0.16299.2107", nil), ("10.0.19045.1", .january2021), ("10.0.19045", .january2021), ("10.0.22631.1", .january2021),
        ("10.0.26100", .january2021), ("10.0.19041", nil), ("10.0.10586.1", nil), ("6.3.9600.19821", nil), ("6.1.7601.1", nil), ("10.0.99999.1", nil),
        ("10.1.19041.746", nil),
    ])
    func `a build has the level that its revision brings`(version: String, level: EnforcementLevel?) throws {
        #expect(EnforcementTable.level(of: try #require(WindowsVersion(version))) == level)
    }
}
