public import Updates

/// How an update stands, for administrators: everything that decides whether and how devices are given it, but approvals.
public struct UpdateCondition: Hashable, Sendable {
    public let current: CatalogRevision
    /// The revision that devices are given; nothing if none is, whatever is approved; a driver only to computers with hardware that it is
    /// the best for.
    public let delivered: RevisionID?
    /// Why it waits; empty if it does not.
    public let unmet: [UnmetReference]
    /// Updates whose current revision supersedes it, of a source trusted as much.
    public let supersededBy: [UpdateID]
    public let isExpired: Bool
    public let isDeclined: Bool
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
        guard let update = content.updates[id] else { return nil }
        let graph = standing.graph
        let current = content.current(of: update)
        let delivered = standing.deliveredOfUpdate[Int(update)]
        func ids(_ updates: [UInt32]) -> [UpdateID] { updates.map { content.updateIDs[Int($0)] }.sorted() }
        let groups = graph.bundles.groupsOfRevision[Int(delivered)]
        let members = graph.bundles.groups[groups].flatMap { $0.members.map { content.update(of: $0) } }.sortedWithoutRepeats()
        return UpdateCondition(
            current: current,
            delivered: standing.scope.revisions.contains(delivered) ? content.revisions[Int(delivered)].id : nil,
            unmet: unmetReferences(of: update), supersededBy: ids(graph.supersedersOfUpdate[Int(update)]),
            isExpired: current.publicationState == .expired, isDeclined: standing.declined.contains(update),
            bundleParents: ids(graph.bundles.parentsOfUpdate[Int(update)]), bundleMembers: ids(members),
            isLeaf: !graph.nonLeaf.contains(update),
            shadowed: content.revisionsOfUpdate[Int(update)].map { content.revisions[Int($0)] }
                .filter { $0.identity.revisionNumber > current.identity.revisionNumber }.map(\.id),
            categories: categories(of: current))
    }

    /// Every update that is held, by id.
    public var updateIDs: [UpdateID] { content.updateIDs.sorted() }

    private func unmetReferences(of update: UInt32) -> [UpdateCondition.UnmetReference] {
        let revision = content.revisions[Int(standing.deliveredOfUpdate[Int(update)])]
        var unmet: [UpdateCondition.UnmetReference] = []
        for clause in revision.prerequisites {
            let held = clause.anyOf.compactMap { content.updates[$0] }
            if held.isEmpty {
                unmet.append(.prerequisiteNotHeld(anyOf: clause.anyOf))
            } else if !held.contains(where: { standing.deliverable.contains($0) }) {
                unmet.append(.prerequisiteNotDelivered(anyOf: clause.anyOf))
            }
        }
        for group in revision.bundledUpdates {
            let held = group.anyOf.compactMap { content.index(of: $0) }
            let isMet = held.contains { member in
                let update = content.update(of: member)
                return standing.deliverable.contains(update) && standing.deliveredOfUpdate[Int(update)] == member
            }
            if held.isEmpty {
                unmet.append(.memberNotHeld(anyOf: group.anyOf))
            } else if !isMet {
                unmet.append(.memberNotDelivered(anyOf: group.anyOf))
            }
        }
        let parents = standing.graph.bundles.parentsOfUpdate[Int(update)]
        if !parents.isEmpty, !parents.contains(where: { standing.deliverable.contains($0) }) {
            unmet.append(.bundlesNotDelivered(parents.map { content.updateIDs[Int($0)] }.sorted()))
        }
        return unmet
    }

    private func categories(of revision: CatalogRevision) -> UpdateCondition.Categories {
        var categories = UpdateCondition.Categories()
        var seen: Set<UpdateID> = []
        var queue = revision.prerequisites.filter(\.isCategory).flatMap(\.anyOf)
        let direct = Set(queue)
        while let id = queue.popLast() {
            guard seen.insert(id).inserted, let category = current(id), category.type == .category else { continue }
            switch category.categoryType {
            case .product where direct.contains(id): categories.products.append(id)
            case .productFamily: categories.productFamilies.append(id)
            case .company: categories.companies.append(id)
            // What a family requires is not what the update is classified as.
            case .updateClassification where direct.contains(id): categories.classifications.append(id)
            case .product, .updateClassification, nil: break
            }
            if category.categoryType != .updateClassification { queue.append(contentsOf: category.prerequisites.flatMap(\.anyOf)) }
        }
        categories.products.sort()
        categories.productFamilies.sort()
        categories.companies.sort()
        categories.classifications.sort()
        return categories
    }
}
