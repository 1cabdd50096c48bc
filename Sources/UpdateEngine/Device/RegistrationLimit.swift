import Updates

/// Bounds how many new devices one address may register: a bucket of 2,000 that refills at 20 a second, and 1,000,000 devices in all.
///
/// Re-registration of a known device is never limited.
struct RegistrationLimit: Sendable {
    static let burst = 2000.0
    static let perSecond = 20.0
    static let devicesInAll = 1_000_000
    /// Addresses remembered at once; when full, those whose buckets are full again are forgotten.
    static let addressesAtMost = 10_000

    private var buckets: [String: Bucket] = [:]

    private struct Bucket {
        var tokens: Double
        var filledAt: Timestamp
    }

    /// Whether a new device may register from `address` now; takes one of the address's tokens if so.
    mutating func admits(_ address: String, at now: Timestamp, devices: Int) -> Bool {
        guard devices < Self.devicesInAll else { return false }
        if buckets[address] == nil, buckets.count >= Self.addressesAtMost {
            buckets = buckets.filter { Self.refilled($0.value, at: now).tokens < Self.burst }
            // Every remembered address is busy: a storm from more addresses than can be told apart is refused.
            guard buckets.count < Self.addressesAtMost else { return false }
        }
        var bucket = Self.refilled(buckets[address] ?? Bucket(tokens: Self.burst, filledAt: now), at: now)
        guard bucket.tokens >= 1 else { return false }
        bucket.tokens -= 1
        buckets[address] = bucket
        return true
    }

    private static func refilled(_ bucket: Bucket, at now: Timestamp) -> Bucket {
        let elapsed = Double(max(0, now.milliseconds(since: bucket.filledAt))) / 1000
        return Bucket(tokens: min(burst, bucket.tokens + elapsed * perSecond), filledAt: now)
    }
}
