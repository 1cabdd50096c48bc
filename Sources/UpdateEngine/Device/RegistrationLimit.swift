import Updates

/// Bounds how many new devices one network may register: a bucket of 2,000 that refills at 20 a second, and 1,000,000 devices in all.
///
/// Re-registration of a known device is never limited.
struct RegistrationLimit: Sendable {
    static let devicesInAll = 1_000_000
    static let networksAtMost = NetworkBuckets.networksAtMost

    private var buckets = NetworkBuckets(burst: 2000, perSecond: 20)

    /// Whether a new device may register from `network` now; takes one of the network's tokens if so.
    mutating func admits(_ network: SourceNetwork, at now: Timestamp, devices: Int) -> Bool {
        devices < Self.devicesInAll && buckets.admits(network, at: now)
    }
}

/// Buckets of tokens, one for each network.
struct NetworkBuckets: Sendable {
    /// Networks remembered at once; when full, those whose buckets are full again are forgotten.
    static let networksAtMost = 10_000

    let burst: Double
    let perSecond: Double
    private var buckets: [SourceNetwork: Bucket] = [:]

    private struct Bucket {
        var tokens: Double
        var filledAt: Timestamp
    }

    init(burst: Double, perSecond: Double) {
        self.burst = burst
        self.perSecond = perSecond
    }

    /// Takes one of the network's tokens; false where there is none.
    mutating func admits(_ network: SourceNetwork, at now: Timestamp) -> Bool {
        if buckets[network] == nil, buckets.count >= Self.networksAtMost {
            buckets = buckets.filter { refilled($0.value, at: now).tokens < burst }
            // Every remembered network is busy: a storm from more networks than can be told apart is refused.
            guard buckets.count < Self.networksAtMost else { return false }
        }
        var bucket = refilled(buckets[network] ?? Bucket(tokens: burst, filledAt: now), at: now)
        guard bucket.tokens >= 1 else { return false }
        bucket.tokens -= 1
        buckets[network] = bucket
        return true
    }

    private func refilled(_ bucket: Bucket, at now: Timestamp) -> Bucket {
        let elapsed = Double(max(0, now.milliseconds(since: bucket.filledAt))) / 1000
        return Bucket(tokens: min(burst, bucket.tokens + elapsed * perSecond), filledAt: now)
    }
}
