import UpdateCatalog
import Updates

/// The same numbers for the same seed everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}

/// Random revisions, approvals, declines and groups, and random changes of them.
struct RandomWorld {
    var random: SeededGenerator
    var model: SlowModel
    /// The change that last moved devices by moving or removing their groups.
    private(set) var groupsMoved = Generation.zero
    private let names: [String]
    private let groupNames: [String]
    private var nextRevision: Int32 = 1
    private var nextDeployment: Int32 = 50_000

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        let count = Int.random(in: 4...36, using: &random)
        names = (0..<count).map { "u\($0)" }
        groupNames = (0..<Int.random(in: 1...6, using: &random)).map { "g\($0)" }
        model = SlowModel(
            revisions: [], groups: tree([]), restrictToApproved: Int.random(in: 0..<4, using: &random) == 0, generation: Generation(rawValue: 1))
        model.groups = randomTree()
        model.revisions = randomRevisions(Int.random(in: 1...2 * count, using: &random))
        model.approvals = merged(approvals: randomApprovals(Int.random(in: 0...count, using: &random)))
        model.declines = merged(declines: randomDeclines(Int.random(in: 0...count / 8, using: &random)))
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    mutating func some<Element>(_ elements: [Element], upTo limit: Int) -> [Element] {
        Array(elements.shuffled(using: &random).prefix(Int.random(in: 0...limit, using: &random)))
    }

    mutating func randomGroups() -> Set<GroupID> { Set(some(groupNames + ["all", "gone"], upTo: 3).map { group($0) }) }

    // MARK: - Parts

    /// A group's parent has a lower number, so that there are no cycles.
    mutating func randomTree() -> [TargetGroup] {
        var parents: [(String, String)] = []
        for (index, name) in groupNames.enumerated() {
            parents.append((name, index > 0 && chance(60) ? groupNames[Int.random(in: 0..<index, using: &random)] : "all"))
        }
        return tree(parents)
    }

    /// New revisions: prerequisites mostly to earlier updates, sometimes to any or to one that is never held.
    mutating func randomRevisions(_ count: Int) -> [CatalogRevision] {
        var made: [CatalogRevision] = []
        for _ in 0..<count {
            let index = Int.random(in: 0..<names.count, using: &random)
            let known = (model.revisions + made).filter { $0.identity.updateID == update(names[index]) }
            let number = Int32(known.count + 1)
            let type = known.first?.type ?? randomType(isEarly: index < names.count / 3)
            made.append(
                revision(
                    nextRevision, names[index], number, type, needs: clauses(below: index), in: some(Array(names[..<index]), upTo: 1),
                    bundles: type == .software && chance(30) ? bundles(made) : [], supersedes: some(names, upTo: 2),
                    isExpired: chance(8),
                    from: [.local, .local, .local, .microsoft, .microsoft, .hearsay].randomElement(using: &random) ?? .local,
                    at: model.generation.rawValue, size: chance(85) ? 400 : 3 << 20, drivers: type == .driver ? randomDrivers() : []))
            nextRevision += Int32.random(in: 1...3, using: &random)
        }
        return made
    }

    private mutating func randomType(isEarly: Bool) -> UpdateType {
        if isEarly { return chance(50) ? .category : .detectoid }
        return chance(80) ? .software : .driver
    }

    private mutating func clauses(below index: Int) -> [[String]] {
        (0..<Int.random(in: 0...2, using: &random)).map { _ in
            let candidates = chance(95) ? Array(names[..<index]) : names + ["missing"]
            return candidates.isEmpty ? ["missing"] : [candidates.randomElement(using: &random) ?? "missing"] + some(candidates, upTo: 2)
        }
    }

    private mutating func bundles(_ made: [CatalogRevision]) -> [[UpdateIdentity]] {
        let software = (model.revisions + made).filter { $0.type == .software }.map(\.identity)
        return some(software, upTo: 3).map { member in
            let other = some(software, upTo: 1)
            return chance(90) ? [member] + other : [UpdateIdentity(updateID: member.updateID, revisionNumber: RevisionNumber(rawValue: 99))]
        }
    }

