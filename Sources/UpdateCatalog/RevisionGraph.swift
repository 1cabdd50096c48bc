import Updates

/// What follows from the revisions alone, whatever is approved or declined.
final class RevisionGraph: Sendable {
    let content: RevisionContent
    let prerequisites: PrerequisiteNodes
    let bundles: BundleRelations
    let drivers: DriverIndex
    /// The updates whose current revision supersedes an update and whose source is trusted enough to say so.
    let supersedersOfUpdate: Lists<UInt32>
    /// The updates that some revision in use names as a prerequisite.
    let nonLeaf: DenseSet
    /// Revisions of ``nonLeaf``, and of members of bundles.
    let nonLeafRevisions: DenseSet
    let memberRevisions: DenseSet
    /// For each update, the change that last made it leaf or non-leaf, member or not; where that is not known exactly, a later one.
    let relationsChanged: [Generation]
    /// What installed sets satisfy. Of the graph, so that no approval and no decline forgets it.
    let satisfied = BoundedCache<[UInt32], DenseSet>(limit: CatalogLimits.rememberedInstalledSets)

    init(_ table: RevisionTable) {
        content = RevisionContent(table)
        prerequisites = PrerequisiteNodes(table)
        bundles = BundleRelations(content)
        drivers = DriverIndex(table)
        supersedersOfUpdate = Self.superseders(content)
        let changes = RelationChanges(content, prerequisites, bundles)
        nonLeaf = changes.nonLeaf
        relationsChanged = changes.changed
        var nonLeafRevisions = DenseSet(capacity: content.count)
        var memberRevisions = nonLeafRevisions
        for (revision, row) in table.rows.enumerated() {
            if nonLeaf.contains(row.update) { nonLeafRevisions.insert(UInt32(revision)) }
            if bundles.isMember(row.update) { memberRevisions.insert(UInt32(revision)) }
        }
        self.nonLeafRevisions = nonLeafRevisions
        self.memberRevisions = memberRevisions
    }

    /// The revisions whose every prerequisite is met, delivered or not.
    ///
    /// - Parameter installed: updates of which the device has some revision installed, ascending, each once.
    func revisions(satisfiedBy installed: [UInt32]) -> DenseSet {
        satisfied.value(for: installed) {
            var revisions = DenseSet(capacity: content.count)
            for node in prerequisites.satisfied(by: installed) {
                for revision in prerequisites.revisionsOfNode[Int(node)] { revisions.insert(revision) }
            }
            return revisions
        }
    }

    private static func superseders(_ content: RevisionContent) -> Lists<UInt32> {
        var supersededByUpdate = Lists<UInt32>()
        for update in 0..<UInt32(content.updateCount) {
            let superseded = content.isHeld(update) ? content.table.superseded.range(of: Int(content.currentOfUpdate[Int(update)])) : 0..<0
            if superseded.isEmpty {
                supersededByUpdate.append([])
                continue
            }
            let named = Array(content.table.superseded.elements[superseded]).sortedWithoutRepeats()
            supersededByUpdate.append(
                named.filter { $0 != update && content.isHeld($0) && content.trust(of: update) >= content.trust(of: $0) })
        }
        return supersededByUpdate.inverse(count: content.updateCount)
    }
}
