import Foundation
import Testing
import Updates

@testable import UpdateAgent

@Suite struct HardwareFileTests {
    private func read(_ text: String) throws -> SystemSpec { try HardwareFile.read(Data(text.utf8), named: "file") }

    @Test func `hardware is read`() throws {
        let system = try read(
            """
            {"computerHardwareIDs": ["{8bb9b8f0-5a0e-5bb9-a6d4-5d6c8e4d6a11}"], "featureScoreMatchingKey": "AMD64.10.0", "devices": [
              {"hardwareIDs": ["A", "B"], "compatibleIDs": ["C"], "installedDriver": {"matchingID": "B", "date": "2021-03-04",
               "version": "1.0.2.6", "class": "Net", "provider": "P", "rank": "0x00FF2001",
               "matchingComputerHardwareID": "8bb9b8f0-5a0e-5bb9-a6d4-5d6c8e4d6a11"}}, {"hardwareIDs": ["D"]}]}
            """)
        let computer = try #require(UpdateID("8bb9b8f0-5a0e-5bb9-a6d4-5d6c8e4d6a11"))
        #expect(system.computerHardwareIDs == [computer])
        #expect(system.featureScoreMatchingKey == "AMD64.10.0")
        #expect(system.devices.map(\.hardwareIDs) == [["A", "B"], ["D"]])
        let driver = try #require(system.devices[0].installedDriver)
        #expect(driver.date.text(.date) == "2021-03-04" && driver.version == DriverVersion("1.0.2.6") && driver.rank == 0x00ff_2001)
        #expect(driver.driverClass == "Net" && driver.provider == "P" && driver.matchingComputerHardwareID == computer)
        #expect(system.devices[1].installedDriver == nil)
    }

    @Test(
        arguments: [
            ("no JSON", "hello", "it is no JSON"), ("no devices", "{}", "lacks devices"),
            ("a device without ids", #"{"devices": [{}]}"#, "lacks hardwareIDs"),
            ("ids that are none", #"{"devices": [{"hardwareIDs": 1}]}"#, "not of its type"),
            ("no date", #"{"devices": [{"hardwareIDs": [], "installedDriver": {"matchingID": "", "date": "x", "version": "1"}}]}"#, "x is no date"),
            (
                "no version", #"{"devices": [{"hardwareIDs": [], "installedDriver": {"matchingID": "", "date": "2021-01-01", "version": "x"}}]}"#,
                "x is no driver's version"
            ),
            ("no GUID", #"{"computerHardwareIDs": ["x"], "devices": []}"#, "x is no computer's hardware id"),
        ])
    func `what is wrong is said`(name: String, text: String, message: String) {
        let error = #expect(throws: AgentError.self) { try read(text) }
        #expect(error?.code == .badHardwareFile)
        #expect(error?.message.contains(message) == true)
    }
}
