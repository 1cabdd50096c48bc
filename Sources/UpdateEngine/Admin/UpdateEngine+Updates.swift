import Storage
import UpdateCatalog
import UpdateProtocols
import Updates

extension UpdateEngine {
    /// - Parameter ids: the only updates that will be asked about; all if nothing.
    func library(of ids: Set<UpdateID>? = nil) async throws -> UpdateLibrary {
        try await UpdateLibrary(
            of: ids, catalog: catalog, store: store, cabinetMembers: state { $0.cabinetMembers }, filesHeld: { [files] in files.lookup($0) != nil })
    }

    /// What a decision about `selection` looks at: a few named updates need not wait for all of a large catalogue.
    private func library(for selection: UpdateSelection) async throws -> UpdateLibrary {
        guard case .ids(let texts) = selection, texts.count <= 64 else { return try await library() }
        let ids = texts.compactMap { UpdateID($0) }
        // A KB number may be any update's.
        guard ids.count == texts.count else { return try await library() }
        let catalog = catalog
        let said = ids.compactMap { catalog.condition(of: $0) }.flatMap { $0.bundleParents.prefix(1) + $0.supersededBy.prefix(1) + $0.bundleMembers }
        return try await library(of: Set(ids + said))
    }

    /// The updates that pass a filter, by title.
    public func updates(_ filter: UpdateFilter) async throws -> [UpdateSummary] {
        if let source = filter.source, Provenance.Source(source) == nil {
            throw EngineError(.refused, "\(source) is not a source: sample, local, upstream:HOST, cabinet or microsoft")
        }
        let library = try await library()
        return library.updateIDs.filter { library.passes($0, filter) }.compactMap(library.summary)
            .sorted { ($0.title, $0.id) < ($1.title, $1.id) }
    }

    /// Everything about the one update that `text` names.
    public func update(_ text: String) async throws -> UpdateDetails {
        let library = try await library()
        let (id, number) = try Self.one(text, in: library)
        let revision = try Self.revision(number, of: id, in: library)
        let summary = library.summary(of: revision)
        let metadata = revision.metadata
        let condition = library.catalog.condition(of: id)
        let names = try await groupNames()
        let devices = Dictionary(uniqueKeysWithValues: try await store.devices().map { ($0.id, $0) })
        let states = try await store.statuses(of: id)
        return UpdateDetails(
            summary: summary, description: metadata.text()?.description, created: metadata.creationDate, imported: revision.importedAt,
            languages: metadata.localizedTexts.map(\.language), eulaID: metadata.eulaID,
            securityBulletins: metadata.securityBulletinIDs, handler: metadata.handler, origin: revision.origin.rawValue,
            revisions: library.revisions(of: id).map {
                RevisionSummary(
                    revision: $0.identity.revisionNumber, revisionID: $0.id, source: $0.provenance.source.description,
                    isVerified: $0.provenance.isVerified, publicationState: $0.metadata.publicationState, imported: $0.importedAt,
                    isCurrent: $0.id == library.current(id)?.id)
            },
            prerequisites: metadata.prerequisites.map { $0.anyOf.map(library.name) },
            bundledUpdates: metadata.bundledUpdates.map { $0.anyOf.map { library.name($0.updateID) } },
            memberOf: (condition?.bundleParents ?? []).map(library.name), supersedes: metadata.supersededUpdates.map(library.name),
            supersededBy: (condition?.supersededBy ?? []).map(library.name),
            files: metadata.files.map { Self.summary(of: $0, isHeld: files.lookup($0.sha1) != nil) },
            incomplete: lacks(revision, in: library.catalog), quarantine: library.quarantine(of: id),
            allowance: library.quarantinable(id).lazy.compactMap { library.allowance(of: $0.revision) }.first,
            approvals: library.approvals(of: id).compactMap { approval in
                approval.action.map {
                    ApprovalSummary(
                        group: names[approval.groupID] ?? approval.groupID.description, action: $0, deadline: approval.deadline,
                        changed: approval.changedAt)
                }
            }.sorted { $0.group < $1.group },
            status: Self.counts(states.filter { !$0.isDisputed }.map(\.state), among: Array(devices.values)),
            devices: states.map {
                .init(
                    device: $0.deviceID.text, name: devices[$0.deviceID]?.facts?.dnsName, state: $0.isDisputed ? "disputed" : $0.state.word,
                    since: devices[$0.deviceID]?.dispute?.since ?? $0.changedAt)
            })
    }

