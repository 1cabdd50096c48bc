/// Names counted, the first of them kept.
public struct NameList: Sendable, Hashable {
    /// Most that are kept.
    public static let limit = 500

    public private(set) var count = 0
    public private(set) var names: [String] = []

    public init() {}

    public mutating func add(_ name: String) {
        count += 1
        if names.count < Self.limit { names.append(name) }
    }

    /// Adds those of later devices.
    public mutating func add(_ other: NameList) {
        count += other.count
        names += other.names.prefix(Self.limit - names.count)
    }
}
