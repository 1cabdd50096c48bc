import Foundation
import ScanPolicy
import UpdateEngine

/// 50,000 devices, one a line of a file, to the whole JSON of their forecast, by one thread; `martlet forecast` has one for each core.
enum FleetForecast {
    private static let count = 50_000

    static func rows(_ bench: Bench) async throws -> [Row] {
        try FileManager.default.createDirectory(atPath: bench.scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: bench.scratch) }
        let path = bench.scratch + "/fleet.ndjson"
        let input = lines()
        try input.write(to: URL(filePath: path))
        let (bytes, wall, cpu) = try await timed { try forecast(path) }
        return [
            .atMost(
                5, .seconds, "forecast of 50,000 devices, \(format(Double(input.count) / 1e6, 0)) MB of lines to JSON, one thread", wall,
                note: "CPU \(format(cpu, 2)) s, \(format(Double(bytes) / 1e6, 0)) MB written")
        ]
    }

    private static func forecast(_ path: String) throws -> Int {
        let options = Forecaster.Options(asOf: CalendarDay(number: 18_494))
        guard let sink = FileHandle(forWritingAtPath: "/dev/null") else { throw Child.Failure(description: "/dev/null cannot be opened") }
        var forecaster = Forecaster(options)
        var summary = ForecastSummary()
        var written = 0
        try PolicyFiles.forEachDevice(at: [path]) { device in
            guard case .read(let record) = device else { throw Child.Failure(description: "\(device.name) was refused") }
            let forecast = forecaster.forecast(record.facts)
            let bytes = ForecastJSON.bytes(forecast, asOf: options.asOf, isFirst: written == 0)
            summary.add(forecast)
            written += bytes.count
            try sink.write(contentsOf: bytes)
        }
        guard summary.devices == count else { throw Child.Failure(description: "\(summary.devices) devices were forecast") }
        return written + ForecastJSON.tail(summary, options).count
    }

    /// Devices that differ as those of a company do: twelve servers, nine proxies, forty groups, six builds.
    private static func lines() -> Data {
        var random = SplitMix(seed: 7)
        func pick<Value>(_ values: [Value]) -> Value { values[Int(random.next() % UInt64(values.count))] }
        let proxies = ["", #","systemProxy":{}"#, #","systemProxy":{"proxy":"proxy%:3128","bypass":"<local>;*.intra.example.net"}"#]
        let users = [
            "", #","userProxy":{}"#, #","userProxy":{"proxy":"proxy%:3128","bypass":"<local>"}"#, #","userProxy":{"detectsAutomatically":true}"#,
        ]
        let builds = ["19041.388", "19041.508", "17763.1397", "14393.3930", "22631.3007", "19045.4291"]
        var text = ""
        for number in 0..<count {
            let server = "wsus\(number % 12).corp.example.net"
            let url = pick([false, true]) ? "https://\(server):8531" : "http://\(server):8530"
            let behavior = pick(["", "", #","SetProxyBehaviorForUpdateDetection":0"#, #","SetProxyBehaviorForUpdateDetection":1"#])
            let pins = pick(["", "", "", #","pinStore":[]"#, #","pinStore":["\#(String(repeating: "ab", count: 32))"]"#])
            let proxy = String(number % 9)
            text += #"{"name":"pc-\#(number).corp.example.net","policy":{"WUServer":"\#(url)","WUStatusServer":"\#(url)","UseWUServer":1,"#
            text += #""NoAutoUpdate":0,"AUOptions":4,"ScheduledInstallDay":0,"ScheduledInstallTime":3,"TargetGroupEnabled":1,"#
            text += #""TargetGroup":"Group \#(number % 40)","DetectionFrequencyEnabled":1,"DetectionFrequency":22\#(behavior)},"#
            text += #""windows":"10.0.\#(pick(builds))""#
            text += pick(proxies).replacingOccurrences(of: "%", with: proxy) + pick(users).replacingOccurrences(of: "%", with: proxy) + pins + "}\n"
        }
        return Data(text.utf8)
    }
}
