import Updates

/// What follows from the revisions and the declines: which revision of each update devices are given, if any.
final class Standing: Sendable {
    let graph: RevisionGraph
    let declines: [UpdateID: Decline]
    let declined: DenseSet
    let allowances: [UpdateIdentity: Allowance]
    /// The updates whose delivered revision is quarantined and not allowed.
    let quarantined: DenseSet
    /// The revision of each update that devices get, where they get the update at all; none for an update that is only named.
    let deliveredOfUpdate: [UInt32]
    /// The updates that may be delivered: held, neither declined nor quarantined nor waiting for a reference nor a member of undeliverable bundles only.
    let deliverable: DenseSet
    /// What every device is given while nothing restricts it to what is approved: revisions.
    let scope: DenseSet
    /// For each update, the last change of its relations or its decline.
    let changed: [Generation]
    /// The greatest of ``changed``: most devices have seen all.
    let lastChange: Generation

    init(graph: RevisionGraph, declines: [UpdateID: Decline], allowances: [UpdateIdentity: Allowance]) {
        self.graph = graph
        self.allowances = allowances
        self.declines = declines
        let content = graph.content
        var declined = DenseSet(capacity: content.updateCount)
        var changed = graph.relationsChanged
        for decline in declines.values {
            guard let update = content.update(decline.updateID) else { continue }
            if decline.isDeclined { declined.insert(update) }
            changed[Int(update)] = max(changed[Int(update)], decline.generation)
        }
        for allowance in allowances.values {
            guard let update = content.update(allowance.identity.updateID) else { continue }
            changed[Int(update)] = max(changed[Int(update)], allowance.generation)
        }
        self.declined = declined
        self.changed = changed
        lastChange = changed.max() ?? .zero
        deliveredOfUpdate = Self.delivered(graph, declined)
        var references = References(graph: graph, delivered: deliveredOfUpdate)
        quarantined = Self.quarantined(content, deliveredOfUpdate, allowances)
        var withheld = declined
        for update in quarantined { withheld.insert(update) }
        deliverable = references.deliverable(without: withheld)
        var scope = DenseSet(capacity: content.count)
        for update in deliverable { scope.insert(deliveredOfUpdate[Int(update)]) }
        self.scope = scope
    }

    private static func quarantined(
        _ content: RevisionContent, _ delivered: [UInt32], _ allowances: [UpdateIdentity: Allowance]
    ) -> DenseSet {
        var quarantined = DenseSet(capacity: content.updateCount)
        for (update, revision) in delivered.enumerated() where revision != RevisionContent.none {
            let row = content.row(revision)
            guard row.isQuarantined else { continue }
            let identity = UpdateIdentity(updateID: content.id(ofUpdate: UInt32(update)), revisionNumber: row.number)
            if allowances[identity]?.isAllowed != true { quarantined.insert(UInt32(update)) }
        }
        return quarantined
    }

    /// The current revision; for a bundle member the newest that a bundle names and that is held, if any: bundles name exact revisions, and
    /// their member must not run ahead of them.
    private static func delivered(_ graph: RevisionGraph, _ declined: DenseSet) -> [UInt32] {
        let content = graph.content
        var delivered = content.currentOfUpdate
        var isNamed = DenseSet(capacity: content.updateCount)
        for group in graph.bundles.membersOfGroup.indices {
            let owner = graph.bundles.ownerOfGroup[group]
            guard content.isCurrent(owner), !declined.contains(content.update(of: owner)) else { continue }
            for member in graph.bundles.membersOfGroup[group] where graph.bundles.mayDeliver(member, for: owner, content) {
                let update = content.update(of: member)
                if isNamed.contains(update), !isNewer(content.row(member), than: content.row(delivered[Int(update)])) { continue }
                isNamed.insert(update)
                delivered[Int(update)] = member
            }
        }
        return delivered
    }

    private static func isNewer(_ row: RevisionTable.Row, than other: RevisionTable.Row) -> Bool {
        (row.number, row.id) > (other.number, other.id)
    }

    /// The delivered revisions of updates and of everything they need: prerequisites, bundle members, and so on.
    func closure(of updates: some Sequence<UInt32>) -> DenseSet {
        let content = graph.content
        var closure = DenseSet(capacity: content.count)
        var queue = updates.filter { deliverable.contains($0) }
        while let update = queue.popLast() {
            let revision = deliveredOfUpdate[Int(update)]
            guard !closure.contains(revision) else { continue }
            closure.insert(revision)
            queue.append(contentsOf: graph.prerequisites.updatesNamed(by: content.row(revision).node).filter { deliverable.contains($0) })
            for group in graph.bundles.groupsOfRevision[Int(revision)] {
                for member in graph.bundles.membersOfGroup[Int(group)] where scope.contains(member) { queue.append(content.update(of: member)) }
            }
        }
        return closure
    }
}

/// Counts, for each reference, what still meets it, and drops updates until all that remain have what they refer to.
///
/// The greatest such set: a cycle of bundles or prerequisites does not exclude itself.
private struct References {
    private let graph: RevisionGraph
    private let delivered: [UInt32]
    /// Updates of each clause, delivered members of each bundle group, and parents of each update that are not dropped.
    private var meetingClause: [UInt32]
    private var meetingGroup: [UInt32]
    private var parents: [UInt32]
    private var remaining: DenseSet
    private var dropped: [UInt32] = []

    init(graph: RevisionGraph, delivered: [UInt32]) {
        self.graph = graph
        self.delivered = delivered
        let (clauses, bundles) = (graph.prerequisites.clauses, graph.bundles)
        meetingClause = clauses.indices.map { UInt32(clauses.range(of: $0).count) }
        meetingGroup = bundles.membersOfGroup.indices.map { group in
            UInt32(bundles.membersOfGroup[group].count { delivered[Int(graph.content.update(of: $0))] == $0 })
        }
        parents = delivered.indices.map { UInt32(bundles.parentsOfUpdate.range(of: $0).count) }
        remaining = DenseSet(capacity: delivered.count)
        for update in delivered.indices { remaining.insert(UInt32(update)) }
    }

    mutating func deliverable(without withheld: DenseSet) -> DenseSet {
        for update in delivered.indices where delivered[update] == RevisionContent.none { drop(UInt32(update)) }
        for update in withheld { drop(update) }
        for clause in meetingClause.indices where meetingClause[clause] == 0 { dropRevisions(withClause: clause) }
        for group in meetingGroup.indices where meetingGroup[group] == 0 { dropIfDelivered(graph.bundles.ownerOfGroup[group]) }
        while let update = dropped.popLast() {
            for clause in graph.prerequisites.clausesNamingUpdate[Int(update)] {
                meetingClause[Int(clause)] -= 1
                if meetingClause[Int(clause)] == 0 { dropRevisions(withClause: Int(clause)) }
            }
            guard delivered[Int(update)] != RevisionContent.none else { continue }
            for group in graph.bundles.groupsNamingRevision[Int(delivered[Int(update)])] {
                meetingGroup[Int(group)] -= 1
                if meetingGroup[Int(group)] == 0 { dropIfDelivered(graph.bundles.ownerOfGroup[Int(group)]) }
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
