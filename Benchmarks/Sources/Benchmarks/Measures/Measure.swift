/// What can be measured, by the name that selects it.
enum Measure: String, CaseIterable {
    case coldStart = "cold-start"
    case delta
    case firstScan = "first-scan"
    case everyProduct = "every-product"
    case approval
    case decline
    case `import`
    case large
    case forecast
    case post
    case handshake
    case content
    case ranges

    /// Whether it needs nginx and h2load.
    var isBesideNginx: Bool { [.post, .handshake, .content, .ranges].contains(self) }

    func run(_ bench: Bench) async throws -> [Row] {
        switch self {
        case .coldStart: try await ColdStart.rows(bench, count: 20_000, seconds: 2, bytes: 300e6)
        case .delta: try await Delta.rows(bench)
        case .firstScan: try await FirstScan.rows(bench)
        case .everyProduct: try await FirstScan.everyProduct(bench)
        case .approval: try await Decisions.approval(bench)
        case .decline: try await Decisions.decline(bench)
        case .import: try await ImportRate.rows(bench)
        case .large: try await Delta.large(bench)
        case .forecast: try await FleetForecast.rows(bench)
        case .post, .handshake, .content, .ranges: try await BesideNginx(bench).rows(self)
        }
    }
}
