import Updates

/// Finds the dense index of a revision id without hashing: a device names thousands of ids in one request.
///
/// Ids come from a counter, so pages of neighbours are full; an id far from the others costs one page, not a table up to it.
struct RevisionIndex: Sendable {
    private static let pageBits: Int32 = 8
    private static let none = UInt32.max
    /// For each page of ids, where its slots begin.
    private var directory: [UInt32] = []
    private var slots: [UInt32] = []

    /// - Parameter ids: ascending and positive; the index of each is its position.
    init(_ ids: some Collection<RevisionID>) {
        guard let greatest = ids.max()?.rawValue, greatest >= 0 else { return }
        directory = [UInt32](repeating: Self.none, count: Int(greatest >> Self.pageBits) + 1)
        for (index, id) in ids.enumerated() where id.rawValue >= 0 {
            let page = Int(id.rawValue >> Self.pageBits)
            if directory[page] == Self.none {
                directory[page] = UInt32(slots.count)
                slots.append(contentsOf: repeatElement(Self.none, count: 1 << Self.pageBits))
            }
            slots[Int(directory[page]) + Int(id.rawValue & (1 << Self.pageBits - 1))] = UInt32(index)
        }
    }

    subscript(id: RevisionID) -> UInt32? {
        let page = Int(id.rawValue >> Self.pageBits)
        guard id.rawValue >= 0, page < directory.count, directory[page] != Self.none else { return nil }
        let index = slots[Int(directory[page]) + Int(id.rawValue & (1 << Self.pageBits - 1))]
        return index == Self.none ? nil : index
    }
}