    mutating func randomApprovals(_ count: Int) -> [Approval] {
        (0..<count).map { _ in
            nextDeployment += 1
            let actions: [ApprovalAction?] = [.install, .install, .uninstall, .block, nil]
            return approval(
                names.randomElement(using: &random) ?? "", (groupNames + ["all", "gone"]).randomElement(using: &random) ?? "all",
                actions.randomElement(using: &random) ?? nil, deadline: chance(40) ? Int64.random(in: 1...5, using: &random) : nil,
                deployment: nextDeployment, at: model.generation.rawValue)
        }
    }

    mutating func randomDeclines(_ count: Int) -> [Decline] {
        (0..<count).map { _ in decline(names.randomElement(using: &random) ?? "", chance(60), at: model.generation.rawValue) }
    }

    func merged(approvals new: [Approval]) -> [Approval] {
        new.reduce(model.approvals) { rows, approval in
            rows.filter { $0.updateID != approval.updateID || $0.groupID != approval.groupID } + [approval]
        }
    }

    func merged(declines new: [Decline]) -> [Decline] {
        new.reduce(model.declines) { rows, decline in rows.filter { $0.updateID != decline.updateID } + [decline] }
    }

    // MARK: - Changes

    /// Changes the model, and the catalog by the call that fits.
    mutating func change(_ catalog: Catalog) -> Catalog {
        model.generation = model.generation.next
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<4:
            let approvals = randomApprovals(Int.random(in: 1...4, using: &random))
            model.approvals = merged(approvals: approvals)
            return catalog.applying(approvals: approvals, declines: [], generation: model.generation)
        case 4..<6:
            let declines = randomDeclines(Int.random(in: 1...2, using: &random))
            let approvals = randomApprovals(Int.random(in: 0...1, using: &random))
            model.approvals = merged(approvals: approvals)
            model.declines = merged(declines: declines)
            return catalog.applying(approvals: approvals, declines: declines, generation: model.generation)
        case 6..<9:
            let revisions = randomRevisions(Int.random(in: 1...4, using: &random))
            model.revisions += revisions
            // Some come again, and in any order.
            let again = some(model.revisions, upTo: 3)
            return catalog.adding((revisions + again).shuffled(using: &random), generation: model.generation)
        default:
            model.groups = randomTree()
            if let removed = model.groups.last, chance(50), !model.groups.contains(where: { $0.parent == removed.id }) {
                model.groups.removeLast()
                model.approvals.removeAll { $0.groupID == removed.id }
            }
            groupsMoved = model.generation
            return catalog.replacing(groups: model.groups, approvals: model.approvals, generation: model.generation)
        }
    }
}

/// A device that does as the protocol says and remembers what it was told.
struct SimulatedDevice {
    var groups: Set<GroupID>
    var groupsGeneration = Generation.zero
    var anchor = Generation.zero
    /// Updates that it finds installed, if it gets to evaluate them.
    let installed: Set<UpdateID>
    private(set) var told: [RevisionID: ScannedUpdate] = [:]

    init(groups: Set<GroupID>, installed: Set<UpdateID>) {
        self.groups = groups
        self.installed = installed
    }

    func request(_ revisions: [CatalogRevision]) -> ScanRequest {
        let updates = Dictionary(uniqueKeysWithValues: revisions.map { ($0.id, $0.identity.updateID) })
        let parents = told.values.filter { !$0.isLeaf && updates[$0.id].map { installed.contains($0) } == true }.map(\.id)
        return ScanRequest(
            installedNonLeaf: parents.sorted(), otherCached: Set(told.keys).subtracting(parents).sorted(), anchor: anchor,
            groupsGeneration: groupsGeneration)
    }

    mutating func take(_ answer: ScanAnswer) {
        for id in answer.outOfScope { told[id] = nil }
        for update in answer.newUpdates + answer.changedUpdates { told[update.id] = update }
        anchor = answer.generation
    }
}
