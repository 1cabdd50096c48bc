import Updates

/// The target groups under All Computers.
struct GroupTree: Sendable, Hashable {
    private let parents: [GroupID: GroupID]

    init(_ groups: [TargetGroup]) {
        parents = Dictionary(
            groups.compactMap { group in group.id == .allComputers ? nil : (group.id, group.parent ?? .allComputers) },
            uniquingKeysWith: { $1 })
    }

    /// The groups and all above them, each with its depth; All Computers, where every device is, has depth 0.
    ///
    /// A group that does not exist adds nothing.
    func depths(of groups: Set<GroupID>) -> [GroupID: Int] {
        groups.reduce(into: [.allComputers: 0]) { depths, group in
            for (depth, group) in chain(of: group).reversed().enumerated() { depths[group] = depth + 1 }
        }
    }

    /// A group and those between it and All Computers, nearest first.
    private func chain(of group: GroupID) -> [GroupID] {
        var chain: [GroupID] = []
        var next = group
        while let parent = parents[next], !chain.contains(next) {
            chain.append(next)
            next = parent
        }
        return chain
    }
}
