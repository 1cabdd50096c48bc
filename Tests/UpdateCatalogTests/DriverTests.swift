import Testing
import UpdateCatalog
import Updates

/// What a driver pass gives for a computer's hardware (ADR 0010).
struct DriverTests {
    /// Says of a driver or of an installed one what is of weight in a test.
    static func driver(
        _ id: String, date: Int64 = 5, version: UInt64 = 5, class driverClass: String = "Net", provider: String = "V", maker: String = "M",
        score: UInt8? = nil, on key: String = "AMD64.10.0", computers: [String] = [], targets: [String] = []
    ) -> DriverMetadata {
        DriverMetadata(
            hardwareID: id, date: time(date), version: DriverVersion(rawValue: version), driverClass: driverClass, manufacturer: maker,
            provider: provider, featureScores: score.map { [.init(operatingSystem: key, score: $0)] } ?? [],
            distributionComputerHardwareIDs: computers.map { update($0) }, targetComputerHardwareIDs: targets.map { update($0) })
    }

    static func running(
        _ id: String = "A", date: Int64 = 5, version: UInt64 = 5, class driverClass: String = "Net", provider: String = "V", maker: String = "M",
        computer: String? = nil, rank: UInt32 = 0x00ff_0000
    ) -> InstalledDriver {
        InstalledDriver(
            matchingID: id, date: time(date), version: DriverVersion(rawValue: version), driverClass: driverClass, manufacturer: maker,
            provider: provider, matchingComputerHardwareID: computer.map { update($0) }, rank: rank)
    }

    static func device(_ ids: [String], compatible: [String] = [], _ installed: InstalledDriver? = nil) -> HardwareDevice {
        HardwareDevice(hardwareIDs: ids, compatibleIDs: compatible, installedDriver: installed)
    }

    static func catalog(_ drivers: [DriverMetadata]...) -> Catalog {
        UpdateCatalogTests.catalog(drivers.enumerated().map { revision(Int32($0 + 1), "d\($0)", 1, .driver, drivers: $1) })
    }

    struct Row: CustomTestStringConvertible, Sendable {
        let name: String
        let catalog: Catalog
        var devices = [device(["A", "B"], compatible: ["C"])]
        var computer = ["c1", "c2"]
        var key: String? = "AMD64.10.0"
        let expected: [Int32]
        var testDescription: String { name }
        var system: SystemSpec {
            SystemSpec(devices: devices, computerHardwareIDs: computer.map { update($0) }, featureScoreMatchingKey: key)
        }
    }

