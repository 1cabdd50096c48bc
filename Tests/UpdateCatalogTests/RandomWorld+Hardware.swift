import Updates

/// Few ids, dates and makers, so that drivers and devices often agree in some of them.
extension RandomWorld {
    mutating func one<Element>(of elements: [Element], else other: Element) -> Element { elements.randomElement(using: &random) ?? other }

    private mutating func randomHardwareID() -> String { one(of: ["PCI\\A", "pci\\a", "PCI\\B", "USB\\C", "USB\\D", "*PNP"], else: "") }

    private mutating func randomComputers(upTo limit: Int) -> [UpdateID] { some(["c1", "c2", "c3"].map { update($0) }, upTo: limit) }

    private mutating func randomDate() -> Timestamp { time(one(of: [1, 2, 3], else: 1)) }

    private mutating func randomVersion() -> DriverVersion { DriverVersion(rawValue: one(of: [1, 2, 1 << 48], else: 1)) }

    mutating func randomDrivers() -> [DriverMetadata] {
        (0..<Int.random(in: 0...3, using: &random)).map { _ in
            DriverMetadata(
                hardwareID: randomHardwareID(), date: randomDate(), version: randomVersion(),
                driverClass: one(of: ["Net", "Printers", "printer"], else: ""), manufacturer: one(of: ["Maker", "MAKER", "Other"], else: ""),
                provider: one(of: ["Vendor", "vendor", "Other"], else: ""),
                featureScores: some(["AMD64.10.0", "amd64.10.0", "X86.6.1"], upTo: 2).map {
                    .init(operatingSystem: $0, score: one(of: [0, 0x80, 0xff], else: 0))
                },
                distributionComputerHardwareIDs: chance(20) ? randomComputers(upTo: 2) : [],
                targetComputerHardwareIDs: chance(30) ? randomComputers(upTo: 2) : [])
        }
    }

    mutating func randomSystem() -> SystemSpec {
        let devices = (0..<Int.random(in: 0...4, using: &random)).map { _ in
            HardwareDevice(
                hardwareIDs: (0..<Int.random(in: 0...3, using: &random)).map { _ in randomHardwareID() },
                compatibleIDs: (0..<Int.random(in: 0...2, using: &random)).map { _ in randomHardwareID() },
                installedDriver: chance(50) ? randomInstalledDriver() : nil)
        }
        return SystemSpec(
            devices: devices, computerHardwareIDs: randomComputers(upTo: 3),
            featureScoreMatchingKey: one(of: [nil, "AMD64.10.0", "X86.6.1"], else: nil))
    }

    private mutating func randomInstalledDriver() -> InstalledDriver {
        InstalledDriver(
            matchingID: randomHardwareID(), date: randomDate(), version: randomVersion(), driverClass: one(of: ["Net", "Printer"], else: ""),
            manufacturer: one(of: ["maker", "none"], else: ""), provider: one(of: ["VENDOR", "none"], else: ""),
            matchingComputerHardwareID: chance(30) ? randomComputers(upTo: 1).first : nil, rank: one(of: [0, 0x0080_1001, 0x80ff_2000], else: 0))
    }
}
