import Storage
import UpdateCatalog
import Updates

/// The texts of everything held beside the catalog they belong to: what administrators' questions are answered from.
struct UpdateLibrary {
    let catalog: Catalog
    private let revisionsByUpdate: [UpdateID: [StoredRevision]]
    private let approvalsByUpdate: [UpdateID: [Approval]]
    private let filesHeld: @Sendable (SHA1Digest) -> Bool
    private let allowances: [UpdateIdentity: Allowance]
    private let cabinetMembers: [SHA1Digest: Set<String>]

    /// - Parameter ids: the only updates that will be asked about; all if nothing. Reading all takes as long as there are many.
    init(
        of ids: Set<UpdateID>? = nil, catalog: Catalog, store: any StoreReader, cabinetMembers: [SHA1Digest: Set<String>],
        filesHeld: @escaping @Sendable (SHA1Digest) -> Bool
    ) async throws {
        self.catalog = catalog
        self.cabinetMembers = cabinetMembers
        allowances = Dictionary(try await store.allowances().map { ($0.identity, $0) }, uniquingKeysWith: { $1 })
        self.filesHeld = filesHeld
        if let ids {
            var revisions: [UpdateID: [StoredRevision]] = [:]
            for id in ids {
                let held = try await store.revisions(of: id)
                if !held.isEmpty { revisions[id] = held }
            }
            revisionsByUpdate = revisions
        } else {
            revisionsByUpdate = Dictionary(grouping: try await store.revisions(), by: \.revision.updateID)
        }
        approvalsByUpdate = Dictionary(grouping: try await store.approvals().filter { $0.action != nil }, by: \.updateID)
    }

    var updateIDs: [UpdateID] { revisionsByUpdate.keys.sorted() }

    /// Every revision held, newest first.
    func revisions(of id: UpdateID) -> [Revision] {
        (revisionsByUpdate[id] ?? []).map(\.revision).sorted { $0.identity.revisionNumber > $1.identity.revisionNumber }
    }

    /// The revision that devices are given.
    func current(_ id: UpdateID) -> Revision? {
        guard let current = catalog.current(id) else { return nil }
        return revisionsByUpdate[id]?.first { $0.revision.id == current.id }?.revision
    }

    func approvals(of id: UpdateID) -> [Approval] { approvalsByUpdate[id] ?? [] }

    func name(_ id: UpdateID) -> NamedUpdate { NamedUpdate(id: id, title: title(id)) }

    func title(_ id: UpdateID) -> String? { current(id)?.metadata.text()?.title }

    func state(of id: UpdateID, _ condition: UpdateCondition?) -> UpdateApprovalState {
        if condition?.isDeclined == true { return .declined }
        if isQuarantined(condition) { return .quarantined }
        return approvals(of: id).contains { $0.action == .install || $0.action == .uninstall } ? .approved : .unapproved
    }

    // MARK: - Quarantine

    /// Of the update itself, or of a part without which it is not delivered.
    private func isQuarantined(_ condition: UpdateCondition?) -> Bool {
        guard let condition else { return false }
        if condition.isQuarantined { return true }
        // What is delivered has all its parts.
        return condition.delivered == nil && condition.bundleMembers.contains { catalog.condition(of: $0)?.isQuarantined == true }
    }

    /// The revisions of an update, and of its members, whose commands are not believed, allowed or not.
    func quarantinable(_ id: UpdateID) -> [(revision: UpdateIdentity, findings: [LaunchFinding])] {
        guard let condition = catalog.condition(of: id) else { return [] }
        return ([condition] + condition.bundleMembers.compactMap { catalog.condition(of: $0) }).compactMap { condition in
            guard let held = revisionsByUpdate[condition.current.identity.updateID]?.first(where: { $0.revision.id == condition.candidate }) else {
                return nil
            }
            let findings = UpdateEngine.findings(on: held.revision, members: cabinetMembers)
            return findings.isEmpty ? nil : (held.revision.identity, findings)
        }
    }

    func isAllowed(_ revision: UpdateIdentity) -> Bool { allowances[revision]?.isAllowed == true }

    func allowance(of revision: UpdateIdentity) -> AllowanceSummary? {
        allowances[revision].flatMap {
            $0.isAllowed ? AllowanceSummary(revision: revision.revisionNumber, reason: $0.reason, since: $0.changedAt) : nil
        }
    }

