public import Foundation
public import Updates

/// The hardware of a simulated device, as a file describes it (docs/operations.md has an example).
public struct HardwareFile: Hashable, Sendable, Codable {
    struct Device: Hashable, Sendable, Codable {
        var hardwareIDs: [String]
        var compatibleIDs: [String]?
        var installedDriver: Driver?
    }

    struct Driver: Hashable, Sendable, Codable {
        var matchingID: String
        /// `yyyy-MM-dd`
        var date: String
        /// `10.0.26100.1`
        var version: String
        var `class`: String?
        var manufacturer: String?
        var provider: String?
        var model: String?
        var matchingComputerHardwareID: String?
        /// A SetupAPI rank, in hexadecimal with `0x`, or decimal.
        var rank: String?
    }

    var computerHardwareIDs: [String]?
    var featureScoreMatchingKey: String?
    var devices: [Device]

    /// - Throws: ``AgentError`` that says what in the file is wrong.
    public static func read(_ data: Data, named name: String) throws(AgentError) -> SystemSpec {
        let file: HardwareFile
        do {
            file = try JSONDecoder().decode(HardwareFile.self, from: data)
        } catch {
            throw AgentError(.badHardwareFile, "\(name) does not describe hardware: \(Self.reason(error))")
        }
        var system = SystemSpec(featureScoreMatchingKey: file.featureScoreMatchingKey)
        func refuse(_ what: String) -> AgentError { AgentError(.badHardwareFile, "\(name): \(what)") }
        for text in file.computerHardwareIDs ?? [] {
            guard let id = guid(text) else { throw refuse("\(text) is no computer's hardware id (a GUID)") }
            system.computerHardwareIDs.append(id)
        }
        for device in file.devices {
            var entry = HardwareDevice(hardwareIDs: device.hardwareIDs, compatibleIDs: device.compatibleIDs ?? [])
            if let driver = device.installedDriver {
                guard let date = Timestamp(driver.date) else { throw refuse("\(driver.date) is no date") }
                guard let version = DriverVersion(driver.version) else { throw refuse("\(driver.version) is no driver's version") }
                var computer: UpdateID?
                if let text = driver.matchingComputerHardwareID {
                    guard let id = guid(text) else { throw refuse("\(text) is no computer's hardware id (a GUID)") }
                    computer = id
                }
                guard let rank = number(driver.rank ?? "0") else { throw refuse("\(driver.rank ?? "") is no rank") }
                entry.installedDriver = InstalledDriver(
                    matchingID: driver.matchingID, date: date, version: version, driverClass: driver.class ?? "",
                    manufacturer: driver.manufacturer ?? "", provider: driver.provider ?? "", model: driver.model ?? "",
                    matchingComputerHardwareID: computer, rank: rank)
            }
            system.devices.append(entry)
        }
        return system
    }

    /// With or without the braces that Windows shows.
    private static func guid(_ text: String) -> UpdateID? {
        UpdateID(text.hasPrefix("{") && text.hasSuffix("}") ? text.dropFirst().dropLast() : text[...])
    }

    private static func number(_ text: String) -> UInt32? {
        text.lowercased().hasPrefix("0x") ? UInt32(text.dropFirst(2), radix: 16) : UInt32(text)
    }

    private static func reason(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "it cannot be read" }
        func path(_ context: DecodingError.Context) -> String { context.codingPath.map(\.stringValue).joined(separator: ".") }
        return switch error {
        case .keyNotFound(let key, let context): "\(path(context)) lacks \(key.stringValue)"
        case .typeMismatch(_, let context), .valueNotFound(_, let context): "\(path(context)) is not of its type"
        default: "it is no JSON"
        }
    }
}
