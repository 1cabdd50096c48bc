import UpdateCatalog
import Updates

/// A catalogue of 20,000 revisions, always the same: 50 products under one company, 20 classifications, 4,000 detectoids, the rest
/// software that needs a product, a classification and a detectoid. Core fragments are not in it; their sizes are.
enum SyntheticCatalogue {
    static let count = 20_000

    static func make() -> Catalog {
        var random = SplitMix(state: 1)
        func id(_ number: Int) -> UpdateID { UpdateID(high: 0x4d61_7274_6c65_7400, low: UInt64(number)) }
        func revision(_ number: Int, _ type: UpdateType, _ category: CategoryType?, _ clauses: [PrerequisiteClause], size: Int) -> CatalogRevision {
            CatalogRevision(
                id: RevisionID(rawValue: Int32(number)),
                identity: UpdateIdentity(updateID: id(number), revisionNumber: RevisionNumber(rawValue: 100)),
                type: type, categoryType: category, prerequisites: clauses, defaultDeploymentID: DeploymentID(rawValue: Int32(number)),
                importedAt: Timestamp(millisecondsSince1970: 1_800_000_000_000), importGeneration: Generation(rawValue: 1), coreSize: size)
        }
        var revisions = [revision(1, .category, .company, [], size: 300)]
        let company = PrerequisiteClause(anyOf: [id(1)], isCategory: true)
        for number in 2...51 { revisions.append(revision(number, .category, .product, [company], size: 400)) }
        for number in 52...71 { revisions.append(revision(number, .category, .updateClassification, [], size: 300)) }
        for number in 72...4071 {
            revisions.append(revision(number, .detectoid, nil, [PrerequisiteClause(anyOf: [id(.random(in: 2...51, using: &random))])], size: 500))
        }
        for number in 4072...count {
            revisions.append(
                revision(
                    number, .software, nil,
                    [
                        PrerequisiteClause(anyOf: [id(.random(in: 2...51, using: &random))], isCategory: true),
                        PrerequisiteClause(anyOf: [id(.random(in: 52...71, using: &random))], isCategory: true),
                        PrerequisiteClause(anyOf: [id(.random(in: 72...4071, using: &random))]),
                    ], size: 563))
        }
        let groups = [
            TargetGroup(id: .allComputers, name: "All Computers", parent: nil),
            TargetGroup(id: .unassignedComputers, name: "Unassigned Computers", parent: .allComputers),
        ]
        return Catalog(
            revisions: revisions, approvals: [], declines: [], groups: groups, options: CatalogOptions(), generation: Generation(rawValue: 1))
    }
}

/// Repeatable numbers.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
