public import Updates

extension Catalog {
    /// Answers SyncUpdates ([MS-WUSP] 3.1.5.7) and SyncPrinterCatalog (3.1.5.12); ADR 0004, ADR 0010.
    ///
    /// Only a whole software pass moves the device's anchor: the others tell it nothing, or not all, of what changed.
    ///
    /// - Parameter view: of this catalog and the device's groups.
    public func scan(_ request: ScanRequest, in view: View) -> ScanAnswer {
        let view = own(view)
        let device = Held(request, content)
        // An empty filter filters nothing: taken at its word it would cost the device its whole cache.
        let filter = request.filterCategories.flatMap { $0.isEmpty ? nil : $0 }
        let given = given(request, installed: device.installedUpdates, in: view)
        var needed = given.revisions
        if let filter { needed.formIntersection(standing.closure(of: updates(inCategories: filter))) }

        let isWhole = request.pass == .software && filter == nil
        var answer = ScanAnswer(
            isDriverSyncNotNeeded: !isWhole || standing.graph.drivers.isEmpty, generation: isWhole ? generation : request.anchor)
        let new = page(of: needed.subtracting(device.cached), among: needed)
        answer.newUpdates = new.page.map { view.scanned($0, hardwareIDs: given.hardwareIDs[$0] ?? []) }
        answer.isTruncated = new.isTruncated
        answer.changedUpdates = changed(among: needed.intersection(device.cached), request, in: view)
            .map { view.scanned($0, hardwareIDs: given.hardwareIDs[$0] ?? []) }
        let stays = filter != nil && request.needsTwoGroupsOutOfScope ? given.revisions : needed
        answer.outOfScope = (device.unknown + device.cached.subtracting(stays).map { content.revisions[Int($0)].id }).sortedWithoutRepeats()
        answer.deployedOutOfScope = stays.intersection(device.cached).subtracting(needed).map { content.revisions[Int($0)].id }
        return answer
    }

    /// What a pass gives to a device with one installed set and one system, cached or not.
    private struct Given {
        var revisions: DenseSet
        /// What a driver pass matched.
        var hardwareIDs: [UInt32: [String]] = [:]
    }

    private func given(_ request: ScanRequest, installed: [UInt32], in view: View) -> Given {
        let eligible = view.scope.eligibility(installed: installed)
        let drivers = standing.graph.drivers
        switch request.pass {
        case .software:
            return Given(revisions: drivers.isEmpty ? eligible : eligible.subtracting(drivers.revisions))
        case .driver:
            var matching = DriverMatching(
                request.system, in: standing.graph, isGiven: { eligible.contains($0) },
                isApproved: { [.install, .bundle].contains(view.deployment(of: $0).action) })
            let hardwareIDs = matching.find()
            var revisions = DenseSet(capacity: content.revisions.count)
            for revision in hardwareIDs.keys { revisions.insert(revision) }
            return Given(revisions: revisions, hardwareIDs: hardwareIDs)
        case .printerCatalog:
            return Given(revisions: eligible.intersection(drivers.printers))
        }
    }

    /// What the device's ids stand for here.
    private struct Held {
        /// Updates of which it has some revision installed, ascending.
        let installedUpdates: [UInt32]
        /// Of what the pass is about: drivers have a cache of their own.
        private(set) var cached: DenseSet
        private(set) var unknown: [RevisionID] = []

        init(_ request: ScanRequest, _ content: RevisionContent) {
            cached = DenseSet(capacity: content.revisions.count)
            installedUpdates = request.installedNonLeaf.compactMap { content.indices[$0].map { content.update(of: $0) } }.sortedWithoutRepeats()
            for id in request.pass == .software ? request.installedNonLeaf + request.otherCached : request.cachedDrivers {
                if let revision = content.indices[id] { cached.insert(revision) } else { unknown.append(id) }
            }
        }
    }

    /// The first of `new` that fit one answer: what others wait for first, bundle members before their parents, then by id.
    private func page(of new: DenseSet, among needed: DenseSet) -> (page: [UInt32], isTruncated: Bool) {
        if new.isEmpty { return ([], false) }
        let eligibleBytes = needed.reduce(0) { $0 + content.revisions[Int($1)].coreSize }
        let limit = max(CatalogLimits.bytesPerAnswer, eligibleBytes / CatalogLimits.shareOfEligibleBytes)
        var page: [UInt32] = []
        var bytes = 0
        for turn in Turn.allCases {
            for revision in new where self.turn(of: revision) == turn {
                let size = content.revisions[Int(revision)].coreSize
                guard page.isEmpty || page.count < CatalogLimits.updatesPerAnswer && bytes + size <= limit else { return (page, true) }
                page.append(revision)
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
    /// A device that was moved between groups since is told of everything that approvals decide: those of the group it left may be gone. A
    /// driver pass tells of all: the software pass before it has moved the anchor past what changed.
    private func changed(among held: DenseSet, _ request: ScanRequest, in view: View) -> [UInt32] {
        if request.pass == .driver { return Array(held) }
        let wasMoved = request.groupsGeneration > request.anchor
        return held.filter { revision in
            let update = content.update(of: revision)
            if standing.changed[Int(update)] > request.anchor { return true }
            if wasMoved, content.revisions[Int(revision)].type.isDecided, !standing.graph.bundles.isMember(update) { return true }
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
