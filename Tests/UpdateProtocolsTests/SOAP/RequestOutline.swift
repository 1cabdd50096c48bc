import UpdateProtocols
import Updates

/// A request as the server reads it, in lines: what golden cases and truncation tests compare.
enum RequestOutline {
    /// Reads the body; a cookie is opened if it holds the bytes `open`, or if `opensAny`.
    static func read(_ body: [UInt8], opensAny: Bool = false) throws(SOAPFault) -> [String] {
        var reader = SOAPRequestReader(body)
        let operation = try reader.operation()
        let open = { (cookie: CookieElement?) throws(SOAPFault) -> String in
            guard opensAny || cookie?.encryptedData == Array("open".utf8) else { throw SOAPFault(.invalidCookie) }
            return "cookie \(cookie.map(text) ?? "none")"
        }
        return try [operation.name] + lines(operation, &reader, open)
    }

    /// The lines, or the fault as one line.
    static func outcome(_ body: [UInt8]) -> String {
        do throws(SOAPFault) {
            return try read(body).joined(separator: "\n")
        } catch {
            return "fault \(error.code.rawValue)" + (error.message.isEmpty ? "" : " \(error.message)")
        }
    }

    private static func lines(
        _ operation: DeviceOperation, _ reader: inout SOAPRequestReader, _ open: (CookieElement?) throws(SOAPFault) -> String
    ) throws(SOAPFault) -> [String] {
        switch operation {
        case .getConfig:
            return ["protocolVersion \(try GetConfig.decode(&reader).protocolVersion)"]
        case .getAuthorizationCookie:
            let request = try GetAuthorizationCookie.decode(&reader)
            return ["clientID \(text(request.clientID))", "targetGroupName \(text(request.targetGroupName))", "dnsName \(text(request.dnsName))"]
        case .getCookie:
            let request = try GetCookie.decode(&reader)
            return request.authorizationCookies.map { "authorizationCookie \($0.plugInID) \($0.cookieData.count) bytes" } + [
                "oldCookie \(request.oldCookie.map(text) ?? "none")", "lastChange \(text(request.lastChange?.description))",
                "currentTime \(text(request.currentTime?.description))", "protocolVersion \(text(request.protocolVersion))",
            ]
        case .registerComputer:
            let (session, request) = try RegisterComputer.decode(&reader, open: open)
            let facts = request.facts
            return [
                session, "dnsName \(facts.dnsName)", "os \(facts.osVersion) \(facts.osServicePackMajorNumber).\(facts.osServicePackMinorNumber)",
                "description \(facts.osDescription)", "locale \(facts.osLocale)", "computer \(facts.manufacturer), \(facts.model)",
                "bios \(facts.biosVersion)", "architecture \(facts.processorArchitecture)", "client \(facts.clientVersion)",
            ]
        case .startCategoryScan:
            return try StartCategoryScan.decode(&reader).categories.map { "category \($0.andGroup) \($0.id)" }
        case .syncUpdates:
            let (session, request) = try SyncUpdates.decode(&reader, open: open)
            return [
                session, "installedNonLeaf \(ids(request.installedNonLeaf))", "otherCached \(ids(request.otherCached))",
                "cachedDrivers \(ids(request.cachedDrivers))", "skipSoftwareSync \(request.skipSoftwareSync)",
                "filterCategories \(request.filterCategories.map { $0.map(\.description).joined(separator: " ") } ?? "none")",
                "needsTwoGroupsOutOfScope \(request.needsTwoGroupsOutOfScope)",
            ] + (request.system.map(lines) ?? ["system none"])
        case .refreshCache:
            let (session, request) = try RefreshCache.decode(&reader, open: open)
            return [session] + request.globalIDs.map { "globalID \($0)" }
        case .syncPrinterCatalog:
            let (session, request) = try SyncPrinterCatalog.decode(&reader, open: open)
            return [session, "installedNonLeaf \(ids(request.installedNonLeaf))", "printerUpdates \(ids(request.printerUpdates))"]
        case .getExtendedUpdateInfo:
            let (session, request) = try GetExtendedUpdateInfo.decode(&reader, open: open)
            return [
                session, "revisionIDs \(ids(request.revisionIDs))", "infoTypes \(request.infoTypes.map(\.rawValue).joined(separator: " "))",
                "locales \(request.locales.joined(separator: " "))", "geoID \(text(request.geoID))",
            ]
        case .getExtendedUpdateInfo2:
            let (session, request) = try GetExtendedUpdateInfo2.decode(&reader, open: open)
            return [
                session, "updateIDs \(request.updateIDs.map(\.description).joined(separator: " "))",
                "infoTypes \(request.infoTypes.map(\.rawValue).joined(separator: " "))", "locales \(request.locales.joined(separator: " "))",
            ]
        case .getFileLocations:
            let (session, request) = try GetFileLocations.decode(&reader, open: open)
            return [session] + request.digests.map { "digest \($0)" }
        case .reportEventBatch:
            let (session, request) = try ReportEventBatch.decode(&reader, open: open)
            return [session, "clientTime \(text(request.clientTime?.description))"] + request.events.map(line) + ["dropped \(request.droppedEvents)"]
        case .reportEventBatch2:
            let request = try ReportEventBatch2.decode(&reader)
            return ["computerID \(text(request.computerID))", "clientTime \(text(request.clientTime?.description))"]
        case .getRequiredInventoryType:
            let (session, request) = try GetRequiredInventoryType.decode(&reader, open: open)
            return [session, "rulesID \(request.rulesID)", "rulesVersion \(text(request.rulesVersion))"]
        case .reportInventory:
            let (session, request) = try ReportInventory.decode(&reader, open: open)
            return [session, "clientTime \(request.clientTime)"]
        case .ping:
            return ["level \(try Ping.decode(&reader).level)"]
        }
    }

    private static func lines(_ system: SystemSpec) -> [String] {
        let devices = system.devices.map { device in
            "device \(device.hardwareIDs) \(device.compatibleIDs) driver \(text(device.installedDriver.map(line)))"
        }
        return devices + [
            "computer \(system.computerHardwareIDs.map(\.description).joined(separator: " "))", "key \(text(system.featureScoreMatchingKey))",
        ]
    }

    private static func line(_ driver: InstalledDriver) -> String {
        let names = [driver.driverClass, driver.manufacturer, driver.provider, driver.model].map { "'\($0)'" }.joined(separator: " ")
        let computer = text(driver.matchingComputerHardwareID?.description)
        return "'\(driver.matchingID)' \(driver.date) \(driver.version) \(names) for \(computer) rank \(String(driver.rank, radix: 16))"
    }

    private static func line(_ event: Event) -> String {
        "event \(event.eventID.rawValue) of \(event.deviceID) at \(event.timeAtTarget): \(event.instanceID) ns \(event.namespaceID) "
            + "source \(event.sourceID) update \(text(event.update?.description)) hr \(event.win32HResult) app '\(event.appName)' "
            + "\(event.replacementStrings) \(event.miscData)"
    }

    private static func text(_ cookie: CookieElement) -> String {
        "\(cookie.encryptedData.map { "\($0.count) bytes" } ?? "no data") until \(text(cookie.expiration?.description))"
    }

    private static func text(_ text: String?) -> String { text ?? "none" }

    private static func ids(_ ids: [RevisionID]) -> String { ids.map { String($0.rawValue) }.joined(separator: " ") }
}
