public import Updates

/// How an update stands, for administrators: everything that decides whether and how devices are given it, but approvals.
public struct UpdateCondition: Hashable, Sendable {
    public let current: HeldRevision
    /// The revision that devices are given; nothing if none is, whatever is approved; a driver only to computers with hardware that it is
    /// the best for.
    public let delivered: RevisionID?
    /// Why it waits; empty if it does not.
    public let unmet: [UnmetReference]
    /// Updates whose current revision supersedes it, of a source trusted as much.
    public let supersededBy: [UpdateID]
    public let isExpired: Bool
    public let isDeclined: Bool
    /// What its delivered revision starts is not believed, and not allowed: it is given to nobody.
    public let isQuarantined: Bool
    /// Of its revision that counts, though it be withheld: what devices would be given.
    public let candidate: RevisionID
    /// Bundles it is a member of; it is then approved through them only.
    public let bundleParents: [UpdateID]
    /// Members of its groups that are held.
    public let bundleMembers: [UpdateID]
    public let isLeaf: Bool
    /// Newer revisions of a less trusted source: held, never delivered.
    public let shadowed: [RevisionID]
    public let categories: Categories

    public var isSuperseded: Bool { !supersededBy.isEmpty }
    public var isBundleMember: Bool { !bundleParents.isEmpty }

    /// What an update waits for.
    public enum UnmetReference: Hashable, Sendable {
        /// None of these updates is held.
        case prerequisiteNotHeld(anyOf: [UpdateID])
        /// Some are held, none is delivered.
        case prerequisiteNotDelivered(anyOf: [UpdateID])
        /// None of these revisions is held.
        case memberNotHeld(anyOf: [UpdateIdentity])
        /// Some are held, none is delivered: declined, itself waiting, or another bundle names a newer revision.
        case memberNotDelivered(anyOf: [UpdateIdentity])
        /// A member of these bundles only, and none of them is delivered.
        case bundlesNotDelivered([UpdateID])
    }

    /// The categories an update is filed under by its `IsCategory` clauses, with the families and companies above them.
    public struct Categories: Hashable, Sendable {
        public var products: [UpdateID] = []
        public var productFamilies: [UpdateID] = []
        public var companies: [UpdateID] = []
        public var classifications: [UpdateID] = []

        public init() {}
    }
}

extension Catalog {
    /// How an update stands; nothing for one that is not held.
    public func condition(of id: UpdateID) -> UpdateCondition? {
        guard let update = content.update(id) else { return nil }
        let graph = standing.graph
        let current = content.revision(content.currentOfUpdate[Int(update)])
        let delivered = standing.deliveredOfUpdate[Int(update)]
        func ids(_ updates: some Sequence<UInt32>) -> [UpdateID] { updates.map { content.id(ofUpdate: $0) }.sorted() }
        let members = graph.bundles.groupsOfRevision[Int(delivered)]
            .flatMap { graph.bundles.membersOfGroup[Int($0)].map { content.update(of: $0) } }.sortedWithoutRepeats()
        return UpdateCondition(
            current: current,
            delivered: standing.scope.contains(delivered) ? content.id(delivered) : nil,
            unmet: unmetReferences(of: update), supersededBy: ids(graph.supersedersOfUpdate[Int(update)]),
            isExpired: current.publicationState == .expired, isDeclined: standing.declined.contains(update),
            isQuarantined: standing.quarantined.contains(update), candidate: content.id(delivered),
            bundleParents: ids(graph.bundles.parentsOfUpdate[Int(update)]), bundleMembers: ids(members),
            isLeaf: !graph.nonLeaf.contains(update),
            shadowed: content.revisionsOfUpdate[Int(update)].map { content.row($0) }
                .filter { $0.number > current.identity.revisionNumber }.map(\.id),
            categories: categories(of: content.current(of: update)))
    }

    /// Every update that is held, by id.
    public var updateIDs: [UpdateID] {
        (0..<UInt32(content.updateCount)).lazy.filter { content.isHeld($0) }.map { content.id(ofUpdate: $0) }.sorted()
    }

    private func unmetReferences(of update: UInt32) -> [UpdateCondition.UnmetReference] {
        let table = content.table
        let revision = standing.deliveredOfUpdate[Int(update)]
        func ids(_ updates: some Sequence<UInt32>) -> [UpdateID] { updates.map { content.id(ofUpdate: $0) }.sorted() }
        var unmet: [UpdateCondition.UnmetReference] = []
        for clause in table.nodes[Int(content.row(revision).node)] {
            let named = table.clauses[Int(clause >> 1)]
            if !named.contains(where: { content.isHeld($0) }) {
                unmet.append(.prerequisiteNotHeld(anyOf: ids(named)))
            } else if !named.contains(where: { standing.deliverable.contains($0) }) {
                unmet.append(.prerequisiteNotDelivered(anyOf: ids(named)))
            }
        }
        for group in table.groupsOfRow[Int(revision)] {
            let held = standing.graph.bundles.membersOfGroup[Int(group)]
            if held.contains(where: { standing.scope.contains($0) }) { continue }
            let named = table.membersOfGroup[Int(group)].map {
                UpdateIdentity(updateID: content.id(ofUpdate: $0.update), revisionNumber: $0.number)
            }
            unmet.append(held.isEmpty ? .memberNotHeld(anyOf: named) : .memberNotDelivered(anyOf: named))
        }
        let parents = standing.graph.bundles.parentsOfUpdate[Int(update)]
        if !parents.isEmpty, !parents.contains(where: { standing.deliverable.contains($0) }) {
            unmet.append(.bundlesNotDelivered(ids(parents)))
        }
        return unmet
    }

    private func categories(of row: RevisionTable.Row) -> UpdateCondition.Categories {
        var categories = UpdateCondition.Categories()
        var seen: Set<UInt32> = []
        let table = content.table
        let direct = Set(table.nodes[Int(row.node)].filter { $0 & 1 == 1 }.flatMap { table.clauses[Int($0 >> 1)] })
        var queue = Array(direct)
        while let update = queue.popLast() {
            guard seen.insert(update).inserted, content.isHeld(update) else { continue }
            let category = content.current(of: update)
            guard category.type == .category else { continue }
            let id = content.id(ofUpdate: update)
            switch category.categoryType {
            case .product where direct.contains(update): categories.products.append(id)
            case .productFamily: categories.productFamilies.append(id)
            case .company: categories.companies.append(id)
            // What a family requires is not what the update is classified as.
            case .updateClassification where direct.contains(update): categories.classifications.append(id)
            case .product, .updateClassification, nil: break
            }
            if category.categoryType != .updateClassification {
                queue.append(contentsOf: standing.graph.prerequisites.updatesNamed(by: category.node))
            }
        }
        categories.products.sort()
        categories.productFamilies.sort()
        categories.companies.sort()
        categories.classifications.sort()
        return categories
    }
}
