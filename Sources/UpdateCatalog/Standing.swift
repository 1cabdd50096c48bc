import Updates

/// What follows from the revisions and the declines: which revision of each update devices are given, if any.
final class Standing: Sendable {
    let graph: RevisionGraph
    let declines: [UpdateID: Decline]
    let declined: DenseSet
    /// The revision of each update that devices get, where they get the update at all.
    let deliveredOfUpdate: [UInt32]
    /// The updates that may be delivered: neither declined nor waiting for a reference nor a member of undeliverable bundles only.
    let deliverable: DenseSet
    /// What every device is given while nothing restricts it to what is approved.
    let scope: Scope
    /// For each update, the last change of its relations or its decline.
    let changed: [Generation]

    init(graph: RevisionGraph, declines: [UpdateID: Decline]) {
        self.graph = graph
        self.declines = declines
        let content = graph.content
        var declined = DenseSet(capacity: content.updateIDs.count)
        var changed = graph.relationsChanged
        for decline in declines.values {
            guard let update = content.updates[decline.updateID] else { continue }
            if decline.isDeclined { declined.insert(update) }
            changed[Int(update)] = max(changed[Int(update)], decline.generation)
        }
        self.declined = declined
        self.changed = changed
        deliveredOfUpdate = Self.delivered(graph, declined)
        var references = References(graph: graph, delivered: deliveredOfUpdate)
        deliverable = references.deliverable(without: declined)
        var revisions = DenseSet(capacity: content.revisions.count)
        for update in deliverable { revisions.insert(deliveredOfUpdate[Int(update)]) }
        scope = Scope(graph: graph, revisions: revisions)
    }

    /// The current revision; for a bundle member the newest that a bundle names and that is held, if any: bundles name exact revisions, and
    /// their member must not run ahead of them.
    private static func delivered(_ graph: RevisionGraph, _ declined: DenseSet) -> [UInt32] {
        let content = graph.content
        var named = [UInt32?](repeating: nil, count: content.updateIDs.count)
        for group in graph.bundles.groups {
            let parent = content.update(of: group.owner)
            guard content.currentOfUpdate[Int(parent)] == group.owner, !declined.contains(parent) else { continue }
            for member in group.members where graph.bundles.mayDeliver(member, for: group.owner, content) {
                let update = Int(content.update(of: member))
                if let other = named[update], !isNewer(content.revisions[Int(member)], than: content.revisions[Int(other)]) { continue }
                named[update] = member
            }
        }
        return zip(named, content.currentOfUpdate).map { $0 ?? $1 }
    }

    private static func isNewer(_ revision: CatalogRevision, than other: CatalogRevision) -> Bool {
        (revision.identity.revisionNumber, revision.id) > (other.identity.revisionNumber, other.id)
    }

    /// The delivered revisions of updates and of everything they need: prerequisites, bundle members, and so on.
    func closure(of updates: some Sequence<UInt32>) -> DenseSet {
        let content = graph.content
        var closure = DenseSet(capacity: content.revisions.count)
        var queue = updates.filter { deliverable.contains($0) }
        while let update = queue.popLast() {
            let revision = deliveredOfUpdate[Int(update)]
            guard !closure.contains(revision) else { continue }
            closure.insert(revision)
            queue.append(contentsOf: graph.prerequisites.updatesNamed(by: revision).filter { deliverable.contains($0) })
            for group in graph.bundles.groupsOfRevision[Int(revision)] {
                for member in graph.bundles.groups[group].members {
                    let update = content.update(of: member)
                    if deliverable.contains(update), deliveredOfUpdate[Int(update)] == member { queue.append(update) }
                }
            }
        }
        return closure.intersection(scope.revisions)
    }
}

/// Counts, for each reference, what still meets it, and drops updates until all that remain have what they refer to.
///
/// The greatest such set: a cycle of bundles or prerequisites does not exclude itself.
private struct References {
    let graph: RevisionGraph
    let delivered: [UInt32]
    /// Updates of each clause, delivered members of each bundle group, and parents of each update that are not dropped.
    var meetingClause: [Int]
    var meetingGroup: [Int]
    var parents: [Int]
    var remaining: DenseSet
    var dropped: [UInt32] = []

    init(graph: RevisionGraph, delivered: [UInt32]) {
        self.graph = graph
        self.delivered = delivered
        let content = graph.content
        meetingClause = graph.prerequisites.clauses.map(\.count)
        meetingGroup = graph.bundles.groups.map { group in
            group.members.count { delivered[Int(content.update(of: $0))] == $0 }
        }
        parents = graph.bundles.parentsOfUpdate.map(\.count)
        remaining = DenseSet(capacity: content.updateIDs.count)
        for update in content.updateIDs.indices { remaining.insert(UInt32(update)) }
    }

    mutating func deliverable(without declined: DenseSet) -> DenseSet {
        for update in declined { drop(update) }
        for clause in meetingClause.indices where meetingClause[clause] == 0 { dropRevisions(withClause: clause) }
        for group in meetingGroup.indices where meetingGroup[group] == 0 { dropIfDelivered(graph.bundles.groups[group].owner) }
        while let update = dropped.popLast() {
            for clause in graph.prerequisites.clausesNamingUpdate[Int(update)] {
                meetingClause[Int(clause)] -= 1
                if meetingClause[Int(clause)] == 0 { dropRevisions(withClause: Int(clause)) }
            }
            for group in graph.bundles.groupsNamingRevision[Int(delivered[Int(update)])] {
                meetingGroup[Int(group)] -= 1
                if meetingGroup[Int(group)] == 0 { dropIfDelivered(graph.bundles.groups[Int(group)].owner) }
            }
            for member in graph.bundles.membersOfUpdate[Int(update)] {
                parents[Int(member)] -= 1
                if parents[Int(member)] == 0 { drop(member) }
            }
        }
        return remaining
    }

    private mutating func dropRevisions(withClause clause: Int) {
        for node in graph.prerequisites.nodesWithClause[clause] {
            for revision in graph.prerequisites.revisionsOfNode[Int(node)] { dropIfDelivered(revision) }
        }
    }

    private mutating func dropIfDelivered(_ revision: UInt32) {
        let update = graph.content.update(of: revision)
        if delivered[Int(update)] == revision { drop(update) }
    }

    private mutating func drop(_ update: UInt32) {
        guard remaining.contains(update) else { return }
        remaining.remove(update)
        dropped.append(update)
    }
}
