public import Updates

/// What an administrator may choose of how updates are delivered.
public struct CatalogOptions: Hashable, Sendable {
    /// Deliver only what is approved and what that needs. Devices then never say whether they need what is not (observed.md section 0.4).
    public var restrictToApproved: Bool

    public init(restrictToApproved: Bool = false) {
        self.restrictToApproved = restrictToApproved
    }
}

/// Everything a device's question is answered from, as one immutable value; a change makes the next value beside it.
///
/// The rules are in ADR 0004. Copies are cheap; every method may be called from any thread.
public struct Catalog: Sendable {
    /// The change this value includes.
    public let generation: Generation
    public let options: CatalogOptions
    let standing: Standing
    let approvals: ApprovalTable
    let tree: GroupTree
    let viewIdentity = ViewIdentity()
    private let views = BoundedCache<Set<GroupID>, View>(limit: CatalogLimits.rememberedViews)

    /// Builds the catalog from everything that is stored.
    ///
    /// - Parameters:
    ///   - revisions: all that are held.
    ///   - approvals: standing and withdrawn; for updates that are not held they wait.
    ///   - declines: standing and taken back.
    ///   - allowances: likewise.
    ///   - groups: the tree.
    ///   - options: how to deliver.
    ///   - generation: the change that was stored last.
    public init(
        revisions: some Sequence<CatalogRevision>, approvals: [Approval], declines: [Decline], allowances: [Allowance] = [], groups: [TargetGroup],
        options: CatalogOptions, generation: Generation
    ) {
        self.init(
            RevisionTable().appending(revisions), approvals: approvals, declines: declines, allowances: allowances, groups: groups,
            options: options, generation: generation)
    }

    fileprivate init(
        _ table: RevisionTable, approvals: [Approval], declines: [Decline], allowances: [Allowance], groups: [TargetGroup],
        options: CatalogOptions, generation: Generation
    ) {
        let allowances = Dictionary(allowances.map { ($0.identity, $0) }, uniquingKeysWith: { $1 })
        let declines = Dictionary(declines.map { ($0.updateID, $0) }, uniquingKeysWith: { $1 })
        self.init(
            standing: Standing(graph: RevisionGraph(table), declines: declines, allowances: allowances), approvals: ApprovalTable(approvals),
            tree: GroupTree(groups), options: options, generation: generation)
    }

    private init(standing: Standing, approvals: ApprovalTable, tree: GroupTree, options: CatalogOptions, generation: Generation) {
        self.standing = standing
        self.approvals = approvals
        self.tree = tree
        self.options = options
        self.generation = generation
    }

    /// The catalog with more revisions; one with a known identity takes the place of the one held (it was completed, or replaced under another id).
    public func adding(_ revisions: [CatalogRevision], generation: Generation) -> Catalog {
        let replaced = Set(revisions.compactMap { content.index(of: $0.identity) })
        let graph = RevisionGraph(content.table.appending(revisions, without: replaced))
        return with(standing: Standing(graph: graph, declines: standing.declines, allowances: standing.allowances), generation: generation)
    }

    /// The catalog after rows were written: each takes the place of the one for the same update (and group).
    public func applying(
        approvals: [Approval] = [], declines: [Decline] = [], allowances: [Allowance] = [], generation: Generation
    ) -> Catalog {
        var rows = self.approvals
        rows.apply(approvals)
        var standing = standing
        if !declines.isEmpty || !allowances.isEmpty {
            standing = Standing(
                graph: standing.graph, declines: standing.declines.merging(declines.map { ($0.updateID, $0) }) { $1 },
                allowances: standing.allowances.merging(allowances.map { ($0.identity, $0) }) { $1 })
        }
        return with(standing: standing, approvals: rows, generation: generation)
    }

    /// The catalog with another tree of groups and the approvals that are left, all of them.
    ///
    /// Devices learn of it by their ``ScanRequest/groupsGeneration``: whoever moves or removes a group moves its devices.
    public func replacing(groups: [TargetGroup], approvals: [Approval], generation: Generation) -> Catalog {
        with(approvals: ApprovalTable(approvals), tree: GroupTree(groups), generation: generation)
    }

    private func with(
        standing: Standing? = nil, approvals: ApprovalTable? = nil, tree: GroupTree? = nil, generation: Generation
    ) -> Catalog {
        Catalog(
            standing: standing ?? self.standing, approvals: approvals ?? self.approvals, tree: tree ?? self.tree, options: options,
            generation: generation)
    }

    // MARK: - Revisions

    /// The revision held under an id.
    public func revision(_ id: RevisionID) -> HeldRevision? {
        content.indices[id].map { content.revision($0) }
    }

    /// The revision of an update that counts: of those of the most trusted source the one with the greatest number.
    public func current(_ id: UpdateID) -> HeldRevision? {
        content.update(id).map { content.revision(content.currentOfUpdate[Int($0)]) }
    }

    var content: RevisionContent { standing.graph.content }

    // MARK: - Views

    /// What devices in `groups` see. Groups above them count too, and All Computers always; one that does not exist adds nothing.
    public func view(of groups: Set<GroupID>) -> View {
        views.value(for: groups) { View(groups: groups, catalog: self) }
    }

    /// Whether devices of a view are given a revision, once its prerequisites are met and, of a driver, where it fits the hardware.
    public func isDelivered(_ id: RevisionID, in view: View) -> Bool {
        guard let revision = content.indices[id] else { return false }
        return own(view).scope.contains(revision)
    }

    /// The deployment of a revision that devices of a view are given; nothing for others.
    public func deployment(of id: RevisionID, in view: View) -> Deployment? {
        guard isDelivered(id, in: view), let revision = content.indices[id] else { return nil }
        return own(view).deployment(of: revision)
    }

    /// The approval that counts for devices in a set of groups, from whichever group it comes; nothing where none says anything.
    public func effectiveApproval(of update: UpdateID, in groups: Set<GroupID>) -> Approval? {
        EffectiveApprovals(for: groups, in: tree, approvals)[update]
    }

    /// A view of an earlier catalog is replaced by this catalog's own: indices differ.
    func own(_ view: View) -> View {
        view.identity === viewIdentity ? view : self.view(of: view.groups)
    }
}

/// Takes revisions one at a time, so that a store need not hand out all of them at once: as the catalog keeps them they are far smaller.
public struct CatalogBuilder: Sendable {
    private var table = RevisionTable()

    public init() {}

    /// In any order; by ascending id they cost least. Of two with one id the later counts.
    public mutating func add(_ revision: CatalogRevision) {
        table.append(revision)
    }

    /// The catalog of what was added; the rest as in ``Catalog/init(revisions:approvals:declines:allowances:groups:options:generation:)``.
    public consuming func catalog(
        approvals: [Approval], declines: [Decline], allowances: [Allowance] = [], groups: [TargetGroup], options: CatalogOptions,
        generation: Generation
    ) -> Catalog {
        Catalog(
            table.inOrder(), approvals: approvals, declines: declines, allowances: allowances, groups: groups, options: options,
            generation: generation)
    }
}
