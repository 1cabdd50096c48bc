/// Runs a piece of work several times and prints its minimum, median and maximum.
struct Measurement {
    let name: String
    /// Bytes of one run, for a rate; 0 where a rate says nothing.
    var bytes = 0
    var rounds = 15

    func run(_ work: () throws -> Void) rethrows {
        try work()
        var times: [Duration] = []
        for _ in 0..<rounds {
            let start = ContinuousClock.now
            try work()
            times.append(ContinuousClock.now - start)
        }
        times.sort()
        var line = "\(padded(name, 58)) \(text(times[0])) \(text(times[times.count / 2])) \(text(times[times.count - 1]))"
        if bytes > 0 {
            let seconds = Double(times[times.count / 2].components.attoseconds) / 1e18 + Double(times[times.count / 2].components.seconds)
            line += "  \(Int(Double(bytes) / seconds / 1e6)) MB/s"
        }
        print(line)
    }

    private func text(_ time: Duration) -> String {
        let microseconds = Double(time.components.attoseconds) / 1e12 + Double(time.components.seconds) * 1e6
        return padded("\((microseconds * 10).rounded() / 10) µs", 14)
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text.count >= width ? text : text + String(repeating: " ", count: width - text.count)
    }
}
