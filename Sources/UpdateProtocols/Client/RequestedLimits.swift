/// How much one request may ask for; beyond it is InvalidParameters (architecture: limits; observed.md section 0.2).
public enum RequestedLimits {
    /// Entries of `InstalledNonLeafUpdateIDs`, repeats counted: a real server's own cap.
    public static let installedNonLeafUpdateIDs = 400
    /// Entries of `OtherCachedUpdateIDs`, of `CachedDriverIDs` and of `printerUpdateIDs`.
    public static let otherCachedUpdateIDs = 22_000
    /// Entries of `revisionIDs` and of `updateIDs`; devices are told it as MaxExtendedUpdatesPerRequest.
    public static let revisionIDs = 50
    /// Entries of `locales`, repeats counted, and bytes of each.
    public static let locales = 100
    public static let localeBytes = 64
    /// Bytes of `GeoId`, which has three.
    public static let geoIDBytes = 16
    /// Entries of `authCookies`; beyond it is InvalidAuthorizationCookie.
    public static let authorizationCookies = 16
    /// Bytes of each text that a device says of itself and a server keeps, or compares.
    public static let textBytes = 1024
    /// Devices of `SystemSpec`: a native agent lists some 75 (observed.md section 3).
    public static let devices = 1000
    /// Entries of `HardwareIDs` and `CompatibleIDs` together, of one device; and of `ComputerSpec/HardwareIDs`, of which Windows makes fifteen.
    public static let hardwareIDs = 100
    /// Entries of `globalIDs`: real servers were asked for 200 at once (observed.md section 7).
    public static let globalIDs = 1000
    /// Entries of `fileDigests`.
    public static let fileDigests = 100
    /// Entries of `requestedCategories` and `FilterCategoryIds`: fewer than 200 ([MS-WUSP] note 52).
    public static let categories = 199
    /// Events of a batch.
    public static let events = 500
    /// Bytes of one event as it stands in the request; a longer one is dropped.
    public static let eventBytes = 64 << 10
    /// Strings in each list of an event; one with more is dropped.
    public static let eventStrings = 64
}
