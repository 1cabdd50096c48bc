import Updates

/// When an update last became a prerequisite or a bundle member, or ceased to be one.
///
/// A device that scanned before that change must be told. What is not recorded is reckoned too late rather than too early:
/// telling a device once more does no harm.
struct RelationChanges {
    private let content: RevisionContent
    private let prerequisites: PrerequisiteNodes
    private let bundles: BundleRelations
    private(set) var nonLeaf: DenseSet
    /// By update.
    private(set) var changed: [Generation]

    init(_ content: RevisionContent, _ prerequisites: PrerequisiteNodes, _ bundles: BundleRelations) {
        self.content = content
        self.prerequisites = prerequisites
        self.bundles = bundles
        nonLeaf = DenseSet(capacity: content.updateCount)
        changed = [Generation](repeating: .zero, count: content.updateCount)
        let inUse = revisionsInUse()
        findPrerequisites(inUse)
        findMembers()
        findWhatCeased(inUse)
    }

    /// Since when each revision is current or named by a bundle's current revision; nothing for the others.
    private func revisionsInUse() -> [Generation?] {
        var since = [Generation?](repeating: nil, count: content.count)
        for current in content.currentOfUpdate where current != RevisionContent.none { since[Int(current)] = content.row(current).importGeneration }
        for group in bundles.membersOfGroup.indices {
            let owner = bundles.ownerOfGroup[group]
            guard content.isCurrent(owner) else { continue }
            let named = content.row(owner).importGeneration
            for member in bundles.membersOfGroup[group] where !content.isCurrent(member) && bundles.mayDeliver(member, for: owner, content) {
                let begin = max(named, content.row(member).importGeneration)
                since[Int(member)] = min(since[Int(member)] ?? begin, begin)
            }
        }
        return since
    }

    private mutating func findPrerequisites(_ inUse: [Generation?]) {
        for node in prerequisites.nodes.indices {
            var first: Generation?
            for revision in prerequisites.revisionsOfNode[node] {
                if let since = inUse[Int(revision)] { first = min(first ?? since, since) }
            }
            guard let first else { continue }
            for clause in prerequisites.nodes[node] {
                for update in prerequisites.clauses[Int(clause)] {
                    changed[Int(update)] = nonLeaf.contains(update) ? min(changed[Int(update)], first) : first
                    nonLeaf.insert(update)
                }
            }
        }
    }

    private mutating func findMembers() {
        for update in changed.indices {
            let since = bundles.parentsOfUpdate[update].lazy.map { [content] in content.current(of: $0).importGeneration }.min()
            changed[update] = max(changed[update], since ?? .zero)
        }
    }

    /// What an earlier revision said and its successor does not say any more.
    private mutating func findWhatCeased(_ inUse: [Generation?]) {
        for (revision, since) in inUse.enumerated() where since == nil || !content.isCurrent(UInt32(revision)) {
            let row = content.row(UInt32(revision))
            let successor = content.current(of: row.update).importGeneration
            if since == nil {
                for update in prerequisites.updatesNamed(by: row.node) where !nonLeaf.contains(update) {
                    changed[Int(update)] = max(changed[Int(update)], successor)
                }
            }
            for group in content.table.groupsOfRow[revision] {
                for member in content.table.membersOfGroup[Int(group)] where !bundles.isMember(member.update) {
                    changed[Int(member.update)] = max(changed[Int(member.update)], successor)
                }
            }
        }
    }
}
