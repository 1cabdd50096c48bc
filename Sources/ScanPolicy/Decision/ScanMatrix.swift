/// Rows A2-01 to A2-14 of the matrix in docs/scan-policy.md, as data: what a device does that asks a server on HTTP or HTTPS over a network
/// that lets it through directly or by one of its proxies only.
enum ScanMatrix {
    /// Which proxy the network demands.
    enum Need: String, CaseIterable, Sendable, Hashable {
        case nothing, systemProxy, userProxy, either
    }

    struct Cell: Sendable, Hashable {
        var outcome: ScanOutcome
        var path: [ScanPath]
        var evidence: Evidence
    }

    struct Row: Sendable {
        var number: Int
        var scheme: ServerURL.Scheme
        var need: Need
        /// Whether `SetProxyBehaviorForUpdateDetection` is 1; `nil`: no matter.
        var allowsUserProxy: Bool?
        var before: Cell
        var september2020: Cell
        var january2021: Cell

        subscript(level: EnforcementLevel) -> Cell {
            switch level {
            case .before: before
            case .september2020: september2020
            case .january2021: january2021
            }
        }
    }

    static let rows: [Row] = [
        Row(
            number: 1, scheme: .http, need: .nothing, allowsUserProxy: nil, before: interceptable(.inferred, .user, .direct),
            september2020: interceptable(.sourced, .direct), january2021: interceptable(.sourced, .direct)),
        Row(
            number: 2, scheme: .http, need: .systemProxy, allowsUserProxy: nil, before: interceptable(.inferred, .user, .system),
            september2020: interceptable(.sourced, .system), january2021: interceptable(.sourced, .system)),
        Row(
            number: 3, scheme: .http, need: .userProxy, allowsUserProxy: false, before: interceptable(.sourced, .user),
            september2020: fails(.sourced, .system), january2021: fails(.sourced, .system)),
        Row(
            number: 4, scheme: .http, need: .userProxy, allowsUserProxy: true, before: interceptable(.sourced, .user),
            september2020: interceptable(.sourced, .system, .user), january2021: interceptable(.sourced, .system, .user)),
        Row(
            number: 5, scheme: .http, need: .either, allowsUserProxy: false, before: interceptable(.inferred, .user, .system),
            september2020: interceptable(.sourced, .system), january2021: interceptable(.sourced, .system)),
        Row(
            number: 6, scheme: .http, need: .either, allowsUserProxy: true, before: interceptable(.inferred, .user, .system),
            september2020: interceptable(.sourced, .system, .user), january2021: interceptable(.sourced, .system, .user)),
        Row(
            number: 7, scheme: .https, need: .nothing, allowsUserProxy: false, before: interceptable(.sourced, .user, .direct),
            september2020: interceptable(.inferred, .user, .direct), january2021: scans(.sourced, .direct)),
        Row(
            number: 8, scheme: .https, need: .nothing, allowsUserProxy: true, before: interceptable(.sourced, .user, .direct),
            september2020: interceptable(.inferred, .user, .direct), january2021: interceptable(.inferred, .direct, .user)),
        Row(
            number: 9, scheme: .https, need: .systemProxy, allowsUserProxy: false, before: interceptable(.sourced, .user, .system),
            september2020: interceptable(.inferred, .user, .system), january2021: scans(.sourced, .system)),
        Row(
            number: 10, scheme: .https, need: .systemProxy, allowsUserProxy: true, before: interceptable(.sourced, .user, .system),
            september2020: interceptable(.inferred, .user, .system), january2021: interceptable(.inferred, .system, .user)),
        Row(
            number: 11, scheme: .https, need: .userProxy, allowsUserProxy: false, before: interceptable(.sourced, .user),
            september2020: interceptable(.inferred, .user), january2021: fails(.sourced, .system)),
        Row(
            number: 12, scheme: .https, need: .userProxy, allowsUserProxy: true, before: interceptable(.sourced, .user),
            september2020: interceptable(.inferred, .user), january2021: interceptable(.sourced, .system, .user)),
        Row(
            number: 13, scheme: .https, need: .either, allowsUserProxy: false, before: interceptable(.sourced, .user, .system),
            september2020: interceptable(.inferred, .user, .system), january2021: scans(.sourced, .system)),
        Row(
            number: 14, scheme: .https, need: .either, allowsUserProxy: true, before: interceptable(.sourced, .user, .system),
            september2020: interceptable(.inferred, .user, .system), january2021: interceptable(.inferred, .system, .user)),
    ]

    static func row(_ scheme: ServerURL.Scheme, _ need: Need, allowsUserProxy: Bool) -> Row {
        let place = (scheme == .https ? 8 : 0) + place(of: need) * 2 + (allowsUserProxy ? 1 : 0)
        return byPlace[place]
    }

    /// `rows` by scheme, need and policy; every combination has its row.
    private static let byPlace: [Row] = [ServerURL.Scheme.http, .https].flatMap { scheme in
        Need.allCases.flatMap { need in
            [false, true].compactMap { policy in
                rows.first { $0.scheme == scheme && $0.need == need && ($0.allowsUserProxy == nil || $0.allowsUserProxy == policy) }
            }
        }
    }

    private static func place(of need: Need) -> Int {
        switch need {
        case .nothing: 0
        case .systemProxy: 1
        case .userProxy: 2
        case .either: 3
        }
    }

    private static func scans(_ evidence: Evidence, _ path: ScanPath...) -> Cell { Cell(outcome: .scans, path: path, evidence: evidence) }
    private static func fails(_ evidence: Evidence, _ path: ScanPath...) -> Cell { Cell(outcome: .fails, path: path, evidence: evidence) }
    private static func interceptable(_ evidence: Evidence, _ path: ScanPath...) -> Cell {
        Cell(outcome: .interceptable, path: path, evidence: evidence)
    }
}
