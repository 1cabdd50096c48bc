import Updates

/// The revisions by index, the updates they belong to, and which revision of each is current.
struct RevisionContent: Sendable {
    /// By ascending id: the order of indices is the order of ids.
    let revisions: [CatalogRevision]
    let indices: RevisionIndex
    let updates: [UpdateID: UInt32]
    let updateIDs: [UpdateID]
    let updateOfRevision: [UInt32]
    let revisionsOfUpdate: [[UInt32]]
    /// The greatest by trust, then by revision number: what a less trusted source says later never takes its place (ADR 0004).
    let currentOfUpdate: [UInt32]

    /// - Parameter revisions: in any order; of two with one id the later counts.
    init(_ revisions: [CatalogRevision]) {
        let sorted = Self.sortedWithoutRepeats(revisions)
        var updates: [UpdateID: UInt32] = [:]
        var updateIDs: [UpdateID] = []
        var updateOfRevision: [UInt32] = []
        var revisionsOfUpdate: [[UInt32]] = []
        for (index, revision) in sorted.enumerated() {
            let update: UInt32
            if let known = updates[revision.identity.updateID] {
                update = known
            } else {
                update = UInt32(updateIDs.count)
                updates[revision.identity.updateID] = update
                updateIDs.append(revision.identity.updateID)
                revisionsOfUpdate.append([])
            }
            updateOfRevision.append(update)
            revisionsOfUpdate[Int(update)].append(UInt32(index))
        }
        self.revisions = sorted
        indices = RevisionIndex(sorted.map(\.id))
        self.updates = updates
        self.updateIDs = updateIDs
        self.updateOfRevision = updateOfRevision
        self.revisionsOfUpdate = revisionsOfUpdate
        currentOfUpdate = revisionsOfUpdate.map { held in
            held.dropFirst().reduce(held[0]) { best, next in
                Self.rank(sorted[Int(next)]) > Self.rank(sorted[Int(best)]) ? next : best
            }
        }
    }

    func update(of revision: UInt32) -> UInt32 { updateOfRevision[Int(revision)] }
    func current(of update: UInt32) -> CatalogRevision { revisions[Int(currentOfUpdate[Int(update)])] }
    func trust(of update: UInt32) -> Int { current(of: update).provenance.trust }

    func index(of identity: UpdateIdentity) -> UInt32? {
        guard let update = updates[identity.updateID] else { return nil }
        return revisionsOfUpdate[Int(update)].last { revisions[Int($0)].identity.revisionNumber == identity.revisionNumber }
    }

    private static func sortedWithoutRepeats(_ revisions: [CatalogRevision]) -> [CatalogRevision] {
        // As they come from a store or an import: nothing to do.
        if zip(revisions, revisions.dropFirst()).allSatisfy({ $0.id < $1.id }) { return revisions }
        return Dictionary(revisions.map { ($0.id, $0) }, uniquingKeysWith: { $1 }).values.sorted { $0.id < $1.id }
    }

    private static func rank(_ revision: CatalogRevision) -> (Int, RevisionNumber, RevisionID) {
        (revision.provenance.trust, revision.identity.revisionNumber, revision.id)
    }
}
