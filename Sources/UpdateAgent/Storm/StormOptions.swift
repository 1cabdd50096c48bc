/// What a storm is to be.
public struct StormOptions: Sendable {
    /// Tasks and their shares.
    public var weights: [StormTask: Double] = [.checkIn: 1]
    /// Registered devices to have; for first scans alone, devices that scan.
    public var devices = 100
    /// Tasks under way at once; nothing for what suits the storm.
    public var concurrency: Int?
    /// Tasks begun a second; nothing to begin one whenever another ended.
    public var rate: Double?
    /// Whether the rate is raised until the server is saturated.
    public var isRamp = false
    /// Of the storm, or of each step of a ramp.
    public var seconds = 10.0
    /// At most this many tasks.
    public var count: Int?
    /// Kinds of devices that are recorded where no profiles are given.
    public var kinds = 1
    /// Of 127.0.0.0/8, where the server is there.
    public var sourceAddresses = 1000
    /// The fleet is kept here between storms: ids and cookies, which let anyone act as these devices.
    public var fleetFile: String?
    /// Profiles are read from here.
    public var profileFile: String?
    /// Profiles are written to here.
    public var recordFile: String?
    public var registersOnly = false
    /// Whether each check-in gets a new cookie first.
    public var renewsCookies = false
    /// Times a task asks again where the server is busy.
    public var retries = 0
    /// Of the answers, how many are decoded whole: 0 to 1.
    public var verifiedShare = 0.0
    /// Bytes sent and received, after which nothing more is begun.
    public var mostBytes: Int64 = 20 << 30
    /// Nothing for a random one: then no two storms have devices in common.
    public var seed: UInt64?
    public var abuse: StormAbuse?
    public var abuseConnections = 200
    /// Addresses that the abuse comes from, apart from the devices'. If nothing, one for floods, and as many as devices have for what stays.
    public var abuseAddresses: Int?
    /// The administrator says that the server is theirs, though it is not on this machine.
    public var ownsServer = false

    public init() {}
}

/// What else is done to the server while devices check in.
public enum StormAbuse: String, Hashable, Sendable, Codable, CaseIterable {
    /// Requests whose headers come a byte a second.
    case slowHeaders = "slow-headers"
    /// Requests whose bodies come a byte a second.
    case slowBodies = "slow-bodies"
    /// Answers that nobody takes.
    case slowReads = "slow-reads"
    /// Connections that asked once and then nothing.
    case idle
    /// Handshakes, and nothing after them.
    case handshakes
    /// Cookies that the server never made.
    case forgedCookies = "forged-cookies"
    /// New devices without end, from one address.
    case registrations
}
