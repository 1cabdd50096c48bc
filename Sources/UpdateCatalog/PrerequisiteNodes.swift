import Updates

/// The prerequisites of all revisions.
///
/// Thousands of revisions share a list of clauses, a *node*, so what a device is entitled to is decided for nodes. A clause may name updates
/// that are not held: they satisfy nothing.
final class PrerequisiteNodes: Sendable {
    /// The updates each clause names, ascending.
    let clauses: Lists<UInt32>
    /// The clauses of each node, ascending, each once.
    let nodes: Lists<UInt32>
    let revisionsOfNode: Lists<UInt32>
    let clausesNamingUpdate: Lists<UInt32>
    let nodesWithClause: Lists<UInt32>
    /// The nodes that have a clause as one with `IsCategory`.
    private let nodesInCategoryClause: Lists<UInt32>

    init(_ table: RevisionTable) {
        clauses = table.clauses
        nodes = table.clausesOfNode
        revisionsOfNode = Lists(positionsIn: table.rows.lazy.map(\.node), count: nodes.count)
        clausesNamingUpdate = clauses.inverse(count: table.updateIDs.count)
        nodesWithClause = nodes.inverse(count: clauses.count)
        nodesInCategoryClause = table.categoryClausesOfNode.inverse(count: clauses.count)
    }

    /// The updates that any clause of a node names; an update in two clauses comes twice.
    func updatesNamed(by node: UInt32) -> some Sequence<UInt32> {
        nodes[Int(node)].lazy.flatMap { self.clauses[Int($0)] }
    }

    /// The revisions with an `IsCategory` clause that names an update; one with two such comes twice.
    func revisions(inCategory update: UInt32) -> some Sequence<UInt32> {
        clausesNamingUpdate[Int(update)].lazy.flatMap { self.nodesInCategoryClause[Int($0)] }.flatMap { self.revisionsOfNode[Int($0)] }
    }

    /// The nodes whose every clause names one of `installed`.
    func satisfied(by installed: [UInt32]) -> [UInt32] {
        var isSatisfied = DenseSet(capacity: clauses.count)
        var missing = nodes.indices.map { UInt32(nodes.range(of: $0).count) }
        for update in installed {
            for clause in clausesNamingUpdate[Int(update)] where !isSatisfied.contains(clause) {
                isSatisfied.insert(clause)
                for node in nodesWithClause[Int(clause)] { missing[Int(node)] -= 1 }
            }
        }
        return missing.indices.filter { missing[$0] == 0 }.map { UInt32($0) }
    }
}
