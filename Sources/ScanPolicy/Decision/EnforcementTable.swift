/// Which build of Windows enforces what: the first revision of each build that has the cumulative update of 8 September 2020, and that of
/// 12 January 2021. What is not in it is not known.
///
/// Source of the rows marked `csp`: Policy CSP - Update, https://learn.microsoft.com/windows/client-management/mdm/policy-csp-update: for each
/// version of Windows 10 the update from which on it knows SetProxyBehaviorForUpdateDetection (September) and
/// DoNotEnforceEnterpriseTLSCertPinningForUpdateDetection (January). Revisions and days of 14393 and 17763 also stand in
/// https://learn.microsoft.com/windows/release-health/windows-server-release-info.
/// `later`: the version itself came out after January 2021 (the same release pages); that cumulative updates keep what earlier ones brought is
/// concluded.
public struct EnforcementTable: Sendable {
    /// The first revision with an update.
    public struct Update: Sendable, Hashable {
        public var build: UInt32
        public var revision: UInt32
        /// The article that describes it, such as KB4571756.
        public var article: String?
    }

    /// How a row is known.
    public enum Source: String, Sendable, Hashable {
        case csp, later
    }

    public struct Entry: Sendable, Hashable {
        public var build: UInt32
        public var name: String
        public var source: Source
        /// `nil` where every revision has it.
        public var september2020: Update?
        /// `nil` where every revision has it, or where none is known to.
        public var january2021: Update?
        public var isJanuaryKnown = true
    }

    public static let entries: [Entry] = [
        csp(10240, "Windows 10 1507, LTSB 2015", 18696, "KB4577049", 18818, "KB4598231"),
        csp(14393, "Windows 10 1607, Windows Server 2016", 3930, "KB4577015", 4169, "KB4598243"),
        // The page names 15063.2108 (KB4520010, of October 2019) for January, which cannot be; and 16299.2166 (KB4580328) of October 2020,
        // the last update of that version, of which it is not known whether it has January's rule on proxies.
        open(15063, "Windows 10 1703", 2500, nil),
        open(16299, "Windows 10 1709", 2107, "KB4577041"),
        csp(17134, "Windows 10 1803", 1726, "KB4577032", 1967, "KB4598245"),
        csp(17763, "Windows 10 1809, Windows Server 2019", 1457, "KB4570333", 1697, "KB4598230"),
        csp(18362, "Windows 10 1903", 1082, "KB4574727", 1316, nil),
        csp(18363, "Windows 10 1909", 1082, "KB4574727", 1316, "KB4598229"),
        csp(19041, "Windows 10 2004", 508, "KB4571756", 746, "KB4598242"),
        // 20H2 is 2004 with another number and began at 19042.508; for September the page does not name it.
        csp(19042, "Windows 10 20H2", 508, nil, 746, "KB4598242"),
        later(19043, "Windows 10 21H1"),
        later(19044, "Windows 10 21H2"),
        later(19045, "Windows 10 22H2"),
        later(20348, "Windows Server 2022"),
        later(22000, "Windows 11 21H2"),
        later(22621, "Windows 11 22H2"),
        later(22631, "Windows 11 23H2"),
        later(25398, "Windows Server 23H2"),
        later(26100, "Windows 11 24H2, Windows Server 2025"),
        later(26200, "Windows 11 25H2"),
    ]

    /// The row of a version; `nil` for one that the table does not know.
    public static func entry(of version: WindowsVersion) -> Entry? {
        guard version.major == 10, version.minor == 0 else { return nil }
        return byBuild[version.build]
    }

    /// What a version enforces; `nil` where it is not known.
    public static func level(of version: WindowsVersion) -> EnforcementLevel? {
        guard let entry = entry(of: version) else { return nil }
        guard let september = entry.september2020 else { return .january2021 }
        guard let revision = version.revision else { return nil }
        if revision < september.revision { return .before }
        guard let january = entry.january2021 else { return nil }
        return revision < january.revision ? .september2020 : .january2021
    }

    private static let byBuild = Dictionary(uniqueKeysWithValues: entries.map { ($0.build, $0) })

    private static func csp(
        _ build: UInt32, _ name: String, _ september: UInt32, _ first: String?, _ january: UInt32, _ second: String?
    ) -> Entry {
        Entry(
            build: build, name: name, source: .csp, september2020: Update(build: build, revision: september, article: first),
            january2021: Update(build: build, revision: january, article: second))
    }

    private static func open(_ build: UInt32, _ name: String, _ september: UInt32, _ article: String?) -> Entry {
        Entry(
            build: build, name: name, source: .csp, september2020: Update(build: build, revision: september, article: article),
            isJanuaryKnown: false)
    }

    private static func later(_ build: UInt32, _ name: String) -> Entry { Entry(build: build, name: name, source: .later) }
}