    static let better: [Row] = [
        Row(name: "nothing for other hardware", catalog: catalog([driver("X")]), expected: []),
        Row(name: "nothing for no hardware", catalog: catalog([driver("A")]), devices: [], expected: []),
        Row(name: "nothing of a driver without hardware", catalog: catalog([]), expected: []),
        Row(name: "an id in any case", catalog: catalog([driver("pci\\ven_1&A")]), devices: [device(["PCI\\VEN_1&a"])], expected: [1]),
        Row(name: "a compatible id", catalog: catalog([driver("C")]), expected: [1]),
        Row(
            name: "rule 1: the more specific id of the computer, before a better score",
            catalog: catalog([driver("A", score: 0, targets: ["c2"])], [driver("A", score: 9, targets: ["c1"])]), expected: [2]),
        Row(
            name: "rule 1: one for the computer, before one for any with a better score",
            catalog: catalog([driver("A", score: 0)], [driver("A", score: 9, computers: ["c2"])]), expected: [2]),
        Row(name: "rule 1: not one for other computers", catalog: catalog([driver("A", targets: ["c3"])], [driver("A", date: 1)]), expected: [2]),
        Row(name: "rule 1: not one distributed to others", catalog: catalog([driver("A", computers: ["c3"], targets: ["c1"])]), expected: []),
        Row(name: "rule 1: what both lists name", catalog: catalog([driver("A", computers: ["c2", "c3"], targets: ["c1", "c2"])]), expected: [1]),
        Row(name: "rule 1: no computer's ids", catalog: catalog([driver("A", targets: ["c1"])], [driver("A")]), computer: [], expected: [2]),
        Row(
            name: "rule 2: the lower score, before the better id",
            catalog: catalog([driver("A", score: 0x80)], [driver("B", score: 0x7f)]), expected: [2]),
        Row(name: "rule 2: any score before none", catalog: catalog([driver("A")], [driver("B", score: 0xfe)]), expected: [2]),
        Row(
            name: "rule 2: a score for another system is none",
            catalog: catalog([driver("A", score: 1, on: "X86.6.1")], [driver("B", score: 0xfe)]), expected: [2]),
        Row(
            name: "rule 2: no scores where the device has no key", catalog: catalog([driver("A")], [driver("B", score: 0)]), key: nil,
            expected: [1]),
        Row(name: "rule 3: the earlier id, before a newer date", catalog: catalog([driver("B", date: 9)], [driver("A", date: 1)]), expected: [2]),
        Row(name: "rule 3: an id before a compatible one", catalog: catalog([driver("C", date: 9)], [driver("B", date: 1)]), expected: [2]),
        Row(
            name: "rule 4: the newer date, before a higher version",
            catalog: catalog([driver("A", date: 1, version: 9)], [driver("A", date: 2, version: 1)]), expected: [2]),
        Row(
            name: "rule 5: the higher version, as a number of 64 bits",
            catalog: catalog([driver("A", version: 0x0009_0000_0000_ffff)], [driver("A", version: 0x000a_0000_0000_0000)]), expected: [2]),
        Row(name: "of equals the one that was there first", catalog: catalog([driver("A")], [driver("A")]), expected: [1]),
        Row(
            name: "the best for each device", catalog: catalog([driver("A")], [driver("B")], [driver("C")]),
            devices: [device(["B", "A"]), device(["C"], compatible: ["A"])], expected: [2, 3]),
        Row(name: "the best of a driver's entries", catalog: catalog([driver("A")], [driver("C", date: 9), driver("A", date: 6)]), expected: [2]),
    ]

    static let installed: [Row] = [
        Row(name: "nothing where the same runs", catalog: catalog([driver("A")]), devices: [device(["A"], running())], expected: []),
        Row(name: "a newer one", catalog: catalog([driver("A", date: 6)]), devices: [device(["A"], running())], expected: [1]),
        Row(name: "no older one", catalog: catalog([driver("A", date: 4)]), devices: [device(["A"], running())], expected: []),
        Row(
            name: "a higher version", catalog: catalog([driver("A", version: 6)]), devices: [device(["A"], running())], expected: [1]),
        Row(
            name: "one for a better id", catalog: catalog([driver("A", date: 1)]), devices: [device(["A", "B"], running("b"))], expected: [1]),
        Row(
            name: "none for a worse id", catalog: catalog([driver("B", date: 9)]), devices: [device(["A", "B"], running("A"))], expected: []),
        Row(
            name: "one for any id where what runs matched none of them", catalog: catalog([driver("C", date: 1)]),
            devices: [device(["A"], compatible: ["C"], running("Z"))], expected: [1]),
        Row(
            name: "one with a lower score than the rank says", catalog: catalog([driver("A", date: 1, score: 0x7f)]),
            devices: [device(["A"], running(rank: 0x0080_1234))], expected: [1]),
        Row(
            name: "none with a higher score than the rank says", catalog: catalog([driver("A", date: 9, score: 0x81)]),
            devices: [device(["A"], running(rank: 0xff80_0001))], expected: []),
        Row(
            name: "one for the computer", catalog: catalog([driver("A", date: 1, targets: ["c2"])]), devices: [device(["A"], running())],
            expected: [1]),
        Row(
            name: "none for any computer where one for the computer runs", catalog: catalog([driver("A", date: 9)]),
            devices: [device(["A"], running(computer: "c2"))], expected: []),
        Row(
            name: "a newer printer driver of the same provider and maker, in any case",
            catalog: catalog([driver("A", date: 9, provider: "w")], [driver("A", date: 8, maker: "n")], [driver("A", date: 7, provider: "v")]),
            devices: [device(["A"], running(class: "Printer"))], expected: [3]),
        Row(
            name: "a printer's first driver of any maker", catalog: catalog([driver("A", provider: "w", maker: "n")]),
            devices: [device(["A"])], expected: [1]),
        Row(
            name: "the best for that one of two equal devices that needs it", catalog: catalog([driver("A", date: 6)]),
            devices: [device(["A"], running(date: 6)), device(["A"], running())], expected: [1]),
    ]

