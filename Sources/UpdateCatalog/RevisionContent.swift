import Updates

/// The revisions by index, the updates they belong to, and which revision of each is current.
final class RevisionContent: Sendable {
    /// Stands for no revision.
    static let none = UInt32.max

    let table: RevisionTable
    let indices: RevisionIndex
    let revisionsOfUpdate: Lists<UInt32>
    /// The greatest by trust, then by revision number: what a less trusted source says later never takes its place (ADR 0004).
    /// ``none`` for an update that is only named.
    let currentOfUpdate: [UInt32]
    private let trustOfProvenance: [Int]

    init(_ table: RevisionTable) {
        self.table = table
        indices = RevisionIndex(table.rows.lazy.map(\.id))
        revisionsOfUpdate = Lists(positionsIn: table.rows.lazy.map(\.update), count: table.updateIDs.count)
        let trust = table.provenances.map(\.trust)
        trustOfProvenance = trust
        var current = [UInt32](repeating: Self.none, count: table.updateIDs.count)
        for (revision, row) in table.rows.enumerated() {
            let update = Int(row.update)
            if current[update] != Self.none {
                let best = table.rows[Int(current[update])]
                if (trust[Int(best.provenance)], best.number) > (trust[Int(row.provenance)], row.number) { continue }
            }
            current[update] = UInt32(revision)
        }
        currentOfUpdate = current
    }

    var count: Int { table.rows.count }
    /// Updates that are held or named.
    var updateCount: Int { currentOfUpdate.count }

    func row(_ revision: UInt32) -> RevisionTable.Row { table.rows[Int(revision)] }
    func id(_ revision: UInt32) -> RevisionID { table.rows[Int(revision)].id }
    func update(of revision: UInt32) -> UInt32 { table.rows[Int(revision)].update }
    func id(ofUpdate update: UInt32) -> UpdateID { table.updateIDs[Int(update)] }

    func isHeld(_ update: UInt32) -> Bool { currentOfUpdate[Int(update)] != Self.none }
    func isCurrent(_ revision: UInt32) -> Bool { currentOfUpdate[Int(update(of: revision))] == revision }
    /// The row of an update that is held.
    func current(of update: UInt32) -> RevisionTable.Row { row(currentOfUpdate[Int(update)]) }

    func trust(ofRevision revision: UInt32) -> Int { trustOfProvenance[Int(row(revision).provenance)] }
    /// That of the current revision of an update that is held.
    func trust(of update: UInt32) -> Int { trust(ofRevision: currentOfUpdate[Int(update)]) }

    /// The number of an update that is held.
    func update(_ id: UpdateID) -> UInt32? { table.number(of: id).flatMap { isHeld($0) ? $0 : nil } }

    func index(of identity: UpdateIdentity) -> UInt32? {
        table.number(of: identity.updateID).flatMap { index(ofUpdate: $0, identity.revisionNumber) }
    }

    func index(ofUpdate update: UInt32, _ number: RevisionNumber) -> UInt32? {
        revisionsOfUpdate[Int(update)].last { row($0).number == number }
    }

    func revision(_ index: UInt32) -> HeldRevision {
        let row = row(index)
        return HeldRevision(
            id: row.id, identity: UpdateIdentity(updateID: id(ofUpdate: row.update), revisionNumber: row.number), type: row.type,
            categoryType: row.categoryType, publicationState: row.publicationState, provenance: table.provenance(of: row),
            defaultDeploymentID: row.defaultDeploymentID, importedAt: row.importedAt, importGeneration: row.importGeneration,
            coreSize: Int(row.coreSize))
    }
}
