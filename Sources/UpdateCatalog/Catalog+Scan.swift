public import Updates

extension Catalog {
    /// Answers SyncUpdates ([MS-WUSP] 3.1.5.7) and SyncPrinterCatalog (3.1.5.12); ADR 0004, ADR 0010.
    ///
    /// Only a whole software pass moves the device's anchor: the others tell it nothing, or not all, of what changed. A device that holds nothing
    /// and was told nothing has nothing to be told of: its first filtered scan moves the anchor too, as a real server's cookie does.
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
        let isFirst = request.pass == .software && request.anchor == .zero && request.installedNonLeaf.isEmpty && request.otherCached.isEmpty
        var answer = ScanAnswer(
            isDriverSyncNotNeeded: !isWhole || standing.graph.drivers.isEmpty, generation: isWhole || isFirst ? generation : request.anchor)
        func scanned(_ revision: UInt32) -> ScannedUpdate { view.scanned(revision, hardwareIDs: given.hardwareIDs[revision] ?? []) }
        if !needed.isSubset(of: device.cached) {
            let new = needed.subtracting(device.cached)
            let page = page(of: new, among: needed)
            answer.newUpdates = page.map(scanned)
            answer.isTruncated = page.count < new.count
        }
        answer.changedUpdates = changed(among: device.cached, needed, request, in: view).map(scanned)
        let stays = filter != nil && request.needsTwoGroupsOutOfScope ? given.revisions : needed
        answer.outOfScope = device.unknown.sortedWithoutRepeats()
        if !device.cached.isSubset(of: stays) {
            answer.outOfScope = (device.unknown + device.cached.subtracting(stays).map { content.id($0) }).sortedWithoutRepeats()
        }
        if filter != nil {
            answer.deployedOutOfScope = stays.intersection(device.cached).subtracting(needed).map { content.id($0) }
        }
        return answer
    }

    /// What a pass gives to a device with one installed set and one system, cached or not.
    private struct Given {
        var revisions: DenseSet
        /// What a driver pass matched.
        var hardwareIDs: [UInt32: [String]] = [:]
    }

    private func given(_ request: ScanRequest, installed: [UInt32], in view: View) -> Given {
        let drivers = standing.graph.drivers
        var eligible = standing.graph.revisions(satisfiedBy: installed)
        eligible.formIntersection(view.scope)
        switch request.pass {
        case .software:
            if !drivers.isEmpty { eligible.subtract(drivers.revisions) }
            return Given(revisions: eligible)
        case .driver:
            var matching = DriverMatching(
                request.system, in: standing.graph, isGiven: { [eligible] in eligible.contains($0) },
                isApproved: { [.install, .bundle].contains(view.deployment(of: $0).action) })
            let hardwareIDs = matching.find()
            var revisions = DenseSet(capacity: content.count)
            for revision in hardwareIDs.keys { revisions.insert(revision) }
            return Given(revisions: revisions, hardwareIDs: hardwareIDs)
        case .printerCatalog:
            eligible.formIntersection(drivers.printers)
            return Given(revisions: eligible)
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
            cached = DenseSet(capacity: content.count)
            installedUpdates = request.installedNonLeaf.compactMap { content.indices[$0].map { content.update(of: $0) } }.sortedWithoutRepeats()
            if request.pass == .software {
                hold(request.installedNonLeaf, content)
                hold(request.otherCached, content)
            } else {
                hold(request.cachedDrivers, content)
            }
        }

        private mutating func hold(_ ids: [RevisionID], _ content: RevisionContent) {
            for id in ids {
                if let revision = content.indices[id] { cached.insert(revision) } else { unknown.append(id) }
            }
        }
    }

    /// The first of `new` that fit one answer: what others wait for first, bundle members before their parents, then by id. What is too
    /// large for the rest of the answer makes way for what is not, but not for what comes in a later turn.
    ///
    /// - Parameter needed: what the device is entitled to now, cached or not: its size bounds the answer.
    private func page(of new: DenseSet, among needed: DenseSet) -> [UInt32] {
        let entitled = needed.reduce(0) { $0 + Int(content.row($1).coreSize) }
        let limit = max(CatalogLimits.bytesPerAnswer, entitled / CatalogLimits.shareOfEligibleBytes)
        var page: [UInt32] = []
        var bytes = 0
        var rest = new
        for turn in [standing.graph.nonLeafRevisions, standing.graph.memberRevisions, new] {
            var isCut = false
            for revision in rest.intersection(turn) {
                if page.count == CatalogLimits.updatesPerAnswer { return page }
                let size = Int(content.row(revision).coreSize)
                guard page.isEmpty || bytes + size <= limit else {
                    isCut = true
                    continue
                }
                page.append(revision)
                bytes += size
            }
            if isCut { return page }
            rest.subtract(turn)
        }
        return page
    }

    /// Those whose deployment or leaf flag is newer than what the device has seen.
    ///
    /// A device that was moved between groups since is told of everything that approvals decide: those of the group it left may be gone. A
    /// driver pass tells of all: the software pass before it has moved the anchor past what changed.
    private func changed(among cached: DenseSet, _ needed: DenseSet, _ request: ScanRequest, in view: View) -> [UInt32] {
        if request.pass == .driver { return Array(needed.intersection(cached)) }
        var changed: [UInt32] = []
        let wasMoved = request.groupsGeneration > request.anchor
        if wasMoved || standing.lastChange > request.anchor {
            changed = needed.intersection(cached).filter { revision in
                let row = content.row(revision)
                return standing.changed[Int(row.update)] > request.anchor
                    || wasMoved && row.type.isDecided && !standing.graph.memberRevisions.contains(revision)
            }
        }
        for id in view.approvals.changed(after: request.anchor) {
            guard let update = content.update(id) else { continue }
            let revision = standing.deliveredOfUpdate[Int(update)]
            if needed.contains(revision) && cached.contains(revision) { changed.append(revision) }
        }
        return changed.sortedWithoutRepeats()
    }

    /// The categories of a filter, the updates filed under them, and those filed under categories that are; those that are not held are
    /// passed over.
    private func updates(inCategories filter: [UpdateID]) -> [UInt32] {
        var found: [UInt32] = []
        var seen = DenseSet(capacity: content.updateCount)
        var queue = filter.compactMap { content.update($0) }
        while let update = queue.popLast() {
            if seen.contains(update) { continue }
            seen.insert(update)
            found.append(update)
            for revision in standing.graph.prerequisites.revisions(inCategory: update) where standing.scope.contains(revision) {
                queue.append(content.update(of: revision))
            }
        }
        return found
    }
}
