import Storage
import UpdateCatalog
import Updates

/// The documents of one import while they are committed.
///
/// A transaction makes documents durable; the catalog that devices are answered from follows at most every quarter of a second, and not
/// more often than making it costs. Between the two the gate is held: whoever changes something else starts from a catalog that has
/// everything that is committed. The import itself ends when devices are answered from all of it.
actor ImportRun {
    /// From one catalog to the next, at least.
    private static let interval = Duration.milliseconds(250)
    /// As much of the time as this goes into committing, for each part that goes into catalogs.
    private static let share = 4
    /// Revisions after which the catalog is made in any case: they wait in memory.
    private static let revisions = 20_000

    private let engine: UpdateEngine
    private let queue: DocumentQueue
    private let progress: @Sendable (ControlReply.Progress) -> Void
    private(set) var report: ImportReport
    private(set) var touched: Set<UpdateID> = []
    private var batch: [DocumentQueue.Item] = []
    private var done = 0
    private var isAtEnd = false
    /// How long the last catalog took.
    private var cost = Duration.zero

    init(
        _ engine: UpdateEngine, _ documents: [ImportedFiles.Document], _ provenance: Provenance, report: ImportReport,
        progress: @escaping @Sendable (ControlReply.Progress) -> Void
    ) {
        self.engine = engine
        queue = DocumentQueue(documents, provenance)
        self.report = report
        self.progress = progress
    }

    func importAll() async throws {
        while !isAtEnd {
            try engine.refuseIfEnding()
            // Read before the gate is taken, so that nobody waits for it.
            batch = try await queue.nextBatch()
            guard !batch.isEmpty else { return }
            try await engine.gate.perform { try await self.commit() }
        }
    }

    /// Commits batch after batch until the catalog is due, or someone waits for the gate; then makes it.
    private func commit() async throws {
        let start = ContinuousClock.now
        var added = Added()
        do {
            repeat {
                if let result = try await storeBatch() { added.take(result, engine.catalogRevision) }
                let isDue = ContinuousClock.now - start >= max(Self.interval, cost * Self.share)
                if isDue || added.revisions.count >= Self.revisions { break }
                if await engine.gate.isWanted { break }
                try engine.refuseIfEnding()
                batch = try await queue.nextBatch()
                isAtEnd = batch.isEmpty
            } while !isAtEnd
        } catch {
            publish(added)
            throw error
        }
        publish(added)
    }

    /// Nothing where no document of the batch could be read.
    private func storeBatch() async throws -> ImportResult? {
        progress(.init(done: done, total: queue.count, what: "documents"))
        done += batch.count
        var offered: [(path: String, revision: RevisionImport)] = []
        for item in batch {
            switch item.outcome {
            case .success(let revision): offered.append((item.path, revision))
            case .failure(let error): report.refused.append(.init(path: item.path, message: "\(error)"))
            }
        }
        // Not held twice: the next batch is read while this one is in memory only where it must.
        batch = []
        guard !offered.isEmpty else { return nil }
        let result = try await engine.store.importRevisions(offered.map(\.revision), at: engine.clock())
        for ((path, revision), outcome) in zip(offered, result.outcomes) {
            let identity = revision.metadata.identity
            touched.insert(identity.updateID)
            switch outcome.verdict {
            case .new, .completes, .replacesFragments, .raises: report.imported.append(identity)
            case .alreadyHeld: report.alreadyHeld += 1
            case .refused(let refusal):
                report.refused.append(.init(path: path, message: "\(path): \(Self.text(of: refusal, identity))"))
            }
        }
        return result
    }

    /// What is committed and not in the catalog yet.
    private struct Added {
        var revisions: [CatalogRevision] = []
        var files = FileIndex.Addition()
        var generation: Generation?

        mutating func take(_ result: ImportResult, _ catalogRevision: (StoredRevision) -> CatalogRevision) {
            generation = result.generation
            for outcome in result.outcomes where outcome.isTaken {
                guard let stored = outcome.revision else { continue }
                revisions.append(catalogRevision(stored))
                files.take(stored.revision)
            }
        }
    }

    private func publish(_ added: Added) {
        guard !added.revisions.isEmpty, let generation = added.generation else { return }
        cost = ContinuousClock().measure {
            let next = engine.catalog.adding(added.revisions, generation: generation)
            engine.publish {
                $0.catalog = next
                $0.files.add(added.files)
            }
        }
    }

    static func text(of refusal: ImportVerdict.Refusal, _ identity: UpdateIdentity) -> String {
        switch refusal {
        case .differentDocument:
            "\(identity) is held with other content; a revision never changes, so a change needs a new revision number"
        case .differentFragments:
            "\(identity) is held from a source that is trusted as much or more, and its content differs"
        }
    }
}