    /// The revision of that number; the current one where none is named.
    private static func revision(_ number: RevisionNumber?, of id: UpdateID, in library: UpdateLibrary) throws(EngineError) -> Revision {
        guard let number else {
            guard let current = library.current(id) else { throw EngineError(.refused, "no update \(id) is held") }
            return current
        }
        guard let revision = library.revisions(of: id).first(where: { $0.identity.revisionNumber == number }) else {
            throw EngineError(.refused, "revision \(number.rawValue) of \(id) is not held")
        }
        return revision
    }

    /// An update's states over all devices: one without a row is not applicable where the device has reported, else unknown.
    /// Of a disputed device nothing counts.
    static func counts(_ states: [UpdateState], among devices: [Device]) -> StatusCounts {
        var counts = StatusCounts()
        for state in states { counts.add(state, 1) }
        let reported = devices.count { $0.lastReported != nil && $0.dispute == nil }
        counts.unknown = devices.count { $0.facts != nil && $0.lastReported == nil && $0.dispute == nil }
        counts.disputed = devices.count { $0.dispute != nil }
        counts.notApplicable = max(0, reported - counts.needed - counts.installed - counts.failed)
        return counts
    }

    /// The update, and the revision if one is named, that `GUID`, `GUID:REVISION` or a KB number stands for.
    private static func one(_ text: String, in library: UpdateLibrary) throws(EngineError) -> (UpdateID, RevisionNumber?) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        var number: RevisionNumber?
        if parts.count == 2 {
            guard let value = Int32(parts[1]), value >= 0 else { throw EngineError(.refused, "\(parts[1]) is not a revision number") }
            number = RevisionNumber(rawValue: value)
        }
        let ids = try library.resolve(String(parts[0]))
        guard ids.count == 1, let id = ids.first else {
            // Titles are anybody's words: on a line of their own they must stay on it.
            let list = ids.map { "\($0)  \(DisplayText.escaped(library.title($0) ?? ""))" }.joined(separator: "\n  ")
            throw EngineError(.refused, "\(text) is the KB number of \(ids.count) updates; name one by its UpdateID:\n  \(list)")
        }
        return (id, number)
    }

    /// Gives the exact bytes of a fragment (`core`, `extended`, `localized-LANG`, `eula`) or of the original `document`.
    func fragment(_ kind: String, of text: String, to output: @Sendable ([UInt8]) -> Void) async throws {
        let library = try await library()
        let (id, number) = try Self.one(text, in: library)
        let revision = try Self.revision(number, of: id, in: library)
        if kind == "document" {
            guard let document = try await store.document(revision.id) else {
                throw EngineError(.refused, "\(revision.identity) is held as fragments only: there is no document to show")
            }
            for chunk in document.chunks { output(chunk) }
            return
        }
        let held = store.kinds(of: revision.id)
        let wanted: [FragmentKind]
        switch kind {
        case "core": wanted = [.core]
        case "extended": wanted = [.extended]
        case "eula":
            wanted = held.filter { if case .eula = $0 { true } else { false } }
        default:
            guard kind.hasPrefix("localized-") else {
                throw EngineError(.refused, "\(kind) is not a fragment: core, extended, localized-LANG, eula or document")
            }
            let language = kind.dropFirst("localized-".count).lowercased()
            wanted = held.filter { if case .localizedProperties(let name) = $0 { name.lowercased() == language } else { false } }
        }
        var isEmpty = true
        for kind in wanted {
            let bytes = try store.withFragment(revision.id, kind) { fragment in
                var bytes = ChunkedBytes()
                bytes.append(contentsOf: fragment)
                return bytes
            }
            guard let bytes else { continue }
            isEmpty = false
            for chunk in bytes.chunks { output(chunk) }
        }
        guard !isEmpty else { throw EngineError(.refused, "\(revision.identity) has no fragment \(kind)") }
    }

    // MARK: - Decisions

    /// Approves, withdraws, declines or takes a decline back; each update that is refused says why, the others are done in one transaction.
    public func apply(_ change: UpdateChange, to selection: UpdateSelection, isDryRun: Bool) async throws -> UpdateChangeReport {
        try await gate.perform { [self] in
            let library = try await library(for: selection)
            var report = UpdateChangeReport()
            report.isDryRun = isDryRun
            let chosen = try Self.chosen(selection, in: library, &report)
            let plan = try await plan(change, for: chosen, in: library, &report)
            if !isDryRun { try await carryOut(plan) }
            return report
        }
    }

    private static func chosen(
        _ selection: UpdateSelection, in library: UpdateLibrary, _ report: inout UpdateChangeReport
    ) throws(EngineError) -> [(text: String, id: UpdateID)] {
        switch selection {
        case .filter(let filter):
            guard !filter.isEmpty else { throw EngineError(.refused, "name updates, or give a filter that chooses some") }
            return library.updateIDs.filter { library.passes($0, filter) }.map { ($0.description, $0) }
        case .ids(let texts):
            var seen: Set<UpdateID> = []
            var chosen: [(String, UpdateID)] = []
            for text in texts {
                do {
                    for id in try library.resolve(text) where seen.insert(id).inserted { chosen.append((text, id)) }
                } catch {
                    report.refused.append(.init(id: text, message: error.message))
                }
            }
            return chosen
        }
    }

    private enum Plan: Sendable {
        case approvals([ApprovalChange])
        case declines([UpdateID], isDeclined: Bool)
    }

    private func plan(
        _ change: UpdateChange, for chosen: [(text: String, id: UpdateID)], in library: UpdateLibrary,
        _ report: inout UpdateChangeReport
    ) async throws -> Plan {
        var approvals: [ApprovalChange] = []
        var declines: [UpdateID] = []
        var isDeclined = false
        let groupIDs: [GroupID]
        switch change {
        case .approve(let names, _, _):
            guard !names.isEmpty else { throw EngineError(.refused, "name a group with --group; the whole fleet is \"All Computers\"") }
            groupIDs = try await self.groupIDs(names)
        case .unapprove(let names): groupIDs = try await self.groupIDs(names)
        case .decline, .undecline: groupIDs = []
        }
        for (text, id) in chosen {
            guard let revision = library.current(id), let condition = library.catalog.condition(of: id) else {
                report.refused.append(.init(id: text, message: "no update \(id) is held"))
                continue
            }
            let standing = library.approvals(of: id)
            switch change {
            case .approve(_, let action, let deadline):
                if let reason = Self.reasonAgainstApproval(of: revision, condition, action, library) {
                    report.refused.append(.init(id: text, message: reason))
                    continue
                }
                let changes = groupIDs.filter { group in
                    !standing.contains { $0.groupID == group && $0.action == action && $0.deadline == deadline }
                }
                approvals += changes.map { ApprovalChange(updateID: id, groupID: $0, action: action, deadline: deadline) }
                if !changes.isEmpty {
                    let replaced = standing.filter { changes.contains($0.groupID) }
                    report.notes += notes(on: revision, condition, action, deadline, replaced, library).map { .init(id: text, message: $0) }
                }
                if changes.isEmpty { report.unchanged.append(library.name(id)) } else { report.changed.append(library.name(id)) }
            case .unapprove:
                let withdrawn = standing.filter { groupIDs.isEmpty || groupIDs.contains($0.groupID) }
                approvals += withdrawn.map { ApprovalChange(updateID: id, groupID: $0.groupID, action: nil, deadline: nil) }
                if withdrawn.isEmpty { report.unchanged.append(library.name(id)) } else { report.changed.append(library.name(id)) }
            case .decline, .undecline:
                if case .decline = change { isDeclined = true }
                if isDeclined, revision.metadata.type == .category || revision.metadata.type == .detectoid {
                    report.refused.append(.init(id: text, message: "\(Self.kind(revision)) cannot be declined: others depend on it"))
                } else if condition.isDeclined == isDeclined {
                    report.unchanged.append(library.name(id))
                } else {
                    declines.append(id)
                    report.changed.append(library.name(id))
                }
            }
        }
        switch change {
        case .approve, .unapprove: return .approvals(approvals)
        case .decline, .undecline: return .declines(declines, isDeclined: isDeclined)
        }
    }

    private static func reasonAgainstApproval(
        of revision: Revision, _ condition: UpdateCondition, _ action: ApprovalAction, _ library: UpdateLibrary
    ) -> String? {
        if revision.metadata.type == .category || revision.metadata.type == .detectoid {
            return "\(kind(revision)) is not approved: devices evaluate it by themselves"
        }
        if let parent = condition.bundleParents.first {
            let others = condition.bundleParents.count - 1
            return "it is a part of \"\(library.title(parent) ?? parent.description)\" (\(parent))"
                + (others > 0 ? " and of \(others) more" : "") + ": approve that"
        }
        if condition.isDeclined { return "it is declined: undecline it first" }
        if action == .install || action == .uninstall, let reason = library.quarantine(of: revision.updateID).first {
            let part = reason.update.id == revision.updateID ? "" : "its part \(reason.update.id): "
            return "it is quarantined: \(part)\(reason.message); to allow it by name: martlet updates allow \(revision.updateID) --reason TEXT"
        }
        if condition.isExpired, action == .install { return "its publisher has expired it: it can no longer be approved" }
        return nil
    }

    /// What an administrator would want to know before an approval counts.
    private func notes(
        on revision: Revision, _ condition: UpdateCondition, _ action: ApprovalAction, _ deadline: Timestamp?, _ replaced: [Approval],
        _ library: UpdateLibrary
    ) -> [String] {
        var notes: [String] = []
        if action == .install, let successor = condition.supersededBy.first {
            notes.append("superseded by \"\(library.title(successor) ?? successor.description)\"")
        }
        let launchers = LaunchRule.isExempt(revision.provenance) ? [] : LaunchRule.launchers(inArgumentsOf: revision.metadata.commands)
        if action == .install, !launchers.isEmpty {
            notes.append(
                "its program is told to start \(launchers.joined(separator: ", ")): see its fragment, martlet updates show --fragment extended")
        }
        if revision.metadata.type == .driver, action == .uninstall { notes.append("a driver: devices are never told to remove one") }
        if let lacking = lacks(revision, in: library.catalog) {
            if !(lacking.missingPrerequisites.isEmpty && lacking.missingBundledUpdates.isEmpty && lacking.waitsFor.isEmpty) {
                notes.append("not delivered until what it names is held; see: martlet updates show")
            } else {
                notes.append("\(lacking.missingFiles.count) of its payloads are not held: devices cannot download them")
            }
        }
        for approval in replaced {
            if let old = approval.deadline, old != deadline {
                notes.append("its deadline \(old.text(.seconds)) is \(deadline == nil ? "removed" : "replaced")")
            }
        }
        if let deadline, deadline < clock() { notes.append("the deadline is past: devices install it at once") }
        return notes
    }

    private static func kind(_ revision: Revision) -> String {
        revision.metadata.type == .category ? "a category" : "a detectoid"
    }

    private func carryOut(_ plan: Plan) async throws {
        switch plan {
        case .approvals(let changes):
            guard !changes.isEmpty else { return }
            let (generation, approvals) = try await store.setApprovals(changes, at: clock())
            let next = catalog.applying(approvals: approvals, declines: [], generation: generation)
            publish { $0.catalog = next }
        case .declines(let ids, let isDeclined):
            guard !ids.isEmpty else { return }
            let result = try await store.setDeclined(ids, isDeclined, at: clock())
            let next = catalog.applying(approvals: result.approvals, declines: result.declines, generation: result.generation)
            publish { $0.catalog = next }
        }
    }
}
