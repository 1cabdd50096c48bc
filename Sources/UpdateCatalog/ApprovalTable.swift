import Updates

/// All approvals, standing and withdrawn, by group and update.
struct ApprovalTable: Sendable {
    private(set) var groups: [GroupID: GroupApprovals] = [:]

    init(_ approvals: [Approval]) {
        apply(approvals)
    }

    /// A row takes the place of the one for the same update and group.
    mutating func apply(_ approvals: [Approval]) {
        for (group, approvals) in Dictionary(grouping: approvals, by: \.groupID) { groups[group, default: GroupApprovals()].apply(approvals) }
    }
}

/// The approvals for one group, and in which order they were changed.
struct GroupApprovals: Sendable {
    private(set) var rows: [UpdateID: Approval] = [:]
    /// By ascending generation; an update may come more than once, the last time with its row's generation.
    private var changes: [(generation: Generation, update: UpdateID)] = []

    mutating func apply(_ approvals: [Approval]) {
        var isInOrder = true
        for approval in approvals {
            rows[approval.updateID] = approval
            isInOrder = isInOrder && changes.last.map { $0.generation <= approval.generation } ?? true
            changes.append((approval.generation, approval.updateID))
        }
        if !isInOrder || changes.count > 2 * rows.count + 16 {
            changes = rows.values.map { ($0.generation, $0.updateID) }.sorted { $0.generation < $1.generation }
        }
    }

    /// The updates with a row that was changed after an anchor; some may come twice.
    func changed(after anchor: Generation) -> some Sequence<UpdateID> {
        changes.reversed().lazy.prefix { $0.generation > anchor }.map(\.update)
    }
}

/// Whether one decision comes before another for a device that both concern: the greater counts.
///
/// The deeper group, then install over uninstall over block, then the earlier deadline, then the older deployment
/// (wsus-features.md section B row 22). Of one branch of the tree the nearest group is the deepest, so what it says overrides what it inherits.
struct DecisionRank: Comparable {
    private let depth: Int
    private let action: Int
    /// Greater for an earlier one.
    private let deadline: Int64
    private let deployment: Int32

    /// Nothing for a withdrawn approval: it decides nothing.
    init?(_ approval: Approval, depth: Int) {
        switch approval.action {
        case .install: action = 2
        case .uninstall: action = 1
        case .block: action = 0
        case nil: return nil
        }
        self.depth = depth
        deadline = approval.deadline.map { ~$0.millisecondsSince1970 } ?? .min
        deployment = ~approval.deploymentID.rawValue
    }

    static func < (left: DecisionRank, right: DecisionRank) -> Bool {
        (left.depth, left.action, left.deadline, left.deployment) < (right.depth, right.action, right.deadline, right.deployment)
    }
}

/// The decision that counts among those taken so far.
struct LeadingDecision {
    private(set) var approval: Approval?
    private var rank: DecisionRank?

    mutating func take(_ other: Approval, depth: Int) {
        guard let otherRank = DecisionRank(other, depth: depth) else { return }
        if let rank, rank > otherRank { return }
        approval = other
        rank = otherRank
    }
}

/// The approvals that concern devices in a set of groups: those of the groups and all above them.
struct EffectiveApprovals: Sendable {
    private let groups: [(depth: Int, approvals: GroupApprovals)]

    init(for groups: Set<GroupID>, in tree: GroupTree, _ table: ApprovalTable) {
        self.groups = tree.depths(of: groups).compactMap { group, depth in table.groups[group].map { (depth, $0) } }
    }

    /// The decision that counts for an update; nothing where none says anything.
    subscript(update: UpdateID) -> Approval? {
        var leading = LeadingDecision()
        for group in groups {
            if let approval = group.approvals.rows[update] { leading.take(approval, depth: group.depth) }
        }
        return leading.approval
    }

    /// Every update with a row, standing or withdrawn.
    var updates: Set<UpdateID> { groups.reduce(into: []) { $0.formUnion($1.approvals.rows.keys) } }

    /// The updates with a row that was changed after an anchor; some may come twice.
    func changed(after anchor: Generation) -> some Sequence<UpdateID> {
        groups.lazy.flatMap { $0.approvals.changed(after: anchor) }
    }
}
