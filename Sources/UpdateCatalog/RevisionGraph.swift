import Updates

/// What follows from the revisions alone, whatever is approved or declined.
final class RevisionGraph: Sendable {
    let content: RevisionContent
    let prerequisites: PrerequisiteNodes
    let bundles: BundleRelations
    let drivers: DriverIndex
    /// The updates whose current revision supersedes an update and whose source is trusted enough to say so.
    let supersedersOfUpdate: [[UInt32]]
    /// The updates that some revision in use names as a prerequisite.
    let nonLeaf: DenseSet
    /// For each update, the change that last made it leaf or non-leaf, member or not; where that is not known exactly, a later one.
    let relationsChanged: [Generation]

    init(_ revisions: [CatalogRevision]) {
        content = RevisionContent(revisions)
        prerequisites = PrerequisiteNodes(revisions: content.revisions, updates: content.updates)
        bundles = BundleRelations(content)
        drivers = DriverIndex(content.revisions)
        supersedersOfUpdate = Self.superseders(content)
        var changes = RelationChanges(content, prerequisites, bundles)
        changes.find()
        nonLeaf = changes.nonLeaf
        relationsChanged = zip(changes.leafChanged, changes.membershipChanged).map { max($0, $1) }
    }

    private static func superseders(_ content: RevisionContent) -> [[UInt32]] {
        var superseders = [[UInt32]](repeating: [], count: content.updateIDs.count)
        for update in content.updateIDs.indices.map({ UInt32($0) }) {
            let named = content.current(of: update).supersededUpdates.compactMap { content.updates[$0] }.sortedWithoutRepeats()
            for superseded in named where superseded != update && content.trust(of: update) >= content.trust(of: superseded) {
                superseders[Int(superseded)].append(update)
            }
        }
        return superseders
    }
}

/// When an update last became a prerequisite or a bundle member, or ceased to be one.
///
/// A device that scanned before that change must be told. What is not recorded is reckoned too late rather than too early:
/// telling a device once more does no harm.
private struct RelationChanges {
    let content: RevisionContent
    let prerequisites: PrerequisiteNodes
    let bundles: BundleRelations
    var nonLeaf: DenseSet
    var leafChanged: [Generation]
    var membershipChanged: [Generation]

    init(_ content: RevisionContent, _ prerequisites: PrerequisiteNodes, _ bundles: BundleRelations) {
        self.content = content
        self.prerequisites = prerequisites
        self.bundles = bundles
        nonLeaf = DenseSet(capacity: content.updateIDs.count)
        leafChanged = [Generation](repeating: .zero, count: content.updateIDs.count)
        membershipChanged = leafChanged
    }

    mutating func find() {
        let inUseSince = usedRevisions()
        for (revision, since) in inUseSince.enumerated() {
            guard let since else { continue }
            for update in prerequisites.updatesNamed(by: UInt32(revision)) {
                leafChanged[Int(update)] = nonLeaf.contains(update) ? min(leafChanged[Int(update)], since) : since
                nonLeaf.insert(update)
            }
        }
        for update in content.updateIDs.indices {
            membershipChanged[update] =
                bundles.parentsOfUpdate[update].map { content.current(of: $0).importGeneration }.min() ?? .zero
        }
        // What an earlier revision said and its successor does not say any more.
        for (revision, since) in inUseSince.enumerated() where since == nil || !isCurrent(UInt32(revision)) {
            let successor = content.current(of: content.updateOfRevision[revision]).importGeneration
            if since == nil {
                for update in prerequisites.updatesNamed(by: UInt32(revision)) where !nonLeaf.contains(update) {
                    leafChanged[Int(update)] = max(leafChanged[Int(update)], successor)
                }
            }
            for member in content.revisions[revision].bundledUpdates.flatMap(\.anyOf) {
                guard let update = content.updates[member.updateID], !bundles.isMember(update) else { continue }
                membershipChanged[Int(update)] = max(membershipChanged[Int(update)], successor)
            }
        }
    }

    private func isCurrent(_ revision: UInt32) -> Bool {
        content.currentOfUpdate[Int(content.update(of: revision))] == revision
    }

    /// Since when a revision is current or named by a bundle's current revision; nothing for the others.
    private func usedRevisions() -> [Generation?] {
        var since = [Generation?](repeating: nil, count: content.revisions.count)
        for current in content.currentOfUpdate { since[Int(current)] = content.revisions[Int(current)].importGeneration }
        for group in bundles.groups where isCurrent(group.owner) {
            let named = content.revisions[Int(group.owner)].importGeneration
            for member in group.members where !isCurrent(member) && bundles.mayDeliver(member, for: group.owner, content) {
                let begin = max(named, content.revisions[Int(member)].importGeneration)
                since[Int(member)] = min(since[Int(member)] ?? begin, begin)
            }
        }
        return since
    }
}

extension BundleRelations {
    /// Whether a bundle's naming of a revision can make it the one delivered: the bundle's source is trusted as much as the update,
    /// and the revision is of the update's most trusted source.
    func mayDeliver(_ member: UInt32, for owner: UInt32, _ content: RevisionContent) -> Bool {
        let update = content.update(of: member)
        let parent = content.update(of: owner)
        return parent != update && content.trust(of: parent) >= content.trust(of: update)
            && content.revisions[Int(member)].provenance.trust == content.trust(of: update)
    }
}
