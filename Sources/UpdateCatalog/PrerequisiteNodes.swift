import Updates

/// The prerequisites of all revisions: clauses and sets of clauses are kept once each.
///
/// Thousands of revisions share a set of clauses, a *node*, so what a device is entitled to is decided for nodes.
/// Ids of updates that are not held are left out of clauses: they satisfy nothing.
struct PrerequisiteNodes: Sendable {
    /// The updates each clause names, ascending.
    let clauses: [[UInt32]]
    /// The clauses of each node, ascending.
    let nodes: [[UInt32]]
    let nodeOfRevision: [UInt32]
    let revisionsOfNode: [[UInt32]]
    let clausesNamingUpdate: [[UInt32]]
    let nodesWithClause: [[UInt32]]
    /// The revisions with an `IsCategory` clause that names an update.
    let revisionsInCategory: [[UInt32]]

    init(revisions: [CatalogRevision], updates: [UpdateID: UInt32]) {
        var clauses = Interner()
        var nodes = Interner()
        var nodeOfRevision: [UInt32] = []
        var revisionsInCategory = [[UInt32]](repeating: [], count: updates.count)
        nodeOfRevision.reserveCapacity(revisions.count)
        for (revision, content) in revisions.enumerated() {
            var node: [UInt32] = []
            for prerequisite in content.prerequisites {
                let named = prerequisite.anyOf.compactMap { updates[$0] }.sortedWithoutRepeats()
                node.append(clauses.intern(named))
                guard prerequisite.isCategory else { continue }
                for update in named where revisionsInCategory[Int(update)].last != UInt32(revision) {
                    revisionsInCategory[Int(update)].append(UInt32(revision))
                }
            }
            nodeOfRevision.append(nodes.intern(node.sortedWithoutRepeats()))
        }
        self.clauses = clauses.lists
        self.nodes = nodes.lists
        self.nodeOfRevision = nodeOfRevision
        self.revisionsInCategory = revisionsInCategory
        revisionsOfNode = Self.inverse(nodeOfRevision.map { [$0] }, count: nodes.lists.count)
        clausesNamingUpdate = Self.inverse(clauses.lists, count: updates.count)
        nodesWithClause = Self.inverse(nodes.lists, count: clauses.lists.count)
    }

    /// The updates that any clause of a revision names; an update in two clauses comes twice.
    func updatesNamed(by revision: UInt32) -> some Sequence<UInt32> {
        nodes[Int(nodeOfRevision[Int(revision)])].lazy.flatMap { clauses[Int($0)] }
    }

    /// The nodes whose every clause names one of `installed`.
    func satisfied(by installed: [UInt32]) -> [UInt32] {
        var isSatisfied = DenseSet(capacity: clauses.count)
        var missing = nodes.map { UInt32($0.count) }
        for update in installed {
            for clause in clausesNamingUpdate[Int(update)] where !isSatisfied.contains(clause) {
                isSatisfied.insert(clause)
                for node in nodesWithClause[Int(clause)] { missing[Int(node)] -= 1 }
            }
        }
        return missing.indices.filter { missing[$0] == 0 }.map { UInt32($0) }
    }

    private static func inverse(_ lists: [[UInt32]], count: Int) -> [[UInt32]] {
        var inverse = [[UInt32]](repeating: [], count: count)
        for (index, list) in lists.enumerated() {
            for element in list { inverse[Int(element)].append(UInt32(index)) }
        }
        return inverse
    }

    /// Gives equal lists one number.
    private struct Interner {
        var lists: [[UInt32]] = []
        var numbers: [[UInt32]: UInt32] = [:]

        mutating func intern(_ list: [UInt32]) -> UInt32 {
            if let number = numbers[list] { return number }
            let number = UInt32(lists.count)
            lists.append(list)
            numbers[list] = number
            return number
        }
    }
}

extension Array where Element: Comparable {
    func sortedWithoutRepeats() -> [Element] {
        guard count > 1 else { return self }
        var result: [Element] = []
        for element in sorted() where result.last != element { result.append(element) }
        return result
    }
}
