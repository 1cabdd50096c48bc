import Updates

/// Which revisions are bundled by which.
///
/// A bundle names its members with their revisions. Those not held are left out of groups: a group that is left empty is unmet.
struct BundleRelations: Sendable {
    struct Group: Sendable {
        let owner: UInt32
        /// Revisions, ascending.
        let members: [UInt32]
    }

    let groups: [Group]
    let groupsOfRevision: [Range<Int>]
    let groupsNamingRevision: [[UInt32]]
    /// The updates whose current revision bundles an update, by any revision of it, and whose source is trusted enough to say so.
    let parentsOfUpdate: [[UInt32]]
    /// The inverse of ``parentsOfUpdate``.
    let membersOfUpdate: [[UInt32]]

    init(_ content: RevisionContent) {
        var groups: [Group] = []
        var groupsOfRevision: [Range<Int>] = []
        var groupsNamingRevision = [[UInt32]](repeating: [], count: content.revisions.count)
        var parents = [[UInt32]](repeating: [], count: content.updateIDs.count)
        var members = [[UInt32]](repeating: [], count: content.updateIDs.count)
        for (index, revision) in content.revisions.enumerated() {
            let first = groups.count
            for group in revision.bundledUpdates {
                let held = group.anyOf.compactMap { content.index(of: $0) }.sortedWithoutRepeats()
                for member in held { groupsNamingRevision[Int(member)].append(UInt32(groups.count)) }
                groups.append(Group(owner: UInt32(index), members: held))
            }
            groupsOfRevision.append(first..<groups.count)

            let parent = content.updateOfRevision[index]
            guard content.currentOfUpdate[Int(parent)] == UInt32(index) else { continue }
            let named = revision.bundledUpdates.flatMap { $0.anyOf.compactMap { content.updates[$0.updateID] } }.sortedWithoutRepeats()
            for member in named where member != parent && content.trust(of: parent) >= content.trust(of: member) {
                parents[Int(member)].append(parent)
                members[Int(parent)].append(member)
            }
        }
        self.groups = groups
        self.groupsOfRevision = groupsOfRevision
        self.groupsNamingRevision = groupsNamingRevision
        parentsOfUpdate = parents
        membersOfUpdate = members
    }

    func isMember(_ update: UInt32) -> Bool { !parentsOfUpdate[Int(update)].isEmpty }
}
