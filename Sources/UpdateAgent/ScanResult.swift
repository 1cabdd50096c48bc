public import Updates

/// What a scan found and did; made to be printed. Times are `yyyy-MM-ddTHH:mm:ss.fffZ`.
public struct ScanResult: Hashable, Sendable, Codable {
    public let server: String
    public let deviceID: DeviceID
    public let dnsName: String
    public let startedAt: String
    /// True where nothing was cached at the start, or the cache had to be dropped on the way.
    public internal(set) var isFullScan: Bool
    /// SyncUpdates calls: what an agent counts against its 200.
    public internal(set) var trips = 0
    /// All SOAP calls, repeated ones included.
    public internal(set) var requests = 0
    /// Bytes of SOAP bodies as sent.
    public internal(set) var bytesSent: Int64 = 0
    /// Bytes of SOAP bodies as received, compressed where the server compresses.
    public internal(set) var bytesReceived: Int64 = 0
    public internal(set) var counts = Counts()
    /// Software that is a thing of its own and needed, offered or installed, by title and id.
    public internal(set) var updates: [Update] = []
    /// What the driver pass brought for the hardware listed. They are neither downloaded nor reported.
    public internal(set) var drivers: [Driver] = []
    /// Whether the server took every event; nothing where reports were not asked for.
    public internal(set) var isReported: Bool?
    /// The way to the server that was taken: `direct`, or `system proxy` or `user proxy` and which.
    public internal(set) var way: String?
    /// What did not stop the scan but should be known.
    public internal(set) var warnings: [String] = []

    public struct Counts: Hashable, Sendable, Codable {
        /// Revisions held after the scan, categories and members of bundles included.
        public internal(set) var known = 0
        public internal(set) var new = 0
        public internal(set) var changed = 0
        public internal(set) var outOfScope = 0
        /// Held before, and kept under the ids of a server that changed.
        public internal(set) var refreshed = 0
        /// Approved for installation and absent.
        public internal(set) var offered = 0
        /// Applicable and absent, approved or not.
        public internal(set) var needed = 0
        public internal(set) var installed = 0
        /// Drivers the driver pass brought; they are neither offered nor reported.
        public internal(set) var drivers = 0
        public internal(set) var filesDownloaded = 0
        /// Held and verified already.
        public internal(set) var filesPresent = 0
        public internal(set) var filesFailed = 0
        /// Offered updates that are refused whole: what they start is not believed.
        public internal(set) var quarantined = 0
        /// Bytes of content fetched by this scan.
        public internal(set) var bytesDownloaded: Int64 = 0
    }

    public struct Update: Hashable, Sendable, Codable {
        public let revisionID: RevisionID
        public let identity: UpdateIdentity
        /// Nothing where it was not asked for: only offered updates' titles are. Any text, from whoever wrote the update.
        public let title: String?
        public let action: DeploymentAction
        public let deadline: String?
        /// Applicable and absent: reported as needed.
        public let isNeeded: Bool
        /// Approved for installation and absent: its files are what is downloaded.
        public let isOffered: Bool
        /// Something that is installed or offered takes its place; then it is not offered.
        public let isSuperseded: Bool
        public let isInstalled: Bool
        /// Its own files and those of its members.
        public internal(set) var files: [File] = []
        /// Why it could not be installed as it stands, apart from the errors of ``files``: members that were not delivered, since their own
        /// prerequisites are not met here. The scan is none the less complete.
        public internal(set) var errors: [String] = []
    }

    public struct Driver: Hashable, Sendable, Codable {
        public let revisionID: RevisionID
        public let identity: UpdateIdentity
        public let action: DeploymentAction
        /// Of the device's hardware ids, those that the server says it matched.
        public let hardwareIDs: [String]
    }

    public struct File: Hashable, Sendable, Codable {
        /// As the update names it, made safe.
        public let name: String
        /// Bytes, by the metadata.
        public let size: Int64
        /// Hexadecimal, lower case; nothing where the metadata has none.
        public let sha256: String?
        /// Where it is, verified; nothing where it is not.
        public internal(set) var path: String?
        public internal(set) var error: String?
    }

    /// Whether all that was asked for was done: every file is had, no update was refused, and every report was taken.
    public var isComplete: Bool { counts.filesFailed == 0 && counts.quarantined == 0 && isReported != false }

    init(server: String, deviceID: DeviceID, dnsName: String, startedAt: Timestamp, isFullScan: Bool) {
        self.server = server
        self.deviceID = deviceID
        self.dnsName = dnsName
        self.startedAt = startedAt.text(.milliseconds)
        self.isFullScan = isFullScan
    }
}
