import Foundation
import Logging
import Storage
import Synchronization
import TrustedTransport
import UpdateCatalog
import UpdateProtocols
import Updates

extension UpdateEngine {
    /// Reads update documents, and takes the payloads beside them that an update names (flow a).
    ///
    /// A document that cannot be read or is refused is reported and stops nothing else.
    /// - Parameter source: `local`, or `sample` for the catalogue that comes with the program.
    public func importUpdates(
        paths: [String], source: String, progress: @escaping @Sendable (ControlReply.Progress) -> Void
    ) async throws -> ImportReport {
        guard let source = Provenance.Source(source), source == .localImport || source == .sample else {
            throw EngineError(.refused, "\(source) is not a source that can be imported as: use local or sample")
        }
        let found = try await blocking { try ImportFolder.files(beneath: paths) }
        guard !found.isEmpty else { throw EngineError(.refused, "no files found in \(paths.joined(separator: ", "))") }
        let named = Set(paths)
        let sorted = try await blocking { ImportedFiles(found, named: named) }
        // Nothing decides on what a person holds in hand but that person: a local import is verified by being theirs.
        let provenance = Provenance(source: source, isVerified: true)
        var report = ImportReport()
        report.refused = found.unreadable + sorted.broken
        for path in sorted.offlineScans {
            do {
                try await importOfflineScan(path, to: &report, progress: progress)
            } catch {
                report.refused.append(.init(path: path, message: "\(path): \(error)"))
            }
        }
        let run = ImportRun(self, sorted.documents, provenance, report: report, progress: progress)
        do {
            do {
                try await run.importAll()
            } catch {
                report = await run.report
                throw error
            }
            report = await run.report
            try await takePayloads(sorted.payloads, to: &report, progress: progress)
        } catch {
            // What was committed stays and is reported; only where there is nothing of it has nothing changed.
            guard !report.imported.isEmpty || report.filesAdded > 0 || !report.cabinets.isEmpty else { throw error }
            report.refused.append(.init(path: "the rest", message: "not imported: \(error)"))
        }
        await makeFragmentsReady()
        report.incomplete = try await incomplete(await run.touched)
        let withheld = await run.touched.filter { catalog.condition(of: $0)?.isQuarantined == true }
        if !withheld.isEmpty {
            let library = try await library(of: withheld)
            report.quarantined = withheld.sorted().map(library.name)
        }
        return report
    }

    // MARK: - Payloads

    /// Takes payloads that some update names. Each is verified by size, SHA-1 and SHA-256 first.
    public func addFiles(
        paths: [String], progress: @escaping @Sendable (ControlReply.Progress) -> Void
    ) async throws -> FileReport {
        let found = try await blocking { try ImportFolder.files(beneath: paths) }
        let named = Set(paths)
        let paths = found.documents + found.payloads
        var report = FileReport()
        var taken: Set<SHA1Digest> = []
        report.refused = found.unreadable
        for (done, path) in paths.enumerated() {
            progress(.init(done: done, total: paths.count, what: "files"))
            do {
                try refuseIfEnding()
                let verified = try await blocking { try FileVerifier.verify(path: path, size: nil, sha1: nil, sha256: nil) }
                guard let file = fileIndex.file(verified.sha1) else {
                    // What merely lies in a folder beside payloads is nobody's mistake.
                    guard named.contains(path) else {
                        report.ignored += 1
                        continue
                    }
                    throw EngineError(.refused, "no update names this file (SHA-1 \(verified.sha1))")
                }
                try await take(path, as: file)
                taken.insert(file.sha1)
                report.added.append(Self.summary(of: file, isHeld: true))
            } catch {
                report.refused.append(.init(path: path, message: "\(error)"))
            }
        }
        try await judgeAgain(havingFiles: taken)
        return report
    }

    /// Checks every held payload: that it is there with its size, and with `deep` its digests. What fails is quarantined and said.
    public func verifyFiles(
        deep: Bool, progress: @escaping @Sendable (ControlReply.Progress) -> Void
    ) async throws -> FileReport {
        var report = FileReport()
        let index = fileIndex
        let held = files.all()
        var looked: Set<SHA1Digest> = []
        // One that was moved aside earlier is named until it is held again.
        for file in try await store.files() where file.state == .quarantined {
            report.corrupt.append(
                FileSummary(
                    sha1: file.sha1.description, sha256: file.sha256.description, size: file.size, name: index.file(file.sha1)?.name,
                    isHeld: false))
        }
        for (done, file) in held.enumerated() {
            progress(.init(done: done, total: held.count, what: "files"))
            do { try refuseIfEnding() } catch {
                report.refused.append(.init(path: "the rest", message: "\(held.count - done) files were not looked at: \(error)"))
                break
            }
            do {
                if deep {
                    _ = try await blocking {
                        try FileVerifier.verify(path: file.path, size: file.size, sha1: file.sha1, sha256: file.sha256)
                    }
                    try await look(into: file.path, file.sha1)
                    looked.insert(file.sha1)
                } else {
                    let size = try FileManager.default.attributesOfItem(atPath: file.path)[.size] as? Int64
                    guard size == file.size else {
                        throw EngineError(.failed, "\(file.path) has \(size ?? -1) bytes and should have \(file.size)")
                    }
                }
                report.verified += 1
            } catch {
                log.error("a payload is corrupt and was quarantined: \(error)", metadata: ["sha1": "\(file.sha1)"])
                try await gate.perform { [self] in try await files.quarantine(file.sha1) }
                report.corrupt.append(
                    FileSummary(
                        sha1: file.sha1.description, sha256: file.sha256.description, size: file.size,
                        name: index.file(file.sha1)?.name, isHeld: false))
            }
        }
        try await judgeAgain(havingFiles: looked)
        return report
    }

