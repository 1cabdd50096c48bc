import UpdateCatalog
import Updates

/// The update that a short name stands for in these tests: its bytes are the GUID's last.
func update(_ name: String) -> UpdateID {
    UpdateID(high: 0x7e57_0000_0000_4000, low: name.utf8.prefix(8).reduce(0) { $0 << 8 | UInt64($1) })
}

func identity(_ name: String, _ number: Int32 = 1) -> UpdateIdentity {
    UpdateIdentity(updateID: update(name), revisionNumber: RevisionNumber(rawValue: number))
}

func group(_ name: String) -> GroupID {
    name == "all" ? .allComputers : GroupID(guid: update("g:\(name)"))
}

func time(_ seconds: Int64) -> Timestamp { Timestamp(millisecondsSince1970: seconds * 1000) }

extension Provenance {
    static let local = Provenance(source: .localImport, isVerified: true)
    static let microsoft = Provenance(source: .microsoft, isVerified: true)
    static let hearsay = Provenance(source: .upstream("other"), isVerified: false)
}

/// A revision in few words; its deployment is 1000 + its id, it was imported at second `id`.
func revision(
    _ id: Int32, _ name: String, _ number: Int32 = 1, _ type: UpdateType = .software, needs: [[String]] = [], in categories: [String] = [],
    bundles: [[UpdateIdentity]] = [], supersedes: [String] = [], category: CategoryType? = nil, isExpired: Bool = false,
    from provenance: Provenance = .local, at generation: Int64 = 1, size: Int = 500, drivers: [DriverMetadata] = []
) -> CatalogRevision {
    CatalogRevision(
        id: RevisionID(rawValue: id), identity: identity(name, number), type: type, categoryType: category,
        publicationState: isExpired ? .expired : .published,
        prerequisites: needs.map { PrerequisiteClause(anyOf: $0.map { update($0) }) }
            + categories.map { PrerequisiteClause(anyOf: [update($0)], isCategory: true) },
        bundledUpdates: bundles.map { BundleGroup(anyOf: $0) }, supersededUpdates: supersedes.map { update($0) }, provenance: provenance,
        defaultDeploymentID: DeploymentID(rawValue: 1000 + id), importedAt: time(Int64(id)), importGeneration: Generation(rawValue: generation),
        coreSize: size, drivers: drivers)
}

func approval(
    _ name: String, _ groupName: String, _ action: ApprovalAction?, deadline: Int64? = nil, deployment: Int32 = 1, at generation: Int64 = 1
) -> Approval {
    Approval(
        updateID: update(name), groupID: group(groupName), action: action, deadline: deadline.map { time($0) },
        deploymentID: DeploymentID(rawValue: deployment), changedAt: time(100_000 + generation), generation: Generation(rawValue: generation))
}

func decline(_ name: String, _ isDeclined: Bool = true, at generation: Int64 = 1) -> Decline {
    Decline(updateID: update(name), isDeclined: isDeclined, changedAt: time(generation), generation: Generation(rawValue: generation))
}

/// `parents` is a list of group and parent.
func tree(_ parents: [(String, String)]) -> [TargetGroup] {
    [TargetGroup(id: .allComputers, name: "All Computers", parent: nil)]
        + parents.map { TargetGroup(id: group($0), name: $0, parent: group($1)) }
}

func catalog(
    _ revisions: [CatalogRevision], approvals: [Approval] = [], declines: [Decline] = [], groups: [(String, String)] = [],
    restrictToApproved: Bool = false, at generation: Int64 = 1
) -> Catalog {
    Catalog(
        revisions: revisions, approvals: approvals, declines: declines, groups: tree(groups),
        options: CatalogOptions(restrictToApproved: restrictToApproved), generation: Generation(rawValue: generation))
}

extension Catalog {
    /// Ids of all that devices in a group are given, ascending.
    func delivered(to groups: String...) -> [Int32] {
        let view = view(of: Set(groups.map { group($0) }))
        return updateIDs.compactMap { condition(of: $0)?.delivered }.filter { isDelivered($0, in: view) }.map(\.rawValue).sorted()
    }

    func action(_ id: Int32, for groups: String...) -> DeploymentAction? {
        deployment(of: RevisionID(rawValue: id), in: view(of: Set(groups.map { group($0) })))?.action
    }

    /// One answer to a device that holds these ids.
    func answer(
        installed: [Int32] = [], other: [Int32] = [], drivers: [Int32] = [], system: SystemSpec = SystemSpec(),
        anchor: Int64 = 0, groupsGeneration: Int64 = 0, pass: ScanRequest.Pass = .software,
        filter: [String]? = nil, twoGroups: Bool = false, groups: String...
    ) -> ScanAnswer {
        scan(
            ScanRequest(
                installedNonLeaf: installed.map { RevisionID(rawValue: $0) }, otherCached: other.map { RevisionID(rawValue: $0) },
                cachedDrivers: drivers.map { RevisionID(rawValue: $0) }, system: system,
                anchor: Generation(rawValue: anchor), groupsGeneration: Generation(rawValue: groupsGeneration), pass: pass,
                filterCategories: filter.map { $0.map { update($0) } }, needsTwoGroupsOutOfScope: twoGroups),
            in: view(of: Set(groups.map { group($0) })))
    }
}

extension ScanAnswer {
    var new: [Int32] { newUpdates.map(\.id.rawValue) }
    var changed: [Int32] { changedUpdates.map(\.id.rawValue) }
    var gone: [Int32] { outOfScope.map(\.rawValue) }
    var hidden: [Int32] { deployedOutOfScope.map(\.rawValue) }
}
