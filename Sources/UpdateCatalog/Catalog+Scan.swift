public import Updates

extension Catalog {
    /// Answers SyncUpdates ([MS-WUSP] 3.1.5.7; ADR 0004).
    ///
    /// A driver pass and a filtered scan leave the device's anchor where it is: they tell it nothing, or not all, of what changed.
    ///
    /// - Parameter view: of this catalog and the device's groups.
    public func scan(_ request: ScanRequest, in view: View) -> ScanAnswer {
        // Drivers are not delivered: the agent asks, and is told that there are none (observed.md section 3).
        guard request.pass == .software else { return ScanAnswer(isDriverSyncNotNeeded: true, generation: request.anchor) }
        let view = own(view)
        let device = Held(request, content)
        let eligible = view.scope.eligibility(installed: device.installedUpdates)
        var needed = eligible.revisions
        var bytes = eligible.bytes
        // An empty filter filters nothing: taken at its word it would cost the device its whole cache.
        let filter = request.filterCategories.flatMap { $0.isEmpty ? nil : $0 }
        if let filter {
            needed.formIntersection(standing.closure(of: updates(inCategories: filter)))
            bytes = view.scope.bytes(of: needed)
        }
        var answer = ScanAnswer(isDriverSyncNotNeeded: filter != nil, generation: filter == nil ? generation : request.anchor)
        (answer.newUpdates, answer.isTruncated) = page(of: needed.subtracting(device.cached), eligibleBytes: bytes, in: view)
        answer.changedUpdates = changed(among: needed.intersection(device.cached), request, in: view).map { view.scanned($0) }
        let stays = filter != nil && request.needsTwoGroupsOutOfScope ? eligible.revisions : needed
        answer.outOfScope = (device.unknown + device.cached.subtracting(stays).map { content.revisions[Int($0)].id }).sortedWithoutRepeats()
        answer.deployedOutOfScope = stays.intersection(device.cached).subtracting(needed).map { content.revisions[Int($0)].id }
        return answer
    }

    /// What the device's ids stand for here.
    private struct Held {
        /// Updates of which it has some revision installed, ascending.
        let installedUpdates: [UInt32]
        let cached: DenseSet
        let unknown: [RevisionID]

        init(_ request: ScanRequest, _ content: RevisionContent) {
            var installed: [UInt32] = []
            var cached = DenseSet(capacity: content.revisions.count)
            var unknown: [RevisionID] = []
            for id in request.installedNonLeaf {
                guard let revision = content.indices[id] else {
                    unknown.append(id)
                    continue
                }
                cached.insert(revision)
                installed.append(content.update(of: revision))
            }
            for id in request.otherCached {
                if let revision = content.indices[id] { cached.insert(revision) } else { unknown.append(id) }
            }
            installedUpdates = installed.sortedWithoutRepeats()
            self.cached = cached
            self.unknown = unknown
        }
    }

    /// The first of `new` that fit one answer: what others wait for first, bundle members before their parents, then by id.
    private func page(of new: DenseSet, eligibleBytes: Int, in view: View) -> (updates: [ScannedUpdate], isTruncated: Bool) {
        let limit = max(CatalogLimits.bytesPerAnswer, eligibleBytes / CatalogLimits.shareOfEligibleBytes)
        var page: [ScannedUpdate] = []
        var bytes = 0
        for turn in Turn.allCases {
            for revision in new where self.turn(of: revision) == turn {
                let size = content.revisions[Int(revision)].coreSize
                guard page.isEmpty || page.count < CatalogLimits.updatesPerAnswer && bytes + size <= limit else { return (page, true) }
                page.append(view.scanned(revision))
                bytes += size
            }
        }
        return (page, false)
    }

    private enum Turn: CaseIterable {
        case nonLeaf
        case bundleMember
        case rest
    }

    private func turn(of revision: UInt32) -> Turn {
        let update = content.update(of: revision)
        if standing.graph.nonLeaf.contains(update) { return .nonLeaf }
        return standing.graph.bundles.isMember(update) ? .bundleMember : .rest
    }

    /// Those whose deployment or leaf flag is newer than what the device has seen.
    ///
    /// A device that was moved between groups since is told of everything that approvals decide: those of the group it left may be gone.
    private func changed(among held: DenseSet, _ request: ScanRequest, in view: View) -> [UInt32] {
        let wasMoved = request.groupsGeneration > request.anchor
        return held.filter { revision in
            let update = content.update(of: revision)
            if standing.changed[Int(update)] > request.anchor { return true }
            if wasMoved, content.revisions[Int(revision)].type == .software, !standing.graph.bundles.isMember(update) { return true }
            return (view.decisionsChanged[update] ?? .zero) > request.anchor
        }
    }

    /// The categories of a filter and the updates filed under them; those that are not held are passed over.
    private func updates(inCategories filter: [UpdateID]) -> [UInt32] {
        let categories = filter.compactMap { content.updates[$0] }
        let filed = categories.flatMap { standing.graph.prerequisites.revisionsInCategory[Int($0)] }
            .filter { standing.deliveredOfUpdate[Int(content.update(of: $0))] == $0 }
        return categories + filed.map { content.update(of: $0) }
    }
}
