import Foundation
import TestSupport
import Testing

@testable import ScanPolicy

@Suite struct ForecastOutputTests {
    /// Devices of every outcome, with names that want to be something else.
    static let devices: [DeviceFacts] = {
        let names = ["plain", "=cmd|'/c calc'!A1", "<script>alert(1)</script>", "a\"b,c", "line\nbreak\u{202e}", "@sum(1)", " +1"]
        let kinds = [
            ForecasterTests.doomed("10.0.19041.388"), ScanMatrixTests.device("https"), ScanMatrixTests.device("http"),
            ScanMatrixTests.silent { $0[.useWUServer] = 0 }, ScanMatrixTests.device("https", pins: ScanMatrixTests.otherPin),
            ScanMatrixTests.device("http", system: .pac("http://\u{1}/x"), user: .wpad), ForecasterTests.doomed(nil),
        ]
        return zip(names, kinds).map { name, kind in
            var device = kind
            device.name = name
            return device
        }
    }()

    static func forecasts(_ change: (inout Forecaster.Options) -> Void = { _ in }) -> (Forecaster.Options, [DeviceForecast], ForecastSummary) {
        var options = Forecaster.Options(asOf: ForecasterTests.asOf)
        options.network = .proxyRequired
        change(&options)
        var forecaster = Forecaster(options)
        var summary = ForecastSummary()
        let forecasts = devices.map { device in
            var observed = ObservedDevice(id: "id", windows: WindowsVersion("10.0.19041.1"), lastSeen: "2026-01-01T00:00:00.000Z")
            observed.lastSeenOnHTTP = "2026-01-01T00:00:00.000Z"
            return forecaster.forecast(device, observed: device.name == "plain" ? observed : nil)
        }
        for forecast in forecasts { summary.add(forecast) }
        return (options, forecasts, summary)
    }

    static func json(_ change: (inout Forecaster.Options) -> Void = { _ in }) -> Data {
        let (options, forecasts, summary) = forecasts(change)
        var bytes = ForecastJSON.head
        for (index, forecast) in forecasts.enumerated() { bytes += ForecastJSON.bytes(forecast, asOf: options.asOf, isFirst: index == 0) }
        return Data(bytes + ForecastJSON.tail(summary, options))
    }

