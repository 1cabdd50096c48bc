import Foundation
import Updates

/// Who is entitled to an update: each kind of device to what is its own and to all that stands before it.
enum Reach: Int, Comparable, CaseIterable {
    /// A fresh Windows 11 device, which has 90 non-leaf updates installed.
    case fresh
    /// The same with more software: 100 installed.
    case workstation
    /// A device with every product.
    case everyProduct
    /// Other platforms, languages and years: delivered to none of these.
    case none

    static func < (left: Reach, right: Reach) -> Bool { left.rawValue < right.rawValue }
}

/// One update of the benchmark catalogue, before it is text.
struct PlannedUpdate {
    enum Kind {
        case company, productFamily, product, classification
        case detectoid
        case bundle
        /// Registry and file rules; what most updates are.
        case rules
        /// A package manifest in its metadata: the large ones.
        case manifest
    }

    let number: Int
    let kind: Kind
    /// The least of the kinds of device that are entitled to it.
    let reach: Reach
    /// The least of the kinds of device that evaluate it as installed; of non-leaf updates only.
    var installedFrom = Reach.none
    var prerequisites: [PrerequisiteClause] = []
    var members: [Int] = []
    var superseded: [Int] = []
    /// Bytes of its Core fragment, about.
    var coreBytes = 563

    var id: UpdateID { Self.id(number) }

    var identity: UpdateIdentity { UpdateIdentity(updateID: id, revisionNumber: RevisionNumber(rawValue: 200)) }

    /// As random as real ones, and the same in every run.
    static func id(_ number: Int) -> UpdateID {
        var random = SplitMix(seed: 0x6d61_7274_6c65_7400 &+ UInt64(number))
        return UpdateID(high: random.next(), low: random.next())
    }
}

/// The benchmark catalogue: always the same for a number of revisions.
///
/// 4,250 categories and detectoids, 280 of them non-leaf. A fresh Windows 11 device is entitled to 2,000 updates, a device with 100 installed to
/// 5,100, one with every product to 6,000, whatever the size: more revisions are more of other platforms and years.
struct CataloguePlan {
    /// Goes up whenever documents come out otherwise: homes made before are made anew.
    static let version = 1
    static let families = 12
    static let products = 90
    static let classifications = 20
    static let nonLeafDetectoids = 157
    static let leafCategories = 200
    static let leafDetectoids = 3770

    let count: Int
    private(set) var updates: [PlannedUpdate] = []
    private var random = SplitMix(seed: 1)
    private var productNumbers: [Int] = []
    private var classificationNumbers: [Int] = []
    private var detectoidNumbers: [Int] = []
    /// The few sets of detectoids that a product's updates need, by product and reach.
    private var platforms: [Platform: [[PrerequisiteClause]]] = [:]

    private var sets = 0

    private struct Platform: Hashable {
        let product: Int
        let reach: Reach
    }

    init(count: Int) {
        self.count = count
        planNonLeaf()
        planLeaves()
        planSoftware()
        planSupersedence()
        planSizes()
    }

    /// Ids of the non-leaf updates that a kind of device evaluates as installed.
    func installed(on device: Reach) -> Set<UpdateID> {
        Set(updates.prefix { $0.number < nonLeafCount }.filter { $0.installedFrom <= device }.map(\.id))
    }

    /// How many updates a kind of device is entitled to.
    func entitled(_ device: Reach) -> Int { updates.count { $0.reach <= device } }

    // MARK: - Categories and detectoids

    private var nonLeafCount: Int { 1 + Self.families + Self.products + Self.classifications + Self.nonLeafDetectoids }

