import Updates

/// How well a driver suits a piece of hardware: the greater is the better ([MS-WUSP] 3.1.5.7).
struct DriverFit: Comparable {
    /// The position of the computer's hardware id it is for.
    let computer: Int
    let featureScore: UInt8
    /// The position of the device's id it is for.
    let position: Int
    let date: Int64
    let version: UInt64

    static func < (left: DriverFit, right: DriverFit) -> Bool {
        (right.computer, right.featureScore, right.position, left.date, left.version)
            < (left.computer, left.featureScore, left.position, right.date, right.version)
    }
}

/// Finds what drivers a computer is given for its hardware.
///
/// For each device those that are better than what it runs on, unless hidden by a better one: one that is approved (or neither is) and of a
/// source trusted as much. So nothing unapproved keeps an approved driver away, nor does what a less trusted source says (ADR 0010).
struct DriverMatching {
    private let index: DriverIndex
    private let content: RevisionContent
    private let system: SystemSpec
    /// Folded.
    private let scoreKey: String?
    private let isGiven: (UInt32) -> Bool
    private let isApproved: (UInt32) -> Bool
    /// What was found for an id: devices share many.
    private var candidates: [String: [Candidate]] = [:]

    private struct Candidate {
        let revision: UInt32
        let entry: DriverTable.Entry
        /// As if its id were the device's first.
        let fit: DriverFit
        let isApproved: Bool
        let trust: Int

        /// Among those that fit equally, the lesser comes first: what is approved, of the most trusted source, and was there first.
        var preference: (Int, Int, UInt32) { (isApproved ? 0 : 1, -trust, revision) }

        func hides(_ other: Candidate) -> Bool { (isApproved || !other.isApproved) && trust >= other.trust }
    }

    /// - Parameters:
    ///   - isGiven: whether the computer may be given a revision at all: delivered, and its prerequisites are met.
    ///   - isApproved: whether it is to be installed, by itself or with a bundle.
    init(
        _ system: SystemSpec, in graph: RevisionGraph, isGiven: @escaping (UInt32) -> Bool, isApproved: @escaping (UInt32) -> Bool
    ) {
        index = graph.drivers
        content = graph.content
        self.system = system
        scoreKey = system.featureScoreMatchingKey.map { DriverTable.folded($0) }
        self.isGiven = isGiven
        self.isApproved = isApproved
    }

    /// The revisions, each with the ids it was matched by, as the devices spell them.
    mutating func find() -> [UInt32: [String]] {
        var matches: [UInt32: [String]] = [:]
        if index.isEmpty { return matches }
        for device in system.devices.prefix(CatalogLimits.devicesPerSystem) {
            for (revision, id) in best(for: device) where matches[revision]?.contains(id) != true {
                matches[revision, default: []].append(id)
            }
        }
        return matches
    }

    private mutating func best(for device: HardwareDevice) -> [(revision: UInt32, id: String)] {
        var ids: [String] = []
        var seen: Set<String> = []
        for id in device.hardwareIDs + device.compatibleIDs where ids.count < CatalogLimits.idsPerDevice {
            if seen.insert(DriverTable.folded(id)).inserted { ids.append(id) }
        }
        let installed = device.installedDriver.map { fit(of: $0, ids) }
        let printer = device.installedDriver.flatMap { DriverTable.isPrinter($0.driverClass) ? PrinterMaker($0, index.table) : nil }
        var found: [(candidate: Candidate, fit: DriverFit, id: String)] = []
        for (position, id) in ids.enumerated() {
            var kept: [Candidate] = []
            for candidate in candidates(for: id) {
                let fit = candidate.fit.at(position)
                if let installed, fit <= installed { break }
                if let printer, !printer.made(candidate.entry) { continue }
                if kept.contains(where: { $0.hides(candidate) }) { continue }
                kept.append(candidate)
                found.append((candidate, fit, id))
            }
        }
        found.sort { $0.fit == $1.fit ? $0.candidate.preference < $1.candidate.preference : $1.fit < $0.fit }
        var best: [(revision: UInt32, id: String)] = []
        var kept: [Candidate] = []
        for (candidate, _, id) in found where !kept.contains(where: { $0.hides(candidate) }) {
            kept.append(candidate)
            best.append((candidate.revision, id))
        }
        return best
    }

    /// The entries for an id that the computer may be given, best first.
    private mutating func candidates(for id: String) -> [Candidate] {
        let folded = DriverTable.folded(id)
        if let known = candidates[folded] { return known }
        let found = index.candidates(for: folded).compactMap { (candidate: DriverIndex.Candidate) -> Candidate? in
            let (revision, entry) = (candidate.revision, candidate.entry)
            guard isGiven(revision), let computer = index.table.position(of: entry, among: system.computerHardwareIDs) else { return nil }
            let score = scoreKey.map { index.table.featureScore(of: entry, for: $0) } ?? .max
            return Candidate(
                revision: revision, entry: entry,
                fit: DriverFit(computer: computer, featureScore: score, position: 0, date: entry.date, version: entry.version),
                isApproved: isApproved(revision), trust: content.trust(ofRevision: revision))
        }
        .sorted { $0.fit == $1.fit ? $0.preference < $1.preference : $1.fit < $0.fit }
        candidates[folded] = found
        return found
    }

    private func fit(of driver: InstalledDriver, _ ids: [String]) -> DriverFit {
        let matching = DriverTable.folded(driver.matchingID)
        let computers = system.computerHardwareIDs
        return DriverFit(
            computer: driver.matchingComputerHardwareID.flatMap { computers.firstIndex(of: $0) } ?? computers.count,
            featureScore: scoreKey == nil ? .max : UInt8(truncatingIfNeeded: driver.rank >> 16),
            position: ids.firstIndex { DriverTable.folded($0) == matching } ?? ids.count,
            date: driver.date.millisecondsSince1970, version: driver.version.rawValue)
    }

    /// A printer's driver is replaced by one of the same provider and manufacturer only.
    private struct PrinterMaker {
        let provider: UInt32?
        let manufacturer: UInt32?

        init(_ driver: InstalledDriver, _ table: DriverTable) {
            provider = table.number(of: driver.provider)
            manufacturer = table.number(of: driver.manufacturer)
        }

        func made(_ entry: DriverTable.Entry) -> Bool { entry.provider == provider && entry.manufacturer == manufacturer }
    }
}

extension DriverFit {
    fileprivate func at(_ position: Int) -> DriverFit {
        DriverFit(computer: computer, featureScore: featureScore, position: position, date: date, version: version)
    }
}