    @Test func `the JSON is what its schema says`() throws {
        let schema = try #require(JSONSchema.documented()["forecast"])
        #expect(try schema.problems(in: Self.json()) == [])
        let everything = Self.json {
            $0.assumed = [.systemProxy]
            $0.target = TLSMoveTests.target
            $0.certificate = TLSMoveTests.certificate()
            $0.joinedNames = ["wsus.example.net"]
        }
        #expect(try schema.problems(in: everything) == [])
        #expect(
            try schema.problems(in: Data(ForecastJSON.head + ForecastJSON.tail(ForecastSummary(), Forecaster.Options(asOf: ForecasterTests.asOf))))
                == [])
    }

    @Test func `every device has a verdict for each channel at each level, under its own name`() throws {
        let root = try #require(try JSONSerialization.jsonObject(with: Self.json()) as? [String: Any])
        let devices = try #require(root["devices"] as? [[String: Any]])
        #expect(devices.compactMap { $0["name"] as? String } == Self.devices.map(\.name))
        for device in devices {
            let levels = try #require(device["levels"] as? [String: [String: [String: Any]]])
            #expect(Set(levels.keys) == ["before-2020-09", "2020-09", "2021-01"])
            for level in levels.values {
                #expect(Set(level.keys) == ["detection", "reporting", "download"])
                for verdict in level.values {
                    for key in ["outcome", "path", "row", "evidence", "errors", "remedies"] { #expect(verdict[key] != nil, "\(key)") }
                }
            }
        }
        let first = try #require((devices[0]["levels"] as? [String: [String: [String: Any]]])?["2020-09"]?["detection"])
        #expect(first["outcome"] as? String == "fails" && first["row"] as? String == "A2-03")
        #expect(devices[0]["firstMissedUpdateTuesday"] as? String == "2020-10-13")
        #expect(devices[0]["daysLeft"] as? Int == 54)
        let remedies = try #require(first["remedies"] as? [[String: Any]])
        #expect(remedies.last?["remedy"] as? [String] == ["user-proxy-fallback"])
        #expect((remedies.last?["settings"] as? [String])?.first?.hasSuffix("SetProxyBehaviorForUpdateDetection = 1 (REG_DWORD)") == true)
    }

    @Test func `no cell of the CSV is a formula`() throws {
        let (options, forecasts, _) = Self.forecasts()
        let lines = forecasts.map { String(decoding: ForecastCSV.bytes($0, asOf: options.asOf), as: UTF8.self) }
        #expect(lines.allSatisfy { $0.hasSuffix("\r\n") && $0.split(separator: "\r\n").count == 1 && !$0.dropLast().contains("\n") })
        #expect(lines[1].hasPrefix("\"'=cmd|'/c calc'!A1\","))
        #expect(lines[3].hasPrefix("\"a\"\"b,c\","))
        #expect(lines[4].hasPrefix("line\\u{a}break\\u{202e},"))
        #expect(lines[5].hasPrefix("\"'@sum(1)\","))
        #expect(lines[6].hasPrefix("\"' +1\","))
        let columns = String(decoding: ForecastCSV.head, as: UTF8.self).split(separator: ",").count
        #expect(ForecastCSV.line(Array(repeating: "x", count: columns)).filter { $0 == UInt8(ascii: ",") }.count == columns - 1)
    }

    @Test(arguments: [
        ("", ""), ("a b", "a b"), ("=1", "\"'=1\""), ("+1", "\"'+1\""), ("-1", "\"'-1\""), ("@a", "\"'@a\""), ("|a", "\"'|a\""), ("%a", "\"'%a\""),
        ("＝1", "\"'＝1\""), ("＋1", "\"'＋1\""), ("－1", "\"'－1\""), ("＠1", "\"'＠1\""), ("  =1", "\"'  =1\""), ("\u{3000}=1", "\"'\u{3000}=1\""),
        ("\t=1", "\\u{9}=1"), ("\n=1", "\\u{a}=1"), ("\u{feff}=1", "\\u{feff}=1"), ("a\"b", "\"a\"\"b\""), ("a,b", "\"a,b\""), ("a;b", "\"a;b\""),
        ("a=1", "a=1"),
    ])
    func `a cell is no formula, and ends where it should`(_ field: String, _ cell: String) {
        #expect(CSVCell.text(field) == cell)
    }

    @Test func `the page is whole, forbids everything but its own style, and escapes what it shows`() {
        let (options, forecasts, summary) = Self.forecasts {
            $0.assumed = [.tls]
            $0.target = TLSMoveTests.target
        }
        var selection = ForecastSelection(mostOfEach: 1)
        for forecast in forecasts { selection.add(forecast) }
        let page = String(decoding: ForecastPage(options, devices: selection).bytes(summary), as: UTF8.self)
        #expect(page.contains("content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\""))
        #expect(page.contains("<svg ") && page.hasSuffix("</main></body></html>\n"))
        for word in ["<script", "javascript:", "src=", "href=", "onload", "url(", "@import", "alert(1)</", "\u{202e}"] {
            #expect(!page.lowercased().contains(word), "\(word)")
        }
        #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
        #expect(page.contains("more are in the output of --json and --csv"))
        for tag in ["table", "tr", "td", "dl", "details", "svg", "ul", "span", "p", "h2", "h3"] {
            let opened = page.components(separatedBy: "<\(tag)>").count + page.components(separatedBy: "<\(tag) ").count - 2
            #expect(opened == page.components(separatedBy: "</\(tag)>").count - 1, "\(tag)")
        }
    }

    /// The cells of one device's line by their headings.
    static func cells(_ forecast: DeviceForecast, asOf day: CalendarDay) -> [String: String] {
        func fields(_ line: [UInt8]) -> [String] {
            var fields = [""]
            var isQuoted = false
            for character in String(decoding: line.dropLast(2), as: UTF8.self) {
                switch character {
                case "\"": isQuoted.toggle()
                case "," where !isQuoted: fields.append("")
                default: fields[fields.count - 1].append(character)
                }
            }
            return fields
        }
        let (heads, values) = (fields(ForecastCSV.head), fields(ForecastCSV.bytes(forecast, asOf: day)))
        #expect(heads.count == values.count)
        return Dictionary(zip(heads, values)) { first, _ in first }
    }

    static func page(_ options: Forecaster.Options, _ forecasts: [DeviceForecast]) -> String {
        var summary = ForecastSummary()
        var selection = ForecastSelection(mostOfEach: 10)
        for forecast in forecasts {
            summary.add(forecast)
            selection.add(forecast)
        }
        return String(decoding: ForecastPage(options, devices: selection).bytes(summary), as: UTF8.self)
    }

    @Test func `who stops on TLS is told in line and page, with the code and what mends it`() throws {
        var device = TLSMoveTests.ready
        device.tls.isTLS12Enabled = false
        var options = Forecaster.Options(asOf: ForecasterTests.asOf)
        options.target = TLSMoveTests.target
        options.certificate = TLSMoveTests.certificate()
        var forecaster = Forecaster(options)
        let forecast = forecaster.forecast(device)
        #expect(forecast.move?.text == "stops (tls-1.2-off)")
        let cells = Self.cells(forecast, asOf: options.asOf)
        #expect(cells["stops on TLS"] == "stops" && cells["reasons on TLS"] == "tls-1.2-off" && cells["why"] == "TLS 1.2 is off")
        #expect(cells["error codes on TLS"] == "0x80072F8F" && cells["inferred codes on TLS"] == "0x80072F8F")
        #expect(cells["mending setting on TLS"]?.contains("DefaultSecureProtocols = 0xA00") == true)
        let page = Self.page(options, [forecast])
        #expect(page.contains("<span class=\"chip fails\">stops</span> (tls-1.2-off)<br><small>0x80072F8F (i)</small>"))
        #expect(page.contains("<br><small>KB3140245 and "))
    }

    @Test func `what is not known of a move is named in line and page`() throws {
        var device = TLSMoveTests.ready
        device.tls.machineRoots = nil
        var options = Forecaster.Options(asOf: ForecasterTests.asOf)
        options.target = TLSMoveTests.target
        options.certificate = TLSMoveTests.certificate()
        var forecaster = Forecaster(options)
        let forecast = forecaster.forecast(device)
        #expect(forecast.move?.text == "unknown (not known: machine roots)")
        let cells = Self.cells(forecast, asOf: options.asOf)
        #expect(cells["stops on TLS"] == "unknown" && cells["not known on TLS"] == "machine roots")
        #expect(cells["why"]?.hasPrefix("not known: machine roots: whether the authority of updates.example.net") == true)
        #expect(Self.page(options, [forecast]).contains("<span class=\"chip unknown\">unknown</span> (not known: machine roots)"))
        device.tls.isTLS12Enabled = false
        #expect(forecaster.forecast(device).move?.text == "stops (tls-1.2-off; not known: machine roots)")
        device = TLSMoveTests.ready
        device.policy[.wuStatusServer] = "http://updates.example.net:8530"
        #expect(forecaster.forecast(device).move?.text == "continues, reports stop (status-url-http)")
    }

    @Test func `who was not seen is named, and whether the policy has this server`() throws {
        let (options, forecasts, summary) = Self.forecasts { $0.joinedNames = ["wsus.example.net"] }
        #expect(forecasts[0].sighting == .seen)
        let awaited = try #require(forecasts.first { $0.sighting == .notSeen(asksIt: true) })
        let silent = try #require(forecasts.first { $0.sighting == .notSeen(asksIt: false) })
        #expect(summary.awaited.names.contains(awaited.name) && summary.unseen.names.contains(silent.name))
        // At the right host, on HTTP.
        #expect(zip(Self.devices, forecasts).contains { $0.policy[.wuServer]?.hasPrefix("http:") == true && $1.sighting == .notSeen(asksIt: false) })
        #expect(summary.observed + summary.awaited.count + summary.unseen.count == summary.devices)
        let lines = [forecasts[0], awaited, silent].map { Self.cells($0, asOf: options.asOf) }
        #expect(lines.map { $0["observed"] } == ["yes", "no", "no"])
        #expect(lines.map { $0["policy has this server"] } == ["", "yes", "no"])
        #expect(lines[0]["last seen"] == "2026-01-01T00:00:00.000Z" && lines[0]["HTTP at its address"] == "2026-01-01T00:00:00.000Z")
        let page = Self.page(options, [forecasts[0], awaited, silent])
        #expect(page.contains("<h2>Not seen, though their policy has this server&#39;s address: 1</h2><p>"))
        #expect(page.contains("<td>no, though its policy has this server</td>"))
        #expect(page.contains("<td>2026-01-01, HTTP at its address</td>"))
        #expect(Self.forecasts().1.allSatisfy { $0.sightingText == nil })
        let elsewhere = Self.forecasts { $0.joinedNames = ["other.example.org"] }.2
        #expect(elsewhere.awaited.count == 0 && elsewhere.unseen.count == summary.devices - 1)
    }

    @Test func `the page names what could not be read, with the reason`() {
        var summary = Self.forecasts().2
        summary.refuse("<b>", "pc.reg: byte 7")
        for number in 0..<500 { summary.refuse("pc-\(number)", "empty") }
        let page = String(
            decoding: ForecastPage(Self.forecasts().0, devices: ForecastSelection(mostOfEach: 1)).bytes(summary), as: UTF8.self)
        #expect(page.contains("501 devices could not be read: not counted below."))
        #expect(page.contains("<tr><td>&lt;b&gt;</td><td>pc.reg: byte 7</td></tr>"))
        #expect(page.contains("<td>pc-498</td>") && !page.contains("<td>pc-499</td>") && page.contains("... and 1 more"))
    }

    @Test func `who stops on TLS is listed before those that do not, however many they are`() {
        var options = Forecaster.Options(asOf: ForecasterTests.asOf)
        options.target = TLSMoveTests.target
        options.certificate = TLSMoveTests.certificate()
        var forecaster = Forecaster(options)
        var (whole, parts) = (ForecastSelection(mostOfEach: 3), ForecastSelection(mostOfEach: 3))
        for number in 0..<10 {
            var device = TLSMoveTests.ready
            device.name = "pc-\(number)"
            if number > 7 { device.tls.isTLS12Enabled = false }
            let forecast = forecaster.forecast(device)
            whole.add(forecast)
            var part = ForecastSelection(mostOfEach: 3)
            part.add(forecast)
            parts.add(part)
        }
        for selection in [whole, parts] {
            #expect(selection[.interceptable].map(\.name) == ["pc-8", "pc-9", "pc-0"])
            #expect(selection.rest(.interceptable) == 7)
        }
    }

    @Test(arguments: [499, 500, 501]) func `names are counted all and kept up to a limit`(count: Int) {
        var (one, other) = (NameList(), NameList())
        for number in 0..<count { number < 300 ? one.add("\(number)") : other.add("\(number)") }
        one.add(other)
        #expect(one.count == count && one.names == (0..<min(count, 500)).map(String.init))
    }

    @Test func `what is inferred is marked, and what a source states is not`() throws {
        var (options, forecasts, _) = Self.forecasts()
        let marked = try #require(
            forecasts.first { device in EnforcementLevel.allCases.contains { device.verdicts[$0, .detection].evidence == .inferred } })
        let level = try #require(EnforcementLevel.allCases.first { marked.verdicts[$0, .detection].evidence == .inferred })
        let outcome = marked.verdicts[level, .detection].outcome.rawValue
        #expect(marked.verdicts[level, .detection].marked == "\(outcome) (i)")
        #expect(Self.cells(marked, asOf: options.asOf)["evidence \(level.rawValue)"] == "inferred")
        #expect(Self.page(options, [marked]).contains("<span class=\"chip \(outcome)\">\(outcome)</span> (i)"))
        var summary = ForecastSummary()
        for _ in 0..<2 { summary.add(marked) }
        #expect(summary.causes(at: level).map(\.group.mark) == [" (i)"])
        // All the rest of the page's rows are marked by the device alone.
        let sourced = try #require(
            forecasts.first { device in
                EnforcementLevel.allCases.allSatisfy { device.verdicts[$0, .detection].evidence == .sourced } && device.leading.verdict.errors.isEmpty
            })
        options.target = nil
        #expect(!Self.page(options, [sourced]).contains("</span> (i)"))
    }

    @Test func `the parts of a bar are together its whole`() {
        var counts = ForecastSummary.Counts()
        #expect(ForecastPage.widths(counts, total: 700).isEmpty)
        counts[.scans] = 1
        #expect(ForecastPage.widths(counts, total: 700).map(\.1) == [700])
        counts[.fails] = 1_000_000
        counts[.unknown] = 3
        let parts = ForecastPage.widths(counts, total: 700)
        #expect(parts.map(\.1).reduce(0, +) == 700)
        #expect(parts.allSatisfy { $0.1 >= 2 })
    }
}
