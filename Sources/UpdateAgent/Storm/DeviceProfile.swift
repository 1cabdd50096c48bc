public import Updates

/// What one kind of device does, recorded from a real first scan of it: many devices of the kind repeat it with ids and cookies of their own.
///
/// Revision ids are a server's own: a profile is good for the server it was recorded at, until that is restored or its catalogue changes much.
public struct DeviceProfile: Hashable, Sendable, Codable {
    static let currentFormat = 1

    /// A SyncUpdates call of the first scan.
    struct Page: Hashable, Sendable, Codable {
        var installed: [RevisionID]
        var cached: [RevisionID]
        var isDriverPass: Bool
    }

    /// A file that the kind would download.
    struct File: Hashable, Sendable, Codable {
        /// Beneath the server's origin, with its first slash.
        var path: String
        /// Bytes.
        var size: Int64
    }

    var format = Self.currentFormat
    public let name: String
    /// The lists of a device that has scanned: what it sends at every check-in.
    public internal(set) var installed: [RevisionID] = []
    public internal(set) var cached: [RevisionID] = []
    var pages: [Page] = []
    /// The revisions of each GetExtendedUpdateInfo.
    var details: [[RevisionID]] = []
    var files: [File] = []
    /// What the status report names.
    var needed: [UpdateID] = []
    var installedUpdates: [UpdateID] = []

    init(name: String) {
        self.name = name
    }

    /// Whether it can be repeated: it has a first page, and its files are plain paths under the server, of a size there can be.
    func isUsable(at server: ServerAddress) -> Bool {
        !pages.isEmpty && files.allSatisfy { server.contains(server.description + $0.path) && (1...(1 << 40)).contains($0.size) }
    }
}

/// Profiles as a file holds them.
struct DeviceProfiles: Codable {
    var format = DeviceProfile.currentFormat
    /// The origin they were recorded at.
    var server: String
    var profiles: [DeviceProfile]
}
