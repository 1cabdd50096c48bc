import Logging
import Storage
import UpdateCatalog
import UpdateProtocols
public import Updates

/// What of an update is not believed: its own commands, or those of a part of it.
public struct QuarantineReason: Codable, Sendable {
    /// The update itself, or a member of it.
    public let update: NamedUpdate
    public let revision: RevisionNumber
    public let code: LaunchFinding.Code
    public let message: String
}

/// That an administrator allowed a revision by name.
public struct AllowanceSummary: Codable, Sendable {
    public let revision: RevisionNumber
    public let reason: String
    public let since: Timestamp
}

extension UpdateEngine {
    /// What the catalog is to know of a revision, by the rule of what updates may start.
    func catalogRevision(_ stored: StoredRevision) -> CatalogRevision {
        Self.catalogRevision(stored, members: state { $0.cabinetMembers })
    }

    static func catalogRevision(_ stored: StoredRevision, members: [SHA1Digest: Set<String>]) -> CatalogRevision {
        CatalogRevision(
            stored.revision, coreSize: stored.coreSize, isQuarantined: !Self.findings(on: stored.revision, members: members).isEmpty)
    }

    /// Nothing is found of what Microsoft's own service tells.
    static func findings(on revision: Revision, members: [SHA1Digest: Set<String>]) -> [LaunchFinding] {
        LaunchRule.isExempt(revision.provenance) ? [] : revision.metadata.launchFindings { members[$0] }
    }

    // MARK: - Allowing

    /// Allows the current revisions of updates that are quarantined, or takes that back. Of a bundle, its quarantined members are meant.
    public func allow(_ texts: [String], _ isAllowed: Bool, reason: String) async throws -> UpdateChangeReport {
        guard !isAllowed || !reason.allSatisfy(\.isWhitespace) else { throw EngineError(.refused, "say why with --reason: it is recorded") }
        guard reason.utf8.count <= Self.longestReason else { throw EngineError(.refused, "the reason is longer than \(Self.longestReason) bytes") }
        return try await gate.perform { [self] in
            let library = try await library()
            var report = UpdateChangeReport()
            var chosen: [UpdateIdentity] = []
            for text in texts {
                do throws(EngineError) {
                    for id in try library.resolve(text) {
                        let found = library.quarantinable(id).filter { library.isAllowed($0.revision) != isAllowed }
                        if found.isEmpty {
                            report.unchanged.append(library.name(id))
                        } else {
                            chosen += found.map(\.revision)
                            report.changed.append(library.name(id))
                        }
                    }
                } catch {
                    report.refused.append(.init(id: text, message: error.message))
                }
            }
            guard !chosen.isEmpty else { return report }
            let (generation, allowances) = try await store.setAllowed(chosen, isAllowed, reason: reason, at: clock())
            let next = catalog.applying(allowances: allowances, generation: generation)
            publish { $0.catalog = next }
            for identity in chosen {
                log.warning(
                    "an update that is quarantined was \(isAllowed ? "allowed by an administrator" : "withheld again")",
                    metadata: ["update": "\(identity)", "reason": "\(DisplayText.escaped(reason))"])
            }
            return report
        }
    }

    private static let longestReason = 1000

    // MARK: - Cabinets that were looked into

    /// Judges once more the revisions that start something and have one of these payloads, now that its members are known. The gate is taken.
    func judgeAgain(havingFiles digests: Set<SHA1Digest>) async throws {
        guard !digests.isEmpty else { return }
        try await gate.perform { [self] in
            let ids = try await store.reduceRevisions(into: [RevisionID]()) { ids, stored in
                let metadata = stored.revision.metadata
                if !metadata.commands.isEmpty, metadata.files.contains(where: { digests.contains($0.sha1) }) { ids.append(stored.revision.id) }
            }
            guard !ids.isEmpty else { return }
            let changed = try await store.revisions(ids).map { catalogRevision($0) }
            let next = catalog.adding(changed, generation: try await store.generation())
            publish { $0.catalog = next }
        }
    }

    // MARK: - Homes of before

    /// Reads what revisions start that were imported before that was read, or was read in full. Where it cannot be read nobody knows what is started,
    /// and nothing is believed.
    static func readCommands(_ store: SQLiteStore) async throws {
        var last = RevisionID(rawValue: 0)
        while true {
            let ids = try await store.revisionsWithoutCommands(after: last, limit: 2000)
            guard let end = ids.last else { return }
            last = end
            let found = try await blocking {
                ids.map { id in
                    do {
                        return (id, try store.withFragment(id, .extended) { try HandlerCommand.commands(ofFragment: $0) } ?? [])
                    } catch {
                        return (id, [HandlerCommand(kind: .unread, file: nil)])
                    }
                }
            }
            try await store.setCommands(found)
        }
    }
}