    /// Why an update is given to nobody; empty where what it starts is believed or allowed.
    func quarantine(of id: UpdateID) -> [QuarantineReason] {
        guard isQuarantined(catalog.condition(of: id)) else { return [] }
        return quarantinable(id).filter { !isAllowed($0.revision) }.flatMap { revision, findings in
            findings.map {
                QuarantineReason(update: name(revision.updateID), revision: revision.revisionNumber, code: $0.code, message: $0.message)
            }
        }
    }

    func summary(of id: UpdateID) -> UpdateSummary? {
        current(id).map(summary)
    }

    /// One revision, current or not; what was decided is the update's.
    func summary(of revision: Revision) -> UpdateSummary {
        let id = revision.updateID
        let condition = catalog.condition(of: id)
        let metadata = revision.metadata
        return UpdateSummary(
            id: id, revision: metadata.identity.revisionNumber, type: metadata.type, title: metadata.text()?.title ?? "",
            kbArticles: metadata.kbArticleIDs, products: (condition?.categories.products ?? []).compactMap(title).sorted(),
            classification: condition?.categories.classifications.first.flatMap(title), msrcSeverity: metadata.msrcSeverity,
            state: state(of: id, condition), isSuperseded: condition?.isSuperseded ?? false,
            isExpired: metadata.publicationState == .expired, isIncomplete: isIncomplete(revision, condition),
            source: revision.provenance.source.description, isVerified: revision.provenance.isVerified)
    }

    private func isIncomplete(_ revision: Revision, _ condition: UpdateCondition?) -> Bool {
        let lacks = condition?.unmet.contains {
            // A member that waits for its bundles lacks nothing itself.
            if case .bundlesNotDelivered = $0 { false } else { true }
        }
        if lacks == true { return true }
        return revision.metadata.files.contains { !filesHeld($0.sha1) }
    }

    func passes(_ id: UpdateID, _ filter: UpdateFilter) -> Bool {
        guard let revision = current(id) else { return false }
        let condition = catalog.condition(of: id)
        let metadata = revision.metadata
        if !filter.includesEverything {
            guard metadata.type == .software || metadata.type == .driver, condition?.isBundleMember != true else { return false }
        }
        if filter.isSuperseded, condition?.isSuperseded != true { return false }
        if filter.isExpired, condition?.isExpired != true { return false }
        if let source = filter.source, revision.provenance.source.description != source { return false }
        if let state = filter.state, self.state(of: id, condition) != state { return false }
        if let product = filter.product {
            let categories = condition.map { $0.categories.products + $0.categories.productFamilies + $0.categories.companies } ?? []
            guard categories.contains(where: { contains(title($0), product) }) else { return false }
        }
        if let classification = filter.classification {
            guard (condition?.categories.classifications ?? []).contains(where: { contains(title($0), classification) }) else { return false }
        }
        if let words = filter.text {
            let texts = metadata.localizedTexts.flatMap { [$0.title, $0.description ?? ""] } + metadata.kbArticleIDs.map { "KB\($0)" }
            guard words.split(separator: " ").allSatisfy({ word in texts.contains { contains($0, String(word)) } }) else { return false }
        }
        return true
    }

    private func contains(_ text: String?, _ part: String) -> Bool {
        text?.lowercased().contains(part.lowercased()) ?? false
    }

    /// The updates a person means by `text`: one by its UpdateID, or those of a KB number that are not members of bundles.
    func resolve(_ text: String) throws(EngineError) -> [UpdateID] {
        if let id = UpdateID(text) {
            guard revisionsByUpdate[id] != nil else { throw EngineError(.refused, "no update \(id) is held") }
            return [id]
        }
        let number = text.lowercased().hasPrefix("kb") ? String(text.dropFirst(2)) : text
        guard !number.isEmpty, number.allSatisfy({ $0.isASCII && $0.isNumber }) else {
            throw EngineError(.refused, "\(text) is neither an UpdateID nor a KB number")
        }
        let found = updateIDs.filter { id in
            current(id)?.metadata.kbArticleIDs.contains(number) == true && catalog.condition(of: id)?.isBundleMember != true
        }
        guard !found.isEmpty else { throw EngineError(.refused, "no update has KB\(number)") }
        return found
    }
}
