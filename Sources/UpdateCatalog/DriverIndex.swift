import Updates

/// Which drivers are for which hardware.
final class DriverIndex: Sendable {
    struct Candidate: Sendable {
        let revision: UInt32
        let entry: DriverTable.Entry
    }

    let table: DriverTable
    let revisions: DenseSet
    /// Those with an entry of the class of printers.
    let printers: DenseSet
    /// No driver is held.
    let isEmpty: Bool
    private let revisionOfEntry: [UInt32]
    private let entriesOfText: Lists<UInt32>

    init(_ table: RevisionTable) {
        let drivers = table.drivers
        var revisions = DenseSet(capacity: table.rows.count)
        var printers = revisions
        var revisionOfEntry: [UInt32] = []
        for (revision, row) in table.rows.enumerated() where row.type == .driver {
            revisions.insert(UInt32(revision))
            let entries = drivers.entriesOfRow[revision]
            if entries.contains(where: \.isPrinter) { printers.insert(UInt32(revision)) }
            revisionOfEntry += repeatElement(UInt32(revision), count: entries.count)
        }
        self.table = drivers
        self.revisions = revisions
        self.printers = printers
        self.revisionOfEntry = revisionOfEntry
        isEmpty = revisions.isEmpty
        entriesOfText = Lists(positionsIn: drivers.entriesOfRow.elements.lazy.map(\.hardwareID), count: drivers.textCount)
    }

    /// What is for a hardware id of a device.
    func candidates(for hardwareID: String) -> some Sequence<Candidate> {
        let entries = table.number(of: hardwareID).map { entriesOfText[Int($0)] } ?? []
        return entries.lazy.map { Candidate(revision: self.revisionOfEntry[Int($0)], entry: self.table.entriesOfRow.elements[Int($0)]) }
    }
}
