import Glibc

/// Seconds of processor time that this process has used, all its threads together.
func cpuSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Seconds that `work` takes: by the clock, and of the processor.
func timed<Result>(_ work: () async throws -> Result) async rethrows -> (result: Result, wall: Double, cpu: Double) {
    let start = ContinuousClock.now
    let cpu = cpuSeconds()
    let result = try await work()
    return (result, (ContinuousClock.now - start).seconds, cpuSeconds() - cpu)
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}

extension Collection where Element == Double {
    var median: Double { quantile(0.5) }

    func quantile(_ share: Double) -> Double {
        let ascending = sorted()
        return ascending.isEmpty ? .nan : ascending[Swift.min(ascending.count - 1, Int(Double(ascending.count) * share))]
    }
}
