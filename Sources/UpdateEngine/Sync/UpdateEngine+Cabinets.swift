import Storage
import TrustedTransport
import UpdateCatalog
import UpdateProtocols
import Updates

extension UpdateEngine {
    /// Revisions of one transaction, and the bytes of their fragments after which it is committed earlier. Each transaction ends in a new
    /// catalog, whose cost grows with what is held: hence many revisions in one.
    private static let transactionRevisions = 4000
    private static let transactionBytes: Int64 = 16 << 20
    /// Decompressed bytes that a cabinet may hold however small it is.
    static let allowance: Int64 = 256 << 20

    /// Imports the revisions of an offline scan cabinet (wsusscn2.cab): fragments as they are, no documents (ADR 0015).
    ///
    /// They are recorded as of a signed cabinet: verified where its signature is Microsoft's own, and else not. What cannot be imported is reported and stops nothing else.
    func importOfflineScan(
        _ path: String, allowance: Int64 = UpdateEngine.allowance, to report: inout ImportReport,
        progress: @Sendable (ControlReply.Progress) -> Void
    ) async throws {
        let folder = home.runFolder
        progress(.init(done: 0, total: 1, what: "cabinet"))
        let (trust, now) = (state { $0.trust }, clock())
        let (opened, size, verdict) = try await blocking {
            let file = try CabinetFile(path: path)
            // Copied first and judged then, through one descriptor: whatever is put in the file's place meanwhile is not looked at.
            let opened = try OfflineScanFile(file, temporaryFolder: folder)
            return (opened, try file.size(), file.signature(trust, at: now))
        }
        var cabinet = OfflineImport(path: path, package: opened.package, verdict)
        var budget = size * OfflineScanFile.ratio + allowance
        do {
            for part in opened.parts {
                try refuseIfEnding()
                let (allowed, package) = (budget, opened.package)
                do {
                    let (spool, left) = try await blocking {
                        var left = allowed
                        let spool = Result { try FragmentSpool(part, of: package, temporaryFolder: folder, budget: &left) }
                        return (spool, left)
                    }
                    // What fails has cost as much as what does not.
                    budget = left
                    try await importRevisions(of: try spool.get(), &cabinet, progress)
                } catch let error as CabinetError {
                    cabinet.problem("\(part.name): \(error)")
                }
            }
            cabinet.finish()
        } catch {
            // What was committed stays, and is said.
            cabinet.problem("the rest was not imported: \(error)")
        }
        report.cabinets.append(cabinet.report)
        report.refused += cabinet.listedProblems
    }

    private func importRevisions(
        of spool: FragmentSpool, _ cabinet: inout OfflineImport, _ progress: @Sendable (ControlReply.Progress) -> Void
    ) async throws {
        let (package, provenance) = (cabinet.package, cabinet.provenance)
        var rest = spool.revisions[...]
        while !rest.isEmpty {
            progress(.init(done: cabinet.done, total: package.revisions.count, what: "revisions"))
            try refuseIfEnding()
            var bytes: Int64 = 0
            let batch = rest.prefix(Self.transactionRevisions).prefix { revision in
                defer { bytes += spool.size(of: revision.places) }
                return bytes < Self.transactionBytes
            }
            rest = rest[batch.endIndex...]
            let read = try await blocking {
                try batch.filter { spool.hasCore($0.places) }.map {
                    (index: $0.index, item: try Self.read($0.places, spool, $0.index, package, provenance))
                }
            }
            var items: [(index: Int, item: RevisionImport)] = []
            for (index, result) in read {
                switch result {
                case .success(let item): items.append((index, item))
                case .failure(let error): cabinet.refuse(index, "\(error)")
                }
            }
            guard !items.isEmpty else { continue }
            let result = try await commit(items.map(\.item))
            cabinet.quarantined(result.outcomes.count { $0.isTaken && $0.revision.map { catalogRevision($0).isQuarantined } == true })
            for ((index, item), outcome) in zip(items, result.outcomes) {
                switch outcome.verdict {
                case .new, .completes, .replacesFragments, .raises: cabinet.imported(index)
                case .alreadyHeld: cabinet.alreadyHeld(index)
                case .refused(let refusal): cabinet.refuse(index, ImportRun.text(of: refusal, item.metadata.identity))
                }
            }
        }
    }

    /// Stores revisions in one transaction and puts them before the devices. The gate is held for one: others get their turn between two.
    private func commit(_ items: [RevisionImport]) async throws -> ImportResult {
        try await gate.perform { [self] in
            let result = try await store.importRevisions(items, at: clock())
            let added = result.outcomes.filter(\.isTaken).compactMap(\.revision)
            guard !added.isEmpty else { return result }
            let next = catalog.adding(added.map { catalogRevision($0) }, generation: result.generation)
            publish {
                $0.catalog = next
                $0.files.add(added.map(\.revision))
            }
            return result
        }
    }

