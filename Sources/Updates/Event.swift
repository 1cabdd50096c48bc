/// One event of a device's report ([MS-WUSP] `ReportingEvent`; observed.md section 6).
public struct Event: Hashable, Sendable {
    /// `EventInstanceID`: an event with an id that was seen within 30 days is stored once.
    public let instanceID: UpdateID
    /// `Sid`: the device the event is about, by its own word.
    public let deviceID: DeviceID
    public let timeAtTarget: Timestamp
    public let namespaceID: Int32
    public let eventID: EventID
    public let sourceID: Int32
    /// Nothing where the event names no update (the zero GUID).
    public let update: UpdateIdentity?
    /// A signed 32-bit HRESULT.
    public let win32HResult: Int32
    public let appName: String
    public let replacementStrings: [String]
    /// `Key=Value` strings.
    public let miscData: [String]

    public init(
        instanceID: UpdateID, deviceID: DeviceID, timeAtTarget: Timestamp, namespaceID: Int32, eventID: EventID,
        sourceID: Int32, update: UpdateIdentity?, win32HResult: Int32, appName: String,
        replacementStrings: [String], miscData: [String]
    ) {
        self.instanceID = instanceID
        self.deviceID = deviceID
        self.timeAtTarget = timeAtTarget
        self.namespaceID = namespaceID
        self.eventID = eventID
        self.sourceID = sourceID
        self.update = update
        self.win32HResult = win32HResult
        self.appName = appName
        self.replacementStrings = replacementStrings
        self.miscData = miscData
    }

    /// The GUIDs of a `;`-list in ``miscData`` under `key` (`U` needed, `V` installed), in order; what is no GUID is left out.
    public func updateIDs(_ key: String) -> [UpdateID] {
        miscData.filter { $0.hasPrefix("\(key)=") }
            .flatMap { $0.dropFirst(key.count + 1).split(separator: ";").compactMap { UpdateID($0) } }
    }
}

/// The kinds of event the server acts on; every other number is kept as it is ([MS-WUSP] 2.2.2.3.1).
public struct EventID: RawRepresentable, Hashable, Sendable, Codable {
    public let rawValue: Int32

    public init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// 147: the scan ended; its replacement string is the number of updates found.
    public static let detectionFinished = EventID(rawValue: 147)
    /// 148: the scan failed.
    public static let detectionFailed = EventID(rawValue: 148)
    /// 156: what is needed and what is installed.
    public static let clientStatus = EventID(rawValue: 156)
    public static let downloadFailed = EventID(rawValue: 161)
    public static let downloadSucceeded = EventID(rawValue: 162)
    public static let downloadStarted = EventID(rawValue: 167)
    public static let installationStarted = EventID(rawValue: 181)
    /// 182: makes the update *failed* at once.
    public static let installationFailed = EventID(rawValue: 182)
    public static let installationSucceeded = EventID(rawValue: 183)
}
