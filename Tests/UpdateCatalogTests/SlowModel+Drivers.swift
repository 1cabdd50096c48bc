import UpdateCatalog
import Updates

/// The rules of ADR 0010, each by itself.
extension SlowModel {
    /// An entry of a driver that fits a device.
    private struct Match {
        let revision: CatalogRevision
        let id: String
        /// Each the lesser the better, compared in this order.
        let order: [Int64]
        let isApproved: Bool

        func isBetter(than other: [Int64]) -> Bool { order.lexicographicallyPrecedes(other) }
    }

    func bestDrivers(
        _ eligible: [CatalogRevision], _ system: SystemSpec, _ groups: Set<GroupID>, _ facts: Facts
    ) -> [RevisionID: [String]] {
        var found: [RevisionID: [String]] = [:]
        for device in system.devices {
            let matches = matches(eligible, device, system, groups, facts)
            let best = matches.filter { match in
                !matches.contains { other in
                    let isTrusted = other.revision.provenance.trust >= match.revision.provenance.trust
                    return (other.isApproved || !match.isApproved) && isTrusted && comesBefore(other, match)
                }
            }
            for match in best.sorted(by: comesBefore) where !found[match.revision.id, default: []].contains(match.id) {
                found[match.revision.id, default: []].append(match.id)
            }
        }
        return found
    }

    /// Of two that are equally good: the approved, the more trusted, the earlier.
    private func comesBefore(_ left: Match, _ right: Match) -> Bool {
        if left.order != right.order { return left.isBetter(than: right.order) }
        if left.isApproved != right.isApproved { return left.isApproved }
        if left.revision.provenance.trust != right.revision.provenance.trust {
            return left.revision.provenance.trust > right.revision.provenance.trust
        }
        return left.revision.id < right.revision.id
    }

    private func matches(
        _ eligible: [CatalogRevision], _ device: HardwareDevice, _ system: SystemSpec, _ groups: Set<GroupID>, _ facts: Facts
    ) -> [Match] {
        let ids = device.hardwareIDs + device.compatibleIDs
        let key = system.featureScoreMatchingKey?.lowercased()
        func position(_ id: String) -> Int? { ids.firstIndex { $0.lowercased() == id.lowercased() } }
        var matches: [Match] = []
        for revision in eligible where revision.type == .driver {
            for driver in revision.drivers {
                guard let position = position(driver.hardwareID), let computer = computer(driver, system) else { continue }
                let scores = driver.featureScores.filter { $0.operatingSystem.lowercased() == key }.map(\.score)
                let action = deployment(revision, groups, facts).action
                matches.append(
                    Match(
                        revision: revision, id: ids[position],
                        order: order(computer, Int(scores.min() ?? 255), position, driver.date, driver.version),
                        isApproved: action == .install || action == .bundle))
                guard let installed = device.installedDriver, installed.driverClass == "Printer" else { continue }
                let isSameMaker =
                    driver.provider.lowercased() == installed.provider.lowercased()
                    && driver.manufacturer.lowercased() == installed.manufacturer.lowercased()
                if !isSameMaker { matches.removeLast() }
            }
        }
        guard let installed = device.installedDriver else { return matches }
        let computer = system.computerHardwareIDs.firstIndex { $0 == installed.matchingComputerHardwareID }
        let score = key == nil ? 255 : Int(installed.rank / 0x10000 % 0x100)
        let running = order(
            computer ?? system.computerHardwareIDs.count, score, position(installed.matchingID) ?? ids.count, installed.date, installed.version)
        return matches.filter { $0.isBetter(than: running) }
    }

    /// The first of the computer's ids that the driver is for, one past the last if it is for any, nothing if it is for other computers.
    private func computer(_ driver: DriverMetadata, _ system: SystemSpec) -> Int? {
        let (distribution, target) = (driver.distributionComputerHardwareIDs, driver.targetComputerHardwareIDs)
        if distribution.isEmpty && target.isEmpty { return system.computerHardwareIDs.count }
        return system.computerHardwareIDs.firstIndex {
            (distribution.isEmpty || distribution.contains($0)) && (target.isEmpty || target.contains($0))
        }
    }

    private func order(_ computer: Int, _ score: Int, _ position: Int, _ date: Timestamp, _ version: DriverVersion) -> [Int64] {
        // The versions of these tests fit.
        [Int64(computer), Int64(score), Int64(position), -date.millisecondsSince1970, -Int64(version.rawValue)]
    }
}
