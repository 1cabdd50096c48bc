import UpdateCatalog
import Updates

/// The rules of ADR 0004 as directly as they can be written, with no regard to time: what ``Catalog`` is checked against.
struct SlowModel {
    var revisions: [CatalogRevision]
    var approvals: [Approval] = []
    var declines: [Decline] = []
    var groups: [TargetGroup]
    var restrictToApproved: Bool
    var generation: Generation

    func catalog() -> Catalog {
        Catalog(
            revisions: revisions, approvals: approvals, declines: declines, groups: groups,
            options: CatalogOptions(restrictToApproved: restrictToApproved), generation: generation)
    }

    // MARK: - Facts of the revisions

    var updates: Set<UpdateID> { Set(revisions.map(\.identity.updateID)) }

    func held(_ id: UpdateID) -> [CatalogRevision] { revisions.filter { $0.identity.updateID == id } }

    func current(_ id: UpdateID) -> CatalogRevision? {
        held(id).max { left, right in
            (left.provenance.trust, left.identity.revisionNumber) < (right.provenance.trust, right.identity.revisionNumber)
        }
    }

    func members(_ revision: CatalogRevision) -> [UpdateIdentity] { revision.bundledUpdates.flatMap(\.anyOf) }

    /// The bundles that `current` is a member of.
    func parents(_ current: CatalogRevision, among bundles: some Sequence<CatalogRevision>) -> [CatalogRevision] {
        bundles.filter { parent in
            let names = parent.bundledUpdates.contains { $0.anyOf.contains { $0.updateID == current.identity.updateID } }
            return names && parent.identity.updateID != current.identity.updateID && parent.provenance.trust >= current.provenance.trust
        }
    }

    /// Revisions of an update that one of `bundles` names, of the update's most trusted source.
    func named(_ current: CatalogRevision, by bundles: [CatalogRevision]) -> [CatalogRevision] {
        if bundles.isEmpty { return [] }
        return held(current.identity.updateID).filter { revision in
            revision.provenance.trust == current.provenance.trust && bundles.contains { members($0).contains(revision.identity) }
        }
    }

    func isDeclined(_ id: UpdateID) -> Bool { declines.contains { $0.updateID == id && $0.isDeclined } }

    // MARK: - Facts of the revisions and declines, found once

    struct Facts {
        var current: [UpdateID: CatalogRevision] = [:]
        var parents: [UpdateID: [CatalogRevision]] = [:]
        var delivered: [UpdateID: CatalogRevision] = [:]
        var deliverable: Set<UpdateID> = []
        var nonLeaf: Set<UpdateID> = []
        var members: Set<UpdateID> = []
        var relationsChanged: [UpdateID: [Generation]] = [:]
    }

    func facts() -> Facts {
        var facts = Facts()
        for id in updates { facts.current[id] = current(id) }
        let bundles = facts.current.values.filter { !$0.bundledUpdates.isEmpty }
        var used: [UpdateID: [CatalogRevision]] = [:]
        for (id, current) in facts.current {
            let parents = parents(current, among: bundles)
            facts.parents[id] = parents
            let standing = parents.filter { !isDeclined($0.identity.updateID) }
            facts.delivered[id] = named(current, by: standing).max { $0.identity.revisionNumber < $1.identity.revisionNumber } ?? current
            if !parents.isEmpty { facts.members.insert(id) }
            used[id] = [current] + named(current, by: parents)
            for clause in used[id, default: []].flatMap(\.prerequisites) { facts.nonLeaf.formUnion(clause.anyOf) }
        }
        findRelationChanges(&facts, used)
        facts.deliverable = updates.filter { !isDeclined($0) }
        while let unmet = facts.deliverable.first(where: { !isMet($0, facts) }) { facts.deliverable.remove(unmet) }
        return facts
    }

    private func isMet(_ id: UpdateID, _ facts: Facts) -> Bool {
        guard let revision = facts.delivered[id] else { return false }
        let parents = facts.parents[id] ?? []
        return revision.prerequisites.allSatisfy { $0.anyOf.contains { facts.deliverable.contains($0) } }
            && revision.bundledUpdates.allSatisfy { $0.anyOf.contains { isDelivered($0, facts) } }
            && (parents.isEmpty || parents.contains { facts.deliverable.contains($0.identity.updateID) })
    }

    private func isDelivered(_ identity: UpdateIdentity, _ facts: Facts) -> Bool {
        facts.deliverable.contains(identity.updateID) && facts.delivered[identity.updateID]?.identity == identity
    }

    // MARK: - Approvals

    func chain(_ id: GroupID) -> [GroupID] {
        guard id != .allComputers, let group = groups.first(where: { $0.id == id }), let parent = group.parent else { return [.allComputers] }
        return [id] + chain(parent)
    }

