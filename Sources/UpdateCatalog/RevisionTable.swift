import Updates

/// Everything that is held, a row a revision, by ascending id: the position of a row is the revision's index.
///
/// Updates, clauses and lists of clauses are numbered once each, whether the updates are held or only named: a number never changes, so
/// more revisions can be appended to a copy.
struct RevisionTable: Sendable {
    /// 48 bytes: there are hundreds of thousands.
    struct Row: Sendable {
        let id: RevisionID
        let update: UInt32
        let number: RevisionNumber
        let defaultDeploymentID: DeploymentID
        let importedAt: Timestamp
        let importGeneration: Generation
        let coreSize: UInt32
        /// Number of the list of its prerequisites.
        let node: UInt32
        let provenance: UInt32
        let type: UpdateType
        let categoryType: CategoryType?
        let publicationState: PublicationState
        let isQuarantined: Bool
    }

    /// A revision that a bundle names, held or not.
    struct Member: Sendable {
        let update: UInt32
        let number: RevisionNumber
    }

    private(set) var rows: [Row] = []
    private var updates = Interner<UpdateID>()
    private var provenanceInterner = Interner<Provenance>()
    /// The updates that a clause names, ascending.
    private var clauseInterner = ListInterner()
    /// The clauses of a revision as its document lists them: twice the number of each, and one for `IsCategory`.
    private var nodeInterner = ListInterner()
    /// The clauses of each node, ascending, each once; all, and those with `IsCategory`.
    private(set) var clausesOfNode = Lists<UInt32>()
    private(set) var categoryClausesOfNode = Lists<UInt32>()
    /// The updates that each row supersedes.
    private(set) var superseded = Lists<UInt32>()
    /// The groups of each row, and their members.
    private(set) var groupsOfRow = Lists<UInt32>()
    private(set) var membersOfGroup = Lists<Member>()
    private(set) var drivers = DriverTable()

    /// Updates by number, held or not.
    var updateIDs: [UpdateID] { updates.values }
    var provenances: [Provenance] { provenanceInterner.values }
    var clauses: Lists<UInt32> { clauseInterner.lists }
    var nodes: Lists<UInt32> { nodeInterner.lists }

    func number(of update: UpdateID) -> UInt32? { updates.numbers[update] }
    func provenance(of row: Row) -> Provenance { provenances[Int(row.provenance)] }

    /// The table with more; of two revisions with one id the later counts.
    ///
    /// - Parameter replaced: rows whose place the new ones take.
    func appending(_ revisions: some Sequence<CatalogRevision>, without replaced: Set<UInt32> = []) -> RevisionTable {
        var table = self
        for revision in revisions { table.append(revision) }
        return table.inOrder(without: replaced)
    }

    /// Puts a revision at the end, whatever its id.
    mutating func append(_ revision: CatalogRevision) {
        rows.append(
            Row(
                id: revision.id, update: updates.number(of: revision.identity.updateID), number: revision.identity.revisionNumber,
                defaultDeploymentID: revision.defaultDeploymentID, importedAt: revision.importedAt, importGeneration: revision.importGeneration,
                coreSize: UInt32(clamping: revision.coreSize), node: node(of: revision.prerequisites),
                provenance: provenanceInterner.number(of: revision.provenance), type: revision.type, categoryType: revision.categoryType,
                publicationState: revision.publicationState, isQuarantined: revision.isQuarantined))
        superseded.append(revision.supersededUpdates.map { updates.number(of: $0) })
        let firstGroup = UInt32(membersOfGroup.count)
        for group in revision.bundledUpdates {
            membersOfGroup.append(group.anyOf.map { Member(update: updates.number(of: $0.updateID), number: $0.revisionNumber) })
        }
        groupsOfRow.append(firstGroup..<UInt32(membersOfGroup.count))
        drivers.append(revision.type == .driver ? revision.drivers : [])
    }

    private mutating func node(of prerequisites: [PrerequisiteClause]) -> UInt32 {
        let clauses = prerequisites.map { prerequisite in
            let named = prerequisite.anyOf.map { updates.number(of: $0) }.sortedWithoutRepeats()
            return clauseInterner.number(of: named) << 1 | (prerequisite.isCategory ? 1 : 0)
        }
        let node = nodeInterner.number(of: clauses)
        if Int(node) == clausesOfNode.count {
            clausesOfNode.append(clauses.map { $0 >> 1 }.sortedWithoutRepeats())
            categoryClausesOfNode.append(clauses.filter { $0 & 1 == 1 }.map { $0 >> 1 }.sortedWithoutRepeats())
        }
        return node
    }

    /// By ascending id, of two with one id the later.
    func inOrder(without replaced: Set<UInt32> = []) -> RevisionTable {
        if replaced.isEmpty, zip(rows, rows.dropFirst()).allSatisfy({ $0.id < $1.id }) { return self }
        var order: [Int] = []
        for position in rows.indices.filter({ !replaced.contains(UInt32($0)) }).sorted(by: { (rows[$0].id, $0) < (rows[$1].id, $1) }) {
            if let last = order.last, rows[last].id == rows[position].id { order.removeLast() }
            order.append(position)
        }
        var table = self
        table.rows = order.map { rows[$0] }
        table.superseded = Lists()
        table.groupsOfRow = Lists()
        table.membersOfGroup = Lists()
        for row in order {
            table.superseded.append(superseded[row])
            let firstGroup = UInt32(table.membersOfGroup.count)
            for group in groupsOfRow[row] { table.membersOfGroup.append(membersOfGroup[Int(group)]) }
            table.groupsOfRow.append(firstGroup..<UInt32(table.membersOfGroup.count))
        }
        table.drivers = drivers.inOrder(order)
        return table
    }
}
