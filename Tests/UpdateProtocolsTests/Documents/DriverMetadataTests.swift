import Foundation
import TestSupport
import Testing
import UpdateProtocols
import Updates
import XMLStream

/// What a document says of the hardware a driver is for (protocol.md section 2.10).
struct DriverMetadataTests {
    static func document(_ metadata: String) -> String {
        SampleDocument.document(
            properties: "<u:Properties UpdateType=\"Driver\"/>",
            "<u:ApplicabilityRules><u:IsInstalled><d:WindowsDriverInstalled xmlns:d=\"\(driver)\"/></u:IsInstalled>"
                + "<u:Metadata xmlns:d=\"\(driver)\">\(metadata)</u:Metadata></u:ApplicabilityRules>")
    }

    private static let driver = "http://schemas.microsoft.com/msus/2002/12/UpdateHandlers/WindowsDriver"
    private static let computer = "0a0b0c0d-0009-4000-8000-000000000009"

    private static let two = document(
        "<d:WindowsDriverMetaData HardwareID=\"USB\\VID_1&amp;PID_2\" DriverVerDate=\"2026-02-03\" DriverVerVersion=\"2.1.0.17\" "
            + "WhqlDriverID=\"9\" Class=\"Printer\" Company=\"C\" Provider=\"P\" Manufacturer=\"M &amp; S\u{f6}hne\" Model=\"3000\">"
            + "<d:CompatibleProvider>P</d:CompatibleProvider><d:FeatureScore OperatingSystem=\"AMD64.10.0\" FeatureScore=\"7F\"/>"
            + "<d:FeatureScore OperatingSystem=\"X86.6.1\" FeatureScore=\"0xfe\"/>"
            + "<d:DistributionComputerHardwareId> \(computer.uppercased()) </d:DistributionComputerHardwareId>"
            + "<d:TargetComputerHardwareId>\(computer)</d:TargetComputerHardwareId></d:WindowsDriverMetaData>"
            + "<d:WindowsDriverMetaData HardwareID=\"b\" DriverVerDate=\"2006-06-21T00:00:00\" DriverVerVersion=\"10\"/>")

    private static var expected: [DriverMetadata] {
        get throws {
            let computer = try #require(UpdateID(Self.computer))
            return [
                DriverMetadata(
                    hardwareID: "USB\\VID_1&PID_2", date: try #require(Timestamp("2026-02-03")), version: try #require(DriverVersion("2.1.0.17")),
                    driverClass: "Printer", manufacturer: "M & S\u{f6}hne", provider: "P", model: "3000", whqlDriverID: "9",
                    featureScores: [.init(operatingSystem: "AMD64.10.0", score: 0x7f), .init(operatingSystem: "X86.6.1", score: 0xfe)],
                    distributionComputerHardwareIDs: [computer], targetComputerHardwareIDs: [computer]),
                DriverMetadata(
                    hardwareID: "b", date: try #require(Timestamp("2006-06-21")), version: try #require(DriverVersion("10.0.0.0"))),
            ]
        }
    }

    @Test func `a driver's hardware is read from a document and from its fragments`() throws {
        let document = try readDocument(Self.two)
        #expect(document.metadata.type == .driver)
        #expect(document.metadata.drivers == (try Self.expected))
        #expect(try RevisionMetadata(fragments: document.fragments) == document.metadata)
    }

    @Test func `Core keeps all that a document says of a driver`() throws {
        let core = try #require(try readDocument(Self.two).text(.core))
        let children = [
            "<d.CompatibleProvider>P</d.CompatibleProvider>", "<d.FeatureScore OperatingSystem=\"AMD64.10.0\" FeatureScore=\"7F\" />",
            "<d.DistributionComputerHardwareId> \(Self.computer.uppercased()) </d.DistributionComputerHardwareId>",
            "<d.TargetComputerHardwareId>\(Self.computer)</d.TargetComputerHardwareId></d.WindowsDriverMetaData>",
        ]
        for child in children { #expect(core.contains(child), "\(child)") }
    }

    @Test func `a document split at any byte says the same of its drivers`() throws {
        let bytes = Array(Self.two.utf8)
        let expected = try Self.expected
        for position in 0...bytes.count {
            let document = try readDocument([Array(bytes[..<position]), Array(bytes[position...])])
            #expect(document.metadata.drivers == expected, "split at \(position)")
        }
    }

    @Test(arguments: [
        ("another place", "<u:Other><d:WindowsDriverMetaData/></u:Other>"), ("another namespace", "<WindowsDriverMetaData xmlns=\"urn:x\"/>"),
        ("another schema of the family", "<u:WindowsDriverMetaData/>"),
    ])
    func `what only looks like a driver is none`(name: String, metadata: String) throws {
        #expect(try readDocument(Self.document(metadata)).metadata.drivers.isEmpty)
    }

    @Test func `the error of a driver stands where its element begins`() throws {
        let text = Self.document("<d:WindowsDriverMetaData HardwareID=\"a\" DriverVerDate=\"x\" DriverVerVersion=\"1\"/>")
        let offset = try #require(text.range(of: "<d:WindowsDriverMetaData")).lowerBound.utf16Offset(in: text)
        #expect(refusal(text)?.byteOffset == offset)
    }

    @Test func `the sample drivers are read`() throws {
        let folder = Evidence.packageRoot.appending(path: "Samples/updates")
        let drivers = try ["driver-printer-1", "driver-printer-2", "driver-scanner"].map {
            try readDocument([Array(try Data(contentsOf: folder.appending(path: "\($0)-r100.xml")))]).metadata.drivers
        }
        #expect(drivers.map(\.count) == [1, 2, 1])
        #expect(drivers[1].map(\.version.description) == ["2.1.0.17", "2.1.0.17"])
        #expect(drivers[1].map(\.hardwareID) == ["USB\\VID_FFFF&PID_0001", "USB\\VID_FFFF&PID_0002&REV_0100"])
        #expect(drivers[2].map(\.distributionComputerHardwareIDs.count) == [1])
        #expect(drivers[0][0].featureScores == [.init(operatingSystem: "AMD64.10.0", score: 0x80)])
    }
}
