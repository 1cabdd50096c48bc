public import Updates

/// Which updates a command is about: named ones, or all that pass a filter.
public enum UpdateSelection: Codable, Sendable {
    /// UpdateIDs, or KB numbers (`KB9000001`, `9000001`).
    case ids([String])
    case filter(UpdateFilter)
}

/// The filters of `updates list`; all that are given must hold.
public struct UpdateFilter: Codable, Sendable, Hashable {
    /// A part of the title of a product, product family or company.
    public var product: String?
    /// A classification's title.
    public var classification: String?
    public var state: UpdateApprovalState?
    public var isSuperseded: Bool
    public var isExpired: Bool
    /// `sample`, `local`, `upstream:HOST`, `cabinet` or `microsoft`.
    public var source: String?
    /// Every word must be in the title, the description or a KB number.
    public var text: String?
    /// Categories, detectoids and the members of bundles too.
    public var includesEverything: Bool

    public init(
        product: String? = nil, classification: String? = nil, state: UpdateApprovalState? = nil, isSuperseded: Bool = false,
        isExpired: Bool = false, source: String? = nil, text: String? = nil, includesEverything: Bool = false
    ) {
        self.product = product
        self.classification = classification
        self.state = state
        self.isSuperseded = isSuperseded
        self.isExpired = isExpired
        self.source = source
        self.text = text
        self.includesEverything = includesEverything
    }

    /// Nothing is asked for: every update passes.
    public var isEmpty: Bool { self == UpdateFilter() }
}

/// What was decided about an update, for any group.
public enum UpdateApprovalState: String, Codable, Sendable, CaseIterable {
    /// At least one group has it approved for install or uninstall.
    case approved
    case unapproved
    case declined
    /// What it starts is not believed: it is given to nobody until it is allowed by name.
    case quarantined
}

/// What to do with updates.
public enum UpdateChange: Codable, Sendable {
    case approve(groups: [String], action: ApprovalAction, deadline: Timestamp?)
    /// Withdraws the decision for these groups; for every group where none is named.
    case unapprove(groups: [String])
    case decline
    case undecline
}