    @Test(arguments: better + installed)
    func `a computer is given`(row: Row) {
        let answer = row.catalog.answer(system: row.system, pass: .driver)
        #expect(answer.new == row.expected)
        #expect(answer.isDriverSyncNotNeeded)
        #expect(answer.generation == .zero, "a driver pass leaves the anchor where it is")
    }

    @Test func `a driver comes with the ids it matched, as the devices spell them`() {
        let catalog = Self.catalog([Self.driver("a"), Self.driver("b")])
        let system = SystemSpec(devices: [Self.device(["B"]), Self.device(["A", "B"]), Self.device(["b"]), Self.device(["B"])])
        #expect(catalog.answer(system: system, pass: .driver).newUpdates.map(\.hardwareIDs) == [["B", "A", "b"]])
    }

    @Test func `drivers have a cache of their own`() {
        let catalog = Self.catalog([Self.driver("A")], [Self.driver("B")], [Self.driver("C")])
        let system = SystemSpec(devices: [Self.device(["A"]), Self.device(["C"])])
        let answer = catalog.answer(other: [3], drivers: [1, 2, 99], system: system, anchor: 1, pass: .driver)
        #expect(answer.new == [3])
        #expect(answer.gone == [2, 99])
        #expect(answer.changed == [1], "told each time: the software pass before has moved the anchor")
        #expect(answer.changedUpdates.first?.hardwareIDs == ["A"])
        #expect(catalog.answer(other: [1, 3]).gone == [1, 3], "a software pass knows of no driver")
        #expect(catalog.answer(drivers: [1]).gone == [], "and takes none away")
    }

    @Test func `a software pass asks for the driver pass once a driver is held, given to the device or not`() {
        #expect(UpdateCatalogTests.catalog([revision(1, "a")]).answer().isDriverSyncNotNeeded)
        let catalog = Self.catalog([Self.driver("A")])
        #expect(!catalog.answer().isDriverSyncNotNeeded)
        let declined = catalog.applying(approvals: [], declines: [decline("d0", at: 2)], generation: Generation(rawValue: 2))
        #expect(!declined.answer().isDriverSyncNotNeeded, "a device that holds it must learn that it is gone")
        #expect(catalog.answer(filter: ["d0"]).isDriverSyncNotNeeded)
    }

    @Test func `a driver waits for its prerequisites, is declined and approved as other updates`() {
        let revisions = [
            revision(1, "os", 1, .detectoid),
            revision(2, "d", 1, .driver, needs: [["os"]], drivers: [Self.driver("A")]),
        ]
        let catalog = UpdateCatalogTests.catalog(revisions, approvals: [approval("d", "on", .install, deployment: 77)], groups: [("on", "all")])
        let system = SystemSpec(devices: [Self.device(["A"])])
        #expect(catalog.answer(system: system, pass: .driver).new == [])
        #expect(catalog.answer(installed: [1], system: system, pass: .driver).newUpdates.first?.deployment.action == .preDeploymentCheck)
        let approved = catalog.answer(installed: [1], system: system, pass: .driver, groups: "on").newUpdates.first
        #expect(approved?.deployment.action == .install)
        #expect(approved?.deployment.id == DeploymentID(rawValue: 77))
        let declined = catalog.applying(approvals: [], declines: [decline("d", at: 2)], generation: Generation(rawValue: 2))
        #expect(declined.answer(installed: [1], drivers: [2], system: system, pass: .driver, groups: "on").gone == [2])
        let restricted = UpdateCatalogTests.catalog(
            revisions, approvals: [approval("d", "on", .install)], groups: [("on", "all")], restrictToApproved: true)
        #expect(restricted.answer(installed: [1], system: system, pass: .driver).new == [])
        #expect(restricted.answer(installed: [1], system: system, pass: .driver, groups: "on").new == [2])
        #expect(restricted.answer(groups: "on").new == [1])
    }

