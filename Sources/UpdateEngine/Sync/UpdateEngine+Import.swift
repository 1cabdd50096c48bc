import Foundation
import Logging
import Storage
import TrustedTransport
import UpdateCatalog
import UpdateProtocols
import Updates

extension UpdateEngine {
    /// Documents of one transaction, and the bytes of fragments after which it is committed earlier.
    private static let transactionDocuments = 200
    private static let transactionBytes = 8 << 20
    /// Documents larger than this are stored from their file, never held whole.
    private static let wholeDocumentLimit = 1 << 20

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
        let (documents, payloads) = try Self.files(beneath: paths)
        guard !documents.isEmpty || !payloads.isEmpty else { throw EngineError(.refused, "no files found in \(paths.joined(separator: ", "))") }
        // Nothing decides on what a person holds in hand but that person: a local import is verified by being theirs.
        let provenance = Provenance(source: source, isVerified: true)
        return try await gate.perform { [self] in
            var report = ImportReport()
            var pending: [(path: String, item: RevisionImport)] = []
            var pendingBytes = 0
            var touched: [UpdateIdentity] = []
            for (index, path) in documents.enumerated() {
                progress(.init(done: index, total: documents.count, what: "documents"))
                do {
                    let item = try await blocking { try Self.readDocument(at: path, provenance: provenance) }
                    pending.append((path, item))
                    pendingBytes += item.fragments.reduce(0) { $0 + $1.bytes.count }
                } catch {
                    report.refused.append(.init(path: path, message: "\(error)"))
                }
                if pending.count >= Self.transactionDocuments || pendingBytes >= Self.transactionBytes {
                    try await commit(pending, to: &report, touched: &touched)
                    pending = []
                    pendingBytes = 0
                }
            }
            try await commit(pending, to: &report, touched: &touched)
            try await takePayloads(payloads, to: &report, progress: progress)
            report.incomplete = try await incomplete(touched)
            return report
        }
    }

    private func commit(
        _ pending: [(path: String, item: RevisionImport)], to report: inout ImportReport, touched: inout [UpdateIdentity]
    ) async throws {
        guard !pending.isEmpty else { return }
        let result = try await store.importRevisions(pending.map(\.item), at: clock())
        var added: [StoredRevision] = []
        for ((path, item), outcome) in zip(pending, result.outcomes) {
            touched.append(item.metadata.identity)
            switch outcome.verdict {
            case .new, .completes, .replacesFragments:
                report.imported.append(item.metadata.identity)
                if let revision = outcome.revision { added.append(revision) }
            case .alreadyHeld: report.alreadyHeld += 1
            case .refused(let refusal):
                report.refused.append(.init(path: path, message: Self.text(of: refusal, item.metadata.identity)))
            }
        }
        guard !added.isEmpty else { return }
        let next = catalog.adding(
            added.map { CatalogRevision($0.revision, coreSize: $0.coreSize) }, generation: result.generation)
        publish {
            $0.catalog = next
            $0.files.add(added.map(\.revision))
        }
    }

    private static func text(of refusal: ImportVerdict.Refusal, _ identity: UpdateIdentity) -> String {
        switch refusal {
        case .differentDocument:
            "\(identity) is held with other content; a revision never changes, so a change needs a new revision number"
        case .differentFragments:
            "\(identity) is held from a source that is trusted as much or more, and its content differs"
        }
    }

    /// Reads one document. What it throws names the file and, where there is one, the byte.
    private static func readDocument(at path: String, provenance: Provenance) throws -> RevisionImport {
        do {
            var reader = UpdateDocumentReader()
            var whole: [UInt8]? = []
            let file = try FileVerifier.read(path: path) { chunk in
                if whole != nil {
                    whole?.append(contentsOf: chunk)
                    if (whole?.count ?? 0) > wholeDocumentLimit { whole = nil }
                }
                try reader.feed(chunk)
            }
            let document = try reader.finish()
            return RevisionImport(
                metadata: document.metadata, fragments: document.fragments, provenance: provenance,
                document: whole.map { .bytes($0) } ?? .file(path: path, sha256: file.sha256))
        } catch let error as DocumentError {
            throw EngineError(.refused, "\(path): byte \(error.byteOffset): \(error.message)")
        } catch {
            throw EngineError(.failed, "\(path): \(error)")
        }
    }

    /// The documents (`*.xml`) and the other files that paths name, each folder's in order of name. Links are not followed, hidden files left out.
    private static func files(beneath paths: [String]) throws(EngineError) -> (documents: [String], payloads: [String]) {
        var documents: [String] = []
        var payloads: [String] = []
        func sort(_ path: String) {
            if path.lowercased().hasSuffix(".xml") { documents.append(path) } else { payloads.append(path) }
        }
        for path in paths {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
                throw EngineError(.refused, "\(path): no such file or folder")
            }
            guard isFolder.boolValue else {
                sort(path)
                continue
            }
            let keys: [URLResourceKey] = [.isRegularFileKey]
            guard
                let found = FileManager.default.enumerator(
                    at: URL(filePath: path), includingPropertiesForKeys: keys, options: [.skipsHiddenFiles])
            else { throw EngineError(.failed, "\(path) cannot be read") }
            let files = found.compactMap { $0 as? URL }
                .filter { (try? $0.resourceValues(forKeys: Set(keys)).isRegularFile) == true }
                .map { $0.path(percentEncoded: false) }
            for file in files.sorted() { sort(file) }
        }
        return (documents, payloads)
    }

    // MARK: - Payloads

    /// Takes payloads that some update names. Each is verified by size, SHA-1 and SHA-256 first.
    public func addFiles(
        paths: [String], progress: @escaping @Sendable (ControlReply.Progress) -> Void
    ) async throws -> FileReport {
        let (documents, payloads) = try Self.files(beneath: paths)
        return try await gate.perform { [self] in
            var report = FileReport()
            let index = fileIndex
            for (done, path) in (documents + payloads).enumerated() {
                progress(.init(done: done, total: documents.count + payloads.count, what: "files"))
                do {
                    let verified = try await blocking { try FileVerifier.verify(path: path, size: nil, sha1: nil, sha256: nil) }
                    guard let named = index.file(verified.sha1) else {
                        throw EngineError(.refused, "no update names this file (SHA-1 \(verified.sha1))")
                    }
                    try await take(path, as: named)
                    report.added.append(Self.summary(of: named, isHeld: true))
                } catch {
                    report.refused.append(.init(path: path, message: "\(error)"))
                }
            }
            return report
        }
    }

    /// Checks every held payload: that it is there with its size, and with `deep` its digests. What fails is quarantined and said.
    public func verifyFiles(
        deep: Bool, progress: @escaping @Sendable (ControlReply.Progress) -> Void
    ) async throws -> FileReport {
        try await gate.perform { [self] in
            var report = FileReport()
            let index = fileIndex
            let held = files.all()
            for (done, file) in held.enumerated() {
                progress(.init(done: done, total: held.count, what: "files"))
                do {
                    if deep {
                        _ = try await blocking {
                            try FileVerifier.verify(path: file.path, size: file.size, sha1: file.sha1, sha256: file.sha256)
                        }
                    } else {
                        let size = try FileManager.default.attributesOfItem(atPath: file.path)[.size] as? Int64
                        guard size == file.size else {
                            throw EngineError(.failed, "\(file.path) has \(size ?? -1) bytes and should have \(file.size)")
                        }
                    }
                    report.verified += 1
                } catch {
                    log.error("a payload is corrupt and was quarantined: \(error)", metadata: ["sha1": "\(file.sha1)"])
                    try await files.quarantine(file.sha1)
                    report.corrupt.append(
                        FileSummary(
                            sha1: file.sha1.description, sha256: file.sha256.description, size: file.size,
                            name: index.file(file.sha1)?.name, isHeld: false))
                }
            }
            return report
        }
    }

    /// Among `paths`, the payloads that updates name, known by their digests; only files of a size that is wanted are read.
    private func takePayloads(
        _ paths: [String], to report: inout ImportReport, progress: @Sendable (ControlReply.Progress) -> Void
    ) async throws {
        let index = fileIndex
        let wantedSizes = Set(index.all.filter { files.lookup($0.sha1) == nil }.map(\.size))
        let heldSizes = Set(index.all.map(\.size))
        for (done, path) in paths.enumerated() {
            progress(.init(done: done, total: paths.count, what: "files"))
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
                report.filesAdded += 1
            } catch {
                report.refused.append(.init(path: path, message: "\(error)"))
            }
        }
    }

    private func take(_ path: String, as file: UpdateFile) async throws {
        let verified = try await blocking {
            try FileVerifier.verify(path: path, size: file.size, sha1: file.sha1, sha256: file.sha256)
        }
        try await files.add(verified, consume: false)
    }

    static func summary(of file: UpdateFile, isHeld: Bool) -> FileSummary {
        FileSummary(
            sha1: file.sha1.description, sha256: file.sha256?.description, size: file.size, name: file.name, isHeld: isHeld)
    }

    // MARK: - What is missing

    private func incomplete(_ identities: [UpdateIdentity]) async throws -> [IncompleteUpdate] {
        let catalog = catalog
        var found: [IncompleteUpdate] = []
        for id in Set(identities.map(\.updateID)).sorted() {
            guard let current = catalog.current(id), let stored = try await store.revision(current.id) else { continue }
            if let lacking = lacks(stored.revision, in: catalog) { found.append(lacking) }
        }
        return found
    }

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
    func repair(_ id: RevisionID) {
        Task { [self] in
            do {
                guard let document = try await store.document(id) else {
                    log.error("revision \(id.rawValue) has a corrupt fragment and no document to derive it from")
                    return
                }
                var reader = UpdateDocumentReader()
                for chunk in document.chunks { try reader.feed(chunk) }
                try await store.rebuildFragments(of: id, with: try reader.finish().fragments)
                log.notice("the fragments of revision \(id.rawValue) were derived again from its document")
            } catch {
                log.error("the fragments of revision \(id.rawValue) could not be derived again: \(error)")
            }
        }
    }
}
