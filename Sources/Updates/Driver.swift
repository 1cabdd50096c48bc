/// Four 16-bit parts in one number, the first part highest; compared as a number (`DriverVerVersion`, [MS-WUSP] 3.1.5.7).
public struct DriverVersion: RawRepresentable, Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    public let rawValue: UInt64

    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// `10.0.22621.1`: one to four parts of at most 65,535; what is left out is 0.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...4).contains(parts.count) else { return nil }
        var value: UInt64 = 0
        for index in 0..<4 {
            guard index < parts.count else {
                value <<= 16
                continue
            }
            guard let part = UInt16(parts[index]), parts[index].first != "+" else { return nil }
            value = value << 16 | UInt64(part)
        }
        rawValue = value
    }

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    public var description: String {
        [48, 32, 16, 0].map { String(rawValue >> UInt64($0) & 0xffff) }.joined(separator: ".")
    }
}

/// For which hardware a driver update is, and how well it fits (`WindowsDriverMetaData`, [MS-WUSP] 3.1.1.1; protocol.md sections 2.10 and 5.6).
///
/// A driver update has one for each hardware id it is for.
public struct DriverMetadata: Hashable, Sendable, Codable {
    /// Compared without regard to case.
    public var hardwareID: String
    /// `DriverVerDate`.
    public var date: Timestamp
    public var version: DriverVersion
    /// `Class`: `Printer`, `Net`, and so on.
    public var driverClass: String
    public var manufacturer: String
    public var provider: String
    public var model: String
    public var whqlDriverID: String?
    /// How well it suits an operating system; none for older drivers.
    public var featureScores: [FeatureScore]
    /// It is distributed to computers with one of these hardware ids only; to any where the list is empty.
    public var distributionComputerHardwareIDs: [UpdateID]
    /// It installs on computers with one of these hardware ids only, on any where the list is empty; on its computers it is better than a
    /// driver for any (ADR 0010).
    public var targetComputerHardwareIDs: [UpdateID]

    /// 0 is best, 255 worst.
    public struct FeatureScore: Hashable, Sendable, Codable {
        /// Compared with the device's `FeatureScoreMatchingKey`, such as `AMD64.10.0`.
        public var operatingSystem: String
        public var score: UInt8

        public init(operatingSystem: String, score: UInt8) {
            self.operatingSystem = operatingSystem
            self.score = score
        }
    }

    public init(
        hardwareID: String, date: Timestamp, version: DriverVersion, driverClass: String = "", manufacturer: String = "", provider: String = "",
        model: String = "", whqlDriverID: String? = nil, featureScores: [FeatureScore] = [], distributionComputerHardwareIDs: [UpdateID] = [],
        targetComputerHardwareIDs: [UpdateID] = []
    ) {
        self.hardwareID = hardwareID
        self.date = date
        self.version = version
        self.driverClass = driverClass
        self.manufacturer = manufacturer
        self.provider = provider
        self.model = model
        self.whqlDriverID = whqlDriverID
        self.featureScores = featureScores
        self.distributionComputerHardwareIDs = distributionComputerHardwareIDs
        self.targetComputerHardwareIDs = targetComputerHardwareIDs
    }
}

/// One piece of a computer's hardware, as the driver pass lists it ([MS-WUSP] `Device` of `SystemSpec`).
public struct HardwareDevice: Hashable, Sendable {
    /// Most specific first.
    public var hardwareIDs: [String]
    /// Most specific first; after all ``hardwareIDs``.
    public var compatibleIDs: [String]
    public var installedDriver: InstalledDriver?

    public init(hardwareIDs: [String], compatibleIDs: [String] = [], installedDriver: InstalledDriver? = nil) {
        self.hardwareIDs = hardwareIDs
        self.compatibleIDs = compatibleIDs
        self.installedDriver = installedDriver
    }
}

/// The driver a device runs on ([MS-WUSP] `InstalledDriver`).
public struct InstalledDriver: Hashable, Sendable {
    /// The id of the device that the driver matched.
    public var matchingID: String
    public var date: Timestamp
    public var version: DriverVersion
    public var driverClass: String
    public var manufacturer: String
    public var provider: String
    public var model: String
    /// The computer's hardware id that the driver was distributed for; nothing for a driver for any computer.
    public var matchingComputerHardwareID: UpdateID?
    /// A SetupAPI rank, `0xSSGGTHHH`: GG is the feature score.
    public var rank: UInt32

    public init(
        matchingID: String, date: Timestamp, version: DriverVersion, driverClass: String = "", manufacturer: String = "", provider: String = "",
        model: String = "", matchingComputerHardwareID: UpdateID? = nil, rank: UInt32 = 0
    ) {
        self.matchingID = matchingID
        self.date = date
        self.version = version
        self.driverClass = driverClass
        self.manufacturer = manufacturer
        self.provider = provider
        self.model = model
        self.matchingComputerHardwareID = matchingComputerHardwareID
        self.rank = rank
    }
}

/// All that a computer says of its hardware in the driver pass: `SystemSpec`, `ComputerSpec` and `FeatureScoreMatchingKey`.
public struct SystemSpec: Hashable, Sendable {
    public var devices: [HardwareDevice]
    /// Of the computer as a whole, most specific first.
    public var computerHardwareIDs: [UpdateID]
    public var featureScoreMatchingKey: String?

    public init(devices: [HardwareDevice] = [], computerHardwareIDs: [UpdateID] = [], featureScoreMatchingKey: String? = nil) {
        self.devices = devices
        self.computerHardwareIDs = computerHardwareIDs
        self.featureScoreMatchingKey = featureScoreMatchingKey
    }
}
