import Testing
import UpdateCatalog
import Updates

/// The fast catalog against the slow model, on random graphs.
struct CatalogPropertyTests {
    /// Ten blocks of forty seeds; what fails says its seed.
    @Test(arguments: 0..<10)
    func `a catalog answers as the rules say, through every change, until each device knows the truth`(block: UInt64) throws {
        for seed in block * 40..<(block + 1) * 40 { try live(seed) }
    }

    /// A catalog and a device through a series of changes.
    private func live(_ seed: UInt64) throws {
        var world = RandomWorld(seed: seed)
        var catalog = world.model.catalog()
        let updates = world.model.updates.sorted()
        var device = SimulatedDevice(
            groups: world.randomGroups(), installed: Set(world.some(updates, upTo: updates.count)).union(updates.prefix(updates.count / 2)))
        try scan(&device, catalog, world.model, seed)
        #expect(Set(device.told.values) == firstScan(device, world.model), "seed \(seed): a fresh device gets exactly what it is entitled to")
        for _ in 0..<8 {
            for _ in 0..<Int.random(in: 0...2, using: &world.random) { catalog = world.change(catalog) }
            device.groupsGeneration = max(device.groupsGeneration, world.groupsMoved)
            if world.chance(15) {
                world.model.generation = world.model.generation.next
                device.groups = world.randomGroups()
                device.groupsGeneration = world.model.generation
                catalog = catalog.applying(approvals: [], declines: [], generation: world.model.generation)
            }
            expectEqual(catalog, world.model.catalog(), &world, seed)
            try probe(catalog, &world, seed)
            try peek(&device, catalog, &world, seed)
            try scan(&device, catalog, world.model, seed)
        }
    }

    /// A driver pass and a filtered scan before the whole one: the device must miss nothing by them.
    private func peek(_ device: inout SimulatedDevice, _ catalog: Catalog, _ world: inout RandomWorld, _ seed: UInt64) throws {
        guard world.chance(50) else { return }
        let facts = world.model.facts()
        let filter = world.some(world.model.updates.sorted(), upTo: 3)
        for pass in [ScanRequest.Pass.driver, .software] {
            var request = device.request(world.model.revisions)
            request.pass = pass
            request.system = world.randomSystem()
            request.filterCategories = filter.isEmpty ? [update("missing")] : filter
            request.needsTwoGroupsOutOfScope = world.chance(70)
            let answer = catalog.scan(request, in: catalog.view(of: device.groups))
            try #require(answer == world.model.answer(request, device.groups, facts), "seed \(seed)")
            device.take(answer)
        }
    }

    /// Scans until there is nothing more to say; then what the device knows is the truth.
    private func scan(_ device: inout SimulatedDevice, _ catalog: Catalog, _ model: SlowModel, _ seed: UInt64) throws {
        let facts = model.facts()
        let view = catalog.view(of: device.groups)
        var trips = 0
        while true {
            let request = device.request(model.revisions)
            let answer = catalog.scan(request, in: view)
            try #require(answer == model.answer(request, device.groups, facts), "seed \(seed)")
            trips += 1
            try #require(trips < 200, "seed \(seed)")
            if answer.newUpdates.isEmpty && answer.changedUpdates.isEmpty && answer.outOfScope.isEmpty { break }
            device.take(answer)
        }
        device.anchor = catalog.generation
        for (id, told) in device.told {
            let revision = try #require(model.revisions.first { $0.id == id })
            #expect(told.deployment == model.deployment(revision, device.groups, facts), "seed \(seed): deployment of \(revision.identity)")
            #expect(told.isLeaf == !facts.nonLeaf.contains(revision.identity.updateID), "seed \(seed): leaf flag of \(revision.identity)")
        }
        let second = catalog.scan(device.request(model.revisions), in: view)
        let hasDrivers = model.revisions.contains { $0.type == .driver }
        #expect(second == ScanAnswer(isDriverSyncNotNeeded: !hasDrivers, generation: catalog.generation), "seed \(seed): a second scan is empty")
    }

    /// What a device that starts with nothing ends with: the least set closed under evaluating what it gets.
    private func firstScan(_ device: SimulatedDevice, _ model: SlowModel) -> Set<ScannedUpdate> {
        let facts = model.facts()
        let scope = model.scope(device.groups, facts).filter { $0.type != .driver }
        var reached: Set<CatalogRevision> = []
        while true {
            let parents = reached.map(\.identity.updateID).filter { device.installed.contains($0) && facts.nonLeaf.contains($0) }
            let next = Set(scope.filter { $0.prerequisites.allSatisfy { $0.anyOf.contains { parents.contains($0) } } })
            if next == reached { break }
            reached = next
        }
        return Set(
            reached.map {
                ScannedUpdate(
                    id: $0.id, deployment: model.deployment($0, device.groups, facts), isLeaf: !facts.nonLeaf.contains($0.identity.updateID))
            })
    }

    /// Any ids, any anchor, any filter.
    private func probe(_ catalog: Catalog, _ world: inout RandomWorld, _ seed: UInt64) throws {
        let facts = world.model.facts()
        let ids = world.model.revisions.map(\.id) + [-3, 0, 5, 777_777].map { RevisionID(rawValue: $0) }
        for _ in 0..<4 {
            let groups = world.randomGroups()
            var request = ScanRequest()
            request.installedNonLeaf = world.some(ids, upTo: ids.count)
            request.otherCached = world.some(ids, upTo: ids.count)
            request.anchor = Generation(rawValue: Int64.random(in: 0...world.model.generation.rawValue, using: &world.random))
            request.groupsGeneration = world.chance(20) ? world.model.generation : .zero
            if world.chance(40) {
                request.pass = world.chance(70) ? .driver : .printerCatalog
                request.cachedDrivers = world.some(ids, upTo: ids.count)
                request.system = world.randomSystem()
            }
            if world.chance(40) { request.filterCategories = world.some(world.model.updates.sorted() + [update("missing")], upTo: 2) }
            request.needsTwoGroupsOutOfScope = world.chance(50)
            try #require(catalog.scan(request, in: catalog.view(of: groups)) == world.model.answer(request, groups, facts), "seed \(seed)")
        }
        for id in world.model.updates {
            let condition = try #require(catalog.condition(of: id))
            #expect(condition.current.id == world.model.current(id)?.id, "seed \(seed)")
            #expect(condition.delivered == (facts.deliverable.contains(id) ? facts.delivered[id]?.id : nil), "seed \(seed)")
            #expect(facts.deliverable.contains(id) == (condition.unmet.isEmpty && !condition.isDeclined), "seed \(seed)")
        }
    }

    /// A catalog that came to be by changes against one built at once.
    private func expectEqual(_ catalog: Catalog, _ built: Catalog, _ world: inout RandomWorld, _ seed: UInt64) {
        #expect(catalog.generation == built.generation, "seed \(seed)")
        let groups = world.randomGroups()
        let (view, builtView) = (catalog.view(of: groups), built.view(of: groups))
        for revision in world.model.revisions {
            #expect(catalog.revision(revision.id) == built.revision(revision.id), "seed \(seed)")
            #expect(catalog.isDelivered(revision.id, in: view) == built.isDelivered(revision.id, in: builtView), "seed \(seed)")
            #expect(catalog.deployment(of: revision.id, in: view) == built.deployment(of: revision.id, in: builtView), "seed \(seed)")
        }
        for id in world.model.updates {
            #expect(catalog.condition(of: id) == built.condition(of: id), "seed \(seed)")
            #expect(catalog.effectiveApproval(of: id, in: groups) == world.model.decision(id, groups), "seed \(seed)")
        }
    }
}
