import Updates

/// Which drivers are for which hardware.
///
/// One entry for each hardware id of each driver revision. Only what matching needs is kept, texts and lists once each.
struct DriverIndex: Sendable {
    struct Entry: Sendable {
        let revision: UInt32
        /// Number of the folded hardware id.
        let hardwareID: UInt32
        let date: Int64
        let version: UInt64
        /// Numbers of folded texts.
        let provider: UInt32
        let manufacturer: UInt32
        /// Position in ``scores``.
        let scores: UInt32
        /// Position in ``computers``.
        let computers: UInt32
    }

    /// Grouped by hardware id, within one by revision.
    let entries: [Entry]
    let revisions: DenseSet
    /// Those with an entry of the class of printers.
    let printers: DenseSet
    private let texts: [String: UInt32]
    /// Where the entries of each text begin, and the end.
    private let firstEntry: [UInt32]
    private let scores: [[DriverMetadata.FeatureScore]]
    /// The computers that a driver is for; nothing for any.
    private let computers: [Set<UpdateID>?]

    init(_ revisions: [CatalogRevision]) {
        var texts = Interner<String>()
        var scores = Interner<[DriverMetadata.FeatureScore]>()
        var computers = Interner<Set<UpdateID>?>()
        var all = DenseSet(capacity: revisions.count)
        var printers = all
        var entries: [Entry] = []
        for (revision, content) in revisions.enumerated() where content.type == .driver {
            all.insert(UInt32(revision))
            for driver in content.drivers {
                if Self.isPrinter(driver.driverClass) { printers.insert(UInt32(revision)) }
                entries.append(
                    Entry(
                        revision: UInt32(revision), hardwareID: texts.number(of: Self.folded(driver.hardwareID)),
                        date: driver.date.millisecondsSince1970, version: driver.version.rawValue,
                        provider: texts.number(of: Self.folded(driver.provider)), manufacturer: texts.number(of: Self.folded(driver.manufacturer)),
                        scores: scores.number(of: driver.featureScores), computers: computers.number(of: Self.computers(of: driver))))
            }
        }
        var first = [UInt32](repeating: 0, count: texts.values.count + 1)
        for entry in entries { first[Int(entry.hardwareID) + 1] += 1 }
        for text in texts.values.indices { first[text + 1] += first[text] }
        entries.sort { ($0.hardwareID, $0.revision) < ($1.hardwareID, $1.revision) }
        self.entries = entries
        self.revisions = all
        isEmpty = all.isEmpty
        self.printers = printers
        self.texts = texts.numbers
        firstEntry = first
        self.scores = scores.values
        self.computers = computers.values
    }

    /// No driver is held.
    let isEmpty: Bool

    /// The entries for a hardware id of a device.
    func entries(for hardwareID: Substring) -> ArraySlice<Entry> {
        guard let text = number(of: hardwareID) else { return [] }
        return entries[Int(firstEntry[Int(text)])..<Int(firstEntry[Int(text) + 1])]
    }

    /// The number of a provider or manufacturer; nothing for one that no driver has.
    func number(of text: some StringProtocol) -> UInt32? { texts[Self.folded(text)] }

    /// The position of the first of a computer's hardware ids that an entry is for, past the last for one that is for any; nothing if it is
    /// for other computers.
    func position(of entry: Entry, among ids: [UpdateID]) -> Int? {
        guard let computers = computers[Int(entry.computers)] else { return ids.count }
        return ids.firstIndex { computers.contains($0) }
    }

    /// 0 is best; a driver without a score for a key is as one with the worst.
    func featureScore(of entry: Entry, for key: String) -> UInt8 {
        scores[Int(entry.scores)].filter { Self.folded($0.operatingSystem) == key }.map(\.score).min() ?? .max
    }

    /// As hardware ids, providers and manufacturers are compared.
    static func folded(_ text: some StringProtocol) -> String { text.lowercased() }

    /// The class of device setup is `Printer`, that of the catalogue's documents `Printers`.
    static func isPrinter(_ driverClass: String) -> Bool { ["printer", "printers"].contains(folded(driverClass)) }

    /// Those on both lists where a driver has both: one says whom it is distributed to, the other what it installs on.
    private static func computers(of driver: DriverMetadata) -> Set<UpdateID>? {
        let lists = [driver.distributionComputerHardwareIDs, driver.targetComputerHardwareIDs].filter { !$0.isEmpty }.map { Set($0) }
        return lists.dropFirst().reduce(lists.first) { $0?.intersection($1) }
    }
}

/// Gives equal values one number.
private struct Interner<Value: Hashable> {
    private(set) var values: [Value] = []
    private(set) var numbers: [Value: UInt32] = [:]

    mutating func number(of value: Value) -> UInt32 {
        if let number = numbers[value] { return number }
        let number = UInt32(values.count)
        values.append(value)
        numbers[value] = number
        return number
    }
}