    func closure(_ groups: Set<GroupID>) -> Set<GroupID> { groups.reduce(into: [.allComputers]) { $0.formUnion(chain($1)) } }

    func row(_ id: UpdateID, _ group: GroupID) -> Approval? { approvals.first { $0.updateID == id && $0.groupID == group } }

    func decision(_ id: UpdateID, _ groups: Set<GroupID>) -> Approval? {
        let chains = groups.isEmpty ? [[GroupID.allComputers]] : groups.map { chain($0) }
        let candidates = chains.compactMap { chain in chain.compactMap { row(id, $0) }.first { $0.action != nil } }
        func order(_ approval: Approval) -> (Int, Int, Int64, Int32) {
            let action = [ApprovalAction.install, .uninstall, .block].firstIndex(of: approval.action ?? .block) ?? 3
            return (-chain(approval.groupID).count, action, approval.deadline?.millisecondsSince1970 ?? .max, approval.deploymentID.rawValue)
        }
        return candidates.min { order($0) < order($1) }
    }

    func deployment(_ revision: CatalogRevision, _ groups: Set<GroupID>, _ facts: Facts) -> Deployment {
        let id = revision.identity.updateID
        func own(_ action: DeploymentAction) -> Deployment {
            Deployment(id: revision.defaultDeploymentID, action: action, deadline: nil, lastChange: revision.importedAt)
        }
        if revision.type == .category || revision.type == .detectoid { return own(.evaluate) }
        if facts.members.contains(id) { return own(.bundle) }
        guard let decision = decision(id, groups) else { return own(.preDeploymentCheck) }
        let action: DeploymentAction =
            decision.action == .uninstall
            ? .uninstall : decision.action == .install && revision.publicationState == .published ? .install : .preDeploymentCheck
        return Deployment(
            id: decision.deploymentID, action: action, deadline: action == .preDeploymentCheck ? nil : decision.deadline,
            lastChange: decision.changedAt)
    }

    // MARK: - Scans

    /// Everything reachable from `seeds` over prerequisites and bundle groups, as delivered.
    func reachable(_ seeds: Set<UpdateID>, _ facts: Facts) -> Set<UpdateID> {
        var reached = seeds.intersection(facts.deliverable)
        while true {
            var more = reached
            for revision in reached.compactMap({ facts.delivered[$0] }) {
                more.formUnion(revision.prerequisites.flatMap(\.anyOf))
                more.formUnion(members(revision).filter { isDelivered($0, facts) }.map(\.updateID))
            }
            more.formIntersection(facts.deliverable)
            if more == reached { return reached }
            reached = more
        }
    }

    /// What devices in `groups` are given at all.
    func scope(_ groups: Set<GroupID>, _ facts: Facts) -> [CatalogRevision] {
        var ids = facts.deliverable
        if restrictToApproved {
            let approved = ids.filter { id in
                let action = decision(id, groups)?.action
                return (action == .install || action == .uninstall) && isDecided(id) && !facts.members.contains(id)
            }
            ids = reachable(approved, facts)
        }
        return ids.compactMap { facts.delivered[$0] }
    }

    func isDecided(_ id: UpdateID) -> Bool { current(id)?.type == .software || current(id)?.type == .driver }

