import Updates

/// All approvals, standing and withdrawn, by group and update.
struct ApprovalTable: Sendable, Hashable {
    private(set) var rows: [GroupID: [UpdateID: Approval]] = [:]

    init(_ approvals: [Approval]) {
        apply(approvals)
    }

    /// A row takes the place of the one for the same update and group.
    mutating func apply(_ approvals: [Approval]) {
        for approval in approvals { rows[approval.groupID, default: [:]][approval.updateID] = approval }
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
