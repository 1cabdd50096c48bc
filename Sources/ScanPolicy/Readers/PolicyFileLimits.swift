/// How much is read of what an administrator hands in. Every limit has a test at one less and one more.
public struct PolicyFileLimits: Hashable, Sendable {
    /// Bytes of one file; also of a file of many devices for each of its lines, see ``line``. Reports of a whole domain are a few hundred KB.
    public var file = 16 << 20
    /// Registry values (and deletions) of one file. The security baselines of Microsoft have some hundred.
    public var values = 20_000
    /// Bytes of the data of one value; [MS-GPREG] 2.2.1 allows 65,535 in Registry.pol, exports may have more.
    public var data = 1 << 20
    /// UTF-16 units of the name of a key or value; Windows allows 255 for each part of a key and 16,383 for a value.
    public var name = 16_383
    /// Elements within elements of an XML file.
    public var depth = 32
    /// Elements of an XML file. A report of a large policy has some thousand.
    public var elements = 200_000
    /// Bytes between two tags of an XML file.
    public var text = 1 << 20
    /// Bytes of one device in the JSON form, and of one line of a file of many devices.
    public var line = 64 << 10
    /// Arrays and objects within each other in JSON.
    public var nesting = 8
    /// Devices of one run.
    public var devices = 200_000
    /// Files of one device.
    public var filesOfDevice = 64
    /// Entries of one folder.
    public var folder = 200_000

    public init() {}

    public static let standard = PolicyFileLimits()
}