    @Test func `an approved driver is not hidden by a better one that is not, but by one that is`() {
        let catalog = Self.catalog([Self.driver("A", date: 1)], [Self.driver("A", date: 2)], [Self.driver("A", date: 3)])
        func given(_ approved: String...) -> [Int32] {
            let rows = approved.map { approval($0, "all", .install, at: 2) }
            return catalog.applying(approvals: rows, declines: [], generation: Generation(rawValue: 2))
                .answer(system: SystemSpec(devices: [Self.device(["A"])]), pass: .driver).new
        }
        #expect(given() == [3])
        #expect(given("d0") == [1, 3])
        #expect(given("d0", "d1") == [2, 3])
        #expect(given("d0", "d2") == [3])
    }

    @Test func `a driver of a trusted source is not hidden by a better one of another`() {
        let catalog = UpdateCatalogTests.catalog([
            revision(1, "a", 1, .driver, from: .microsoft, drivers: [Self.driver("A", date: 1)]),
            revision(2, "b", 1, .driver, from: .hearsay, drivers: [Self.driver("A", date: 2)]),
            revision(3, "c", 1, .driver, from: .hearsay, drivers: [Self.driver("A", date: 1)]),
        ])
        #expect(catalog.answer(system: SystemSpec(devices: [Self.device(["A"])]), pass: .driver).new == [1, 2])
    }

    @Test func `the printer catalogue is every printer driver whose prerequisites are met`() {
        let catalog = UpdateCatalogTests.catalog([
            revision(1, "os", 1, .detectoid),
            revision(2, "a", 1, .driver, drivers: [Self.driver("A", class: "printer")]),
            revision(3, "b", 1, .driver, drivers: [Self.driver("A"), Self.driver("B", class: "Printers")]),
            revision(4, "c", 1, .driver, drivers: [Self.driver("A")]),
            revision(5, "d", 1, .driver, needs: [["os"]], drivers: [Self.driver("C", class: "Printer")]),
        ])
        #expect(catalog.answer(pass: .printerCatalog).new == [2, 3])
        let answer = catalog.answer(installed: [1], drivers: [2, 4], anchor: 1, pass: .printerCatalog)
        #expect(answer.new == [3, 5])
        #expect(answer.gone == [4])
        #expect(answer.changed == [])
        #expect(answer.isDriverSyncNotNeeded)
        #expect(answer.generation == Generation(rawValue: 1))
        let approved = catalog.applying(approvals: [approval("a", "all", .install, at: 2)], declines: [], generation: Generation(rawValue: 2))
        #expect(approved.answer(drivers: [2, 3], anchor: 1, pass: .printerCatalog).changed == [2])
    }

    @Test func `hardware beyond the limits is not looked at`() {
        let catalog = Self.catalog([Self.driver("A")])
        func given(_ devices: [HardwareDevice]) -> Int { catalog.answer(system: SystemSpec(devices: devices), pass: .driver).new.count }
        let others = (0..<1000).map { Self.device(["X\($0)"]) }
        #expect(given(others.dropLast() + [Self.device(["A"])]) == 1)
        #expect(given(others + [Self.device(["A"])]) == 0)
        let ids = (0..<100).map { "X\($0)" }
        #expect(given([Self.device(ids.dropLast() + ["x0", "A"])]) == 1, "repeats do not count")
        #expect(given([Self.device(ids + ["A"])]) == 0)
    }
}
