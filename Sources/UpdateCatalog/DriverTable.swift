import Updates

/// What the drivers of each row are for. Only what matching needs is kept, texts and lists once each.
struct DriverTable: Sendable {
    /// One hardware id of one driver.
    struct Entry: Sendable {
        /// Number of the folded hardware id.
        let hardwareID: UInt32
        /// Numbers of folded texts.
        let provider: UInt32
        let manufacturer: UInt32
        let scores: UInt32
        let computers: UInt32
        let isPrinter: Bool
        let date: Int64
        let version: UInt64
    }

    private(set) var entriesOfRow = Lists<Entry>()
    private var texts = Interner<String>()
    private var scores = Interner<[DriverMetadata.FeatureScore]>()
    /// The computers that a driver is for; nothing for any.
    private var computers = Interner<Set<UpdateID>?>()

    var textCount: Int { texts.values.count }

    mutating func append(_ drivers: [DriverMetadata]) {
        entriesOfRow.append(
            drivers.map { driver in
                Entry(
                    hardwareID: texts.number(of: Self.folded(driver.hardwareID)), provider: texts.number(of: Self.folded(driver.provider)),
                    manufacturer: texts.number(of: Self.folded(driver.manufacturer)), scores: scores.number(of: driver.featureScores),
                    computers: computers.number(of: Self.computers(of: driver)), isPrinter: Self.isPrinter(driver.driverClass),
                    date: driver.date.millisecondsSince1970, version: driver.version.rawValue)
            })
    }

    func inOrder(_ rows: [Int]) -> DriverTable {
        var table = self
        table.entriesOfRow = Lists()
        for row in rows { table.entriesOfRow.append(entriesOfRow[row]) }
        return table
    }

    /// The number of a hardware id, provider or manufacturer; nothing for one that no driver has.
    func number(of text: String) -> UInt32? { texts.numbers[Self.folded(text)] }

    /// The position of the first of a computer's hardware ids that an entry is for, past the last for one that is for any; nothing if it is
    /// for other computers.
    func position(of entry: Entry, among ids: [UpdateID]) -> Int? {
        guard let computers = computers.values[Int(entry.computers)] else { return ids.count }
        return ids.firstIndex { computers.contains($0) }
    }

    /// 0 is best; a driver without a score for a key is as one with the worst.
    ///
    /// - Parameter key: folded.
    func featureScore(of entry: Entry, for key: String) -> UInt8 {
        scores.values[Int(entry.scores)].filter { Self.folded($0.operatingSystem) == key }.map(\.score).min() ?? .max
    }

    /// As hardware ids, providers and manufacturers are compared.
    static func folded(_ text: String) -> String { text.lowercased() }

    /// The class of device setup is `Printer`, that of the catalogue's documents `Printers`.
    static func isPrinter(_ driverClass: String) -> Bool { ["printer", "printers"].contains(folded(driverClass)) }

    /// Those on both lists where a driver has both: one says whom it is distributed to, the other what it installs on.
    private static func computers(of driver: DriverMetadata) -> Set<UpdateID>? {
        let lists = [driver.distributionComputerHardwareIDs, driver.targetComputerHardwareIDs].filter { !$0.isEmpty }.map { Set($0) }
        return lists.dropFirst().reduce(lists.first) { $0?.intersection($1) }
    }
}