    /// Among `paths`, the payloads that updates name, known by their digests; only files of a size that is wanted are read.
    private func takePayloads(
        _ paths: [String], to report: inout ImportReport, progress: @Sendable (ControlReply.Progress) -> Void
    ) async throws {
        let index = fileIndex
        let wantedSizes = Set(index.all.filter { files.lookup($0.sha1) == nil }.map(\.size))
        let heldSizes = Set(index.all.map(\.size))
        var taken: Set<SHA1Digest> = []
        for (done, path) in paths.enumerated() {
            progress(.init(done: done, total: paths.count, what: "files"))
            try refuseIfEnding()
            let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int64
            guard let size, heldSizes.contains(size) else {
                report.filesIgnored += 1
                continue
            }
            guard wantedSizes.contains(size) else { continue }
            do {
                let verified = try await blocking { try FileVerifier.verify(path: path, size: nil, sha1: nil, sha256: nil) }
                guard let named = index.file(verified.sha1) else {
                    report.filesIgnored += 1
                    continue
                }
                guard files.lookup(named.sha1) == nil else { continue }
                try await take(path, as: named)
                taken.insert(named.sha1)
                report.filesAdded += 1
            } catch {
                report.refused.append(.init(path: path, message: "\(path): \(error)"))
            }
        }
        try await judgeAgain(havingFiles: taken)
    }

    private func take(_ path: String, as file: UpdateFile) async throws {
        let verified = try await blocking {
            try FileVerifier.verify(path: path, size: file.size, sha1: file.sha1, sha256: file.sha256)
        }
        try await gate.perform { [self] in try await files.add(verified, consume: false) }
        // In the store nobody changes it any more.
        if let held = files.lookup(file.sha1) { try await look(into: held.path, file.sha1) }
    }

    static func summary(of file: UpdateFile, isHeld: Bool) -> FileSummary {
        FileSummary(
            sha1: file.sha1.description, sha256: file.sha256?.description, size: file.size, name: file.name, isHeld: isHeld)
    }

    // MARK: - What is missing

    private func incomplete(_ ids: Set<UpdateID>) async throws -> [IncompleteUpdate] {
        let catalog = catalog
        var found: [IncompleteUpdate] = []
        var rest = ids.sorted().compactMap { catalog.current($0)?.id }[...]
        while !rest.isEmpty {
            for stored in try await store.revisions(Array(rest.prefix(Self.revisionsAtOnce))) {
                if let lacking = lacks(stored.revision, in: catalog) { found.append(lacking) }
            }
            rest = rest.dropFirst(Self.revisionsAtOnce)
        }
        return found
    }

    /// Revisions whose texts are in memory at once.
    private static let revisionsAtOnce = 500

    /// What an update lacks; nothing if it is complete.
    func lacks(_ revision: Revision, in catalog: Catalog) -> IncompleteUpdate? {
        var lacking = IncompleteUpdate(
            id: revision.updateID, revision: revision.identity.revisionNumber, title: revision.metadata.text()?.title ?? "")
        for reference in catalog.condition(of: revision.updateID)?.unmet ?? [] {
            switch reference {
            case .prerequisiteNotHeld(let anyOf): lacking.missingPrerequisites.append(anyOf)
            case .memberNotHeld(let anyOf): lacking.missingBundledUpdates.append(anyOf)
            case .prerequisiteNotDelivered(let anyOf): lacking.waitsFor.append(anyOf)
            case .memberNotDelivered(let anyOf): lacking.waitsFor.append(anyOf.map(\.updateID))
            // A member that waits for its bundles lacks nothing itself.
            case .bundlesNotDelivered: break
            }
        }
        lacking.missingFiles = revision.metadata.files.filter { files.lookup($0.sha1) == nil }
            .map { .init(name: $0.name, sha1: $0.sha1.description, size: $0.size) }
        return lacking.isNothing ? nil : lacking
    }

    // MARK: - Repair

    /// Derives a revision's fragments again from its document, after one was found corrupt. Runs on its own; says how it ended.
    ///
    /// Once at a time, and not again where it failed: what asks for a damaged fragment comes with every device.
    func repair(_ id: RevisionID) {
        guard repairs.withLock({ $0.insert(id).inserted }) else { return }
        Task { [self] in
            do {
                guard let document = try await store.document(id) else {
                    log.error("revision \(id.rawValue) has a corrupt fragment and no document to derive it from")
                    return
                }
                var reader = UpdateDocumentReader()
                for chunk in document.chunks { try reader.feed(chunk) }
                try await store.rebuildFragments(of: id, with: try reader.finish().fragments)
                repairs.withLock { _ = $0.remove(id) }
                log.notice("the fragments of revision \(id.rawValue) were derived again from its document")
            } catch {
                log.error("the fragments of revision \(id.rawValue) could not be derived again: \(error)")
            }
        }
    }
}
