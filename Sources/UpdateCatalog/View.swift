public import Updates

/// What devices in one set of groups see: made by ``Catalog/view(of:)``, shared by all of them.
///
/// It is made in microseconds: decisions are looked up when an answer needs them, so no approval has to remake it.
public final class View: Sendable {
    /// The groups it was asked for; those above them count too.
    public let groups: Set<GroupID>
    let standing: Standing
    /// The revisions that devices are given, once their prerequisites are met.
    let scope: DenseSet
    /// Which catalog made it: approvals and groups of another are not its own.
    let identity: ViewIdentity
    let approvals: EffectiveApprovals

    init(groups: Set<GroupID>, catalog: Catalog) {
        self.groups = groups
        standing = catalog.standing
        identity = catalog.viewIdentity
        approvals = EffectiveApprovals(for: groups, in: catalog.tree, catalog.approvals)
        scope = catalog.options.restrictToApproved ? Self.approved(standing, approvals) : standing.scope
    }

    /// What is approved, and everything it needs.
    private static func approved(_ standing: Standing, _ approvals: EffectiveApprovals) -> DenseSet {
        let graph = standing.graph
        let approved = approvals.updates.compactMap { id -> UInt32? in
            guard let update = graph.content.update(id), graph.content.current(of: update).type.isDecided, !graph.bundles.isMember(update)
            else { return nil }
            let action = approvals[id]?.action
            return action == .install || action == .uninstall ? update : nil
        }
        return standing.closure(of: approved)
    }

    /// The deployment of a revision that is delivered.
    func deployment(of revision: UInt32) -> Deployment {
        let content = standing.graph.content
        let row = content.row(revision)
        func standard(_ action: DeploymentAction) -> Deployment {
            Deployment(id: row.defaultDeploymentID, action: action, deadline: nil, lastChange: row.importedAt)
        }
        guard row.type.isDecided else { return standard(.evaluate) }
        if standing.graph.bundles.isMember(row.update) { return standard(.bundle) }
        guard let decision = approvals[content.id(ofUpdate: row.update)] else { return standard(.preDeploymentCheck) }
        let action: DeploymentAction =
            switch decision.action {
            case .install where row.publicationState != .expired: .install
            case .uninstall: .uninstall
            default: .preDeploymentCheck
            }
        // A deadline says by when to act: it means nothing where there is nothing to do.
        let deadline = action == .preDeploymentCheck ? nil : decision.deadline
        return Deployment(id: decision.deploymentID, action: action, deadline: deadline, lastChange: decision.changedAt)
    }

    /// - Parameter hardwareIDs: what a driver matched.
    func scanned(_ revision: UInt32, hardwareIDs: [String] = []) -> ScannedUpdate {
        let graph = standing.graph
        return ScannedUpdate(
            id: graph.content.id(revision), deployment: deployment(of: revision), isLeaf: !graph.nonLeafRevisions.contains(revision),
            hardwareIDs: hardwareIDs)
    }
}

extension UpdateType {
    /// Approvals decide over what is installed; what only tells a computer's state is evaluated, whatever is approved.
    var isDecided: Bool { self == .software || self == .driver }
}

/// Equal for views of one catalog only.
final class ViewIdentity: Sendable {}
