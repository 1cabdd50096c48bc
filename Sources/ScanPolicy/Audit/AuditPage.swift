/// A report as one page that needs nothing else: no script, no picture, no address that is loaded, and a policy in it that says so.
public struct AuditPage {
    private let report: AuditReport
    private var page = HTMLText()

    public static func bytes(_ report: AuditReport) -> [UInt8] {
        var page = AuditPage(report: report)
        page.write()
        return page.page.bytes
    }

    private init(report: AuditReport) {
        self.report = report
    }

    private mutating func write() {
        page.raw(
            """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Audit of 
            """)
        page.text(report.host)
        page.raw("</title><style>\(Self.style)</style></head><body><main>\n")
        writeHead()
        writeFindings()
        writePredictions()
        writeServices()
        writeTLS()
        writeCertificates()
        writeRest()
        page.raw("</main></body></html>\n")
    }

    private mutating func writeHead() {
        page.raw("<h1>Audit of ")
        page.text(report.host)
        page.raw("</h1><p class=\"lead\">")
        page.text((report.address.map { "At \($0), " } ?? "") + "seen \(report.asOf)")
        page.raw("</p><p class=\"grade\">")
        chip(report.grade)
        page.text(" " + Self.meaning(report.grade))
        page.raw("</p><ul class=\"counts\">")
        for grade in Self.order {
            let count = report.findings.count { $0.grade == grade }
            guard count > 0 else { continue }
            page.raw("<li>")
            chip(grade)
            page.text(" \(count)")
            page.raw("</li>")
        }
        page.raw("</ul>\n")
    }

    private mutating func writeFindings() {
        page.raw("<h2>Findings</h2><table><thead><tr><th>Grade</th><th>What</th><th>Seen, why it matters, what mends it</th></tr></thead><tbody>\n")
        for finding in report.sortedFindings {
            page.raw("<tr><td>")
            chip(finding.grade)
            page.raw("</td><td>")
            page.text(finding.id.title)
            page.raw("</td><td>")
            page.text(finding.seen)
            if let why = finding.why {
                page.raw("<p class=\"why\">")
                page.text(why)
                page.raw("</p>")
            }
            if !finding.mend.isEmpty {
                page.raw("<ol>")
                for step in finding.mend { item(step) }
                page.raw("</ol>")
            }
            page.raw("</td></tr>\n")
        }
        page.raw("</tbody></table>\n")
    }

    private mutating func writePredictions() {
        guard !report.predictions.isEmpty else { return }
        page.raw("<h2>What devices will do: a prediction</h2><p class=\"lead\">")
        page.text("For a stock Windows device without proxies whose policy names this address, by the updates that it has installed.")
        page.raw("</p>")
        table(
            ["Address", "Level", "Outcome", "Way", "Row", "Known", "Shows", ""],
            report.predictions.map {
                [
                    $0.url, $0.level, $0.outcome, $0.path.joined(separator: ", "), $0.row, $0.evidence, $0.errors.joined(separator: ", "),
                    $0.note ?? "",
                ]
            })
    }

    private mutating func writeServices() {
        page.raw("<h2>Services</h2>")
        for port in report.ports {
            page.raw("<h3>")
            page.text("Port \(port.port), \(port.scheme): \(port.state)")
            page.raw("</h3>")
            guard !port.services.isEmpty else { continue }
            table(
                ["Service", "Path", "Asked", "Status", "Means"],
                port.services.map {
                    [
                        $0.service, $0.path, $0.request.rawValue, $0.status.map { "\($0)" } ?? $0.failure ?? "",
                        $0.presence.rawValue + ($0.redirect.map { ": \($0)" } ?? ""),
                    ]
                })
        }
    }

    private mutating func writeTLS() {
        guard !report.versions.isEmpty else { return }
        page.raw("<h2>TLS</h2><table><thead><tr><th>Version</th><th>Spoken</th><th>Suites, in the server's order</th></tr></thead><tbody>\n")
        for version in report.versions {
            page.raw("<tr><td>")
            page.text(version.version)
            page.raw("</td><td>")
            page.text(version.isSpoken.map { $0 ? "yes" : "no" } ?? "unknown")
            page.raw("</td><td>")
            if let reason = version.reason { page.text(reason) }
            for suite in version.suites {
                page.raw("<div class=\"suite\">")
                chip(suite.grade)
                page.text(" \(suite.name)" + (suite.reason.map { " (\($0))" } ?? ""))
                page.raw("</div>")
            }
            page.raw("</td></tr>\n")
        }
        page.raw("</tbody></table>\n")
    }

