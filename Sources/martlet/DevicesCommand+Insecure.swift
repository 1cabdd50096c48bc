import ArgumentParser
import UpdateEngine
import Updates

extension DevicesCommand {
    /// Who still comes by HTTP, and how far the others are.
    static func showInsecure(days: Int, isCSV: Bool, _ options: HomeOptions, _ output: JSONOption) async throws {
        guard case .insecure(let report) = try await options.perform(.insecure(days: days)) else { throw Outcome.unexpected() }
        if output.json { return try Terminal.json(report) }
        let rows = report.callers.map { caller in
            [
                caller.address, caller.agent, caller.proxies.words, caller.path, caller.first.text(.seconds), caller.last.text(.seconds),
                String(caller.count), caller.devicesOfAddress.joined(separator: ", "),
            ]
        }
        let headings = ["ADDRESS", "AGENT", "PROXIES", "PATH", "FIRST", "LAST", "COUNT", "MAY BE"]
        if isCSV {
            for row in [headings] + rows { Terminal.print(CSVLine.text(row)) }
            return
        }
        Terminal.print(
            "By HTTP since \(report.since.text(.seconds)): \(report.addresses) addresses. Agent, proxies and path are what the requests say; "
                + "who came is not known.")
        if !rows.isEmpty { Terminal.table(headings, rows) }
        Terminal.print("Devices by the version of TLS they came with last:")
        Terminal.fields(report.devices.map { ("  \($0.version)", String($0.devices)) })
    }

    static func words(_ transport: TransportSummary) -> String {
        [
            "\(transport.version), \(transport.cipherSuite)", transport.serverName.map { "for \($0)" } ?? "for no name", "from \(transport.address)",
            "at \(transport.time.text(.seconds))",
        ].joined(separator: ", ")
    }
}

extension ProxyClaims {
    /// Those there are, each after its field's name.
    var words: String {
        [("Via", via), ("Forwarded", forwarded), ("X-Forwarded-For", forwardedFor)].filter { !$0.1.isEmpty }.map { "\($0.0): \($0.1)" }
            .joined(separator: "; ")
    }
}