    func answer(_ request: ScanRequest, _ groups: Set<GroupID>, _ facts: Facts) -> ScanAnswer {
        let byID = Dictionary(uniqueKeysWithValues: revisions.map { ($0.id, $0) })
        let installed = Set(request.installedNonLeaf.compactMap { byID[$0]?.identity.updateID })
        let isSoftware = request.pass == .software
        let cached = Set(isSoftware ? request.installedNonLeaf + request.otherCached : request.cachedDrivers)
        var eligible = scope(groups, facts).filter { $0.prerequisites.allSatisfy { $0.anyOf.contains { installed.contains($0) } } }
        var hardwareIDs: [RevisionID: [String]] = [:]
        switch request.pass {
        case .software: eligible.removeAll { $0.type == .driver }
        case .driver:
            hardwareIDs = bestDrivers(eligible, request.system, groups, facts)
            eligible.removeAll { hardwareIDs[$0.id] == nil }
        case .printerCatalog:
            eligible.removeAll { $0.type != .driver || !$0.drivers.contains { $0.driverClass.lowercased().hasPrefix("printer") } }
        }
        var needed = eligible
        if let filter = request.filterCategories, !filter.isEmpty {
            let inFilter = reachable(filed(under: Set(filter), facts), facts)
            needed = eligible.filter { inFilter.contains($0.identity.updateID) }
        }
        let isFiltered = request.filterCategories?.isEmpty == false
        let isWhole = isSoftware && !isFiltered
        let hasDrivers = revisions.contains { $0.type == .driver }
        let isFirst = request.pass == .software && request.anchor == .zero && request.installedNonLeaf.isEmpty && request.otherCached.isEmpty
        var answer = ScanAnswer(isDriverSyncNotNeeded: !isWhole || !hasDrivers, generation: isWhole || isFirst ? generation : request.anchor)
        let isApart = isFiltered && request.needsTwoGroupsOutOfScope
        let stays = Set((isApart ? eligible : needed).map(\.id))
        answer.outOfScope = cached.subtracting(stays).sorted()
        answer.deployedOutOfScope = isApart ? cached.intersection(stays).subtracting(needed.map(\.id)).sorted() : []

        func scanned(_ revision: CatalogRevision) -> ScannedUpdate {
            ScannedUpdate(
                id: revision.id, deployment: deployment(revision, groups, facts), isLeaf: !facts.nonLeaf.contains(revision.identity.updateID),
                hardwareIDs: hardwareIDs[revision.id] ?? [])
        }
        func turn(_ revision: CatalogRevision) -> Int {
            facts.nonLeaf.contains(revision.identity.updateID) ? 0 : facts.members.contains(revision.identity.updateID) ? 1 : 2
        }
        let new = needed.filter { !cached.contains($0.id) }.sorted { (turn($0), $0.id) < (turn($1), $1.id) }
        let limit = max(4 << 20, needed.reduce(0) { $0 + $1.coreSize } / 60)
        var bytes = 0
        var cutTurn: Int?
        for revision in new where answer.newUpdates.count < 200 && cutTurn ?? turn(revision) == turn(revision) {
            if !answer.newUpdates.isEmpty, bytes + revision.coreSize > limit {
                cutTurn = turn(revision)
            } else {
                bytes += revision.coreSize
                answer.newUpdates.append(scanned(revision))
            }
        }
        answer.isTruncated = answer.newUpdates.count < new.count
        answer.changedUpdates = needed.filter { cached.contains($0.id) && (request.pass == .driver || hasChanged($0, request, groups, facts)) }
            .sorted { $0.id < $1.id }.map(scanned)
        return answer
    }

    /// The categories, what is filed under them, under categories that are, and so on.
    func filed(under categories: Set<UpdateID>, _ facts: Facts) -> Set<UpdateID> {
        let filed = facts.delivered.values.filter { revision in
            facts.deliverable.contains(revision.identity.updateID)
                && revision.prerequisites.contains { $0.isCategory && !categories.isDisjoint(with: $0.anyOf) }
        }
        let all = categories.union(filed.map(\.identity.updateID))
        return all == categories ? all : self.filed(under: all, facts)
    }

    func hasChanged(_ revision: CatalogRevision, _ request: ScanRequest, _ groups: Set<GroupID>, _ facts: Facts) -> Bool {
        let id = revision.identity.updateID
        var changes = approvals.filter { $0.updateID == id && closure(groups).contains($0.groupID) }.map(\.generation)
        changes += declines.filter { $0.updateID == id }.map(\.generation)
        if isDecided(id), !facts.members.contains(id) { changes.append(request.groupsGeneration) }
        changes += facts.relationsChanged[id] ?? []
        return changes.contains { $0 > request.anchor }
    }

    /// Since when each update is what it is: leaf or non-leaf, member or not.
    private func findRelationChanges(_ facts: inout Facts, _ used: [UpdateID: [CatalogRevision]]) {
        var named: [UpdateID: [Generation]] = [:]
        for (other, current) in facts.current {
            for revision in held(other) {
                let isUsed = used[other]?.contains(revision) == true
                let since =
                    revision.id == current.id
                    ? revision.importGeneration
                    : (facts.parents[other] ?? []).filter { members($0).contains(revision.identity) }
                        .map { max($0.importGeneration, revision.importGeneration) }.min() ?? .zero
                for id in Set(revision.prerequisites.flatMap(\.anyOf)) {
                    if isUsed {
                        named[id, default: []].append(since)
                    } else if !facts.nonLeaf.contains(id) {
                        facts.relationsChanged[id, default: []].append(current.importGeneration)
                    }
                }
                if revision.id == current.id { continue }
                for id in Set(members(revision).map(\.updateID)) where !facts.members.contains(id) {
                    facts.relationsChanged[id, default: []].append(current.importGeneration)
                }
            }
        }
        for (id, generations) in named { facts.relationsChanged[id, default: []] += [generations.min()].compactMap { $0 } }
        for (id, parents) in facts.parents { facts.relationsChanged[id, default: []] += [parents.map(\.importGeneration).min()].compactMap { $0 } }
    }
}