    private mutating func writeCertificates() {
        guard !report.certificates.isEmpty else { return }
        page.raw("<h2>Certificates</h2>")
        for (number, certificate) in report.certificates.enumerated() {
            page.raw("<h3>")
            page.text(number == 0 ? "The server's" : "Sent with it, \(number)")
            page.raw("</h3><dl>")
            for (name, value) in [
                ("Subject", certificate.subject), ("Issuer", certificate.issuer), ("Names", certificate.names.joined(separator: ", ")),
                ("Key", certificate.key), ("Signed with", certificate.signature), ("Valid", "\(certificate.notBefore) to \(certificate.notAfter)"),
                ("For", certificate.usages.joined(separator: ", ")), ("SHA-1", certificate.sha1), ("SHA-256", certificate.sha256),
            ] where !value.isEmpty {
                page.raw("<dt>")
                page.text(name)
                page.raw("</dt><dd>")
                page.text(value)
                page.raw("</dd>")
            }
            page.raw("</dl>")
        }
    }

    private mutating func writeRest() {
        if !report.remarks.isEmpty {
            page.raw("<h2>What no look at a server tells</h2><ul>")
            for remark in report.remarks { item(remark) }
            page.raw("</ul>\n")
        }
        if !report.notAsked.isEmpty {
            page.raw("<h2>Not asked</h2><ul>")
            for line in report.notAsked { item(line) }
            page.raw("</ul>\n")
        }
        page.raw("<p class=\"lead\">")
        page.text(
            "\(report.connections) connections, \(report.bytesReceived) bytes received. Only hellos, GET, HEAD, GetConfig and GetAuthConfig were sent."
        )
        page.raw("</p>\n")
    }

    private mutating func item(_ text: String) {
        page.raw("<li>")
        page.text(text)
        page.raw("</li>")
    }

    private mutating func table(_ headings: [String], _ rows: [[String]]) {
        page.raw("<table><thead><tr>")
        for heading in headings {
            page.raw("<th>")
            page.text(heading)
            page.raw("</th>")
        }
        page.raw("</tr></thead><tbody>\n")
        for row in rows {
            page.raw("<tr>")
            for cell in row {
                page.raw("<td>")
                page.text(cell)
                page.raw("</td>")
            }
            page.raw("</tr>\n")
        }
        page.raw("</tbody></table>\n")
    }

    private mutating func chip(_ grade: AuditGrade) {
        page.raw("<span class=\"chip \(grade.rawValue)\">\(grade.rawValue)</span>")
    }

    private static let order: [AuditGrade] = [.dangerous, .weak, .note, .good, .unknown]

    private static func meaning(_ grade: AuditGrade) -> String {
        switch grade {
        case .good: "nothing was found"
        case .note: "worth knowing; nothing has to be done"
        case .weak: "less protection than there should be"
        case .dangerous: "someone can attack devices today, or devices stop scanning"
        case .unknown: "nothing could be seen"
        }
    }

    private static let style = """
        :root{--ink:#1d2430;--soft:#5b6472;--line:#d9dde3;--paper:#fff}
        body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.45 system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
        main{max-width:1120px;margin:0 auto;padding:24px 20px 60px}
        h1{font-size:28px;margin:0 0 4px}h2{font-size:20px;margin:36px 0 10px}h3{font-size:16px;margin:22px 0 8px}
        .lead,.why{color:var(--soft)}.lead{margin:0 0 12px}.why{margin:4px 0}.grade{font-size:18px}
        .counts{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:16px}ol{margin:4px 0;padding-left:20px}
        .chip{display:inline-block;color:#fff;border-radius:10px;padding:0 8px;font-size:13px;white-space:nowrap}
        .good{background:#23784a}.note{background:#2f6496}.weak{background:#9a6100}.dangerous{background:#b3372f}.unknown{background:#6654a8}
        table{border-collapse:collapse;width:100%;font-size:14px}th,td{text-align:left;vertical-align:top;padding:5px 10px 5px 0}
        th{border-bottom:2px solid var(--line);font-weight:600}td{border-bottom:1px solid var(--line);overflow-wrap:break-word}
        td:first-child{white-space:nowrap}.suite{margin:2px 0}
        dl{display:grid;grid-template-columns:110px 1fr;gap:2px 12px;font-size:14px}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
        @media print{.chip{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
        """
}

extension AuditReport {
    /// The worst first, those that could not be seen after the weak ones.
    public var sortedFindings: [Finding] {
        let order: [AuditGrade] = [.dangerous, .weak, .unknown, .note, .good]
        return order.flatMap { grade in findings.filter { $0.grade == grade } }
    }
}
