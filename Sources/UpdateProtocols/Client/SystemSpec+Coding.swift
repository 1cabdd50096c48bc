import Updates
import XMLStream

/// The hardware a computer lists in the driver pass, on the wire ([MS-WUSP] 2.2.2.2.4; protocol.md section 2.6).
///
/// What a server has no use for is skipped: extension drivers, recovery ids and flags.
extension SystemSpec {
    private static let parameter = "parameters.SystemSpec"

    /// Reads the `SystemSpec` the reader stands at.
    mutating func decodeDevices(_ elements: inout ElementReader) throws(SOAPFault) {
        let level = elements.level
        while let name = try elements.child(of: level) {
            guard "Device" ~= name else { continue }
            guard devices.count < RequestedLimits.devices else { throw SOAPFault(.invalidParameters, Self.parameter) }
            devices.append(try Self.device(&elements))
        }
    }

    /// Reads the `ComputerSpec` the reader stands at.
    mutating func decodeComputer(_ elements: inout ElementReader) throws(SOAPFault) {
        let level = elements.level
        while let name = try elements.child(of: level) {
            guard "HardwareIDs" ~= name else { continue }
            let level = elements.level
            while let name = try elements.child(of: level) {
                guard "guid" ~= name else { continue }
                guard computerHardwareIDs.count < RequestedLimits.hardwareIDs else { throw SOAPFault(.invalidParameters, "parameters.ComputerSpec") }
                computerHardwareIDs.append(try elements.guid("parameters.ComputerSpec"))
            }
        }
    }

    /// A device's side: what stands after the lists of ids. (`SystemSpec` itself stands among them.)
    func encodeComputer(into xml: inout XMLBytes) {
        xml.element("ComputerSpec") {
            $0.list("HardwareIDs", computerHardwareIDs) { $0.element("guid", $1.description) }
        }
        if let featureScoreMatchingKey { xml.element("FeatureScoreMatchingKey", featureScoreMatchingKey) }
    }

    private static func device(_ elements: inout ElementReader) throws(SOAPFault) -> HardwareDevice {
        var device = HardwareDevice(hardwareIDs: [])
        let level = elements.level
        while let name = try elements.child(of: level) {
            switch name {
            case "HardwareIDs":
                let limit = RequestedLimits.hardwareIDs - device.compatibleIDs.count
                try elements.strings(parameter, limit: limit, bytes: RequestedLimits.textBytes, into: &device.hardwareIDs)
            case "CompatibleIDs":
                let limit = RequestedLimits.hardwareIDs - device.hardwareIDs.count
                try elements.strings(parameter, limit: limit, bytes: RequestedLimits.textBytes, into: &device.compatibleIDs)
            case "installedDriver": device.installedDriver = try installedDriver(&elements)
            default: break
            }
        }
        return device
    }

    private static func installedDriver(_ elements: inout ElementReader) throws(SOAPFault) -> InstalledDriver {
        let parameter = "\(parameter).installedDriver"
        func text() throws(SOAPFault) -> String { try elements.string(parameter, limit: RequestedLimits.textBytes) }
        var date: Timestamp?
        var version: DriverVersion?
        var rank: UInt32?
        var driver = InstalledDriver(matchingID: "", date: Timestamp(millisecondsSince1970: 0), version: DriverVersion(rawValue: 0))
        let level = elements.level
        while let name = try elements.child(of: level) {
            switch name {
            case "MatchingID": driver.matchingID = try text()
            case "DriverVerDate": date = try elements.timestamp(parameter)
            // The schema's number has a sign, the four parts have none.
            case "DriverVerVersion": version = DriverVersion(rawValue: UInt64(bitPattern: try elements.int64(parameter)))
            case "Class": driver.driverClass = try text()
            case "Manufacturer": driver.manufacturer = try text()
            case "Provider": driver.provider = try text()
            case "Model": driver.model = try text()
            case "MatchingComputerHWID": driver.matchingComputerHardwareID = try elements.guid(parameter)
            case "DriverRank": rank = UInt32(bitPattern: try elements.int32(parameter))
            default: break
            }
        }
        guard let date, let version, let rank else { throw SOAPFault(.invalidParameters, parameter) }
        driver.date = date
        driver.version = version
        driver.rank = rank
        return driver
    }
}

extension HardwareDevice {
    /// A device's side.
    func encode(into xml: inout XMLBytes) {
        xml.element("Device") {
            $0.list("HardwareIDs", hardwareIDs) { $0.element("string", $1) }
            $0.list("CompatibleIDs", compatibleIDs) { $0.element("string", $1) }
            guard let driver = installedDriver else { return }
            $0.element("installedDriver") {
                $0.element("MatchingID", driver.matchingID)
                $0.element("DriverVerDate", driver.date.text(.milliseconds))
                $0.element("DriverVerVersion", String(Int64(bitPattern: driver.version.rawValue)))
                $0.element("Class", driver.driverClass)
                $0.element("Manufacturer", driver.manufacturer)
                $0.element("Provider", driver.provider)
                $0.element("Model", driver.model)
                if let id = driver.matchingComputerHardwareID { $0.element("MatchingComputerHWID", id.description) }
                $0.element("DriverRank", Int32(bitPattern: driver.rank))
            }
        }
    }
}
