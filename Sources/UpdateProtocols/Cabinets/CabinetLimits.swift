/// How much of a cabinet is read before it is refused. All of it is checked against the directory, before anything is decompressed.
public struct CabinetLimits: Hashable, Sendable {
    /// The format itself ends at 65,535.
    public var members: Int
    /// Bytes of one member, decompressed. The format itself ends at 2 GiB.
    public var member: Int64
    /// Bytes of all members, decompressed.
    public var total: Int64
    /// Decompressed bytes for each byte of the cabinet, and ``allowance`` beside.
    public var ratio: Int64
    /// What any cabinet may hold however small it is.
    public var allowance: Int64

    public init(members: Int, member: Int64, total: Int64, ratio: Int64, allowance: Int64) {
        self.members = members
        self.member = member
        self.total = total
        self.ratio = ratio
        self.allowance = allowance
    }

    /// For wsusscn2.cab and the cabinets in it, which are text: about a gigabyte, of members of tens of megabytes.
    public static let offlineScan = CabinetLimits(members: 65_535, member: 2 << 30, total: 64 << 30, ratio: 200, allowance: 64 << 20)

    /// For a payload whose directory is read and nothing else.
    public static let payload = CabinetLimits(members: 65_535, member: 2 << 30, total: 64 << 30, ratio: 100_000, allowance: 1 << 30)

    /// For one update document in UTF-16.
    public static let document = CabinetLimits(members: 16, member: 256 << 20, total: 256 << 20, ratio: 200, allowance: 64 << 20)
}