    private mutating func planNonLeaf() {
        add(.company, .fresh, installedFrom: .fresh)
        let families = (0..<Self.families).map { _ in add(.productFamily, .fresh, installedFrom: .fresh, [category([0])]) }
        for product in 0..<Self.products {
            // The products are in three parts: 38 that a fresh device has, 8 more of a workstation, the rest.
            let from: Reach = product < 38 ? .fresh : product < 46 ? .workstation : .everyProduct
            productNumbers.append(add(.product, .fresh, installedFrom: from, [category([families[product % families.count]])]))
        }
        for _ in 0..<Self.classifications { classificationNumbers.append(add(.classification, .fresh, installedFrom: .fresh)) }
        for detectoid in 0..<Self.nonLeafDetectoids {
            let from: Reach = detectoid < 19 ? .fresh : detectoid < 21 ? .workstation : detectoid < 51 ? .everyProduct : .none
            let reach: Reach = detectoid < 145 ? .fresh : detectoid < 151 ? .workstation : .everyProduct
            let needs = detectoid < 40 ? [] : [category([random.pick(products(of: reach))])]
            detectoidNumbers.append(add(.detectoid, reach, installedFrom: from, needs))
        }
    }

    private mutating func planLeaves() {
        var left = Self.leafCategories
        for (reach, number) in [(Reach.fresh, 730), (.workstation, 1470), (.everyProduct, 400), (.none, 1370)] {
            for leaf in 0..<number {
                let isCategory = left > 0 && leaf % 20 == 0
                if isCategory { left -= 1 }
                let product = random.skewed(products(of: reach == .none ? .everyProduct : reach))
                var needs = [isCategory ? category([product]) : clause([product])]
                if reach == .none { needs.append(clause([absentDetectoids[leaf % absentDetectoids.count]])) }
                add(isCategory ? .product : .detectoid, reach, needs)
            }
        }
    }

    // MARK: - Software

    /// Updates of each reach, such that the entitlements come out: 2,000, 5,100 and 6,000.
    private mutating func planSoftware() {
        var bundles: [Reach: (bundles: Int, members: [Int])] = [
            .fresh: (300, [1]), .workstation: (60, [1, 1, 24]), .everyProduct: (20, [1]), .none: (145, [2]),
        ]
        // As many more of the same for a larger catalogue.
        if let others = bundles[.none] { bundles[.none] = (others.bundles * max(1, count / 20_000), others.members) }
        for (reach, target) in [(Reach.fresh, 2000), (.workstation, 5100), (.everyProduct, 6000), (.none, count)] {
            let (parents, sizes) = bundles[reach] ?? (0, [])
            for bundle in 0..<parents {
                let needs = softwareNeeds(reach)
                let members = (0..<sizes[bundle % sizes.count]).map { _ in add(.rules, reach, needs) }
                updates[add(.bundle, reach, needs)].members = members
            }
            let present = reach == .none ? updates.count : entitled(reach)
            for _ in 0..<max(0, target - present) { add(.rules, reach, softwareNeeds(reach)) }
        }
    }

    /// A product, perhaps a classification, and one of the few sets of detectoids that the product's updates have.
    private mutating func softwareNeeds(_ reach: Reach) -> [PrerequisiteClause] {
        let product = random.skewed(products(of: reach == .none ? .everyProduct : reach))
        let platform = Platform(product: product, reach: reach)
        if platforms[platform] == nil { platforms[platform] = (0..<6).map { _ in detectoidClauses(reach) } }
        // Members of bundles and much else have no classification of their own.
        let classification = random.chance(0.28) ? [category([random.skewed(classificationNumbers)])] : []
        return [category([product])] + classification + random.pick(platforms[platform] ?? [])
    }

    private mutating func detectoidClauses(_ reach: Reach) -> [PrerequisiteClause] {
        let present = Array(detectoidNumbers.prefix(reach == .fresh ? 19 : reach == .workstation ? 21 : 51))
        var clauses: [PrerequisiteClause] = []
        if reach != .none, random.chance(0.5) {
            // In turn: each is named by some update, which makes it non-leaf.
            clauses.append(clause([present[sets % present.count]]))
            sets += 1
        }
        if random.chance(0.15) { clauses.append(clause([random.pick(present)] + random.some(3, of: absentDetectoids))) }
        if reach == .none { clauses.append(clause([random.pick(absentDetectoids)])) }
        return clauses
    }

    /// Installed on no device.
    private var absentDetectoids: [Int] { Array(detectoidNumbers.dropFirst(51)) }