    /// Fails for one revision only; what it throws concerns all.
    private static func read(
        _ places: Range<Int>, _ spool: FragmentSpool, _ index: Int, _ package: OfflinePackage, _ provenance: Provenance
    ) throws -> Result<RevisionImport, DocumentError> {
        // A fragment beyond this is refused by whoever reads it; it is not read into memory first.
        guard spool.size(of: places) <= OfflineImport.fragmentLimit else {
            return .failure(DocumentError(.tooLarge, at: OfflineImport.fragmentLimit, "fragments beyond the limit of a document"))
        }
        let fragments = try spool.fragments(at: places)
        do throws(DocumentError) {
            let metadata = try package.metadata(of: package.revisions[index], fragments)
            return .success(
                RevisionImport(metadata: metadata, fragments: fragments, provenance: provenance, document: nil))
        } catch {
            return .failure(error)
        }
    }

    /// Reads one update document from the cabinet that servers send it in. What it throws names the file.
    static func readBlob(at path: String, provenance: Provenance) throws -> RevisionImport {
        do {
            let cabinet = try CabinetReader(try CabinetPart(try CabinetFile(path: path)), limits: .document)
            var reader = UpdateDocumentReader()
            var bytes: [UInt8] = []
            try UpdateBlob.read(cabinet) {
                try reader.feed($0)
                bytes.append(contentsOf: $0)
            }
            let document = try reader.finish()
            return RevisionImport(metadata: document.metadata, fragments: document.fragments, provenance: provenance, document: .bytes(bytes))
        } catch let error as DocumentError {
            throw EngineError(.refused, "\(path): byte \(error.byteOffset) of the document: \(error.message)")
        } catch let error as CabinetError {
            throw EngineError(.refused, "\(path): \(error)")
        }
    }
}

/// What became of each revision of a cabinet while it is imported.
private struct OfflineImport {
    /// Fragments of one revision together; each alone is held to it too.
    static let fragmentLimit = 128 << 20
    /// Problems that are listed one by one; of the others only how many there are.
    private static let listedProblems = 100

    let package: OfflinePackage
    private(set) var report: ImportReport.Cabinet
    private(set) var done = 0
    private var isSeen: [Bool]
    private var problems: [String] = []
    private var unlistedProblems = 0

    /// Verified where Microsoft itself signed the cabinet: whom else Microsoft vouches for, and the home's own publisher, are not Microsoft.
    let provenance: Provenance

    init(path: String, package: OfflinePackage, _ verdict: SignatureVerdict) {
        self.package = package
        var (isVerified, words) = (false, "it has no signature")
        switch verdict {
        case .verified(let signature):
            isVerified = signature.standing == .microsoft
            words = "it is signed by \(signature.signer)" + (isVerified ? "" : ", who is not Microsoft")
        case .unsigned: break
        case .refused(let refusal): words = refusal.message
        }
        provenance = Provenance(source: .signedCabinet, isVerified: isVerified)
        report = ImportReport.Cabinet(
            path: path, created: package.created, revisions: package.revisions.count, isVerified: isVerified, signature: words)
        isSeen = Array(repeating: false, count: package.revisions.count)
    }

    mutating func imported(_ index: Int) {
        see(index)
        report.imported += 1
    }

    mutating func quarantined(_ count: Int) { report.quarantined += count }

    mutating func alreadyHeld(_ index: Int) {
        see(index)
        report.alreadyHeld += 1
    }

    mutating func refuse(_ index: Int, _ reason: String) {
        see(index)
        report.refused += 1
        problem("\(name(index)): \(reason)")
    }

    mutating func problem(_ text: String) {
        if problems.count < Self.listedProblems { problems.append(text) } else { unlistedProblems += 1 }
    }

    /// Counts what had no Core fragment in any part.
    mutating func finish() {
        for index in isSeen.indices where !isSeen[index] {
            report.incomplete += 1
            problem("\(name(index)): no Core fragment of it was found")
        }
    }

    var listedProblems: [ImportReport.Problem] {
        var texts = problems
        if unlistedProblems > 0 { texts.append("and \(unlistedProblems) more") }
        return texts.map { .init(path: report.path, message: "\(report.path): \($0)") }
    }

    private mutating func see(_ index: Int) {
        isSeen[index] = true
        done += 1
    }

    private func name(_ index: Int) -> String {
        let revision = package.revisions[index]
        return "revision \(revision.number), \(revision.identity)"
    }
}
