import Testing

@testable import UpdateAgent

struct StormOptionsTests {
    struct Number: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let isRight: Bool
        let set: @Sendable (inout StormOptions) -> Void

        init(_ name: String, _ isRight: Bool, _ set: @escaping @Sendable (inout StormOptions) -> Void) {
            testDescription = name
            self.isRight = isRight
            self.set = set
        }
    }

    @Test(arguments: [
        Number("devices", false) { $0.devices = 0 }, Number("devices", true) { $0.devices = 1 }, Number("devices", true) { $0.devices = 1_000_000 },
        Number("devices", false) { $0.devices = 1_000_001 }, Number("devices", false) { $0.devices = .min },
        Number("duration", false) { $0.seconds = 0.9 }, Number("duration", true) { $0.seconds = 3600 },
        Number("duration", false) { $0.seconds = .nan }, Number("duration", false) { $0.seconds = .infinity },
        Number("kinds", false) { $0.kinds = 0 }, Number("kinds", false) { $0.kinds = 65 },
        Number("source-addresses", true) { $0.sourceAddresses = 0 }, Number("source-addresses", false) { $0.sourceAddresses = -1 },
        Number("source-addresses", false) { $0.sourceAddresses = 10_001 },
        Number("verify", true) { $0.verifiedShare = 1 }, Number("verify", false) { $0.verifiedShare = 1.01 },
        Number("verify", false) { $0.verifiedShare = .nan },
        Number("concurrency", false) { $0.concurrency = 0 }, Number("concurrency", false) { $0.concurrency = 20_001 },
        Number("rate", false) { $0.rate = 0 }, Number("rate", false) { $0.rate = -1 }, Number("rate", false) { $0.rate = .nan },
        Number("rate", true) { $0.rate = 0.1 }, Number("rate", false) { $0.rate = 100_001 },
        Number("count", false) { $0.count = 0 }, Number("count", false) { $0.count = .max },
        Number("most-traffic", false) { $0.mostBytes = 0 }, Number("most-traffic", false) { $0.mostBytes = .max },
        Number("most-traffic", true) { $0.mostBytes = 1_000_000 },
        Number("abuse-connections", false) { $0.abuseConnections = 0 }, Number("abuse-connections", false) { $0.abuseConnections = 20_001 },
        Number("abuse-addresses", false) { $0.abuseAddresses = 0 }, Number("abuse-addresses", false) { $0.abuseAddresses = 10_001 },
        Number("retries", false) { $0.retries = -1 }, Number("retries", false) { $0.retries = 101 },
    ])
    func `a number that is out of its range is named, with the range`(number: Number) {
        var options = StormOptions()
        number.set(&options)
        do {
            _ = try Storm(server: "https://localhost:8531", options: options)
            #expect(number.isRight)
        } catch {
            #expect(!number.isRight)
            #expect(error.code == .badStorm)
            #expect(error.message.hasPrefix("--\(number.testDescription) must be from "), "\(error.message)")
        }
    }
}