    /// The products that make an update reach a kind of device, and no lesser one.
    private func products(of reach: Reach) -> [Int] {
        switch reach {
        case .fresh: Array(productNumbers[..<38])
        case .workstation: Array(productNumbers[38..<46])
        case .everyProduct, .none: Array(productNumbers[46...])
        }
    }

    // MARK: - Supersedence and sizes

    /// Chains, in which each supersedes all before it, as cumulative updates do: 633 with 16,664 edges for each 20,000 revisions.
    private mutating func planSupersedence() {
        for part in 0..<max(1, count / 20_000) {
            var dropped = 17_013 - 16_664
            let length = 54
            let candidates = updates.indices.filter { updates[$0].kind == .rules && (part == 0 || updates[$0].reach == .none) }
            var start = candidates.count / (12 * max(1, count / 20_000)) * 12 * part
            for chain in 0..<12 {
                let links = candidates[start..<min(start + (chain < 9 ? length : length - 1), candidates.count)]
                start += candidates.count / (12 * max(1, count / 20_000))
                for (place, link) in links.enumerated().dropFirst() {
                    var older = links.prefix(place).map { $0 }
                    if place > 30, dropped > 0 {
                        let fewer = min(2, dropped)
                        older.removeFirst(fewer)
                        dropped -= fewer
                    }
                    updates[link].superseded = older
                }
            }
        }
    }

    /// 46 over 1 MB of which 10 over 32 MiB, half of them for a fresh device; 134 of 50 to 413 KB; the rest with a median of 563 bytes.
    private mutating func planSizes() {
        for index in updates.indices {
            var draw = SplitMix(seed: 0x5153 &+ UInt64(index))
            let long = draw.chance(0.015)
            updates[index].coreBytes = long ? 4096 + draw.below(30_000) : Int(400 * exp(0.5 * draw.bell()))
        }
        guard count <= 20_000 else { return }
        let largest = (0..<10).map { 46_887_043 - $0 * 1_400_000 }
        let large = (0..<36).map { 31_500_000 - $0 * 680_000 }
        let middle = (0..<134).map { 50_000 + $0 * 363_000 / 134 }
        for (turn, bytes) in (largest + large + middle).enumerated() {
            let reach: Reach = turn.isMultiple(of: 2) ? .fresh : .everyProduct
            let first = updates.indices.filter { updates[$0].reach == reach && updates[$0].kind == .rules && updates[$0].superseded.isEmpty }
            guard let index = first.dropFirst((turn * 7) % max(1, first.count)).first else { continue }
            updates[index] = updates[index].asManifest(bytes)
        }
    }

    // MARK: - Pieces

    @discardableResult
    private mutating func add(
        _ kind: PlannedUpdate.Kind, _ reach: Reach, installedFrom: Reach = .none, _ prerequisites: [PrerequisiteClause] = []
    ) -> Int {
        updates.append(
            PlannedUpdate(number: updates.count, kind: kind, reach: reach, installedFrom: installedFrom, prerequisites: prerequisites))
        return updates.count - 1
    }

    private func clause(_ numbers: [Int]) -> PrerequisiteClause { PrerequisiteClause(anyOf: numbers.map(PlannedUpdate.id)) }

    private func category(_ numbers: [Int]) -> PrerequisiteClause {
        PrerequisiteClause(anyOf: numbers.map(PlannedUpdate.id), isCategory: true)
    }
}

extension PlannedUpdate {
    private func copy(number: Int, kind: Kind, coreBytes: Int) -> PlannedUpdate {
        PlannedUpdate(
            number: number, kind: kind, reach: reach, installedFrom: installedFrom, prerequisites: prerequisites, members: members,
            superseded: superseded, coreBytes: coreBytes)
    }

    fileprivate func asManifest(_ bytes: Int) -> PlannedUpdate { copy(number: number, kind: .manifest, coreBytes: bytes) }

    /// Another update of the same kind.
    func renumbered(_ number: Int) -> PlannedUpdate { copy(number: number, kind: kind, coreBytes: coreBytes) }
}
