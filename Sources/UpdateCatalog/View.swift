public import Updates

/// What devices in one set of groups see: made by ``Catalog/view(of:)``, shared by all of them.
public final class View: Sendable {
    /// The groups it was asked for; those above them count too.
    public let groups: Set<GroupID>
    let standing: Standing
    let scope: Scope
    /// Which catalog made it: approvals and groups of another are not its own.
    let identity: ViewIdentity
    /// The decisions that count, by update.
    let decisions: [UInt32: Approval]
    /// For each update with an approval row for one of the groups or those above them, the newest change of any.
    let decisionsChanged: [UInt32: Generation]

    init(groups: Set<GroupID>, catalog: Catalog) {
        self.groups = groups
        standing = catalog.standing
        identity = catalog.viewIdentity
        let content = catalog.standing.graph.content
        var leading: [UInt32: LeadingDecision] = [:]
        var changed: [UInt32: Generation] = [:]
        for (group, depth) in catalog.tree.depths(of: groups) {
            for row in (catalog.approvals.rows[group] ?? [:]).values {
                guard let update = content.updates[row.updateID] else { continue }
                leading[update, default: LeadingDecision()].take(row, depth: depth)
                changed[update] = max(changed[update] ?? .zero, row.generation)
            }
        }
        let decisions = leading.compactMapValues(\.approval)
        self.decisions = decisions
        decisionsChanged = changed
        scope = catalog.options.restrictToApproved ? Self.approved(standing, decisions) : standing.scope
    }

    /// What is approved, and everything it needs.
    private static func approved(_ standing: Standing, _ decisions: [UInt32: Approval]) -> Scope {
        let graph = standing.graph
        let approved = decisions.filter { update, decision in
            decision.action != .block && graph.content.current(of: update).type.isDecided && !graph.bundles.isMember(update)
        }
        return Scope(graph: graph, revisions: standing.closure(of: approved.keys))
    }

    /// The deployment of a revision that is delivered.
    func deployment(of revision: UInt32) -> Deployment {
        let content = standing.graph.content
        let update = content.update(of: revision)
        let held = content.revisions[Int(revision)]
        func standard(_ action: DeploymentAction) -> Deployment {
            Deployment(id: held.defaultDeploymentID, action: action, deadline: nil, lastChange: held.importedAt)
        }
        switch held.type {
        case .category, .detectoid: return standard(.evaluate)
        case .software, .driver: break
        }
        if standing.graph.bundles.isMember(update) { return standard(.bundle) }
        guard let decision = decisions[update] else { return standard(.preDeploymentCheck) }
        let action: DeploymentAction =
            switch decision.action {
            case .install where held.publicationState != .expired: .install
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
            id: graph.content.revisions[Int(revision)].id, deployment: deployment(of: revision),
            isLeaf: !graph.nonLeaf.contains(graph.content.update(of: revision)), hardwareIDs: hardwareIDs)
    }
}

extension UpdateType {
    /// Approvals decide over what is installed; what only tells a computer's state is evaluated, whatever is approved.
    var isDecided: Bool { self == .software || self == .driver }
}

/// Equal for views of one catalog only.
final class ViewIdentity: Sendable {}
