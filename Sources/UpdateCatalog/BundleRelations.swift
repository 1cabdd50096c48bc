import Updates

/// Which revisions are bundled by which.
///
/// A bundle names its members with their revisions. Those not held are left out of groups: a group that is left empty is unmet.
final class BundleRelations: Sendable {
    /// Revisions, ascending.
    let membersOfGroup: Lists<UInt32>
    let ownerOfGroup: [UInt32]
    let groupsOfRevision: Lists<UInt32>
    let groupsNamingRevision: Lists<UInt32>
    /// The updates whose current revision bundles an update, by any revision of it, and whose source is trusted enough to say so.
    let parentsOfUpdate: Lists<UInt32>
    /// The inverse of ``parentsOfUpdate``.
    let membersOfUpdate: Lists<UInt32>

    init(_ content: RevisionContent) {
        let table = content.table
        groupsOfRevision = table.groupsOfRow
        var owners: [UInt32] = []
        for revision in table.rows.indices { owners += repeatElement(UInt32(revision), count: table.groupsOfRow.range(of: revision).count) }
        ownerOfGroup = owners
        var members = Lists<UInt32>()
        for group in table.membersOfGroup.indices {
            members.append(
                table.membersOfGroup[group].compactMap { content.index(ofUpdate: $0.update, $0.number) }.sortedWithoutRepeats())
        }
        membersOfGroup = members
        groupsNamingRevision = members.inverse(count: content.count)
        var membersOfUpdate = Lists<UInt32>()
        for parent in 0..<UInt32(content.updateCount) {
            let groups = content.isHeld(parent) ? table.groupsOfRow.range(of: Int(content.currentOfUpdate[Int(parent)])) : 0..<0
            if groups.isEmpty {
                membersOfUpdate.append([])
                continue
            }
            let named = table.groupsOfRow.elements[groups]
                .flatMap { table.membersOfGroup[Int($0)].map(\.update) }.sortedWithoutRepeats()
            membersOfUpdate.append(
                named.filter { $0 != parent && content.isHeld($0) && content.trust(of: parent) >= content.trust(of: $0) })
        }
        self.membersOfUpdate = membersOfUpdate
        parentsOfUpdate = membersOfUpdate.inverse(count: content.updateCount)
    }

    func isMember(_ update: UInt32) -> Bool { !parentsOfUpdate.range(of: Int(update)).isEmpty }

    /// Whether a bundle's naming of a revision can make it the one delivered: the bundle's source is trusted as much as the update,
    /// and the revision is of the update's most trusted source.
    func mayDeliver(_ member: UInt32, for owner: UInt32, _ content: RevisionContent) -> Bool {
        let update = content.update(of: member)
        let parent = content.update(of: owner)
        return parent != update && content.trust(of: parent) >= content.trust(of: update)
            && content.trust(ofRevision: member) == content.trust(of: update)
    }
}
